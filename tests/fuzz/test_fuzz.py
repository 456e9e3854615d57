"""Fifty thousand broken inputs, each time the same ones; `run.py` does as many as one likes."""

import pytest

from tests.fuzz.checks import CHECKS
from tests.fuzz.run import check, chunks, report, run


@pytest.mark.parametrize("first", range(0, 50_000, 10_000))
def test_nothing_but_the_declared_errors(first: int) -> None:
    """Broken PDUs, streams and lines are read or refused; `--seed 0 --only NUMBER` repeats one."""
    assert run(0, range(first, first + 10_000)).failures == []


def test_a_seed_names_its_inputs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A failure is told with what repeats it, one for each place; the exit code says that there was one."""

    def broken(rng: object) -> None:
        raise IndexError("found")

    monkeypatch.setattr("tests.fuzz.run.CHECKS", (CHECKS[0], broken, *CHECKS[2:5]))
    [chunk] = chunks(3, 12, processes=1)
    assert [failure.number for failure in chunk.failures] == [1, 6, 11]
    assert report(3, 12, processes=1) == 1
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("--seed 3 --only 1: broken: IndexError: found at ")
    with pytest.raises(IndexError, match="found"):
        check(3, 1)
