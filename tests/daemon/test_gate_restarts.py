"""The gate end to end: what was accepted does not leave once a fact has changed, restarts between."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.daemon.harness import Consumer, Gateway, Simulator, link, number, settings

pytestmark = pytest.mark.daemon
Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]


def down(smsc: Simulator) -> dict[str, Any]:
    """A link that is refused until the next start: what is submitted waits."""
    smsc.set(binds=[])
    return {"links": {"sim-1": link(smsc.port)}}


def test_what_is_held_for_a_suspension_leaves_after_it(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Suspended by one start, let go by the next; the log tells of both, the caller of the reason."""
    smsc = simulator()
    daemon = gateway(smsc.port, **down(smsc))
    waiting = daemon.submit(text="#1# hi")
    brands = settings(smsc.port)["brands"]
    name, brand = next(iter(brands.items()))
    assert daemon.stop() == 0
    daemon.configure(brands={**brands, name: {**brand, "suspended": {"reason": "complaints"}}})
    smsc.set(binds=["transceiver"])
    daemon.start()
    events = consume(daemon)
    held = events.until_state(waiting["id"], "held")
    assert (held["reason"], held["until"]) == ("suspended", None)
    (said,) = daemon.logs("suspended")
    assert (said["brand"], said["action"], said["reason"]) == (name, "hold", "complaints")
    with daemon.client() as client:
        ((_, reply),) = client.pipeline([{"op": "submit", **daemon.fields(text="#2# hi")}])
    assert (reply["error"]["code"], reply["error"]["detail"]) == ("suspended", "suspended: complaints")
    assert daemon.metrics()['policy_refusals_total{code="suspended"}'] == 1
    assert smsc.record.submits == []
    assert daemon.stop() == 0
    daemon.configure(brands=brands)
    daemon.start()
    events.close()
    events = consume(daemon)
    assert events.until_final([waiting["id"]])[waiting["id"]]["state"] == "delivered"
    assert daemon.until_logged("hold_over")["released"] == 1


def test_consent_and_template_are_looked_at_when_it_leaves(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Taken back, and withdrawn, while no link is bound and before a restart."""
    smsc = simulator()
    rights = {"users": ["*"], "brands": ["*"], "classes": ["*"], "admin": True}
    daemon = gateway(smsc.port, clients={"local": rights}, policy={"quiet_hours": None}, **down(smsc))
    with daemon.client() as client:
        brand = daemon.fields()["brand"]
        put = {"name": "code", "brand": brand, "class": "otp", "text": "#3# {code:digits:4-8}"}
        client.request("template_put", **put)
        client.request("template_review", name="code", brand=brand, state="approved")
        at = "2026-11-01T08:00:00+08:00"
        told = {"channel": "web", "at": at}
        agreed = daemon.submit(class_="member", to=number(1), text="#1# sale", consent=told)
        kept = daemon.submit(class_="member", to=number(2), text="#2# sale", consent=told)
        by_template = {"op": "submit", **daemon.fields(class_="otp", to=number(3))}
        by_template |= {"template": "code", "params": {"code": "1234"}}
        ((_, code),) = client.pipeline([by_template])
        assert code["ok"], code
        client.request("consent_revoke", to=number(1), brand=brand)
        client.request("template_review", name="code", brand=brand, state="rejected")
    assert daemon.stop() == 0
    smsc.set(binds=["transceiver"])
    daemon.start()
    events = consume(daemon)
    finals = events.until_final([agreed["id"], kept["id"], code["id"]])
    with daemon.client() as client:
        check = client.request("consent_check", to=number(1), brand=brand)
    ends = {identifier: (f["state"], (f["error"] or {}).get("code")) for identifier, f in finals.items()}
    assert ends == {
        agreed["id"]: ("rejected", "no_consent"),
        kept["id"]: ("delivered", None),
        code["id"]: ("rejected", "template_mismatch"),
    }
    assert [record["granted"] for record in check["records"]] == [False, True]
    assert len(smsc.record.submits) == 1
    metrics = daemon.metrics()
    assert metrics['policy_refusals_total{code="no_consent"}'] == 1
    assert metrics['policy_refusals_total{code="template_mismatch"}'] == 1
