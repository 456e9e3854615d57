"""The judge's counts, from records written by hand."""

from typing import Any

import pytest

from simulator.judge import judge, readable
from simulator.record import Answer, AnyEvent, Loss, Mo, Start, Submit, Terms

REFUSED: dict[str, Any] = {"command_status": 0x58, "message_id": ""}


def terms(window: int = 0, throughput: float = 0, **judge: Any) -> Terms:
    return Terms(at=0, account="acme", window=window, throughput=throughput, judge=judge)


def submit(text: str, at: float = 0, **fields: Any) -> Submit:
    values: dict[str, Any] = {
        "account": "acme",
        "session": 1,
        "sequence_number": 1,
        "source": "1069",
        "destination": "86138",
        "esm_class": 0,
        "registered_delivery": 1,
        "outstanding": 1,
        "message_id": "1",
        "command_status": 0,
    }
    coded = text.encode().hex() if text.isascii() else hexed(text)
    values |= {"short_message": coded, "data_coding": 0 if text.isascii() else 8}
    return Submit(at=at, **{**values, **fields})


def hexed(text: str) -> str:
    return text.encode("utf-16-be").hex()


def refused(text: str) -> Submit:
    return submit(text, **REFUSED)


def test_content_taken_again_after_an_answer_is_a_duplicate() -> None:
    """Same addresses and octets again are a duplicate; another number, text or place is not."""
    verdict = judge(
        [
            submit("a"),
            submit("a"),
            submit("b"),
            submit("a", destination="86139"),
            submit("a", sar=(1, 2, 1)),
            submit("a", sar=(1, 2, 2)),
        ]
    )
    assert (verdict.submits, verdict.taken, verdict.distinct, verdict.duplicates) == (6, 6, 5, 1)


def test_what_was_refused_may_come_again() -> None:
    """Throttled, throttled, accepted is one distinct submit_sm and no duplicate."""
    verdict = judge([refused("a"), refused("a"), submit("a")])
    assert (verdict.submits, verdict.refused, verdict.distinct, verdict.duplicates) == (3, 2, 1, 0)


def test_a_resend_after_silence_is_told_apart() -> None:
    """After silence the second is repeated_unanswered; a third, after an answer, is a duplicate."""
    verdict = judge([submit("a", command_status=None), submit("a"), submit("a")])
    assert (verdict.distinct, verdict.repeated_unanswered, verdict.duplicates) == (1, 1, 1)


def test_window_violations_are_counted_against_what_was_stated() -> None:
    """With a window of 2 the third outstanding is one; without a stated window there is none."""
    outstanding: list[AnyEvent] = [submit(str(n), outstanding=n) for n in (1, 2, 3, 2)]
    verdict = judge([terms(window=2), *outstanding])
    assert (verdict.window_violations, verdict.accounts["acme"].max_outstanding) == (1, 3)
    assert judge([terms(), *outstanding]).window_violations == 0


def test_rate_violations_slide_over_any_second() -> None:
    """10 a second stated: 11 in a second are tolerated, the 12th is not, wherever the second begins."""
    even = [submit(str(n), at=0.6 + n / 10) for n in range(30)]
    assert judge([terms(throughput=10), *even]).rate_violations == 0
    bunched = [submit(str(n), at=0.5 if n < 6 else 1.4) for n in range(12)]
    verdict = judge([terms(throughput=10), *bunched])
    assert (verdict.rate_violations, verdict.accounts["acme"].max_per_second) == (1, 12)


def test_ten_seconds_tolerate_one_percent_only() -> None:
    """100 a second stated: 105 a second pass each second, but not ten of them."""
    events = [submit(str(n), at=n / 105) for n in range(1050)]
    assert 0 < judge([terms(throughput=100), *events]).rate_violations < 50


def test_no_rate_spans_a_restart_of_the_simulator() -> None:
    """What came before a start says nothing about the second after it."""
    events: list[AnyEvent] = [submit(str(n)) for n in range(11)]
    assert judge([terms(throughput=10), *events, Start(at=0, pid=1), *events]).rate_violations == 0


def test_accounts_are_judged_apart_and_summed() -> None:
    """The same content by two accounts is no duplicate; the whole is the sum."""
    verdict = judge([submit("a"), submit("a", account="other"), submit("a", account="other")])
    assert (verdict.submits, verdict.distinct, verdict.duplicates) == (3, 2, 1)
    assert (verdict.accounts["acme"].duplicates, verdict.accounts["other"].duplicates) == (0, 1)


@pytest.mark.parametrize(
    ("validity", "arrivals", "expired"),
    [
        ("000000000100000R", [0, 59], 0),
        ("000000000100000R", [0, 61], 1),
        ("200101000100000+", [1_577_836_859, 1_577_836_861], 1),
        ("200101080100032+", [1_577_836_859, 1_577_836_861], 1),
        ("", [0, 10**6], 0),
        ("nonsense", [0, 10**6], 0),
    ],
)
def test_expired_ones_that_still_came(validity: str, arrivals: list[float], expired: int) -> None:
    """Absolute times with their offset; a relative one counts from the first try of the same content."""
    tries = [submit("a", at=at, validity_period=validity, **REFUSED) for at in arrivals]
    assert judge(tries).expired == expired


