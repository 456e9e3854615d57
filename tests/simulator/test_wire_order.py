"""What one read brings is recorded in the order of the wire, where the order decides who was at fault."""

from collections.abc import Callable
from typing import Any

from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp.pdu import DeliverSmResp
from simulator.judge import judge
from simulator.mo import Mo
from simulator.record import Answer, Submit

LabOf = Callable[..., Any]  # see conftest


async def test_what_comes_before_the_answer_to_an_opt_out_is_no_fault(lab: LabOf) -> None:
    """A sale, the deliver_sm_resp and another sale in one write: only the second came too late."""
    world = lab({"judge": {"marketing": "sale", "leeway": 0}})
    esme = await world.bind()
    esme.answer = None
    world.smsc.write(Mo(source="8613800138000", to="10690001", text="TD"))
    await settle()
    esme.submit("sale 1")
    esme.driver.respond(esme.delivered[0], DeliverSmResp())
    esme.submit("sale 2")
    await settle()

    kinds = [type(event) for event in world.record.events if isinstance(event, Answer | Submit)]
    assert kinds == [Submit, Answer, Submit]
    assert judge(world.record.events).texts == 2
