"""What the demo prints: numbered steps, what was expected and what was seen, and the verdict."""

from textwrap import wrap
from typing import Final, NamedTuple

import click

BROKEN: Final = 1  # exit code
WIDTH: Final = 92  # characters


class Promise(NamedTuple):
    """Something the gateway promises, what was seen of it, and whether it held."""

    expected: str
    seen: str
    held: bool


class Report:
    """Prints as it goes and remembers what broke."""

    def __init__(self) -> None:
        self._broken: list[str] = []
        self._held = self._steps = 0

    def step(self, title: str, explanation: str) -> None:
        self._steps += 1
        click.echo(f"\n{self._steps}. {title}")
        for line in wrap(" ".join(explanation.split()), WIDTH):
            click.echo(f"   {line}")

    def show(self, *promises: Promise) -> None:
        """Promises of the step, each seen to hold or not."""
        for expected, seen, held in promises:
            click.echo(
                f"   {'ok    ' if held else 'BROKEN'}  expected  {expected}\n           seen      {seen}"
            )
            if held:
                self._held += 1
            else:
                self.broke(f"step {self._steps}: expected {expected}; seen {seen}")

    def broke(self, what: str) -> None:
        self._broken.append(what)

    def verdict(self) -> int:
        """Prints it; returns the exit code."""
        if self._held and not self._broken:
            click.echo(f"\nAll {self._held} promises held.")
            return 0
        click.echo(f"\n{self._held} promises held, {len(self._broken)} did not:")
        for what in self._broken:
            click.echo(f" - {what}")
        return BROKEN
