"""Known traffic: each counter against the simulator's record and the events."""

from collections import Counter
from collections.abc import Callable

import pytest

from gatewayd.client import Refused
from simulator.record import Answer, Mo, Receipt, Record
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, eventually, number

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
STATES = {"DELIVRD": "delivered", "UNDELIV": "undeliverable", "REJECTD": "rejected"}
CLASSES = {"otp": range(1, 61), "notice": range(101, 141), "member": range(202, 222)}
DOUBTFUL = range(301, 306)  # of class otp


def labelled(metrics: dict[str, float], name: str) -> dict[str, float]:
    """The samples of a counter that are not 0: labels -> value."""
    return {
        key.removeprefix(f"{name}_total"): value
        for key, value in metrics.items()
        if key.startswith(f"{name}_total{{") and value
    }


def test_counters_tell_what_happened(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Submits, refusals, receipts, ends, MO, opt-outs, doubt, resends: as many as SMSC and events say."""
    smsc = simulator(
        receipts={"outcomes": [{"stat": stat} for stat in STATES], "duplicated": 0.3},
        responses={
            "delay": 0.01,
            "errors": [
                {"status": "ESME_RINVDSTADR", "to": number(9)},
                {"status": 0x500, "to": number(18)},
            ],
        },
    )
    daemon = gateway(smsc.port, sim={"window": 20})
    daemon.until_link("sim-1", "bound")
    events = consume(daemon)
    _opt_out_and_be_refused(smsc, daemon, events)
    bulks = {
        "otp": _bulk(daemon, CLASSES["otp"], class_="otp"),
        "notice": _bulk(daemon, CLASSES["notice"], text="长消息" * 50),
        "member": _bulk(daemon, CLASSES["member"], class_="member"),
    }
    for bulk in bulks.values():
        events.until_final(bulk.ids.values())
    _be_in_doubt(smsc, daemon, events)
    eventually(lambda: _all_answered(smsc.record), "every receipt and MO is answered")
    metrics = daemon.metrics()
    _check_submits(metrics, smsc.record)
    _check_messages(metrics, events)
    stats = Counter(f'{{link="sim-1",state="{STATES[r.stat]}"}}' for r in smsc.record.of(Receipt))
    assert labelled(metrics, "receipts") == stats
    assert labelled(metrics, "inbound") == {'{link="sim-1"}': 3}
    assert labelled(metrics, "optouts") == {'{source="reply"}': 2}
    assert labelled(metrics, "policy_refusals") == {'{code="opted_out"}': 2}
    assert labelled(metrics, "in_doubt") == {'{class="otp",link="sim-1"}': len(DOUBTFUL)}
    assert labelled(metrics, "resent") == {'{class="otp",link="sim-1"}': len(DOUBTFUL)}
    assert labelled(metrics, "link_disconnects") == {'{link="sim-1",reason="closed_by_peer"}': 1}
    for gauge in ("queue_messages", "held_messages", "scheduled_messages", "queue_oldest_seconds"):
        assert metrics[f'{gauge}{{class="otp"}}'] == 0
    assert metrics['link_bound{link="sim-1"}'] == 1
    assert metrics["config_last_reload_successful"] == 1
    assert metrics["store_commit_seconds_count"] > 10
    assert metrics['events_lag{consumer="local/test"}'] == 0


def _bulk(daemon: Gateway, numbers: range, **fields: str) -> Bulk:
    bulk = Bulk(daemon, len(numbers), first=numbers[0], **fields)
    assert bulk.submit()
    return bulk


def _opt_out_and_be_refused(smsc: Simulator, daemon: Gateway, events: Consumer) -> None:
    """Three MO, two of them opt-outs; four refused submits, two of them by policy."""
    for n, text in ((1, "TD"), (2, "hello"), (3, "退订")):
        smsc.do("mo", **{"from": number(n), "to": "10690001", "text": text})
    events.until_inbound(3)
    refused = (
        {"class_": "member", "to": number(1)},
        {"class_": "traffic", "to": number(3)},
        {"to": "12"},
        {"class_": "nonsense"},
    )
    with daemon.client() as client:
        for fields in refused:
            with pytest.raises(Refused):
                client.request("submit", **daemon.fields(text="#no#", **fields))


def _be_in_doubt(smsc: Simulator, daemon: Gateway, events: Consumer) -> None:
    """Some otp are not answered before the connection is cut; their resend is."""
    smsc.do("hold_receipts")
    smsc.set(responses={"answered": 0})
    doubtful = _bulk(daemon, DOUBTFUL, class_="otp")
    smsc.until(unanswered=len(DOUBTFUL))
    smsc.set(responses={"answered": 1})
    smsc.do("drop")
    for identifier in doubtful.ids.values():
        events.until_state(identifier, "submitted")
    smsc.do("release_receipts")
    events.until_final(doubtful.ids.values())


def _all_answered(record: Record) -> bool:
    return len(record.of(Answer)) == len(record.of(Receipt)) + len(record.of(Mo))


def _check_submits(metrics: dict[str, float], record: Record) -> None:
    classes = {number(n): name for name, numbers in CLASSES.items() for n in numbers}
    classes |= {number(n): "otp" for n in DOUBTFUL}
    sent = Counter(f'{{class="{classes[s.destination]}",link="sim-1"}}' for s in record.submits)
    assert labelled(metrics, "submits") == sent
    assert len(sent) == len(CLASSES)
    refused = Counter(s.command_status for s in record.submits if not s.taken)
    assert labelled(metrics, "submit_errors") == {
        '{link="sim-1",status="ESME_RINVDSTADR"}': refused[0x0B],
        '{link="sim-1",status="other"}': refused[0x500],
    }
    assert refused == {0x0B: 1, 0x500: 1}
    answered = sum(s.command_status is not None for s in record.submits)
    assert metrics['submit_response_seconds_count{link="sim-1"}'] == answered
    first = {name: len(numbers) for name, numbers in CLASSES.items()}
    first["otp"] += len(DOUBTFUL)
    waited = {name: metrics[f'accept_to_submit_seconds_count{{class="{name}"}}'] for name in first}
    assert waited == first


def _check_messages(metrics: dict[str, float], events: Consumer) -> None:
    finals = events.finals().values()
    ended = Counter(f'{{class="{f["class"]}",state="{f["state"]}"}}' for f in finals)
    assert labelled(metrics, "messages_final") == ended
    assert labelled(metrics, "messages_accepted") == Counter(f'{{class="{f["class"]}"}}' for f in finals)
