"""Templates in memory: a version a row."""

from collections.abc import Sequence

from gatewayd.policy.template_sets import Review, Template, TemplateSets
from gatewayd.store.rows import Rows, Undo


class MemoryTemplates:
    """See `ledger.tables.Tables`."""

    def __init__(self, undo: Undo) -> None:
        self.template_sets = TemplateSets()
        self._templates: Rows[tuple[str, str, int], tuple[Template, int]] = Rows(undo)

    def template_stamp(self, brand: str) -> int:
        return max((stamp for row, stamp in self._templates.values() if row.brand == brand), default=0)

    def templates(self, brand: str, name: str | None = None, review: Review | None = None) -> list[Template]:
        rows = (row for row, _ in self._templates.values() if row.brand == brand)
        found = [row for row in rows if name in (None, row.name) and review in (None, row.review)]
        return sorted(found, key=lambda row: (row.name, -row.version))

    def put_templates(self, rows: Sequence[Template], stamp: int) -> None:
        for row in rows:
            self._templates[row.brand, row.name, row.version] = row, stamp
