"""From the `store` of the configuration to an open Store."""

from contextlib import AbstractAsyncContextManager

from gatewayd.errors import StoreError
from gatewayd.store.base import Store
from gatewayd.store.sqlite import open_sqlite, sqlite_path


def open_store(url: str) -> AbstractAsyncContextManager[Store]:
    """The store that `url` names. Raises StoreError for a kind there is not.

    sqlite:///var/lib/x.db (absolute), sqlite://x.db (relative). Entering it may raise StoreLocked, or
    StoreError that says what to do.
    """
    scheme = url.partition("://")[0]
    match scheme:
        case "sqlite":
            return open_sqlite(sqlite_path(url))
        case "postgresql":
            raise StoreError(
                "a store on PostgreSQL comes with a later version; use sqlite:///path/to/file.db"
            )
        case _:
            raise StoreError(f"there is no store of the kind {scheme!r}; use sqlite:///path/to/file.db")
