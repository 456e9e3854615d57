"""ESMEs that misbehave, each in one way: the judge of the run says so, and says nothing else."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

import simulator
from gatewayd.smpp import septets
from gatewayd.smpp.pdu import SubmitSm
from gatewayd.smpp.style import PLAIN, DefaultAlphabet, Style, Wide
from gatewayd.smpp.text import Carry
from gatewayd.smpp.writer import Writer
from simulator.commands import obey
from simulator.judge import judge, readable
from simulator.scenario import load

LabOf = Callable[..., Any]  # see conftest
EVENING = 1_795_000_000 // 86_400 * 86_400 + 12 * 3600  # 20:00 in Beijing
SALE = f"【商城】全场五折起，{'数量有限，售完为止，' * 8}包邮到家。 拒收请回复R"
CODE = "【商城】您的验证码是123456，五分钟内有效，请勿泄露给他人。"
MARKETING = {"marketing": "拒收请回复R"}


def say(esme: Any, text: str, carry: Carry = Carry.UDH8, style: Style = PLAIN, **fields: Any) -> None:
    """Submit all segments of a text at once."""
    reference = fields.pop("reference", 1)
    for part in Writer(carry, style).split(text, None, reference):
        submit = {"source_addr": b"10690001", "destination_addr": b"8613800138000", "registered_delivery": 1}
        esme.driver.send(
            SubmitSm(
                **{**submit, **fields},
                esm_class=0x40 if part.udhi else 0,
                data_coding=part.data_coding,
                short_message=part.short_message,
                tlvs=part.tlvs,
            )
        )


def td(the_lab: Any, text: str = "TD", **fields: Any) -> None:
    """Its handset opts out."""
    mo = f'"from":"8613800138000","to":"10690001","text":"{text}"'
    more = "".join(f',"{name}":{value}' for name, value in fields.items())
    obey("mo", f"{{{mo}{more}}}".encode(), the_lab.smsc)


async def nothing(the_lab: Any, esme: Any) -> None:
    """A long text, an opt-out, another text, a retry."""
    say(esme, SALE)
    await trio.sleep(1)
    td(the_lab)
    await trio.sleep(1)
    say(esme, CODE)


async def duplicates(the_lab: Any, esme: Any) -> None:
    say(esme, CODE)
    await trio.sleep(1)
    say(esme, CODE)


async def repeated_unanswered(the_lab: Any, esme: Any) -> None:
    the_lab.smsc.change({"default": {"responses": {"answered": 0}}})
    say(esme, CODE)
    await trio.sleep(1)
    the_lab.smsc.change({"default": {"responses": {"answered": 1}}})
    say(esme, CODE)


async def repeated_texts(the_lab: Any, esme: Any) -> None:
    say(esme, SALE, reference=1)
    await trio.sleep(1)
    say(esme, SALE, Carry.SAR, reference=2)
    other = await the_lab.bind(name=b"other")
    say(other, SALE, style=Style(wide=Wide.GBK))


async def incomplete(the_lab: Any, esme: Any) -> None:
    esme.submit("half", esm_class=0x40, short_message=b"\5\0\3\7\2\1half of it")


async def window_violations(the_lab: Any, esme: Any) -> None:
    the_lab.smsc.change({"default": {"window": 2, "responses": {"delay": 1}}})
    esme.submit("a", "b", "c")


async def rate_violations(the_lab: Any, esme: Any) -> None:
    the_lab.smsc.change({"default": {"throughput": 10}})
    for number in range(13):
        esme.submit(f"#{number}")
        await trio.sleep(0.07)


async def expired(the_lab: Any, esme: Any) -> None:
    the_lab.smsc.change({"default": {"responses": {"errors": [{"status": "ESME_RSYSERR", "first": 1}]}}})
    for _ in range(2):
        say(esme, CODE, validity_period=b"000000000010000R")
        await trio.sleep(601)


async def order_violations(the_lab: Any, esme: Any) -> None:
    one, two = Writer().split(SALE, None, 1)
    for part in (two, one):
        esme.submit("", esm_class=0x40, data_coding=8, short_message=part.short_message)


async def marketing_after_opt_out(the_lab: Any, esme: Any) -> None:
    td(the_lab, " td ")
    await trio.sleep(1)
    say(esme, SALE)


async def marketing_after_long_opt_out(the_lab: Any, esme: Any) -> None:
    the_lab.smsc.change({"default": {"judge": {"opt_out": [("请不要再发了。" * 20)]}}})
    td(the_lab, "请不要再发了。" * 20, order="[3,1,2]", carry='"sar"')
    await trio.sleep(1)
    say(esme, SALE)


async def marketing_in_quiet_hours(the_lab: Any, esme: Any) -> None:
    await trio.sleep(3599)
    say(esme, SALE)
    await trio.sleep(2)
    say(esme, "late " + SALE, destination_addr=b"8613800138001")
    say(esme, CODE)


async def above_cap(the_lab: Any, esme: Any) -> None:
    for number in range(3):
        say(esme, f"{number}{SALE}", reference=number)
    await trio.sleep(7 * 86_400 + 1)
    say(esme, "3" + SALE, reference=3)


async def unsigned_marketing(the_lab: Any, esme: Any) -> None:
    say(esme, SALE.removeprefix("【商城】"))


async def signed_twice(the_lab: Any, esme: Any) -> None:
    say(esme, CODE + "【商城】")


async def without_opt_out_text(the_lab: Any, esme: Any) -> None:
    say(esme, "【商城】全场五折起")


async def too_long_with_signature(the_lab: Any, esme: Any) -> None:
    say(esme, "全" * 70)
    say(esme, "场" * 66)


Act = Callable[[Any, Any], Awaitable[None]]
RUNS: list[tuple[Act, dict[str, Any], dict[str, int]]] = [
    (nothing, {"judge": {**MARKETING, "signed": True, "quiet": {}}}, {}),
    (duplicates, {}, {"duplicates": 1, "repeated_texts": 1}),
    (repeated_unanswered, {}, {}),
    (repeated_texts, {}, {"repeated_texts": 2}),
    (incomplete, {}, {}),
    (window_violations, {}, {"window_violations": 1}),
    (rate_violations, {}, {"rate_violations": 2}),
    (expired, {}, {"expired": 1}),
    (order_violations, {}, {"order_violations": 1}),
    (marketing_after_opt_out, {"judge": MARKETING}, {"marketing_after_opt_out": 1}),
    (marketing_after_long_opt_out, {"judge": MARKETING}, {"marketing_after_opt_out": 1}),
    (marketing_in_quiet_hours, {"judge": {**MARKETING, "quiet": {}}}, {"marketing_in_quiet_hours": 1}),
    (above_cap, {"judge": {**MARKETING, "caps": [{"count": 2, "seconds": 604_800}]}}, {"above_cap": 1}),
    (unsigned_marketing, {"judge": {**MARKETING, "signed": True}}, {"unsigned_marketing": 1}),
    (signed_twice, {"judge": {"signed": True}}, {"signed_twice": 1}),
    (
        without_opt_out_text,
        {"judge": {"marketing": "五折", "opt_out_text": "拒收请回复R"}},
        {"marketing_without_opt_out_text": 1},
    ),
    (
        too_long_with_signature,
        {"texts": {"signature": {"text": "【商城】", "at": "tail"}}},
        {"too_long_with_signature": 1},
    ),
]


@pytest.mark.parametrize(("act", "default", "faults"), RUNS, ids=[act.__name__ for act, *_ in RUNS])
async def test_what_an_esme_does_wrong_is_counted(
    autojump_clock: MockClock, lab: LabOf, act: Act, default: dict[str, Any], faults: dict[str, int]
) -> None:
    """Exactly what it did wrong is a fault, as JSON and for people."""
    the_lab = lab(default, epoch=EVENING)
    esme = await the_lab.bind()
    await act(the_lab, esme)
    await trio.sleep(5)
    verdict = judge(the_lab.record.events)
    assert verdict.faults == faults
    assert ("no fault" in readable(verdict)) == (not faults)
    assert (verdict.repeated_unanswered, verdict.incomplete) == (
        act is repeated_unanswered,
        act is incomplete,
    )


async def test_the_shipped_rules_for_marketing(autojump_clock: MockClock, lab: LabOf) -> None:
    """compliance.yaml: one text that breaks each rule there, and those that keep them."""
    rules = load(Path(simulator.__file__).parent / "scenarios" / "compliance.yaml").default.judge
    the_lab = lab({"judge": rules.model_dump(mode="json", by_alias=True)}, epoch=EVENING)
    esme = await the_lab.bind()
    for number in range(3):
        say(esme, f"{number}{SALE}", reference=number)
    say(esme, "【】五折 拒收请回复R【x】", destination_addr=b"8613700000001")
    say(esme, "五折 拒收请回复R", destination_addr=b"8613700000002")
    say(esme, CODE)
    say(esme, CODE + "!")
    await trio.sleep(3601)
    say(esme, "9" + SALE, destination_addr=b"8613900000000")
    say(esme, "9" + SALE, destination_addr=b"1214")
    await trio.sleep(1)
    assert judge(the_lab.record.events).faults == {
        "above_cap": 2,
        "signed_twice": 1,
        "unsigned_marketing": 1,
        "marketing_in_quiet_hours": 1,
    }


STYLES: dict[str, tuple[dict[str, Any], Style]] = {
    "plain": ({}, PLAIN),
    "packed": ({"packed": True}, Style(packed=True)),
    "latin1": ({"alphabet": "latin1"}, Style(alphabet=DefaultAlphabet.LATIN1)),
    "gbk": ({}, Style(wide=Wide.GBK)),
    "swapped": ({"byte_order": "little"}, Style(little_endian=True)),
    "marked": ({}, Style(byte_order_mark=True)),
    "turkish": ({}, Style(shifts=(1,))),
    "turkish packed": ({"packed": True}, Style(shifts=(1,), packed=True)),
}
TEXTS = {"western": "Grüße an café £5", "chinese": "会员优惠", "turkish": "ığdır'da şölen, çağrı"}


@pytest.mark.parametrize("carry", [Carry.UDH8, Carry.UDH16, Carry.SAR, Carry.PAYLOAD])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("language", TEXTS)
async def test_texts_are_read_whatever_they_travel_in(
    autojump_clock: MockClock, lab: LabOf, style: str, language: str, carry: Carry
) -> None:
    """Marketing after an opt-out, long or short, in each encoding a link may be set to."""
    texts, written = STYLES[style]
    the_lab = lab({"texts": texts, "judge": {"marketing": TEXTS[language] + "!$"}})
    esme = await the_lab.bind()
    td(the_lab)
    await trio.sleep(1)
    long = f"{TEXTS[language]}, " * 12
    for number, text in enumerate([long + TEXTS[language] + "!", TEXTS[language] + "!", long]):
        say(esme, text, carry, written, reference=number)
    await trio.sleep(1)
    assert the_lab.record.messages()[0].text == long + TEXTS[language] + "!"
    verdict = judge(the_lab.record.events)
    assert (verdict.texts, verdict.faults) == (3, {"marketing_after_opt_out": 2})


def test_a_packed_text_is_not_what_it_seems() -> None:
    """The runs above would mean little if packed septets could be read as unpacked ones."""
    assert septets.pack(b"TD") != b"TD"


async def test_the_carriers_signature_is_shown(lab: LabOf, autojump_clock: MockClock) -> None:
    """At the head or the tail of each text, as a handset gets it; a text that leaves room is no fault."""
    for at, shown in (("head", "【商城】hello"), ("tail", "hello【商城】")):
        the_lab = lab({"texts": {"signature": {"text": "【商城】", "at": at}}})
        esme = await the_lab.bind()
        say(esme, "hello")
        await trio.sleep(1)
        assert the_lab.record.messages()[-1].text == shown
        assert judge(the_lab.record.events).too_long_with_signature == 0
