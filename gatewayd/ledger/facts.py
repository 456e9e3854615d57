"""What the store knows of messages that are about to be judged, read at once for all of a batch."""

from collections.abc import Container, Iterable

from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId
from gatewayd.policy.subject import Asking, Facts
from gatewayd.policy.uses import Use

_NOTHING = Facts()


class Known:
    """The facts behind one operation. A stage sees them as they are after what went before in it."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._opted_out: set[tuple[str, str]] = set()
        self._uses: dict[str, list[Use]] = {}
        self._paused: Container[tuple[str, str | None]] | None = None

    def load(self, askings: Iterable[Asking]) -> None:
        """Read what is asked; what is known already stays as it has become."""
        marketing, counted = set[tuple[str, str]](), set[str]()
        for asking in askings:
            if asking.class_.opt_out:
                marketing.add((asking.to, asking.brand))
            if asking.counted:
                counted.add(asking.to)
            if asking.tag is not None and self._paused is None:
                self._paused = self._tables.paused_tags()
        if marketing:
            self._opted_out |= self._tables.opted_out(marketing)
        if fresh := counted - self._uses.keys():
            self._uses |= {number: [] for number in fresh} | self._tables.uses(fresh)

    def facts(self, asking: Asking | None, message: MessageId | None = None) -> Facts:
        """message: the one that is judged, if it is kept already."""
        if asking is None:
            return _NOTHING
        return Facts(
            opted_out=asking.class_.opt_out and (asking.to, asking.brand) in self._opted_out,
            paused=self._paused is not None and (asking.client, asking.tag) in self._paused,
            uses=self._uses_of(asking.to, message) if asking.counted else (),
        )

    def _uses_of(self, number: str, message: MessageId | None) -> tuple[Use, ...]:
        return tuple(use for use in self._uses[number] if use.message != message)

    def count(self, number: str, use: Use) -> None:
        """One more message to `number` in this operation; in place of what was known of the same."""
        uses = self._uses.get(number)
        if uses is None:  # nobody asks
            return
        uses[:] = [*(other for other in uses if other.message != use.message), use]
