"""A file as far as it could be read, and what a rule finds in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from gatewayd.configmodel import Config
from gatewayd.yamltext import Document, Path


class Finding(NamedTuple):
    path: Path
    message: str


class Draft(NamedTuple):
    """What could be read of a file.

    names: of each section as written, valid or not; None where the section itself could not be read.
    """

    config: Config
    names: Mapping[str, frozenset[str] | None]
    document: Document

    def line(self, *path: str | int) -> int:
        return self.document.place(path).line

    def unknown(
        self, section: str, kind: str, path: Path, named: str, *, also: Iterable[str] = ()
    ) -> Iterator[Finding]:
        names = self.names[section]
        if names is not None and named not in names and named not in also:
            known = ", ".join(sorted(names.union(also) - {"*"})) or "none"
            yield Finding(path, f"no such {kind} {named!r}; there is: {known}")


Rule = Callable[[Draft], Iterator[Finding]]
