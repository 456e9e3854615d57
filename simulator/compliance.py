"""What the judge holds against texts: opt-outs, quiet hours, caps, signatures. Pure, over one account."""

import re
import unicodedata
from bisect import bisect_right, insort
from collections import Counter
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.smpp.style import SignatureBy
from simulator.expectations import Cap, Judge, Quiet
from simulator.messages import Joiner, Message, Reading
from simulator.record import Answer, Mo, Submit

_SIGNATURE: Final = re.compile("【([^【】]*)】")
_UNITS: Final = (70, 67)  # characters of a UCS-2 segment: of the only one, of one of several


def signatures(text: str) -> list[str]:
    """What stands in each pair of 【】."""
    return _SIGNATURE.findall(text)


def brand(text: str) -> str:
    """The first signature; empty if there is none."""
    return next(iter(signatures(text)), "")


def is_quiet(quiet: Quiet, number: str, at: float, leeway: float = 0.0) -> bool:
    """Whether it is too late or too early for that number; not within leeway seconds of the beginning."""
    prefixes = [prefix for prefix in quiet.elsewhere if number.startswith(prefix)]
    zone = quiet.elsewhere[max(prefixes, key=len)] if prefixes else quiet.timezone
    return all(
        _between(datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)).time(), quiet)
        for moment in (at, at - leeway)
    )


def _between(now: time, quiet: Quiet) -> bool:
    begin, end = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.end)
    return begin <= now < end if begin <= end else now >= begin or now < end


def is_too_long(message: Message[Submit], reading: Reading) -> bool:
    """Whether the carrier, with its signature, would need another segment (counted as UCS-2)."""
    signed = {SignatureBy.STRIP_HEAD: 0, SignatureBy.STRIP_TAIL: -1}.get(reading.style.signature)
    if signed is None:
        return False
    octets = message.segments[signed].user_data().octets
    return len(octets) // 2 + len(reading.signature) > _UNITS[len(message.segments) > 1]


class OptOuts:
    """Numbers whose opt-out the ESME has answered with ESME_ROK, by the sender it went to."""

    def __init__(self, judge: Judge, reading: Reading) -> None:
        self._judge, self._joiner = judge, Joiner[Mo](reading)
        self._asked: dict[tuple[int, int], Mo] = {}
        self._out: dict[tuple[str, str], tuple[float, str | None]] = {}
        self._last: dict[tuple[str, str], str] = {}

    def follow(self, judge: Judge, reading: Reading) -> None:
        """From here on; who is out stays out."""
        self._judge, self._joiner.reading = judge, reading

    def sent(self, mo: Mo) -> None:
        """A segment of an MO went out; it counts once it is answered."""
        self._asked[mo.session, mo.sequence_number] = mo

    def answered(self, answer: Answer) -> None:
        """Of a long MO, the last answer makes it count."""
        mo = self._asked.pop((answer.session, answer.sequence_number), None)
        message = self._joiner.add(mo) if mo is not None and answer.command_status == 0 else None
        if message is None:
            return
        words = unicodedata.normalize("NFKC", message.text).strip().upper()
        pair = (message.source, message.destination)
        if words in self._judge.opt_out:
            of_brand = self._last.get(pair) if self._judge.opt_out_of == "brand" else None
            self._out[pair] = (answer.at, of_brand)
        elif words in self._judge.opt_in:
            self._out.pop(pair, None)

    def are_broken_by(self, marketing: Message[Submit]) -> int:
        """How often it came although its number was out."""
        pair, its_brand = (marketing.destination, marketing.source), brand(marketing.text)
        self._last[pair] = its_brand
        since, of_brand = self._out.get(pair, (None, None))
        if since is None or of_brand not in (None, its_brand):
            return 0
        return sum(submit.at > since + self._judge.leeway for submit in marketing.firsts)


class Caps:
    """Texts by number and brand, counted once each, when they were taken first."""

    def __init__(self, caps: tuple[Cap, ...]) -> None:
        self._caps = caps
        self._came: list[dict[tuple[str, str], list[float]]] = [{} for _ in caps]

    def are_broken_by(self, message: Message[Submit], *, marketing: bool) -> bool:
        """Whether it is one too many for any of them."""
        at, key = message.segments[0].at, (message.destination, brand(message.text))
        broken = False
        for cap, came in zip(self._caps, self._came, strict=True):
            if re.search(cap.texts, message.text) if cap.texts else marketing:
                times = came.setdefault(key, [])
                insort(times, at)
                place = bisect_right(times, at)
                broken |= place - bisect_right(times, at - cap.seconds) > cap.count
        return broken


class Compliance:
    """One account's texts against what is expected of them."""

    def __init__(self) -> None:
        self._judge, self._reading = Judge(), Reading()
        self.opt_outs = OptOuts(self._judge, self._reading)
        self._caps = Caps(())

    def follow(self, judge: Judge, reading: Reading) -> None:
        """From here on. Who is out stays out; other caps count anew."""
        if judge.caps != self._judge.caps:
            self._caps = Caps(judge.caps)
        self._judge, self._reading = judge, reading
        self.opt_outs.follow(judge, reading)

    def faults_of(self, message: Message[Submit]) -> Counter[str]:
        """Fields of `judge.Counts` that it raises. A refused try may have been wrong all the same."""
        judge, text = self._judge, message.text
        marketing = judge.marketing is not None and re.search(judge.marketing, text) is not None
        faults: Counter[str] = Counter()
        if marketing:
            faults["marketing_after_opt_out"] = self.opt_outs.are_broken_by(message)
            faults["marketing_in_quiet_hours"] = self._in_quiet_hours(message)
        if not message.segments[0].taken:
            return faults
        faults["above_cap"] = self._caps.are_broken_by(message, marketing=marketing)
        faults["too_long_with_signature"] = is_too_long(message, self._reading)
        if judge.signed:
            faults["unsigned_marketing"] = marketing and not signatures(text)
            faults["signed_twice"] = len(signatures(text)) > 1
        if marketing and judge.opt_out_text is not None:
            faults["marketing_without_opt_out_text"] = re.search(judge.opt_out_text, text) is None
        return faults

    def _in_quiet_hours(self, marketing: Message[Submit]) -> int:
        quiet, leeway = self._judge.quiet, self._judge.leeway
        if quiet is None:
            return 0
        return sum(is_quiet(quiet, marketing.destination, one.at, leeway) for one in marketing.firsts)
