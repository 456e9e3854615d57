"""From the `store` of the configuration to an open Store."""

from contextlib import AbstractAsyncContextManager

from gatewayd.errors import StoreError
from gatewayd.store.base import Store
from gatewayd.store.sqlite import MOST_WAITING, open_sqlite, sqlite_path


def open_store(url: str, most_waiting: int = MOST_WAITING) -> AbstractAsyncContextManager[Store]:
    """The store that `url` names. Raises StoreError for a kind there is not.

    most_waiting: jobs that may wait for its writer; beyond, writing raises StoreUnavailable.
    sqlite:///var/lib/x.db (absolute), sqlite://x.db (relative). Entering it may raise StoreLocked, or
    StoreError that says what to do.
    """
    scheme = url.partition("://")[0]
    match scheme:
        case "sqlite":
            return open_sqlite(sqlite_path(url), most_waiting)
        case "postgresql":
            raise StoreError(
                "a store on PostgreSQL comes with a later version; use sqlite:///path/to/file.db"
            )
        case _:
            raise StoreError(f"there is no store of the kind {scheme!r}; use sqlite:///path/to/file.db")