def test_validity_begins_anew_with_what_was_accepted() -> None:
    """The same text to the same number on another day is another message."""
    days = [submit("a", at=86_400 * day, validity_period="000000000100000R") for day in range(3)]
    assert judge(days).expired == 0


def opted_out(status: int = 0, words: str = "TD", **judge: Any) -> list[AnyEvent]:
    """Terms that state what marketing is, an MO, and its answer at 10."""
    at_sms: dict[str, Any] = {"account": "acme", "session": 1, "sequence_number": 7}
    return [
        terms(marketing="sale|offer", **judge),
        Mo(
            at=9,
            source="86138",
            destination="1069",
            esm_class=0,
            data_coding=8,
            short_message=hexed(words),
            attempt=1,
            **at_sms,
        ),
        Answer(at=10, command_status=status, **at_sms),
    ]


def test_marketing_after_an_opt_out_is_counted() -> None:
    """From the answered TD on, by the mark, the number and the sender; service messages pass."""
    said = [
        submit("sale!", at=11),
        submit("your code", at=11),
        submit("sale", at=11, destination="86139"),
        submit("offer", at=11, source="1"),
    ]
    assert judge([submit("sale"), *opted_out(), *said]).marketing_after_opt_out == 1
    assert judge([*opted_out(status=0x64), *said]).marketing_after_opt_out == 0
    assert judge([*opted_out(words="hello"), *said]).marketing_after_opt_out == 0
    assert judge([*opted_out()[:2], *said]).marketing_after_opt_out == 0
    assert judge([*opted_out(words=" ｔｄ "), *said]).marketing_after_opt_out == 1


def test_what_was_on_its_way_is_forgiven_for_the_leeway() -> None:
    """0.2 s by default, none where the scenario says so."""
    on_its_way = submit("sale", at=10.1)
    assert judge([*opted_out(), on_its_way]).marketing_after_opt_out == 0
    assert judge([*opted_out(leeway=0), on_its_way]).marketing_after_opt_out == 1


def test_a_refused_try_after_an_opt_out_counts_too() -> None:
    """Each try by itself: it left, whatever became of it."""
    tries = [submit("sale", at=at, **REFUSED) for at in (9, 11, 12)]
    assert judge([*opted_out(), *tries]).marketing_after_opt_out == 2


def test_an_opt_out_of_a_brand_leaves_the_others() -> None:
    """opt_out_of: brand is about that of the last marketing text; with none known, about all."""
    one, other = submit("【one】sale", at=11), submit("【other】sale", at=11)
    before = submit("【one】sale #0", at=1)
    scoped, *rest = opted_out(opt_out_of="brand")
    assert judge([scoped, before, *rest, one]).marketing_after_opt_out == 1
    assert judge([scoped, before, *rest, other]).marketing_after_opt_out == 0
    assert judge([scoped, *rest, other]).marketing_after_opt_out == 1


def test_an_opt_in_ends_an_opt_out() -> None:
    """Words of opt_in, written by the same handset to the same sender."""
    back = Mo(
        at=20,
        account="acme",
        session=1,
        sequence_number=8,
        source="86138",
        destination="1069",
        esm_class=0,
        data_coding=8,
        short_message="恢复".encode("utf-16-be").hex(),
        attempt=1,
    )
    answer = Answer(at=21, account="acme", session=1, sequence_number=8, command_status=0)
    events = [*opted_out(opt_in=["恢复"]), back, answer, submit("sale", at=22)]
    assert judge(events).marketing_after_opt_out == 0


def test_whoever_is_out_stays_out_when_terms_are_told_again() -> None:
    """Another process of the simulator states them anew."""
    events = [*opted_out(), Start(at=12, pid=2), opted_out()[0], submit("sale", at=13)]
    assert judge(events).marketing_after_opt_out == 1


BEIJING = 8 * 3600


def clock(day: int, hour: int, minute: int = 0, second: float = 0) -> float:
    """Unix time of a moment in Beijing, days after 1970-01-01."""
    return day * 86_400 + hour * 3600 + minute * 60 + second - BEIJING


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        (clock(1, 20, 59, 59.999), 0),
        (clock(1, 21), 1),
        (clock(1, 23, 59, 59), 1),
        (clock(2, 0), 1),
        (clock(2, 7, 59, 59.999), 1),
        (clock(2, 8), 0),
        (clock(2, 12), 0),
    ],
)
def test_quiet_hours_to_the_millisecond(at: float, quiet: int) -> None:
    """21:00:00 to 07:59:59.999 in Beijing unless the scenario has other hours; service messages pass."""
    rules = terms(marketing="sale", quiet={}, leeway=0)
    assert judge([rules, submit("sale", at=at)]).marketing_in_quiet_hours == quiet
    assert judge([rules, submit("code", at=at)]).marketing_in_quiet_hours == 0


