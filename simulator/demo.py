"""gatewayd-demo: real messages through a real gateway, step by step, and whether it kept its promises."""

import io
import shlex
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import click

from gatewayd.client import Refused, Unreachable
from gatewayd.errors import GatewayError
from simulator import stage as stages
from simulator.demo_texts import EMOJI, ESCAPED, GSM7, LONG, MARKETING, MARKETING_READ, OTP
from simulator.places import by_day, by_night
from simulator.record import Loss, Record, Submit
from simulator.report import Promise, Report
from simulator.tally import (
    ENOUGH_IN_FLIGHT,
    Bulk,
    Story,
    arrived,
    receipts_taken,
    tokens,
    unanswered,
    unix_time,
)
from simulator.upstream import CONSUMER, PATIENCE, Upstream

NUMBERS: Final = tuple(f"861380013800{digit}" for digit in range(4))
FRESH_NUMBER: Final = "8613700137000"  # has had no code yet, of which one a minute is allowed

BULK: Final = 4000  # messages
UNDER_WAY: Final = 300  # of them told of before the kill
RESPONSE_DELAY: Final = 0.2  # seconds, during the bulk: so a full window is in flight all the time
KILLS: Final = 3  # tries, since one that finds too little in flight does not count
LOST: Final = 0.01  # share of receipts, during the bulk
INTERRUPTED: Final = 130  # exit code, as shells have it


