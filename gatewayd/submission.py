"""One submit, judged: form, rights and number by itself; the rest with the facts of the store. Pure.

The order of judgement is the contract's (section 4); the first failure answers.
"""

from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from gatewayd import rfc3339, routing
from gatewayd.ledger.accept import Accepted
from gatewayd.model import POLICY_REFUSALS, STATE_OF, Content, Lane, Millis, Refusal, Stage
from gatewayd.numbers import InvalidNumber
from gatewayd.outlook import NOTHING_KNOWN, Outlook
from gatewayd.policy import pipeline
from gatewayd.policy.book import Book
from gatewayd.policy.consents import AHEAD, Consent
from gatewayd.policy.stages import caps, quiet_hours
from gatewayd.policy.stages.suspended import refused
from gatewayd.policy.subject import Asking, ClassPolicy, Facts, Filled, Hold, Subject
from gatewayd.smpp.text import Carry, Encoding, InvalidHeader, Unencodable, billed_cn, split_binary
from gatewayd.smpp.udh import parse_udh
from gatewayd.smpp.writer import Writer
from gatewayd.snapshot import Rights, Snapshot
from gatewayd.upstream.wire import LONGEST_VALIDITY, MessageFields
from gatewayd.upstream.wire import Consent as ConsentTold

NOTHING_TOLD: Final = ConsentTold()
MAX_TAG: Final = 128  # octets
MAX_SENDER: Final = 20  # digits
FURTHEST: Final[Millis] = 366 * 86_400_000  # how far ahead send_at may lie
OF_A_THING: Final = "the number is of a range for things (IoT), which as a rule get no messages"


class _Refused(Exception):
    """A refusal on its way out of nested functions; never seen outside this module."""

    def __init__(self, code: str, detail: str, field: str | None = None) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, detail, field)


class Times(NamedTuple):
    """When it may leave, from when its validity counts, and until when; None: as long as its class says."""

    send_at: Millis | None
    start: Millis
    until: Millis | None


class Place(NamedTuple):
    """The stage a message starts in, when it is looked at again, and what upstream is told of it."""

    stage: Stage
    due: Millis
    reason: str | None = None
    until: Millis | None = None


