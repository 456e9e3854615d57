"""Marketing before the gate: brands that sign, a judge that forgives nothing, a window that stops."""

from collections.abc import Mapping
from typing import Any, Final

from simulator.judge import Verdict, judge
from tests.daemon.harness import Gateway, Simulator, number

SALE: Final = "会员日全场八折,今晚24点截止,门店凭短信入场"
TD: Final = "回复TD退订"
JUDGE: Final[Mapping[str, Any]] = {
    "marketing": TD,
    "opt_out_text": TD,
    "signed": True,
    "leeway": 0,
}
"""`judge` of a scenario. How to opt out is added by the gateway, and tells the judge what marketing is."""
ONE_AT_A_TIME: Final = {"window": 1, "reserve": 0}
PLUG: Final = number(99_999_999)


def brand(name: str, sender: str, **more: Any) -> dict[str, Any]:
    return {"signature": f"【{name}】", "sender": sender, **more}


class Stopped:
    """A bound link whose only slot waits for an answer: what is accepted waits, and MO still come.

    Its settings are ONE_AT_A_TIME.
    """

    def __init__(self, smsc: Simulator, daemon: Gateway) -> None:
        self._smsc = smsc
        smsc.set(responses={"answered": 0})
        before = smsc.stats()["submits"]
        daemon.submit(text="the window is full", to=PLUG)
        smsc.until(submits=before + 1)
        smsc.set(responses={"answered": 1})

    def go(self) -> None:
        """The link binds anew, with an empty window."""
        self._smsc.do("drop")


def verdict(smsc: Simulator) -> Verdict:
    """What the judge says of all that was seen."""
    return judge(smsc.record.events)


def texts(smsc: Simulator, n: int) -> list[str]:
    """What the n-th number's handset reads."""
    return [message.text for message in smsc.record.messages() if message.destination == number(n)]
