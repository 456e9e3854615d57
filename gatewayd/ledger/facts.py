"""What the store knows of messages that are about to be judged, read at once for all of a batch."""

from collections.abc import Iterable

from gatewayd.ledger.tables import Tables
from gatewayd.policy.subject import Asking, Facts


class Known:
    """The facts behind one batch. A stage sees them as they are after what went before in the batch."""

    def __init__(self, tables: Tables, askings: Iterable[Asking]) -> None:
        marketing = {(asking.to, asking.brand) for asking in askings if asking.class_.opt_out}
        self._opted_out = tables.opted_out(marketing) if marketing else set()

    def facts(self, asking: Asking) -> Facts:
        return Facts(opted_out=(asking.to, asking.brand) in self._opted_out)
