"""What the store knows of messages that are about to be judged, read at once for all of a batch."""

from collections.abc import Container, Iterable

from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId
from gatewayd.policy.consents import Consent
from gatewayd.policy.subject import Asking, Facts
from gatewayd.policy.template_sets import Review, Template, TemplateSet
from gatewayd.policy.uses import Use

_NOTHING = Facts()


class Known:
    """The facts behind one operation. A stage sees them as they are after what went before in it."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._opted_out: set[tuple[str, str]] = set()
        self._uses: dict[str, list[Use]] = {}
        self._consents: dict[tuple[str, str], Consent | None] = {}
        self._templates: dict[str, TemplateSet] = {}
        self._paused: Container[tuple[str, str | None]] | None = None

    def load(self, askings: Iterable[Asking]) -> None:
        """Read what is asked; what is known already stays as it has become."""
        askings = list(askings)
        if marketing := {(asking.to, asking.brand) for asking in askings if asking.class_.opt_out}:
            self._opted_out |= self._tables.opted_out(marketing)
        if fresh := {asking.to for asking in askings if asking.counted} - self._uses.keys():
            self._uses |= {number: [] for number in fresh} | self._tables.uses(fresh)
        if self._paused is None and any(asking.tag is not None for asking in askings):
            self._paused = self._tables.paused_tags()
        agreed = {(asking.to, asking.brand) for asking in askings if asking.class_.consent}
        if unasked := agreed - self._consents.keys():
            self._consents |= dict.fromkeys(unasked) | self._tables.consents(unasked)
        for brand in {asking.brand for asking in askings if asking.templates} - self._templates.keys():
            self._templates[brand] = self._read_templates(brand)

    def _read_templates(self, brand: str) -> TemplateSet:
        def read() -> list[Template]:
            self._tables.effects.count("template_sets_read", brand)
            return self._tables.templates(brand, review=Review.APPROVED)

        return self._tables.template_sets.of(brand, self._tables.template_stamp(brand), read)

    def facts(self, asking: Asking | None, message: MessageId | None = None) -> Facts:
        """message: the one that is judged, if it is kept already."""
        if asking is None:
            return _NOTHING
        return Facts(
            opted_out=asking.class_.opt_out and (asking.to, asking.brand) in self._opted_out,
            paused=self._paused is not None and (asking.client, asking.tag) in self._paused,
            uses=self._uses_of(asking.to, message) if asking.counted else (),
            consent=self._consents[asking.to, asking.brand] if asking.class_.consent else None,
            templates=self._templates[asking.brand] if asking.templates else None,
        )

    def _uses_of(self, number: str, message: MessageId | None) -> tuple[Use, ...]:
        return tuple(use for use in self._uses[number] if use.message != message)

    def count(self, number: str, use: Use) -> None:
        """One more message to `number` in this operation; in place of what was known of the same."""
        uses = self._uses.get(number)
        if uses is None:  # nobody asks
            return
        uses[:] = [*(other for other in uses if other.message != use.message), use]

    def say(self, consent: Consent) -> None:
        """A consent was told in this batch, newer than what was known of its number and brand."""
        self._consents[consent.number, consent.brand] = consent
