"""What the store knows of messages that are about to be judged, read at once for all of a batch."""

from collections.abc import Sequence

from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId
from gatewayd.policy.subject import Asking, Facts
from gatewayd.policy.uses import Use

_NOTHING = Facts()


class Known:
    """The facts behind one batch. A stage sees them as they are after what went before in the batch."""

    def __init__(self, tables: Tables, askings: Sequence[Asking]) -> None:
        marketing = {(asking.to, asking.brand) for asking in askings if asking.class_.opt_out}
        counted = {asking.to for asking in askings if asking.counted}
        self._opted_out = tables.opted_out(marketing) if marketing else set()
        self._uses = tables.uses(counted) if counted else {}

    def facts(self, asking: Asking | None, message: MessageId | None = None) -> Facts:
        """message: the one that is judged, if it is kept already."""
        if asking is None:
            return _NOTHING
        return Facts(
            opted_out=(asking.to, asking.brand) in self._opted_out,
            uses=self._uses_of(asking.to, message) if asking.counted else (),
        )

    def _uses_of(self, number: str, message: MessageId | None) -> tuple[Use, ...]:
        return tuple(use for use in self._uses.get(number, ()) if use.message != message)

    def count(self, number: str, use: Use) -> None:
        """One more message to `number` in this batch; in place of what was known of the same."""
        others = [other for other in self._uses.get(number, ()) if other.message != use.message]
        self._uses[number] = [*others, use]