def test_quiet_hours_where_the_number_is() -> None:
    """By the longest prefix, summer time and all: 13:00 UTC is 21:00 in Beijing and 09:00 in New York."""
    elsewhere = {"1": "America/New_York", "1671": "Pacific/Guam"}
    rules = terms(marketing="sale", quiet={"elsewhere": elsewhere}, leeway=0)
    at = clock(200, 21)
    for number, quiet in (("86138", 1), ("1212", 0), ("1671555", 1)):
        assert judge([rules, submit("sale", at=at, destination=number)]).marketing_in_quiet_hours == quiet


def test_quiet_hours_within_one_day_and_their_leeway() -> None:
    """From noon to two; what comes 0.2 s after noon was on its way."""
    rules = terms(marketing="sale", quiet={"from": "12:00", "to": "14:00"})
    times = [clock(1, 12, 0, 0.1), clock(1, 12, 0, 0.3), clock(1, 13, 59, 59.9), clock(1, 14)]
    seen = [judge([rules, submit("sale", at=at)]).marketing_in_quiet_hours for at in times]
    assert seen == [0, 1, 1, 0]


def test_a_retry_in_quiet_hours_is_held_against_it() -> None:
    """Refused at 20:59, taken at 21:01: the second try came when none may."""
    rules = terms(marketing="sale", quiet={})
    events: list[AnyEvent] = [
        rules,
        submit("sale", at=clock(1, 20, 59), **REFUSED),
        submit("sale", at=clock(1, 21, 1)),
    ]
    assert judge(events).marketing_in_quiet_hours == 1


def test_caps_count_texts_by_number_and_brand() -> None:
    """Two in seven rolling days: the third is one too many, that of another brand or number is not."""
    day = 86_400
    rules = terms(marketing="sale", caps=[{"count": 2, "seconds": 7 * day}])
    came = [submit(f"【one】sale #{n}", at=n * day) for n in range(3)]
    assert judge([rules, *came]).above_cap == 1
    assert judge([rules, *came[:2], submit("【one】sale #3", at=7 * day)]).above_cap == 0
    assert judge([rules, *came[:2], submit("【two】sale", at=2 * day)]).above_cap == 0
    assert judge([rules, *came[:2], submit("【one】sale", at=2 * day, destination="1")]).above_cap == 0
    assert judge([rules, *came[:2], submit("【one】sale", at=2 * day, **REFUSED)]).above_cap == 0
    assert judge([rules, *came[:2], submit("【one】code", at=2 * day)]).above_cap == 0


def test_caps_of_other_texts() -> None:
    """With a pattern of its own: one code a minute, whatever marketing is."""
    rules = terms(caps=[{"count": 1, "seconds": 60, "texts": "code"}])
    assert judge([rules, submit("code 1"), submit("code 2", at=59), submit("hi", at=59)]).above_cap == 1
    assert judge([rules, submit("code 1"), submit("code 2", at=60)]).above_cap == 0


def test_signatures_and_opt_out_texts() -> None:
    """Marketing has one signature and says how to opt out; no text has two signatures."""
    rules = terms(marketing="sale", signed=True, opt_out_text="TD|退订")
    texts = ["【a】sale TD", "sale TD", "【a】sale", "【a】【b】hi", "【a】sale TD【a】", "code"]
    verdict = judge([rules, *map(submit, texts)])
    assert verdict.unsigned_marketing == 1
    assert verdict.marketing_without_opt_out_text == 1
    assert verdict.signed_twice == 2


@pytest.mark.parametrize(
    ("segments", "violations"),
    [
        ([(1, 1), (2, 1), (3, 1)], 0),
        ([(2, 1), (1, 1), (3, 1)], 1),
        ([(1, 1), (2, 2), (3, 1)], 1),
        ([(1, 1), (2, 1), (2, 1), (3, 1)], 0),
        ([(3, 1), (2, 1), (1, 1)], 2),
    ],
)
def test_segments_out_of_order_or_over_several_sessions(
    segments: list[tuple[int, int]], violations: int
) -> None:
    """A repeated segment breaks no order; nor does another session once the first one has ended."""
    events = [submit("x", sar=(9, 3, number), session=session) for number, session in segments]
    assert judge(events).order_violations == violations
    moved: list[AnyEvent] = [
        submit("x", sar=(9, 2, 1)),
        Loss(at=0, account="acme", session=1, reason="", unanswered=0),
        submit("y", sar=(9, 2, 2), session=2),
    ]
    assert judge(moved).order_violations == 0


def test_a_verdict_for_people_names_the_faults() -> None:
    """One line when all is well; each account its own when there are several."""
    assert readable(judge([submit("a")])) == "all accounts: 1 submit_sm, 1 taken: 1 distinct; no fault"
    bad = readable(judge([submit("a"), submit("a"), submit("a", account="other")]))
    assert bad.splitlines() == [
        "all accounts: 3 submit_sm, 3 taken: 2 distinct; FAULTS: 1 duplicates, 2 repeated texts",
        "acme: 2 submit_sm, 2 taken: 1 distinct; FAULTS: 1 duplicates, 1 repeated texts",
        "other: 1 submit_sm, 1 taken: 1 distinct; FAULTS: 1 repeated texts",
    ]
