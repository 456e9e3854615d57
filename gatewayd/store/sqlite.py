"""Store on one SQLite file: WAL, synchronous=FULL, one writer thread that groups commits.

All that waits goes into one transaction, so that one fsync serves it; each job has a savepoint, so
that a failing one harms no other. Readers have a connection of their own, and so has the
checkpointer, which keeps copying the log into the database off the path of commits.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
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

_JOBS_PER_COMMIT: Final = 256
_CHECKPOINT_AFTER: Final = 2000  # commits' row changes since the last checkpoint
_LOG_LIMIT: Final = 256 * 1024 * 1024  # octets of journal_size_limit: what a checkpoint leaves on disk


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

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._loop = trio.lowlevel.current_trio_token()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._db = _connect(path)
        migrate(self._db, path)
        self._tables = SqliteTables(self._db)
        self.owner = _next_owner(self._db)
        self.lanes = self._tables.lanes()
        self.counts.update(self._tables.stage_counts())
        self._read_db = _connect(path)
        self._read_db.execute("PRAGMA query_only = ON")
        self._read_tables = SqliteTables(self._read_db)
        self._reading = trio.CapacityLimiter(1)
        self._checkpointer = _Checkpointer(path)
        self._thread = threading.Thread(target=self._write_all, name="store writer")

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
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
        self._jobs.put(None)
        self._thread.join()
        self._checkpointer.stop()
        self._read_db.close()
        self._db.close()

    # on a reader's thread

    def _read(self, operation: Callable[[Tables], Any]) -> Any:
        try:
            self._read_db.execute("BEGIN")
            try:
                self._read_tables.refresh()
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
            self._db.execute("BEGIN IMMEDIATE")
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
        except sqlite3.OperationalError:
            raise  # disk full, I/O error: nothing of this transaction can be kept
        except Exception as error:  # noqa: BLE001  the caller's error travels back to the caller
            job.error, job.effects = error, Effects()
            self._db.execute("ROLLBACK TO job")
            self._tables.reload()
        self._db.execute("RELEASE job")

    def _fail(self, batch: Sequence[_Job], error: sqlite3.Error) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._tables.reload()
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

    def stop(self) -> None:
        self._ending = True
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(_connect(self._path)) as db:
            while self._wake.wait() and not self._ending:
                self._wake.clear()
                try:
                    db.execute("PRAGMA wal_checkpoint(PASSIVE)")
                except sqlite3.Error:
                    continue  # the next commit meets the same trouble and reports it


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256, timeout=5
    )
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "wal_autocheckpoint = 0",
        f"journal_size_limit = {_LOG_LIMIT}",
        "cache_size = -65536",
        "temp_store = MEMORY",
    ):
        db.execute(f"PRAGMA {pragma}")
    return db


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
async def open_sqlite(path: str) -> AsyncIterator[SqliteStore]:
    """Lock, open, migrate. Raises StoreLocked, or StoreError that says what to do."""
    try:
        lock = _lock(path)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}; the folder must exist and be writable") from None
    try:
        store = _open(path)
        store.start()
        try:
            yield store
        finally:
            store.stop()
    finally:
        os.close(lock)


def _open(path: str) -> SqliteStore:
    try:
        _create(path)
        return SqliteStore(path)
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}; move the file away or restore a backup") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def sqlite_path(url: str) -> str:
    """`sqlite:///var/lib/x.db` -> `/var/lib/x.db`; `sqlite://x.db` is relative."""
    return str(Path(url.removeprefix("sqlite://")))
