"""The judge's counts, from records written by hand."""

from typing import Any

import pytest

from simulator.judge import judge, readable
from simulator.record import Answer, AnyEvent, Bind, Loss, Mo, Start, Submit

REFUSED: dict[str, Any] = {"command_status": 0x58, "message_id": ""}


def bind(window: int = 0, throughput: float = 0) -> Bind:
    return Bind(
        at=0,
        account="acme",
        session=1,
        bind="bind_transceiver",
        command_status=0,
        window=window,
        throughput=throughput,
    )


def submit(text: str, at: float = 0, **fields: Any) -> Submit:
    values: dict[str, Any] = {
        "account": "acme",
        "session": 1,
        "sequence_number": 1,
        "source": "1069",
        "destination": "86138",
        "esm_class": 0,
        "data_coding": 0,
        "registered_delivery": 1,
        "outstanding": 1,
        "message_id": "1",
        "command_status": 0,
    }
    return Submit(at=at, short_message=text.encode().hex(), **{**values, **fields})


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
    verdict = judge([bind(window=2), *outstanding])
    assert (verdict.window_violations, verdict.accounts["acme"].max_outstanding) == (1, 3)
    assert judge([bind(), *outstanding]).window_violations == 0


def test_rate_violations_slide_over_any_second() -> None:
    """10 a second stated: 11 in a second are tolerated, the 12th is not, wherever the second begins."""
    even = [submit(str(n), at=0.6 + n / 10) for n in range(30)]
    assert judge([bind(throughput=10), *even]).rate_violations == 0
    bunched = [submit(str(n), at=0.5 if n < 6 else 1.4) for n in range(12)]
    verdict = judge([bind(throughput=10), *bunched])
    assert (verdict.rate_violations, verdict.accounts["acme"].max_per_second) == (1, 12)


def test_ten_seconds_tolerate_one_percent_only() -> None:
    """100 a second stated: 105 a second pass each second, but not ten of them."""
    events = [submit(str(n), at=n / 105) for n in range(1050)]
    assert 0 < judge([bind(throughput=100), *events]).rate_violations < 50


def test_no_rate_spans_a_restart_of_the_simulator() -> None:
    """What came before a start says nothing about the second after it."""
    events: list[AnyEvent] = [submit(str(n)) for n in range(11)]
    assert judge([bind(throughput=10), *events, Start(at=0, pid=1), *events]).rate_violations == 0


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


def opted_out(status: int = 0, words: str = "TD") -> list[AnyEvent]:
    """A bind that states a mark, an MO, and its answer."""
    at_sms: dict[str, Any] = {"account": "acme", "session": 1, "sequence_number": 7}
    return [
        Bind(at=0, account="acme", session=1, bind="b", command_status=0, marketing="sale", opt_out=("TD",)),
        Mo(
            at=0,
            source="86138",
            destination="1069",
            esm_class=0,
            data_coding=0,
            short_message=words.encode().hex(),
            attempt=1,
            **at_sms,
        ),
        Answer(at=0, command_status=status, **at_sms),
    ]


def test_marketing_after_an_opt_out_is_counted() -> None:
    """From the answered TD on, by the mark, the number and the sender; service messages pass."""
    said = [
        submit("sale!"),
        submit("your code"),
        submit("sale", destination="86139"),
        submit("sale", source="1"),
    ]
    assert judge([submit("sale"), *opted_out(), *said]).marketing_after_opt_out == 1
    assert judge([*opted_out(status=0x64), *said]).marketing_after_opt_out == 0
    assert judge([*opted_out(words="hello"), *said]).marketing_after_opt_out == 0
    assert judge([*opted_out()[:2], *said]).marketing_after_opt_out == 0


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
        "all accounts: 3 submit_sm, 3 taken: 2 distinct; FAULTS: 1 duplicates",
        "acme: 2 submit_sm, 2 taken: 1 distinct; FAULTS: 1 duplicates",
        "other: 1 submit_sm, 1 taken: 1 distinct; no fault",
    ]
