"""Preview: the judgement of a submit told step by step, on the same values as the submit itself."""

from typing import Any

import pytest

from gatewayd.config import parse_config
from gatewayd.ledger.accept import Accepted
from gatewayd.model import Lane, Refusal
from gatewayd.outlook import Outlook
from gatewayd.policy.pipeline import AT_SUBMIT, name_of
from gatewayd.policy.subject import Facts
from gatewayd.policy.uses import Counted, Use
from gatewayd.preview import AFTER, BEFORE, Preview, preview
from gatewayd.snapshot import Snapshot
from gatewayd.submission import Submission
from gatewayd.upstream import wire

NOON, NIGHT = 1_795_060_800_000, 1_795_096_800_000  # 12:00 and 22:00 in Shanghai
EIGHT = "2026-11-20T00:00:00.000Z"
SNAPSHOT = Snapshot.build(
    parse_config(
        """
links:
  a: {host: a, system_id: a, throughput: 100}
  b: {host: b, system_id: b, throughput: 100}
brands:
  mall: {signature: 【XX商城】, sender: "10690001"}
  bank: {signature: null, sender: "10690002", industry: finance}
  gone: {signature: null, sender: "10690003", suspended: {reason: abuse}}
clients:
  one: {users: [one], brands: ["*"], classes: [otp, notice, member], holds_consent: true}
routes:
  - {match: {to: ["86*"]}, links: [a, b]}
limits: {max_segments: 2}
""".encode(),
        "test.yml",
    )
)
LANE = Lane("failover:a,b", "notice", "one", "mall")
PRIORITIES = {name: class_.priority for name, class_ in SNAPSHOT.classes.items()}


def outlook(*usable: str, waiting: int = 0, class_: str = "notice") -> Outlook:
    lane = Lane(LANE.route, class_, "one", "mall")
    return Outlook({lane: waiting}, {}, dict.fromkeys(usable, 100.0), PRIORITIES)


def submission(at: int = NOON, by: Outlook | None = None, **fields: Any) -> Submission:
    given = {"to": "13800138000", "class_": "notice", "brand": "mall", "text": "您的包裹已到，请凭码取件"}
    request = wire.Preview(seq=1, **{k: v for k, v in (given | fields).items() if v is not None})
    return Submission(request, SNAPSHOT.clients["one"], SNAPSHOT, at, by or outlook("a", "b"))


def seen(at: int = NOON, facts: Facts | None = None, by: Outlook | None = None, **fields: Any) -> Preview:
    found = by or outlook("a", "b")
    return preview(submission(at, found, **fields), facts or Facts(), found, at)


def verdicts(found: Preview) -> dict[str, str]:
    return {one.stage: one.verdict for one in found.verdicts}


def test_every_step_has_its_line_in_the_order_of_judgement() -> None:
    """Steps before the pipeline, its stages by the names of their functions, steps behind it."""
    stages = [name_of(stage) for stage in AT_SUBMIT]
    assert [one.stage for one in seen().verdicts] == [*BEFORE, *stages, *AFTER]
    assert [one.stage for one in seen(to="12").verdicts] == [*BEFORE, *stages, *AFTER]


def test_what_would_leave_is_told() -> None:
    """Encoding and what forces it, segments, the text with its signature, the link, the time."""
    found = seen()
    assert (found.encoding, found.segments, found.forced_by) == ("ucs2", 1, "【")
    assert found.text == "【XX商城】您的包裹已到，请凭码取件"
    assert (found.link, found.leaves_at, found.error) == ("a", "2026-11-19T04:00:00.000Z", None)
    assert verdicts(found)["signature"] == "changed"


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("form", "invalid_request", {"text": ""}),
    ("rights", "not_permitted", {"class_": "traffic"}),
    ("suspended", "suspended", {"brand": "gone"}),
    ("number", "invalid_destination", {"to": "12"}),
    ("signature", "signature_mismatch", {"text": "【Foreign】hi"}),
    ("finance", "finance_marketing", {"brand": "bank", "class_": "member", "text": "rates 回复TD退订"}),
    ("validity", "quiet_hours", {"class_": "member", "at": NIGHT, "valid_for": 60}),
    ("route", "no_route", {"to": "+33612345678"}),
    ("length", "text_too_long", {"text": "您" * 200}),
]


