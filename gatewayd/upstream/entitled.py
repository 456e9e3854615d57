"""Who may ask for what: admins, the brands of a client, the number that a request speaks of."""

from collections.abc import Collection
from typing import Final

from gatewayd.model import Refusal
from gatewayd.numbers import InvalidNumber, canonical
from gatewayd.snapshot import Snapshot

ADMIN_ONLY: Final = Refusal("not_permitted", "only an admin client may do this", "op")


def is_admin(snapshot: Snapshot, client: str) -> bool:
    """No longer, if a reload has taken the client away."""
    rights = snapshot.clients.get(client)
    return rights is not None and rights.admin


def number_of(snapshot: Snapshot, text: str) -> str | Refusal:
    """The canonical form of a number as people write it."""
    try:
        return canonical(text, snapshot.default_country)
    except InvalidNumber as error:
        return Refusal("invalid_destination", f"the number {error.reason}", "to")


def brands_of(snapshot: Snapshot, client: str, brand: str | None) -> Collection[str] | Refusal:
    """The brand named, or all that the client has; an admin has all there are."""
    rights = snapshot.clients.get(client)
    own: Collection[str] = rights.brands if rights is not None else ()
    allowed = snapshot.brands.keys() if is_admin(snapshot, client) else own
    if brand is None:
        return allowed
    if brand not in snapshot.brands:
        return Refusal("unknown_brand", "there is no such brand", "brand")
    return (brand,) if brand in allowed else Refusal("not_permitted", "not a brand of this client", "brand")


def one_brand(snapshot: Snapshot, client: str, brand: str | None) -> str | Refusal:
    """As a submit has it: it may be left out by a client of exactly one."""
    found = brands_of(snapshot, client, brand)
    if isinstance(found, Refusal):
        return found
    if len(found) != 1:
        return Refusal("invalid_request", "is needed: this client has not exactly one brand", "brand")
    return next(iter(found))
