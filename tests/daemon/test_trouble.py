"""SMSCs that break, stall and refuse: what was taken is settled, what was not is sent, each exactly once."""

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gatewayd.smpp.pdu import DeliverSm, DeliverSmResp, SubmitSm
from simulator.judge import judge
from simulator.record import Bind
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, eventually, link, number
from tests.daemon.rawsmsc import Peer, RawSmsc

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Raw = Callable[..., RawSmsc]


def test_a_killed_smsc_leaves_doubt_and_no_duplicates(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """What it had unanswered is in doubt and ends unknown; the rest leaves once it is back."""
    smsc = simulator(responses={"delay": 0.2}, window=32)
    daemon = gateway(smsc.port, sim={"window": 32}, classes={"notice": {"receipt_wait": 2}})
    bulk = Bulk(daemon, 300)
    submitting = Thread(target=bulk.submit)
    submitting.start()
    smsc.until(submits=100)
    smsc.kill()
    daemon.until_logged("link_disconnected")
    submitting.join()
    smsc.start()
    events = consume(daemon)
    finals = events.until_final(bulk.ids.values())
    ended = check_lives(events, bulk.began())
    assert set(ended) == {"delivered", "unknown"}
    verdict = judge(smsc.record.events)
    assert (verdict.duplicates, verdict.repeated_unanswered, verdict.window_violations) == (0, 0, 0)
    tokens = smsc.tokens()
    delivered = {token for token, i in bulk.ids.items() if finals[i]["state"] == "delivered"}
    assert all(tokens[token] == 1 for token in delivered)
    assert 0 < ended["unknown"] <= 64, "a window of those without an answer, and of those without receipt"
    metrics = daemon.metrics()
    assert metrics['in_doubt_total{class="notice",link="sim-1"}'] <= 32


def test_cut_connections_are_made_again_and_receipts_settle_the_doubt(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """The SMSC lives on: all it took ends delivered, what it never got unknown, nothing comes twice."""
    smsc = simulator(responses={"delay": 0.05}, window=32)
    sim = {"window": 32, "binds": 2}
    daemon = gateway(smsc.port, sim=sim, classes={"notice": {"receipt_wait": 3}})
    bulk = Bulk(daemon, 600)
    submitting = Thread(target=bulk.submit)
    submitting.start()
    for sent in (100, 250, 400):
        smsc.until(submits=sent)
        assert smsc.do("drop")["dropped"] >= 1
    submitting.join()
    events = consume(daemon)
    finals = events.until_final(bulk.ids.values())
    check_lives(events, bulk.began())
    taken = smsc.tokens()
    assert set(taken.values()) == {1}
    ended = {token: finals[identifier]["state"] for token, identifier in bulk.ids.items()}
    assert ended == {token: "delivered" if token in taken else "unknown" for token in bulk.ids}
    assert len(taken) > 600 - 32
    doubtful = sum("in_doubt" in events.states(i) for i in bulk.ids.values())
    metrics = daemon.metrics()
    assert doubtful == metrics['in_doubt_total{class="notice",link="sim-1"}'] > 0
    lost = len(daemon.logs("link_disconnected"))
    assert sum(v for name, v in metrics.items() if name.startswith("link_disconnects_total")) == lost >= 3
    daemon.until_link("sim-1", "bound", binds=2)


def test_a_late_response_settles_and_timeouts_in_a_row_end_the_bind(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """A timed-out submit_sm is in doubt and keeps its slot (G2, G9); its late response ends the doubt."""
    smsc = simulator(responses={"delay": 0.8}, receipts={"lost": 1}, window=2)
    daemon = gateway(smsc.port, sim={"window": 2, "response_timeout": 0.3, "max_timeouts": 5})
    late = Bulk(daemon, 3)
    assert late.submit()
    events = consume(daemon)
    first, second, third = (events.until_state(i, "submitted")["id"] for i in late.ids.values())
    assert events.states(first) == events.states(second) == ["in_doubt", "submitted"]
    assert events.states(third) == ["in_doubt", "submitted"]
    record = smsc.record
    assert max(s.outstanding for s in record.submits) == 2
    assert daemon.logs("link_disconnected") == []

    smsc.set(responses={"answered": 0})
    silent = Bulk(daemon, 3, first=11)
    assert silent.submit()
    line = daemon.until_logged("link_disconnected")
    assert line["reason"] == "response_timeouts"
    daemon.until_link("sim-1", "bound")


def test_throttling_loses_nothing_and_keeps_the_order(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """ESME_RTHROTTLED sends a message back to the front, uncounted, and the link rests."""
    smsc = simulator(responses={"throttle": 25})
    daemon = gateway(smsc.port, sim={"window": 1, "throttle_pause": 0.02})
    bulk = Bulk(daemon, 60)
    assert bulk.submit()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    assert check_lives(events, bulk.began()) == {"delivered": 60}
    taken = [s.destination for s in smsc.record.taken]
    assert taken == [number(n) for n in range(1, 61)]
    refused = smsc.stats()["refused"]
    metrics = daemon.metrics()
    assert refused >= 5, "the SMSC did throttle; the link has learnt its rate since"
    assert metrics['submit_errors_total{link="sim-1",status="ESME_RTHROTTLED"}'] == refused
    assert metrics['throttle_wait_seconds_count{link="sim-1"}'] == refused
    assert metrics['submits_total{class="notice",link="sim-1"}'] == 60 + refused


def test_what_the_smsc_says_is_told_upstream(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Refused for good, refused for now until too late, receipts of each kind: state and error of each."""
    smsc = simulator(
        responses={
            "errors": [
                {"status": "ESME_RINVDSTADR", "to": number(1)},
                {"status": "ESME_RSYSERR", "to": number(2)},
                {"status": 0x444, "to": number(3)},
            ]
        }
    )
    daemon = gateway(smsc.port)
    events = consume(daemon)

    def ends(n: int, state: str, error: dict[str, Any] | None, **fields: Any) -> None:
        answer = daemon.submit(to=number(n), text=f"#{n}#", **fields)
        final = events.until_final([answer["id"]])[answer["id"]]
        found = final["error"] and {k: v for k, v in final["error"].items() if v is not None}
        assert (final["state"], found) == (state, error)

    refused = {"code": "smsc_refused", "segment": 1}
    ends(1, "rejected", {**refused, "command_status": "ESME_RINVDSTADR"})
    ends(3, "rejected", {**refused, "command_status": "0x00000444"})
    ends(2, "expired", {"code": "expired", "command_status": "ESME_RSYSERR"}, valid_for=1)
    waiting = daemon.submit(to=number(2), text="#2# again")
    retry = eventually(lambda: (m := daemon.query(id=waiting["id"]))["until"] and m, "it is tried again")
    assert (retry["state"], retry["reason"], retry["final"]) == ("queued", "retry", False)
    for n, (stat, state) in enumerate(
        {
            "UNDELIV": "undeliverable",
            "EXPIRED": "expired",
            "REJECTD": "rejected",
            "DELETED": "cancelled",
        }.items(),
        start=4,
    ):
        smsc.set(receipts={"outcomes": [{"stat": stat, "err": "042"}]})
        ends(n, state, {"code": "receipt_failed", "stat": stat, "err": "042", "segment": 1})
    errors = daemon.metrics()
    assert errors['submit_errors_total{link="sim-1",status="ESME_RINVDSTADR"}'] == 1
    assert errors['submit_errors_total{link="sim-1",status="other"}'] == 1
    assert errors['submit_errors_total{link="sim-1",status="ESME_RSYSERR"}'] == 2


def test_receipts_before_their_response_and_twice_change_a_state_once(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Early receipts wait for their response; repeated ones are counted and told to nobody."""
    smsc = simulator(receipts={"before_response": 1, "duplicated": 1})
    daemon = gateway(smsc.port)
    bulk = Bulk(daemon, 50)
    assert bulk.submit()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    smsc.until(delivered=100)
    assert check_lives(events, bulk.began()) == {"delivered": 50}
    metrics = daemon.metrics()
    assert metrics['receipts_total{link="sim-1",state="delivered"}'] == 100
    assert metrics['receipts_repeated_total{link="sim-1"}'] == 50
    assert metrics['messages_final_total{class="notice",state="delivered"}'] == 50


def test_a_receipt_waits_for_its_response(gateway: Daemon, consume: Consume, raw: Raw) -> None:
    """It is kept under its id until a response tells whose it is; then the message goes on to its end."""

    def serve(peer: Peer) -> None:
        peer.bind()
        submit = peer.receive()
        assert isinstance(submit, SubmitSm)
        text = (
            b"id:early-1 sub:001 dlvrd:001 submit date:1001010000 done date:1001010000 stat:DELIVRD err:000"
        )
        peer.send(
            DeliverSm(
                source_addr=submit.destination_addr,
                destination_addr=submit.source_addr,
                esm_class=4,
                short_message=text,
            )
        )
        assert isinstance(peer.receive(), DeliverSmResp)
        peer.answer(submit, message_id=b"early-1")
        peer.drain()

    daemon = gateway(raw(serve).port)
    answer = daemon.submit(text="#1#")
    events = consume(daemon)
    events.until_final([answer["id"]])
    assert events.states(answer["id"])[-1] == "delivered"
    assert len(events.states(answer["id"])) <= 2
    assert daemon.metrics()['receipts_early_total{link="sim-1"}'] == 1


def test_refused_credentials_stop_the_link_and_no_other(
    simulator: Smsc, gateway: Daemon, consume: Consume, tmp_path: Path
) -> None:
    """Wrong credentials: state refused, an error in the log, one bind only; what may pass is tried again."""
    password = tmp_path / "password"
    password.write_text("p" * 65)
    smsc = simulator(
        accounts={
            "locked": {"password": "right"},
            "busy": {"refuse_bind": "ESME_RSYSERR"},
            "acme": {},
        }
    )
    daemon = gateway(
        smsc.port,
        links={
            "locked": link(smsc.port, system_id="locked"),
            "busy": link(smsc.port, system_id="busy"),
            "wordy": link(smsc.port, password={"file": str(password)}),
            "sim-1": link(smsc.port),
        },
        routes=[{"match": {}, "links": ["locked", "busy", "sim-1"]}],
    )
    daemon.until_link("locked", "refused")
    assert "at most 64" in daemon.until_logged("link_disconnected", link="wordy")["detail"]

    def binds(account: str) -> int:
        return sum(bind.account == account for bind in smsc.record.of(Bind))

    eventually(lambda: binds("busy") >= 5, "the busy one is tried again and again")
    assert binds("locked") == 1
    states = {name: found["state"] for name, found in daemon.status()["links"].items()}
    assert (states["locked"], states["sim-1"]) == ("refused", "bound")
    assert states["busy"] in ("connecting", "backoff")
    line = daemon.until_logged("link_refused", link="locked")
    assert (line["level"], line["command_status"]) == ("error", "ESME_RINVPASWD")
    answer = daemon.submit(text="#1# goes round them")
    events = consume(daemon)
    assert events.until_final([answer["id"]])[answer["id"]]["link"] == "sim-1"
    metrics = daemon.metrics()
    assert metrics['link_bound{link="sim-1"}'] == 1
    assert metrics['link_disconnects_total{link="locked",reason="bind_refused"}'] == 1