@pytest.mark.parametrize(("step", "code", "fields"), REFUSED, ids=[step for step, _, _ in REFUSED])
def test_the_first_refusal_decides_and_the_rest_is_not_judged(
    step: str, code: str, fields: dict[str, Any]
) -> None:
    """With the error that a submit of the same would get."""
    found = seen(**fields)
    places = [one.verdict for one in found.verdicts]
    place = places.index("refused")
    assert (found.verdicts[place].stage, found.verdicts[place].code) == (step, code)
    assert "refused" not in places[place + 1 :]
    assert set(places[place + 1 :]) <= {"not_judged"}
    assert "not_judged" not in places[:place]
    assert found.error == submission(**fields).judge(Facts())
    assert (found.text, found.segments, found.link, found.leaves_at) == (None,) * 4


def test_facts_decide_as_at_a_submit() -> None:
    """An opt-out, and a cap that is used up."""
    assert verdicts(seen(NOON, Facts(opted_out=True), class_="member"))["opt_out"] == "refused"
    uses = tuple(Use(n, NOON, "mall", "member", n, Counted.LEFT) for n in (1, 2))  # type: ignore[arg-type]
    capped = seen(NOON, Facts(uses=uses), class_="member", to="13800138000")
    assert (verdicts(capped)["caps"], capped.error and capped.error.code) == ("refused", "frequency_cap")


def test_what_is_held_leaves_at_the_end_of_its_hold() -> None:
    """Not when its turn would come; None where somebody has to change something first."""
    held = seen(NIGHT, class_="member")
    assert (verdicts(held)["quiet_hours"], held.leaves_at) == ("held", EIGHT)
    assert seen(NOON, Facts(paused=True), tag="t").leaves_at is None


def test_what_is_scheduled_leaves_then() -> None:
    """send_at."""
    assert seen(send_at="2026-11-19T10:00:00Z").leaves_at == "2026-11-19T10:00:00.000Z"


def test_what_stands_in_front_goes_first() -> None:
    """100 a second and 500 in the same lane: five seconds; the second link while the first is gone."""
    assert seen(by=outlook("b", waiting=500)).leaves_at == "2026-11-19T04:00:05.000Z"
    assert seen(by=outlook("b")).link == "b"
    nowhere = seen(by=outlook())
    assert (nowhere.link, nowhere.leaves_at, nowhere.error) == (None, None, None)


def test_binary_and_asked_encodings_force_nothing() -> None:
    """forced_by is for texts whose encoding the gateway chose."""
    binary = seen(text=None, data="0a0b")
    assert (binary.encoding, binary.text, binary.forced_by) == ("binary", None, None)
    assert seen(encoding="ucs2").forced_by is None
    assert seen(text="hello", brand="bank").forced_by is None


@pytest.mark.parametrize(("hours", "warnings"), [(0, 0), (8, 0), (9, 1), (19, 1), (21, 0)])
def test_a_batch_that_runs_into_the_ban_is_warned_of(hours: int, warnings: int) -> None:
    """At noon with 100 a second: nine hours of messages in front reach 21:00, 20 hours the next morning."""
    front = outlook("a", waiting=hours * 3600 * 100, class_="member")
    outcome = submission(NOON, front, class_="member").judge(Facts())
    assert isinstance(outcome, Accepted)
    told = [one for one in outcome.content.warnings if one.startswith("quiet_hours: ")]
    assert len(told) == warnings
    assert all(one.endswith("it waits until 2026-11-20 08:00") for one in told)


def test_only_classes_with_quiet_hours_are_warned() -> None:
    """A notice leaves at night too."""
    outcome = submission(NOON, outlook("a", waiting=100 * 3600 * 9)).judge(Facts())
    assert isinstance(outcome, Accepted)
    assert outcome.content.warnings == ()


def test_what_is_held_is_warned_of_where_it_would_not_be_done_in_a_day() -> None:
    """13 hours are open: what is held for the morning behind 14 hours of messages waits another night."""
    lane = Lane(LANE.route, "member", "one", "mall")
    many = Outlook({}, {lane: 100 * 3600 * 14}, {"a": 100.0}, PRIORITIES)
    outcome = submission(NIGHT, many, class_="member").judge(Facts())
    assert isinstance(outcome, Accepted)
    assert any("2026-11-21 08:00" in one for one in outcome.content.warnings)


def test_a_submit_and_its_preview_are_one_judgement() -> None:
    """The same class judges both: what a preview shows is what the submit stores."""
    outcome = submission().judge(Facts())
    assert not isinstance(outcome, Refusal)
    found = seen()
    assert (found.text, found.segments) == (outcome.content.text, outcome.content.segments)
    assert outcome.content.changed == ("signature",)
