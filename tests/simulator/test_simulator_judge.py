"""The judge's counts, from records written by hand."""

from typing import Any

from simulator.judge import judge
from simulator.record import AnyEvent, Bind, Start, Submit


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
    return submit(text, command_status=0x58, message_id="")


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
