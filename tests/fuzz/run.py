"""Runs broken inputs through the checks, in any number.

    python -m tests.fuzz.run --inputs 5000000 --seed 7 --processes 2
    python -m tests.fuzz.run --seed 7 --only 123456        one input again, with its traceback

It ends with 1 if any failed, and prints of each kind of failure the first input.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from typing import NamedTuple

from tests.fuzz.checks import CHECKS
from tests.fuzz.inputs import rng_of

CHUNK = 10_000


class Failure(NamedTuple):
    """place: where it was raised, so that one fault counts once."""

    number: int
    check: str
    error: str
    place: str


class Chunk(NamedTuple):
    """What so many inputs showed. slowest: seconds of one input, and its number."""

    inputs: int
    failures: list[Failure]
    slowest: tuple[float, int]


def check(seed: int, number: int) -> None:
    """One input; whatever it raises is a fault."""
    CHECKS[number % len(CHECKS)](rng_of(seed, number))


def run(seed: int, numbers: range) -> Chunk:
    """Inputs of a seed by their numbers."""
    failures, slowest = [], (0.0, 0)
    for number in numbers:
        start = time.perf_counter()
        try:
            check(seed, number)
        except Exception as error:  # noqa: BLE001  any at all is what is looked for
            failures.append(_failure(number, error))
        slowest = max(slowest, (time.perf_counter() - start, number))
    return Chunk(len(numbers), failures, slowest)


def _failure(number: int, error: Exception) -> Failure:
    last = traceback.extract_tb(error.__traceback__)[-1]
    name = CHECKS[number % len(CHECKS)].__name__
    return Failure(number, name, f"{type(error).__name__}: {error}", f"{last.filename}:{last.lineno}")


def chunks(seed: int, inputs: int, processes: int) -> Iterator[Chunk]:
    """The same inputs for a seed, by however many processes."""
    ranges = [range(first, min(first + CHUNK, inputs)) for first in range(0, inputs, CHUNK)]
    if processes == 1:
        yield from map(run, repeat(seed), ranges)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run, repeat(seed), ranges)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--only", type=int, help="number of one input")
    options = parser.parse_args()
    if options.only is not None:
        check(options.seed, options.only)
        return 0
    return report(options.seed, options.inputs, options.processes)


def report(seed: int, inputs: int, processes: int) -> int:
    """Run, with a line of progress; 1 if any input failed."""
    first: dict[tuple[str, str], Failure] = {}
    done, failed, slowest, start = 0, 0, (0.0, 0), time.monotonic()
    for chunk in chunks(seed, inputs, processes):
        done, failed, slowest = done + chunk.inputs, failed + len(chunk.failures), max(slowest, chunk.slowest)
        for failure in chunk.failures:
            first.setdefault((failure.check, failure.place), failure)
        rate = done / (time.monotonic() - start)
        print(f"\r{done} of {inputs}, {rate:.0f} a second, {failed} failed", end="", flush=True)
    print(f"\nseed {seed}: slowest input {slowest[1]} took {slowest[0] * 1000:.0f} ms")
    for failure in first.values():
        print(f"--seed {seed} --only {failure.number}: {failure.check}: {failure.error} at {failure.place}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
