"""One SQLite file shared by threads and processes: connections, transactions, errors in words.

Knows nothing of recordings. Must stay the only place of the library that catches sqlite3's errors.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from recorder_app.errors import DiskFullError, LibraryError, NotFoundError, StorageError
from recorder_app.library import schema
from recorder_app.library.lockfile import FileLock

BUSY_S = 10.0
"""How long a statement waits for another writer."""
OPENING_S = 10.0
"""How long opening waits for another process that opens or rebuilds the same file."""


class Database:
    """Thread-safe: each thread has a connection of its own (WAL, `synchronous=FULL`).

    FULL costs 0.34 ms a commit and survives a power cut; NORMAL may lose the last commits
    (reference/media.md §5).
    """

    def __init__(self, path: Path, *, prepare: Callable[[sqlite3.Connection], None] | None = None) -> None:
        """Open and migrate. A damaged file is moved aside and a new one made: see `damaged`.

        `prepare` gets each new connection before it is used.
        """
        self.path = path
        self._prepare = prepare
        self.damaged: Path | None = None
        """Where a damaged library was moved to by this opening; None normally."""
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: list[tuple[threading.Thread, sqlite3.Connection]] = []
        self._is_closed = False
        with _opening(path):
            self._open_or_rebuild()

    def close(self) -> None:
        """Close every thread's connection; later use raises LibraryError."""
        with self._lock:
            self._is_closed = True
            for _, connection in self._connections:
                connection.close()
            self._connections.clear()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection, for statements that change nothing. Raises LibraryError."""
        with self._translated():
            yield self._connection()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, all or nothing; nested use joins the outer one. LibraryError, DiskFullError."""
        with self._translated():
            connection = self._connection()
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _open_or_rebuild(self) -> None:
        try:
            self._connection()
        except sqlite3.OperationalError as error:
            raise _in_words(error, self.path) from error
        except sqlite3.DatabaseError:
            # Nothing is lost for good: the folders of the recordings hold what is needed to add them again.
            self.damaged = _move_aside(self.path)
            with self._translated():
                self._connection()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is not None and not self._is_closed:
            return found
        if self._is_closed:
            raise LibraryError("The library is closed", hint="Start Recorder again")
        connection = _connect(self.path, self._prepare)
        with self._lock:
            alive = [(thread, used) for thread, used in self._connections if thread.is_alive()]
            for _, unused in set(self._connections) - set(alive):
                unused.close()
            self._connections = [*alive, (threading.current_thread(), connection)]
        self._local.connection = connection
        return connection

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            if "FOREIGN KEY" not in str(error):
                raise  # a fault of ours, not of the file
            raise NotFoundError("The recording was deleted meanwhile") from error
        except sqlite3.Error as error:
            raise _in_words(error, self.path) from error


def _connect(path: Path, prepare: Callable[[sqlite3.Connection], None] | None) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise LibraryError(
            "The library cannot be opened",
            detail=f"{path}: {error.strerror or error}",
            hint="Make the data folder readable and writable",
        ) from error
    # Closing happens in whatever thread shuts down; use stays with the thread that opened it.
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        schema.refuse_newer(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # 16 MB at most: what one search over a thousand meetings reads, so that the next key finds it.
        connection.execute("PRAGMA cache_size = -16000")
        schema.migrate(connection)
        # Reads a page of each table that every start needs, so that damage shows here and not later.
        connection.execute("SELECT count(*) FROM recordings").fetchone()
        connection.execute("SELECT count(*) FROM jobs").fetchone()
        if prepare:
            prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _in_words(error: sqlite3.Error, path: Path) -> StorageError:
    text = str(error)
    if "full" in text:
        return DiskFullError(
            "The disk is full", detail=f"{path} could not grow", hint="Free some space; nothing was lost"
        )
    if "locked" in text or "busy" in text:
        return LibraryError(
            "The library is locked by another program", detail=str(path), hint="Close it and try again"
        )
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.OperationalError):
        return LibraryError("The library cannot be used", detail=text, hint="Check the disk and try again")
    return LibraryError(
        "The library is damaged",
        detail=f"{path}: {text}",
        hint="Restart Recorder: it moves the file aside and rebuilds the library from the recordings",
    )


def _move_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"{path.stem}.damaged-{stamp}{path.suffix}")
    number = 1
    while target.exists():
        number += 1
        target = path.with_name(f"{path.stem}.damaged-{stamp}-{number}{path.suffix}")
    try:
        for suffix in ("-wal", "-shm"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                beside.rename(target.with_name(target.name + suffix))
        path.rename(target)
    except OSError as error:
        raise LibraryError(
            "The library is damaged and could not be moved aside",
            detail=f"{path}: {error.strerror or error}",
            hint="Move it away by hand; the recordings are added again from their folders",
        ) from error
    return target


@contextlib.contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Let one process at a time open the file: two must not both move a damaged one aside."""
    lock = FileLock(path.with_name(path.name + ".lock"))
    deadline = time.monotonic() + OPENING_S
    while not lock.acquire():
        if time.monotonic() > deadline:
            raise LibraryError(
                "The library is being opened by another program", detail=str(path), hint="Try again"
            )
        time.sleep(0.005)
    try:
        yield
    finally:
        lock.release()
