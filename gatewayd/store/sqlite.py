"""Store on one SQLite file: WAL, synchronous=FULL, one writer thread that groups commits.

All that waits goes into one transaction, so that one fsync serves it; each job has a savepoint, so
that a failing one harms no other. Readers have a connection of their own, and so has the
checkpointer, which keeps copying the log into the database off the path of commits. The log starts
over only when all of it has been copied while nobody writes; where commits follow each other so
closely that this never happens, the writer does it itself once the log has grown too long.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Concatenate, Final

import trio

from gatewayd.errors import StoreError, StoreLocked, StoreUnavailable
from gatewayd.ledger.tables import Effects, Tables
from gatewayd.store.base import Committed, P, T
from gatewayd.store.schema import migrate
from gatewayd.store.sqlite_tables import SqliteTables

MOST_WAITING: Final = 10_000
_JOBS_PER_COMMIT: Final = 256
_CHECKPOINT_AFTER: Final = 2000  # commits' row changes since the last checkpoint
_LOG_PAGES: Final = 8192  # pages of 4 KiB in the log, beyond which the writer copies it itself
_LOG_LIMIT: Final = 64 * 1024 * 1024  # octets of journal_size_limit: what a checkpoint leaves on disk
_OF_THE_CALLER: Final = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
)


class _Job:
    """One operation and the task that waits for it; filled in by the writer, read by the task."""

    __slots__ = ("effects", "error", "operation", "result", "task")

    def __init__(self, operation: Callable[[Tables], Any]) -> None:
        self.operation = operation
        self.result: Any = None
        self.error: BaseException | None = None
        self.effects = Effects()
        self.task: trio.lowlevel.Task | None = trio.lowlevel.current_task()

    async def wait(self) -> Any:
        def abort(_: object) -> trio.lowlevel.Abort:
            self.task = None  # the operation goes on; nobody waits for it any more
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)
        if self.error is not None:
            raise self.error
        return self.result

    def wake(self) -> None:
        if self.task is not None:
            trio.lowlevel.reschedule(self.task)


class SqliteStore(Committed):
    """See `store.base.Store`; made by `open_sqlite`."""

    def __init__(self, path: str, most_waiting: int) -> None:
        super().__init__()
        self._path = path
        self._most_waiting = most_waiting
        self._loop = trio.lowlevel.current_trio_token()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._stale = False
        with ExitStack() as opened:
            self._db = opened.enter_context(closing(_connect(path)))
            migrate(self._db, path)
            self._read_db = opened.enter_context(closing(_connect(path)))
            self._read_db.execute("PRAGMA query_only = ON")
            self._tables, self._read_tables = SqliteTables(self._db), SqliteTables(self._read_db)
            self.owner = _next_owner(self._db)
            self.lanes = self._tables.lanes()
            self.counts.update(self._tables.stage_counts())
            self._connections = opened.pop_all()
        self._reading = trio.CapacityLimiter(1)
        self._checkpointer = _Checkpointer(path)
        self._thread = threading.Thread(target=self._write_all, name="store writer")

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if self.waiting >= self._most_waiting:
            raise StoreUnavailable(f"{self._most_waiting} jobs wait for the writer")
        job = _Job(partial(_apply, operation, args, kwargs))
        self._jobs.put(job)
        result: T = await job.wait()
        return result

    async def read(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        run = partial(self._read, partial(_apply, operation, args, kwargs))
        return await trio.to_thread.run_sync(run, limiter=self._reading)

    @property
    def waiting(self) -> int:
        """Jobs the writer has not begun."""
        return self._jobs.qsize()

    def start(self) -> None:
        self._thread.start()
        self._checkpointer.start()

    def stop(self) -> None:
        """Finish what waits, then close. Blocks."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._checkpointer.stop()
        self._connections.close()

    # on a reader's thread

    def _read(self, operation: Callable[[Tables], Any]) -> Any:
        try:
            self._read_db.execute("BEGIN")
            try:
                self._read_tables.reload()
                return operation(self._read_tables)
            finally:
                self._read_db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreUnavailable(str(error)) from error

    # on the writer's thread

    def _write_all(self) -> None:
        job = self._jobs.get()
        while job is not None:
            batch, last = self._gather(job)
            started = time.perf_counter()
            self._transact(batch)
            self._finish(batch, time.perf_counter() - started)
            job = None if last else self._jobs.get()

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        """All that waits, up to a limit; True if the end was among it."""
        batch = [first]
        try:
            while len(batch) < _JOBS_PER_COMMIT:
                job = self._jobs.get_nowait()
                if job is None:
                    return batch, True
                batch.append(job)
        except Empty:
            pass
        return batch, False

    def _transact(self, batch: Sequence[_Job]) -> None:
        before = self._db.total_changes
        try:
            self._checkpointer.relieve(self._db)
            self._db.execute("BEGIN IMMEDIATE")
            if self._stale:
                self._reload()
            for job in batch:
                self._run(job)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._fail(batch, error)
        self._checkpointer.changed(self._db.total_changes - before)

    def _run(self, job: _Job) -> None:
        self._tables.effects = job.effects
        self._db.execute("SAVEPOINT job")
        try:
            job.result = job.operation(self._tables)
        except Exception as error:
            if isinstance(error, sqlite3.Error) and not isinstance(error, _OF_THE_CALLER):
                raise  # disk full, I/O error: nothing of this transaction can be kept
            job.error, job.effects = error, Effects()
            self._db.execute("ROLLBACK TO job")
            self._reload()
        self._db.execute("RELEASE job")

    def _reload(self) -> None:
        self._tables.reload()
        self._stale = False

    def _fail(self, batch: Sequence[_Job], error: sqlite3.Error) -> None:
        """Nothing of the batch has happened; what the tables cache is read anew once the disk can be read."""
        self._stale = True
        if self._db.in_transaction:
            with suppress(sqlite3.Error):  # then the next BEGIN fails, and it is tried again
                self._db.execute("ROLLBACK")
        for job in batch:
            job.error, job.effects = StoreUnavailable(str(error)), Effects()

    def _finish(self, batch: Sequence[_Job], seconds: float) -> None:
        effects = Effects()
        for job in batch:
            effects.merge(job.effects)
        effects.observe("store_commit", seconds, "")
        self._loop.run_sync_soon(self._deliver, batch, effects)

    # back on the loop

    def _deliver(self, batch: Sequence[_Job], effects: Effects) -> None:
        self._announce(effects)
        for job in batch:
            job.wake()


