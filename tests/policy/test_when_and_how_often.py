"""The stages of quiet hours, windows and caps, with the shipped policy and with settings."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gatewayd.config import parse_config
from gatewayd.model import MessageId, Millis, Refusal
from gatewayd.policy.stages.caps import caps_at_sending, caps_at_submit, counted
from gatewayd.policy.stages.quiet_hours import quiet_hours, quiet_soon
from gatewayd.policy.subject import Facts, Hold, Subject
from gatewayd.policy.uses import Counted, Use
from gatewayd.snapshot import Snapshot

NUMBER = "8613800138000"
DAY = 86_400_000


def snapshot(policy: str = "{}", brand: str = "{sender: '10690001'}") -> Snapshot:
    file = f"links: {{one: {{host: h, system_id: s}}}}\nbrands: {{mall: {brand}}}\npolicy: {policy}\n"
    return Snapshot.build(parse_config(file.encode(), "f"))


def moment(text: str) -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


def subject(where: Snapshot, class_: str, at: str = "2026-11-23T12:00", to: str = NUMBER) -> Subject:
    return Subject(to, where.classes[class_], "mall", "shop", "text", moment(at))


@pytest.mark.parametrize("class_", ["member", "traffic"])
@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-22T20:59:59.999", None),
        ("2026-11-22T21:00:00", "2026-11-23T08:00"),
        ("2026-11-23T07:59:59.999", "2026-11-23T08:00"),
        ("2026-11-23T08:00:00", None),
    ],
)
def test_marketing_is_held_until_eight(class_: str, at: str, opens: str | None) -> None:
    """The shipped policy."""
    where = snapshot()
    outcome = quiet_hours(subject(where, class_, at), Facts(), where.book)
    if opens is None:
        assert isinstance(outcome, Subject)
    else:
        assert isinstance(outcome, Hold)
        assert (outcome.reason, outcome.until) == ("quiet_hours", moment(opens))


def test_the_clock_is_that_of_the_recipient() -> None:
    """By destination; at home it is that of the policy."""
    where = snapshot()
    london = subject(where, "member", "2026-11-23T12:00", to="447700900123")  # 04:00 there
    outcome = quiet_hours(london, Facts(), where.book)
    assert isinstance(outcome, Hold)
    assert outcome.until == moment("2026-11-23T16:00")
    assert isinstance(quiet_hours(subject(where, "member"), Facts(), where.book), Subject)


@pytest.mark.parametrize("class_", ["otp", "notice", "emergency"])
def test_service_passes_at_night(class_: str) -> None:
    """Codes, notices and warnings have no hours."""
    where = snapshot()
    assert isinstance(quiet_hours(subject(where, class_, "2026-11-22T23:00"), Facts(), where.book), Subject)


def test_marketing_is_refused_where_the_file_says_so() -> None:
    """Action refuse."""
    where = snapshot("{quiet_hours: {from: '21:00', to: '08:00', action: refuse}}")
    outcome = quiet_hours(subject(where, "member", "2026-11-22T21:00"), Facts(), where.book)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "quiet_hours"


def test_without_quiet_hours_marketing_leaves_at_any_time() -> None:
    """`quiet_hours: null` is an explicit wish."""
    where = snapshot("{quiet_hours: null}")
    assert isinstance(quiet_hours(subject(where, "member", "2026-11-22T03:00"), Facts(), where.book), Subject)


def test_what_would_be_on_its_way_when_the_night_begins_waits() -> None:
    """At sending only: a second before it; and nothing leaves early in the morning."""
    where = snapshot()
    late = subject(where, "member", "2026-11-22T20:59:59.500")
    assert isinstance(quiet_hours(late, Facts(), where.book), Subject)
    assert isinstance(quiet_soon(late, Facts(), where.book), Hold)
    early = subject(where, "member", "2026-11-23T07:59:59.500")
    assert isinstance(quiet_soon(early, Facts(), where.book), Hold)
    assert quiet_soon(day := subject(where, "member"), Facts(), where.book) is day


def test_a_window_waits_for_its_hour_and_the_ban_wins() -> None:
    """Breakfast is from 7, marketing from 8: the ban wins, and the window ends at 9."""
    where = snapshot(brand="{sender: '10690001', send_windows: [breakfast]}")
    outcome = quiet_hours(subject(where, "member", "2026-11-23T09:30"), Facts(), where.book)
    assert isinstance(outcome, Hold)
    assert (outcome.reason, outcome.until) == ("send_window", moment("2026-11-24T08:00"))
    assert isinstance(quiet_hours(subject(where, "member", "2026-11-23T08:30"), Facts(), where.book), Subject)


def test_a_brand_has_windows_of_its_own() -> None:
    """Written in place, or named in the policy."""
    named = snapshot(
        "{send_windows: {tea: [{from: '15:00', to: '16:00'}]}}", "{sender: '10690001', send_windows: [tea]}"
    )
    own = snapshot(brand="{sender: '10690001', send_windows: [{from: '15:00', to: '16:00'}]}")
    for where in (named, own):
        outcome = quiet_hours(subject(where, "member"), Facts(), where.book)
        assert isinstance(outcome, Hold)
        assert outcome.until == moment("2026-11-23T15:00")


def left(at: Millis, class_: str = "member", counted: Counted = Counted.LEFT) -> Use:
    return Use(MessageId(at), at, "mall", class_, 0, counted)


def test_the_third_of_a_week_is_refused_and_the_fifth_of_a_month() -> None:
    """2 in 7 days and 4 in 30 days hold together."""
    where = snapshot()
    new = subject(where, "member")
    two = (left(new.wanted_at - DAY), left(new.wanted_at - 2 * DAY))
    four = tuple(left(new.wanted_at - days * DAY) for days in (8, 10, 20, 29))
    for uses in (two, four):
        for stage in (caps_at_submit, caps_at_sending):
            outcome = stage(new, Facts(uses=uses), where.book)
            assert isinstance(outcome, Refusal)
            assert outcome.code == "frequency_cap"
    assert isinstance(caps_at_submit(new, Facts(uses=four[:3]), where.book), Subject)


def test_member_and_traffic_count_together_and_notices_not() -> None:
    """All marketing of a brand is one to who receives it."""
    where = snapshot()
    new = subject(where, "traffic")
    both = (left(new.wanted_at - DAY), left(new.wanted_at - DAY, "traffic"))
    assert isinstance(caps_at_submit(new, Facts(uses=both), where.book), Refusal)
    assert counted(subject(where, "notice"), where.book) is None


def test_codes_are_capped_at_submit_only() -> None:
    """What was accepted leaves, whatever came after it."""
    where = snapshot()
    new = subject(where, "otp")
    facts = Facts(uses=(left(new.wanted_at, "otp", Counted.AT_SUBMIT),))
    outcome = caps_at_submit(new, facts, where.book)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "otp_cap"
    assert isinstance(caps_at_sending(new, facts, where.book), Subject)


def test_exempt_numbers_are_not_counted() -> None:
    """Tests and staff, however written."""
    where = snapshot("{exempt: ['+86 138 0013 8000']}")
    assert counted(subject(where, "otp"), where.book) is None
    assert not where.book.counts("member", NUMBER)
    assert where.book.counts("member", "8613900139000")


def test_the_same_text_can_be_capped() -> None:
    """A cap per number and text, with its own code."""
    where = snapshot(
        "{caps: [{classes: member, per: [number, text], count: 1, hours: 24, code: duplicate_text}]}"
    )
    new = subject(where, "member")
    use = counted(new, where.book)
    assert use is not None
    outcome = caps_at_submit(new, Facts(uses=(use,)), where.book)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "duplicate_text"