class Submission:
    """See `ledger.accept.Submission`. What is refused already is told when it is judged.

    refusal: why it is, if a store is not needed to say so; what policy refuses is counted there.
    step: what judged it last: form, rights, suspended, number, policy, validity, route, length.
    outlook: how things stood of late, to warn of what would leave in quiet hours.
    """

    def __init__(
        self,
        request: MessageFields,
        rights: Rights,
        snapshot: Snapshot,
        now: Millis,
        outlook: Outlook = NOTHING_KNOWN,
    ) -> None:
        self.key = request.key
        self.step = "form"
        self.asking: Asking | None = None
        self._refused: Refusal | None = None
        self._request, self._snapshot, self._rights, self._now = request, snapshot, rights, now
        self._outlook = outlook
        try:
            self._read()
        except _Refused as refused:
            self._refused = refused.refusal

    @property
    def refusal(self) -> Refusal | None:
        found = self._refused
        return None if found is not None and found.code in POLICY_REFUSALS else found

    @property
    def fingerprint(self) -> bytes:
        """The same for the same request, whatever its seq; only asked for where there is a key."""
        if self.key is None:
            return b""
        plain = msgspec.json.encode(msgspec.structs.replace(self._request, seq=0))
        return blake2b(plain, digest_size=16).digest()

    def _read(self) -> None:
        request, snapshot = self._request, self._snapshot
        _check_form(request)
        times, self._consented_at = _times(request, self._now), _consented_at(request, self._now)
        self.step = "rights"
        self._class, self._brand = _entitled(request, self._rights, snapshot)
        self._sender = _sender(request, self._brand, snapshot)
        self.step = "suspended"
        if (suspended := refused(self._rights.name, self._brand, snapshot.book)) is not None:
            raise _Refused(suspended.code, suspended.detail)
        self.step = "number"
        self._send_at = times.send_at
        self._expires_at = times.until or times.start + int(self._class.validity * 1000)
        try:
            self._number = snapshot.destination(request.to)
        except InvalidNumber as error:
            raise _Refused("invalid_destination", f"the number {error.reason}", "to") from None
        self.step, self.asking = "policy", self._asking()

    def _asking(self) -> Asking:
        book, request = self._snapshot.book, self._request
        counted = book.counts(self._class.name, self._number)
        templates = request.template is not None or book.wants_templates(self._brand, self._class)
        client = self._rights.name
        return Asking(self._number, self._class, self._brand, client, counted, request.tag, templates)

    def judge(self, facts: Facts) -> Accepted | Refusal:
        """Policy, route and length, with the facts of the transaction that stores it."""
        if self._refused is not None:
            return self._refused
        outcome = pipeline.run(pipeline.AT_SUBMIT, self.subject(), facts, self.book)
        if isinstance(outcome, Refusal):
            return outcome
        self.step = "validity"
        if outcome.hold is not None and (outcome.hold.until or 0) >= self._expires_at:
            return Refusal(outcome.hold.code, outcome.hold.in_vain)
        self.step = "route"
        route = self._snapshot.route(self._class.name, self._brand, self._rights.name, self._number)
        if route is None:
            return Refusal("no_route", "no route takes this message")
        self.step = "length"
        try:
            accepted = self._accepted(outcome, route.spec)
        except _Refused as refused:
            return refused.refusal
        return msgspec.structs.replace(accepted, consent=self._new_consent(outcome.subject, facts))

    @property
    def book(self) -> Book:
        return self._snapshot.book

    def subject(self) -> Subject:
        """What the stages of policy see first; only where there is `asking`."""
        request = self._request
        return Subject(
            self._number,
            self._class,
            self._brand,
            self._rights.name,
            request.text,
            max(self._now, self._send_at or 0),
            consent=self._told_consent(),
            filled=None if request.template is None else Filled(request.template, request.params or {}),
        )

    def _told_consent(self) -> Consent | None:
        told = self._request.consent
        if told is None or told == NOTHING_TOLD or not self._class.consent:
            return None
        return Consent(
            number=self._number,
            brand=self._brand,
            at=self._consented_at,
            granted=True,
            channel=told.channel or "",
            wording=told.wording or "",
            proof=told.proof or "",
            recorded_at=self._now,
            by=self._rights.name,
        )

    def _new_consent(self, subject: Subject, facts: Facts) -> Consent | None:
        """What was told with it, where that is newer than what is on record."""
        told, known = subject.consent, facts.consent
        return told if told is not None and (known is None or told.at > known.at) else None

    def _accepted(self, passed: pipeline.Passed, spec: str) -> Accepted:
        request, send_at, text = self._request, self._send_at, passed.subject.text
        link = routing.parse_spec(spec).first  # what is told at submit is that link's
        writer = self._snapshot.writers[link]
        data, header = bytes.fromhex(request.data or ""), bytes.fromhex(request.udh or "")
        if text is None:
            encoding, segments = Encoding.BINARY, _count_binary(data, header, writer.carry)
            billed = None
        else:
            signature = self._snapshot.signature_by(writer, self._sender, text)
            encoding, segments = _measure(text, request.encoding, writer, signature)
            billed = self._billed(link, text, signature)
        limit = self._snapshot.limits.max_segments
        if segments > limit:
            raise _Refused("text_too_long", f"{segments} segments, {limit} are allowed", "text")
        lane = Lane(spec, self._class.name, self._rights.name, self._brand)
        place = self._place(passed.hold)
        late = self._late(passed.subject, lane, segments, place)
        content = Content(
            to=self._number,
            sender=self._sender,
            text=text,
            data=data if text is None else None,
            udh=header,
            encoding=encoding.value,
            segments=segments,
            state=STATE_OF[place.stage].value,
            accepted_at=self._now,
            expires_at=self._expires_at,
            send_at=send_at,
            key=request.key,
            tag=request.tag,
            order_key=request.order_key,
            fingerprint=self.fingerprint,
            asked=request.encoding != "auto",
            billed=billed,
            template=passed.subject.template,
            warnings=(*passed.subject.warnings, *self._of_number(), *late),
            changed=passed.changed,
        )
        return Accepted(content, lane, *place, use=caps.counted(_at(passed), self.book))

    def _late(self, subject: Subject, lane: Lane, segments: int, place: Place) -> tuple[str, ...]:
        """Told where what stands in front of it brings it into quiet hours."""
        if not self._class.quiet_hours or place.stage is Stage.SCHEDULED:
            return ()
        held = place.stage is Stage.HELD
        seconds = self._outlook.seconds(lane, segments, held=held)
        if not seconds or (held and place.until is None):
            return ()
        told = quiet_hours.warning(subject, (place.until or self._now) + int(seconds * 1000), self.book)
        return () if told is None else (told,)

    def _of_number(self) -> tuple[str, ...]:
        return (OF_A_THING,) if self._snapshot.carriers.kind(self._number) == "iot" else ()

    def _place(self, hold: Hold | None) -> Place:
        """Where it starts: it waits for its time, is held, or may leave at once."""
        if self._send_at is not None and self._send_at > self._now:
            return Place(Stage.SCHEDULED, self._send_at)
        if hold is None:
            return Place(Stage.READY, self._expires_at)
        return Place(Stage.HELD, hold.until or self._expires_at, hold.reason, hold.until)

    def _billed(self, link: str, text: str, signature: str) -> int | None:
        """As the carrier counts where it does not count submit_sm."""
        if self._snapshot.links[link].text.count == "gsm":
            return None
        return billed_cn(text if signature in text else signature + text)


def _at(passed: pipeline.Passed) -> Subject:
    """The message with the time at which it may leave."""
    if passed.hold is None or passed.hold.until is None:
        return passed.subject
    return msgspec.structs.replace(passed.subject, wanted_at=passed.hold.until)


