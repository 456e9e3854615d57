"""A submit becomes durable: known key, judgement with the facts of this moment, insert."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import msgspec

from gatewayd.ledger.facts import Known
from gatewayd.ledger.tables import Tables, TagKey
from gatewayd.model import (
    POLICY_REFUSALS,
    Content,
    Lane,
    Message,
    MessageId,
    Millis,
    Refusal,
    Stage,
    public_id,
)
from gatewayd.policy.consents import Consent
from gatewayd.policy.subject import Asking, Facts
from gatewayd.policy.uses import Use


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """Judged and allowed: what to store, and where it queues.

    use: what caps count of it. consent: what the submit told of it that counts and was not on record.
    """

    content: Content
    lane: Lane
    stage: Stage
    due: Millis
    reason: str | None = None
    until: Millis | None = None
    use: Use | None = None
    consent: Consent | None = None


class Submission(Protocol):
    """One submit whose form is right; `judge` holds the rest of the order of judgement."""

    @property
    def key(self) -> str | None: ...
    @property
    def fingerprint(self) -> bytes: ...
    @property
    def asking(self) -> Asking | None:
        """What has to be known to judge it; None where it is refused already."""

    def judge(self, facts: Facts) -> Accepted | Refusal: ...


class Answer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The reply to an accepted submit; the same again for a repeated key.

    billed: told only where the link counts otherwise than by submit_sm.
    """

    id: str
    state: str
    segments: int
    encoding: str
    billed: int | None = None
    warnings: tuple[str, ...] = ()
    duplicate: bool = False


def accept(
    tables: Tables, client: str, submissions: Sequence[Submission], now: Millis
) -> list[Answer | Refusal]:
    """Judge and insert; answers stand in the order of `submissions`."""
    known = _known_contents(tables, client, submissions)
    facts = Known(tables)
    facts.load(s.asking for s in submissions if s.asking is not None)
    intake = _Intake(tables, client, facts, now)
    answers: list[Answer | Refusal] = []
    for submission in submissions:
        key = submission.key
        if key is not None and (first := known.get(key)) is not None:
            answers.append(_repeated(first, submission))
            continue
        outcome = submission.judge(facts.facts(submission.asking))
        if isinstance(outcome, Refusal):
            answers.append(outcome)
            if outcome.code in POLICY_REFUSALS:
                tables.effects.count("policy_refusals", outcome.code)
            continue
        identifier = intake.add(outcome)
        answers.append(_answer(identifier, outcome.content))
        if key is not None:
            known[key] = (identifier, outcome.content)
    intake.close()
    return answers


def _known_contents(
    tables: Tables, client: str, submissions: Sequence[Submission]
) -> dict[str, tuple[MessageId, Content]]:
    keys = [s.key for s in submissions if s.key is not None]
    found = tables.keyed(client, keys) if keys else {}
    messages = tables.messages(found.values()) if found else {}
    return {key: (i, messages[i].content) for key, i in found.items() if i in messages}


def _repeated(first: tuple[MessageId, Content], submission: Submission) -> Answer | Refusal:
    identifier, content = first
    if content.fingerprint != submission.fingerprint:
        return Refusal("idempotency_conflict", "this key was used for another content", field="key")
    return msgspec.structs.replace(_answer(identifier, content), duplicate=True)


def _answer(identifier: MessageId, content: Content) -> Answer:
    told = (content.state, content.segments, content.encoding, content.billed, content.warnings)
    return Answer(public_id(identifier), *told)


class _Intake:
    """Gathers the rows of one batch."""

    def __init__(self, tables: Tables, client: str, facts: Known, now: Millis) -> None:
        self._tables, self._client, self._facts, self._now = tables, client, facts, now
        self._messages: list[Message] = []
        self._keys: list[tuple[str, str, MessageId]] = []
        self._uses: list[tuple[str, Use]] = []
        self._consents: list[Consent] = []
        self._tags: Counter[TagKey] = Counter()

    def add(self, accepted: Accepted) -> MessageId:
        tables, content = self._tables, accepted.content
        message = Message(
            id=tables.new_id(self._now),
            lane=tables.lane_id(accepted.lane),
            stage=accepted.stage,
            content=content,
            due=accepted.due,
            changed_at=self._now,
            segments=content.segments,
            reason=accepted.reason,
            until=accepted.until,
        )
        self._messages.append(message)
        tables.effects.stages[message.lane, message.stage] += 1
        tables.effects.count("messages_accepted", accepted.lane.class_)
        if content.key is not None:
            self._keys.append((self._client, content.key, message.id))
        if content.tag is not None:
            self._tags[self._client, content.tag, message.state] += 1
        if accepted.use is not None:
            self._count(content.to, msgspec.structs.replace(accepted.use, message=message.id))
        if accepted.consent is not None:
            self._facts.say(accepted.consent)
            self._consents.append(accepted.consent)
        return message.id

    def _count(self, number: str, use: Use) -> None:
        self._facts.count(number, use)
        self._uses.append((number, use))

    def close(self) -> None:
        if self._messages:
            self._tables.insert_messages(self._messages)
        if self._keys:
            self._tables.insert_keys(self._keys)
        if self._uses:
            self._tables.put_uses(self._uses)
        if self._consents:
            self._tables.put_consents(self._consents)
        if self._tags:
            self._tables.count_tags(self._tags)
