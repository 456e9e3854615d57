"""The life of one message: submit on the socket, submit_sm on the wire, receipt, events, query."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from gatewayd.client import Refused
from tests.daemon.harness import Consumer, Gateway, Simulator, check_lives, number

pytestmark = pytest.mark.daemon

OTP = "您的验证码为987654,5分钟内有效,请勿泄露。"
Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]


def test_an_otp_from_submit_to_delivered(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """The contract's own example: each field of answer, events, query and submit_sm, also after a restart."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    daemon.until_link("sim-1", "bound")
    otp = daemon.fields(to="+8613800138000", class_="otp", text=OTP, key="order-42-otp", tag="t")
    with daemon.client() as client:
        answer = client.request("submit", **otp)
    assert {k: v for k, v in answer.items() if k not in ("id", "seq")} == {
        "ok": True,
        "state": "queued",
        "segments": 1,
        "encoding": "ucs2",
    }
    events = consume(daemon)
    events.until_final([answer["id"]])
    common = {
        "event": "state",
        "id": answer["id"],
        "key": "order-42-otp",
        "tag": "t",
        "to": "8613800138000",
        "class": "otp",
        "brand": "xxmall",
        "segments": 1,
        "link": "sim-1",
        "reason": None,
        "until": None,
        "error": None,
    }
    submitted, delivered = events.life(answer["id"])
    cursors = submitted.pop("cursor"), delivered.pop("cursor")
    assert cursors[0] < cursors[1]
    assert submitted.pop("at") <= delivered["at"]
    assert submitted == {**common, "state": "submitted", "final": False}
    assert {k: v for k, v in delivered.items() if k != "at"} == {
        **common,
        "state": "delivered",
        "final": True,
    }

    [submit] = smsc.record.submits
    assert (submit.source, submit.destination) == ("10690001", "8613800138000")
    assert bytes.fromhex(submit.short_message).decode("utf-16-be") == OTP
    assert (submit.data_coding, submit.registered_delivery, submit.esm_class) == (8, 1, 0)
    assert submit.validity_period in ("000000000500000R", "000000000459000R")

    for restarting in (True, False):
        message = daemon.query(id=answer["id"])
        assert message == daemon.query(key="order-42-otp")
        assert message == {k: v for k, v in delivered.items() if k != "event"}
        if restarting:
            daemon.restart()
    check_lives(events, {answer["id"]: "queued"})
    log = daemon.log_text()
    assert "started" in log
    assert not any(secret in log for secret in ("13800138000", "987654", "验证码")), "G11"


def test_a_key_is_one_message(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """A known key gives the first answer again, another content under it is a conflict; over restarts too."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    same = daemon.fields(key="order-1", text="#1# once")
    with daemon.client() as client:
        first = client.request("submit", **same)
        again = client.request("submit", **same)
    events = consume(daemon)
    events.until_final([first["id"]])
    daemon.restart()
    events.close()
    with daemon.client() as client:
        restarted = client.request("submit", **same)
        other = {**same, "text": "#1# another"}
        with pytest.raises(Refused) as conflict:
            client.request("submit", **other)
        refused = client.pipeline([{**same, "op": "submit", "key": "order-2", "to": "12"}] * 2)
        codes = [reply["error"]["code"] for _, reply in refused]
        after = client.request("submit", **{**same, "key": "order-2"})
    assert first["ok"]
    assert "duplicate" not in first
    for repeated in (again, restarted):
        assert repeated.pop("duplicate") is True
        assert {**repeated, "seq": 0} == {**first, "seq": 0}
    assert (conflict.value.code, conflict.value.error["field"]) == ("idempotency_conflict", "key")
    assert codes == ["invalid_destination"] * 2
    assert "duplicate" not in after, "refusals are not remembered"
    events.until_final([after["id"]])
    assert smsc.tokens() == {"#1#": 2}


def test_what_waits_is_scheduled_cancelled_or_expired(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """send_at, cancel by id, key and tag, valid_for while no link is bound; what is final stays final."""
    smsc = simulator()
    daemon = gateway(smsc.port, sim={"reconnect_min": 60, "reconnect_max": 60})
    smsc.kill()
    daemon.until_link("sim-1", "backoff")
    later, far = _in(3600), _in(400 * 86_400)
    plain = daemon.fields(text="#w# waits")
    with daemon.client() as client:

        def submit(**fields: object) -> dict[str, object]:
            return client.request("submit", **{**plain, **fields})

        with pytest.raises(Refused) as too_far:
            submit(send_at=far)
        with pytest.raises(Refused) as over:
            submit(valid_until="2020-01-01T00:00:00Z")
        by_id, by_key = submit(send_at=later), submit(send_at=later, key="k")
        tagged = [submit(tag="sale-7") for _ in range(3)]
        expiring, waiting = submit(valid_for=1), submit()
        cancelled = [
            client.request("cancel", id=by_id["id"]),
            client.request("cancel", key="k"),
            client.request("cancel", tag="sale-7"),
            client.request("cancel", id=by_id["id"]),
        ]
        with pytest.raises(Refused) as nobody:
            client.request("cancel", key="no-such-key")
    assert (too_far.value.code, too_far.value.error["field"]) == ("invalid_request", "send_at")
    assert (over.value.code, over.value.error["field"]) == ("expired", "valid_until")
    assert by_id["state"] == "scheduled"
    assert [(c["cancelled"], c["too_late"]) for c in cancelled] == [(1, 0), (1, 0), (3, 0), (0, 1)]
    assert nobody.value.code == "not_found"

    events = consume(daemon)
    ids = [str(answer["id"]) for answer in (by_id, by_key, *tagged, expiring)]
    finals = events.until_final(ids)
    assert [finals[i]["state"] for i in ids] == ["cancelled"] * 5 + ["expired"]
    assert finals[ids[-1]]["error"]["code"] == "expired"
    assert finals[ids[-1]]["link"] is None
    message = daemon.query(id=str(waiting["id"]))
    assert (message["state"], message["reason"]) == ("queued", "no_link")
    assert smsc.record.submits == []


def test_a_scheduled_message_leaves_at_its_time(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Scheduled -> queued -> submitted -> delivered, and what waited for a link leaves once it is bound."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    smsc.kill()
    daemon.until_link("sim-1", "backoff")
    events = consume(daemon)
    waiting = daemon.submit(text="#1# waits for the link", to=number(1))
    soon = daemon.submit(text="#2# soon", to=number(2), send_at=_in(1.5))
    assert daemon.query(id=waiting["id"])["reason"] == "no_link"
    smsc.start()
    events.until_final([waiting["id"], soon["id"]])
    assert (waiting["state"], soon["state"]) == ("queued", "scheduled")
    assert events.states(waiting["id"]) == ["submitted", "delivered"]
    assert events.states(soon["id"]) == ["queued", "submitted", "delivered"]
    assert smsc.tokens() == {"#1#": 1, "#2#": 1}


def _in(seconds: float) -> str:
    """RFC 3339 with an offset, so many seconds from now."""
    zone = timezone(timedelta(hours=8))
    return (datetime.now(zone) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