def _check_form(request: MessageFields) -> None:
    """What wire cannot tell from types alone."""
    if [request.text, request.data, request.template].count(None) != 2:
        raise _Refused("invalid_request", "give exactly one of text, data and template", "text")
    if request.params is not None and request.template is None:
        raise _Refused("invalid_request", "goes with template", "params")
    if request.text == "":
        raise _Refused("invalid_request", "is empty", "text")
    if request.tag is not None and len(request.tag.encode()) > MAX_TAG:
        raise _Refused("invalid_request", f"is longer than {MAX_TAG} octets", "tag")
    if request.sender is not None and len(request.sender) > MAX_SENDER:
        raise _Refused("invalid_request", f"is longer than {MAX_SENDER} digits", "sender")
    _check_binary(request)


def _check_binary(request: MessageFields) -> None:
    if request.data is None:
        if request.encoding == "binary":
            raise _Refused("invalid_request", "binary goes with data, not with text", "encoding")
        if request.udh is not None:
            raise _Refused("invalid_request", "goes with data, not with text", "udh")
        return
    if request.encoding not in ("auto", "binary"):
        raise _Refused("invalid_request", "data is sent as binary", "encoding")
    if not _octets(request.data, "data"):
        raise _Refused("invalid_request", "is empty", "data")
    if parse_udh(_octets(request.udh, "udh"))[1]:
        raise _Refused("invalid_request", "the lengths in the header do not add up", "udh")


def _octets(value: str | None, field: str) -> bytes:
    try:
        return bytes.fromhex(value or "")
    except ValueError:
        raise _Refused("invalid_request", "is not hexadecimal", field) from None


def _entitled(request: MessageFields, rights: Rights, snapshot: Snapshot) -> tuple[ClassPolicy, str]:
    policy = snapshot.classes.get(request.class_)
    if policy is None:
        raise _Refused("unknown_class", "no such class", "class")
    if policy.name not in rights.classes:
        raise _Refused("not_permitted", "this client may not send this class", "class")
    if request.brand is None:
        if len(rights.brands) != 1:
            raise _Refused("invalid_request", "is needed: this client has not exactly one brand", "brand")
        return policy, next(iter(rights.brands))
    if request.brand not in snapshot.brands:
        raise _Refused("unknown_brand", "no such brand", "brand")
    if request.brand not in rights.brands:
        raise _Refused("not_permitted", "this client may not send for this brand", "brand")
    return policy, request.brand


def _sender(request: MessageFields, brand: str, snapshot: Snapshot) -> str:
    """The brand's sender, or that extended by digits: a client cannot choose a foreign one."""
    sender, of_brand = request.sender, snapshot.brands[brand].sender
    if sender is None or sender == of_brand:
        return of_brand
    digits = sender.isascii() and sender.isdigit()
    if not (digits and of_brand.isdigit() and sender.startswith(of_brand)):
        raise _Refused("not_permitted", "is not the brand's sender, nor that extended by digits", "sender")
    if brand not in snapshot.brands_at(sender):  # replies to it would be another's
        raise _Refused("not_permitted", "is the sender of another brand", "sender")
    return sender


def _times(request: MessageFields, now: Millis) -> Times:
    if request.valid_until is not None and request.valid_for is not None:
        raise _Refused("invalid_request", "give one of valid_until and valid_for", "valid_until")
    send_at = None if request.send_at is None else _millis(request.send_at, "send_at")
    if send_at is not None and send_at > now + FURTHEST:
        raise _Refused("invalid_request", "lies more than 366 days ahead", "send_at")
    start = max(now, send_at or now)
    if request.valid_for is not None:
        return Times(send_at, start, start + request.valid_for * 1000)
    if request.valid_until is None:
        return Times(send_at, start, None)
    until = _millis(request.valid_until, "valid_until")
    if until <= now:
        raise _Refused("expired", "its validity is over already", "valid_until")
    if not start < until <= start + LONGEST_VALIDITY * 1000:
        raise _Refused("invalid_request", "must lie within a week after accept or send_at", "valid_until")
    return Times(send_at, start, until)


def _consented_at(request: MessageFields, now: Millis) -> Millis:
    """When the recipient agreed; 0: not told."""
    told = request.consent
    if told is None or told.at is None:
        return 0
    at = _millis(told.at, "consent")
    if not 0 < at <= now + AHEAD:
        raise _Refused("invalid_request", "its time lies ahead", "consent")
    return min(at, now)


def _millis(text: str, field: str) -> Millis:
    found = rfc3339.parse(text)
    if found is None:
        raise _Refused("invalid_request", "is no RFC 3339 time with offset", field)
    return found


def _measure(text: str, asked: str, writer: Writer, signature: str) -> tuple[Encoding, int]:
    try:
        return writer.measure(text, None if asked == "auto" else Encoding(asked), signature)
    except Unencodable as error:
        detail = f"the character at place {error.index} does not exist in {error.encoding.value}"
        raise _Refused("unencodable", detail, "text") from None


def _count_binary(data: bytes, header: bytes, carry: Carry) -> int:
    try:
        return len(split_binary(data, header, carry, 0))
    except InvalidHeader as error:
        raise _Refused("invalid_request", str(error), "udh") from None
