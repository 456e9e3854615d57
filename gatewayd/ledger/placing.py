"""Which brand an MO speaks to: by the code it was sent to, else by the message that it answers."""

from collections.abc import Sequence

from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Message
from gatewayd.policy.uses import Counted


def place(tables: Tables, rules: Rules, number: str, address: str) -> tuple[list[str], Message | None]:
    """The brands, and the last marketing of theirs that left for the number, if that is known.

    A code of several brands speaks for the one whose marketing it brought last (extension digits tell more
    often); all of them where it brought none, and all brands for a code that nobody knows, those that are
    gone from the configuration and may still have messages included: an opt-out is not dropped.
    """
    brands = rules.brands_at(address)
    if not brands:
        return sorted({*rules.all_brands(), *(lane.brand for lane in tables.lanes().values())}), None
    brand, message = _last(tables, number, brands)
    return [brand] if brand is not None else brands, message


def _last(tables: Tables, number: str, brands: Sequence[str]) -> tuple[str | None, Message | None]:
    uses = tables.uses([number]).get(number, ())
    left = [use for use in uses if use.counted is Counted.LEFT and use.brand in brands]
    if not left:
        return None, None
    last = max(left, key=lambda use: use.at)
    return last.brand, tables.messages([last.message]).get(last.message)
