"""The brands that a request may speak of."""

from collections.abc import Collection

from gatewayd.model import Refusal
from gatewayd.snapshot import Snapshot


def brands_of(snapshot: Snapshot, client: str, brand: str | None) -> Collection[str] | Refusal:
    """The brand named, or all that the client has; an admin has all there are."""
    rights = snapshot.clients.get(client)
    own: Collection[str] = rights.brands if rights is not None else ()
    allowed = snapshot.brands.keys() if rights is not None and rights.admin else own
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