@click.command()
@click.option("--seconds", default=0, type=click.IntRange(0), help="Keep both running so long, to try them.")
def main(seconds: int) -> None:
    """Show the gateway at work with the bundled SMSC, in a temporary folder and under a minute.

    Exit 0 only if every promise shown held.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # Chinese on a terminal that has none
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sys.exit(_play(seconds))


def _play(seconds: int) -> int:
    """Returns the exit code."""
    report, began = Report(), time.monotonic()
    try:
        with stages.opened() as stage:
            try:
                demo = Demo(stage, report)
                demo.play()
                click.echo(f"\nThat took {time.monotonic() - began:.0f} seconds.")
                demo.end(seconds)
            except (GatewayError, OSError) as error:
                report.broke(f"the demo could not go on: {error}\n{stage.last_words()}")
    except KeyboardInterrupt:
        click.echo("\nInterrupted; both processes and their folder are gone.")
        return INTERRUPTED
    return report.verdict()


class Demo:
    """The steps, and what they share.

    _first: id of the first message.
    _restart: the gateway's last start, as a place in the record and in Unix time.
    """

    def __init__(self, stage: stages.Stage, report: Report) -> None:
        self._stage, self._report = stage, report
        self._record = Record(stage.record)
        self._story = Story()
        self._restart = (0, 0.0)
        self._first = ""

    def play(self) -> None:
        """All steps but the end."""
        self._start()
        self._otp()
        self._long_text()
        self._gsm7()
        self._opt_out()
        self._marketing()
        self._bulk()
        self._metrics()
        self._upstream.close()

    def end(self, seconds: int) -> None:
        """Say what to type next, wait so long or until Ctrl-C, and stop the gateway in good order."""
        self._invite(seconds)
        with suppress(KeyboardInterrupt):
            time.sleep(seconds)
        self._report.step(
            "The end", "SIGTERM: the gateway takes no more, finishes what is under way and stops."
        )
        code = self._stage.stop_gateway()
        self._report.show(Promise("exit code 0", "still running" if code is None else str(code), code == 0))

    def _start(self) -> None:
        self._stage.start_smsc()
        self._stage.start_gateway()
        self._upstream = Upstream(str(self._stage.socket))
        click.echo(
            "Two processes run now, an SMSC such as a carrier has (simulated), and the gateway.\n"
            f"   SMSC      127.0.0.1:{self._stage.port}; records each submit_sm before it answers it\n"
            f"   gateway   {self._stage.socket}; its configuration and store lie beside"
        )

    # ------------------------------------------------------------------------------------ single messages

    def _otp(self) -> None:
        self._report.step(
            "A one-time password",
            """It is answered once it is safe on disk, leaves by SMPP, and the SMSC's receipt tells that the
            handset has it. Each change of its state is one event.""",
        )
        began, clock = time.time(), time.monotonic()
        reply = self._upstream.submit("otp", "xxmall", NUMBERS[0], OTP)
        seen = f"{reply['state']} after {1000 * (time.monotonic() - clock):.0f} ms, {_segments(reply)}"
        accepted = (reply["state"], reply["segments"]) == ("queued", 1)
        self._report.show(Promise("accepted: queued, 1 segment", seen, accepted))
        self._first = reply["id"]
        states = self._lived(reply["id"])
        seen = ", ".join(
            f"{event['state']} after {1000 * (unix_time(event['at']) - began):.0f} ms"
            for event in self._story.changes[reply["id"]]
        )
        self._report.show(Promise("events: submitted, delivered", seen, states == ["submitted", "delivered"]))
        self._report.show(self._read_as(NUMBERS[0], OTP))

    def _long_text(self) -> None:
        self._report.step(
            "A long Chinese message with an emoji",
            """Chinese travels as UCS-2, 67 units to a segment. The emoji is two units and stands where
            the first cut falls; half of it would be a broken character.""",
        )
        reply = self._upstream.submit("notice", "xxmall", NUMBERS[1], LONG)
        self._report.show(self._delivered(reply["id"]))
        submits = self._submits(NUMBERS[1])
        texts = [submit.user_data().octets.decode("utf-16-be", "replace") for submit in submits]
        told, whole = reply["segments"], [text.count(EMOJI) for text in texts]
        self._report.show(
            Promise(
                f"as many submit_sm as were told at submit: {told}",
                str(len(submits)),
                told == len(submits) > 1,
            ),
            Promise(
                f"{EMOJI} whole in one of them",
                ", ".join(f"{count} in segment {number}" for number, count in enumerate(whole, 1)),
                sum(whole) == 1 and "\ufffd" not in "".join(texts),
            ),
            self._read_as(NUMBERS[1], LONG),
        )

    def _gsm7(self) -> None:
        self._report.step(
            "A text with € { }",
            """These are in the extension table of the GSM alphabet: two septets each, and no need for
            UCS-2, in which a segment holds less than half.""",
        )
        reply = self._upstream.submit("notice", "cafe", NUMBERS[2], GSM7)
        seven = (reply["encoding"], reply["segments"]) == ("gsm7", 1)
        self._report.show(
            Promise("gsm7, 1 segment", f"{reply['encoding']}, {_segments(reply)}", seven),
            self._delivered(reply["id"]),
        )
        octets = "".join(submit.short_message for submit in self._submits(NUMBERS[2]))
        found = [f"{sign} {code}" for sign, code in ESCAPED.items() if code in octets]
        self._report.show(
            Promise("at the SMSC € is 1b65, { 1b28, } 1b29", ", ".join(found), len(found) == len(ESCAPED)),
            self._read_as(NUMBERS[2], GSM7),
        )

    def _opt_out(self) -> None:
        self._report.step(
            "A handset replies TD",
            """退订, "unsubscribe": the brand must send it no more marketing. The SMSC hears that its
            message was taken only after the opt-out is on disk.""",
        )
        quitter = NUMBERS[3]
        self._stage.smsc("mo", **{"from": quitter, "to": "10690001", "text": "TD"})
        self._upstream.listen(self._story, lambda: bool(self._story.inbound), "the reply of a handset")
        inbound = self._story.inbound[-1]
        stopped = (inbound["from"], inbound["text"], inbound["opt_out"]) == (quitter, "TD", True)
        seen = f"{inbound['text']} from {inbound['from']}, opt_out {inbound['opt_out']}"
        refusal = self._refusal("member", "xxmall", quitter, MARKETING)
        self._report.show(
            Promise(f"an inbound event: TD from {quitter}, opt_out True", seen, stopped),
            Promise("its next marketing message is refused: opted_out", refusal, refusal == "opted_out"),
            self._delivered(
                self._upstream.submit("otp", "xxmall", quitter, OTP)["id"], "one-time passwords still are "
            ),
        )
        texts = [message.text for message in self._record.messages() if message.destination == quitter]
        seen = f"{texts.count(OTP)} password, {len(texts) - texts.count(OTP)} other"
        self._report.show(Promise("the SMSC got 1 password for it, 0 other", seen, texts == [OTP]))

    def _marketing(self) -> None:
        now = datetime.now(UTC)
        day, night = by_day(now), by_night(now)
        self._report.step(
            "Marketing, by the rules",
            f"""It is {day.clock(now):%H:%M} in {day.name} and {night.clock(now):%H:%M} in {night.name}.
            Marketing says who sends it and how to opt out; some words are better replaced; from 21:00 to
            08:00 by the clock of the recipient it waits; and no brand sends anybody more than two a week.""",
        )
        to = f"+{day.number}"
        first = self._upstream.submit("member", "xxmall", to, MARKETING)
        made = "signature, 马上领取 for 立即购买, and 回复TD退订"
        self._report.show(self._delivered(first["id"]), self._read_as(day.number, MARKETING_READ, made))
        waiting = self._upstream.submit("member", "xxmall", f"+{night.number}", MARKETING)
        kept = self._upstream.query(waiting["id"])
        until = night.clock(datetime.fromisoformat(kept["until"] or kept["at"]))
        seen = f"{kept['state']} until {until:%H:%M}, {kept['reason']}"
        expected = "held until 08:00, quiet_hours"
        self._report.show(Promise(f"{night.name}: {expected}", seen, seen == expected))
        second, third = (self._refusal("member", "xxmall", to, MARKETING) for _ in range(2))
        self._report.show(
            Promise(
                f"{day.name}: a second is taken, a third refused: frequency_cap",
                f"{second}, {third}",
                (second, third) == ("queued", "frequency_cap"),
            )
        )

    def _refusal(self, *submit: str) -> str:
        try:
            return str(self._upstream.submit(*submit)["state"])
        except Refused as refused:
            return refused.code

    def _lived(self, identifier: str) -> list[str]:
        """The states of a message up to its end."""
        self._upstream.listen(self._story, lambda: identifier in self._story.ended, "the end of a message")
        self._record.refresh()
        return self._story.states(identifier)

    def _delivered(self, identifier: str, what: str = "") -> Promise:
        states = self._lived(identifier)
        return Promise(f"{what}delivered", ", ".join(states), states[-1] == "delivered")

    def _submits(self, number: str) -> list[Submit]:
        return [submit for submit in self._record.submits if submit.destination == number]

    def _read_as(self, number: str, text: str, what: str = "what was submitted") -> Promise:
        read = [message.text for message in self._record.messages() if message.destination == number]
        return Promise(f"the handset reads {what}", " | ".join(read), read == [text])

    # --------------------------------------------------------------------------------------------- the bulk

    def _bulk(self) -> None:
        self._report.step(
            f"{BULK} notices, and kill -9 in the middle of them",
            f"""The gateway dies with segments in flight whose answers nobody hears, and with submits of which
            the upstream system does not know whether they were taken. It is started again on the same store,
            and the upstream system submits everything once more under the same keys. Then there is one
            receipt in {1 / LOST:.0f} that this SMSC loses: without it a message ends as unknown, here after
            {stages.RECEIPT_WAIT} s. Please wait.""",
        )
        self._bulk_behaviour(RESPONSE_DELAY, LOST)
        before: dict[str, str] = {}
        after: dict[str, str] = {}
        in_flight = self._killed_amid(before)
        self._upstream.submit_all(map(_notice, range(BULK)), after)
        accepted = set(after.values())
        self._upstream.listen(
            self._story, lambda: accepted <= self._story.ended.keys(), "the end of the bulk"
        )
        sent, receipted = arrived(self._record.refresh())
        self._report.show(*Bulk(before, after, in_flight, sent, receipted).promises(self._story))
        self._bulk_behaviour(stages.RESPONSE_DELAY, 0)

    def _bulk_behaviour(self, response_delay: float, lost: float) -> None:
        behaviour = {"responses": {"delay": response_delay}, "receipts": {"lost": lost}}
        self._stage.smsc("set", values={"default": behaviour})

    def _killed_amid(self, answered: dict[str, str]) -> frozenset[str]:
        """Submit and kill until a kill counts; the gateway runs again. What was in flight at that kill."""
        for _ in range(KILLS):
            self._submit_until_killed(answered)
            in_flight = self._unanswered()
            self._restart = (len(self._record.events), time.time())
            self._stage.start_gateway()
            self._upstream = Upstream(str(self._stage.socket))
            if len(in_flight) >= ENOUGH_IN_FLIGHT:
                break
        return in_flight

    def _submit_until_killed(self, answered: dict[str, str]) -> None:
        """Half of what is not answered, its first events, and the kill amid the submits of the other half."""
        rest = [request for request in map(_notice, range(BULK)) if request["key"] not in answered]
        half = len(rest) // 2
        self._upstream.submit_all(iter(rest[:half]), answered)
        enough = len(self._story.changes) + UNDER_WAY
        self._upstream.listen(self._story, lambda: len(self._story.changes) >= enough, "the bulk to begin")
        try:
            self._upstream.submit_all(self._killing(rest[half:]), answered)
        except Unreachable:
            self._upstream.close()

    def _killing(self, requests: list[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
        """Requests; when half of them have been handed out the gateway dies."""
        for number, request in enumerate(requests):
            if number == len(requests) // 2:
                self._stage.kill_gateway()
            yield request

    def _unanswered(self) -> frozenset[str]:
        """Tokens of what the SMSC had and had not answered when the connection broke."""
        sessions = {submit.session for submit in self._record.refresh().submits}
        stages.eventually(lambda: sessions == _over(self._record.refresh()), PATIENCE)
        return tokens(unanswered(self._record.events, RESPONSE_DELAY))

    # ----------------------------------------------------------------------------------------------- the end

    def _metrics(self) -> None:
        self._report.step(
            "Metrics",
            f"""They are at http://{self._stage.metrics_address}/metrics, for Prometheus, and count from a
            start of the gateway on: here from the one after the kill.""",
        )
        metrics = self._stage.metrics()
        place, began = self._restart
        receipts = metrics["gatewayd_receipts_total"]
        stages.eventually(lambda: receipts_taken(self._record.refresh().events[place:]) >= receipts, 1)
        recorded = self._record.events[place:]
        truths = (
            (
                "submits",
                "submit_sm on the SMSC's record",
                sum(isinstance(event, Submit) for event in recorded),
            ),
            ("receipts", "receipts it got an answer for", receipts_taken(recorded)),
            ("messages_final", "ends of messages told by events", self._story.ended_since(began)),
        )
        for name, truth, count in truths:
            counted = metrics[f"gatewayd_{name}_total"]
            expected = f"gatewayd_{name}_total is {count}, the {truth}"
            self._report.show(Promise(expected, f"{counted:.0f}", counted == count))

    def _invite(self, seconds: int) -> None:
        """What to type next."""
        command, number = stages.command_line(), FRESH_NUMBER
        click.echo(
            f"\nTo try it, in another terminal within {seconds} seconds (Ctrl-C here ends it earlier):"
            if seconds
            else "\nTo try it, run gatewayd-demo --seconds 600. Both keep running, and in another terminal:"
        )
        click.echo(
            f"   export GATEWAYD_SOCKET={shlex.quote(str(self._stage.socket))}\n"
            f"   {command} send --to {number} --class otp --brand xxmall --text '您的验证码为246810' --wait\n"
            f"   {command} message {self._first}\n"
            f"   {command} explain {self._first}\n"
            f"   {command} events --consumer {CONSUMER} --follow\n"
            f"   {command} status\n"
            f"   curl http://{self._stage.metrics_address}/metrics"
        )


def _notice(number: int) -> Mapping[str, str]:
    """A message of the bulk: its token is its key, and stands in its text."""
    token = f"#{number:05d}"
    return {
        "op": "submit",
        "key": token,
        "to": f"86139{number:08d}",
        "class": "notice",
        "brand": "xxmall",
        "text": f"【XX商城】您的订单{token}已发货,预计明日送达。",
    }


def _over(record: Record) -> set[int]:
    """The sessions that have ended."""
    return {loss.session for loss in record.of(Loss)}


def _segments(reply: Mapping[str, Any]) -> str:
    return f"{reply['segments']} segment{'s' if reply['segments'] != 1 else ''}"


if __name__ == "__main__":
    main()
