"""What the demo prints, and the exit code it earns."""

import pytest

from simulator.report import Promise, Report


def test_all_held(capsys: pytest.CaptureFixture[str]) -> None:
    """Each promise is shown with what was expected and what was seen; exit code 0."""
    report = Report()
    report.step("A step", "Why\n   it is there.")
    report.show(Promise("one", "1", held=True), Promise("two", "2", held=True))
    assert report.verdict() == 0
    out = capsys.readouterr().out
    assert "\n1. A step\n   Why it is there.\n" in out
    assert "   ok      expected  two\n           seen      2\n" in out
    assert "All 2 promises held." in out


def test_a_broken_promise_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """One broken promise is enough for another exit code, and the verdict names its step."""
    report = Report()
    report.step("A step", "")
    report.show(Promise("one", "1", held=True))
    report.step("Another", "")
    report.show(Promise("duplicates: 0", "3", held=False))
    assert report.verdict() == 1
    out = capsys.readouterr().out
    assert "   BROKEN  expected  duplicates: 0\n" in out
    assert out.endswith("1 promises held, 1 did not:\n - step 2: expected duplicates: 0; seen 3\n")


def test_nothing_shown_is_nothing_proven() -> None:
    """A demo that came to no promise, or that broke off, has not succeeded."""
    assert Report().verdict() == 1
    report = Report()
    report.show(Promise("one", "1", held=True))
    report.broke("could not go on")
    assert report.verdict() == 1