def _apply(
    operation: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tables: Tables
) -> Any:
    return operation(tables, *args, **kwargs)


class _Checkpointer:
    """Copies the log into the database on a thread of its own, so that no commit waits for it."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._changes = 0
        self._long = False
        self._copying = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="store checkpointer")

    def start(self) -> None:
        self._thread.start()

    def changed(self, rows: int) -> None:
        """Called by the writer after each commit."""
        self._changes += rows
        if self._changes >= _CHECKPOINT_AFTER:
            self._changes = 0
            self._wake.set()

    def relieve(self, db: sqlite3.Connection) -> None:
        """Called by the writer before each transaction: it starts a log over that has grown too long."""
        if self._long:
            pages, copied = self._copy(db)
            self._long = copied < pages

    def stop(self) -> None:
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(_connect(self._path)) as db:
            while self._wake.wait() and not self._ending:
                self._wake.clear()
                try:
                    self._long = self._copy(db)[0] > _LOG_PAGES
                except sqlite3.Error:
                    continue  # the next commit meets the same trouble and reports it

    def _copy(self, db: sqlite3.Connection) -> tuple[int, int]:
        """Pages in the log, and how many of them are in the database now; readers may hold up the rest."""
        with self._copying:
            _, pages, copied = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return pages, copied


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5
    )
    try:
        _configure(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _configure(db: sqlite3.Connection) -> None:
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {_LOG_LIMIT}",
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        db.execute(f"PRAGMA {pragma}")


def _next_owner(db: sqlite3.Connection) -> int:
    sql = "INSERT INTO meta VALUES ('owner', 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value"
    return int(db.execute(sql).fetchone()[0])


def _lock(path: str) -> int:
    """Hold the store for life (G12). Raises StoreLocked with the holder's pid."""
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).strip()
        os.close(lock)
        raise StoreLocked(path, int(holder or 0)) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _create(path: str) -> None:
    """The file is ours alone: it holds numbers and texts."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


@asynccontextmanager
async def open_sqlite(path: str, most_waiting: int = MOST_WAITING) -> AsyncIterator[SqliteStore]:
    """Lock, open, migrate. Raises StoreLocked, or StoreError that says what to do."""
    try:
        lock = _lock(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the folder must exist and be writable") from None
    try:
        store = _open(path, most_waiting)
        store.start()
        try:
            yield store
        finally:
            store.stop()
    finally:
        os.close(lock)


def _open(path: str, most_waiting: int) -> SqliteStore:
    try:
        _create(path)
        return SqliteStore(path, most_waiting)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}; move the file away or restore a backup") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def sqlite_path(url: str) -> str:
    """`sqlite:///var/lib/x.db` -> `/var/lib/x.db`; `sqlite://x.db` is relative."""
    return str(Path(url.removeprefix("sqlite://")))
