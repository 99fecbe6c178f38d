"""The embedded backend's SQLite file: schema, connections, transactions. Knows no HTTP."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from recorder_app.errors import LibraryError

BUSY_TIMEOUT_S = 10.0
MAX_IDLE_CONNECTIONS = 8
_HINT = "Your recordings are in their own folder and are safe; move the server's folder away to start afresh"

_SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    team INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    sdk_upload_id TEXT NOT NULL,
    recall_recording_id TEXT,
    platform TEXT NOT NULL,
    meeting_title TEXT,
    meeting_url TEXT,
    duration_seconds INTEGER,
    status TEXT NOT NULL DEFAULT 'recording',
    notes TEXT,
    error_message TEXT,
    video_url TEXT,
    video_size_bytes INTEGER,
    participants TEXT NOT NULL DEFAULT '[]',
    transcript_text TEXT NOT NULL DEFAULT '',
    transcript_segments TEXT NOT NULL DEFAULT '[]',
    summary TEXT,
    extracted_tasks TEXT NOT NULL DEFAULT '[]',
    tasks_generated_at TEXT,
    summary_generated_at TEXT,
    started_at TEXT NOT NULL,
    completed_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX recordings_newest ON recordings (team, started_at DESC);
CREATE TABLE creations (
    team INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    PRIMARY KEY (team, user_id, key)
);
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
    metadata TEXT NOT NULL,
    filename TEXT NOT NULL,
    length INTEGER,
    sha256 TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX uploads_of ON uploads (recording_id);
CREATE TABLE media (
    recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
    upload_id TEXT NOT NULL REFERENCES uploads (id),
    filename TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    completed_at TEXT NOT NULL
);
"""

_DATASETS = """
CREATE TABLE datasets (
    id TEXT PRIMARY KEY,
    team INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    metadata TEXT NOT NULL DEFAULT 'null',
    deleted INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX datasets_newest ON datasets (team, created_at DESC);
CREATE TABLE dataset_items (
    id TEXT PRIMARY KEY,
    team INTEGER NOT NULL,
    created_by INTEGER NOT NULL,
    dataset TEXT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    input TEXT NOT NULL DEFAULT 'null',
    output TEXT NOT NULL DEFAULT 'null',
    metadata TEXT NOT NULL DEFAULT 'null',
    ref_trace_id TEXT,
    ref_timestamp TEXT,
    ref_source_id TEXT,
    deleted INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX dataset_items_of ON dataset_items (dataset, created_at DESC);
CREATE TABLE doomed_files (upload_id TEXT PRIMARY KEY);
"""
_VERSIONS = (_SCHEMA, _DATASETS)
"""`_VERSIONS[n]` takes a file of version n to n + 1."""
SCHEMA_VERSION = len(_VERSIONS)


class Database:
    """Connections are pooled and used by one thread at a time; the object itself is thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open, creating the file and its tables where missing. Raise LibraryError in words."""
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._is_closed = False
        try:
            # SQLite gives its WAL the mode of the database file.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            with self.write() as connection:
                self._migrate(connection)
                self.secret = self._secret(connection)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise LibraryError(
                "The embedded server's database cannot be opened", detail=f"{path.name}: {error}", hint=_HINT
            ) from error
        except LibraryError:
            self.close()
            raise

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose reads see one state of the database."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            self._give_back(connection)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a write transaction: what is read in it cannot change until the commit."""
        connection = self._borrow()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            self._give_back(connection)

    def close(self) -> None:
        """Close every idle connection; lent ones are closed when they come back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _borrow(self) -> sqlite3.Connection:
        with self._lock:
            if self._is_closed:
                raise sqlite3.ProgrammingError("the embedded server is closed")
            if self._idle:
                return self._idle.pop()
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.create_function("contains_text", 2, _contains, deterministic=True)
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            return
        with self._lock:
            if not self._is_closed and len(self._idle) < MAX_IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LibraryError(
                "The embedded server's database is from a newer Recorder",
                detail=f"Version {version}, this Recorder knows {SCHEMA_VERSION}",
                hint="Update Recorder",
            )
        for script in _VERSIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @staticmethod
    def _secret(connection: sqlite3.Connection) -> bytes:
        """Upload tokens are derived from this; it is made once for each data folder."""
        connection.execute(
            "INSERT OR IGNORE INTO settings VALUES ('upload_secret', ?)", (secrets.token_hex(32),)
        )
        row = connection.execute("SELECT value FROM settings WHERE name = 'upload_secret'").fetchone()
        return bytes.fromhex(row[0])


def _contains(text: str | None, needle: str) -> bool:
    # SQLite's LIKE folds the case of ASCII letters only.
    return needle.casefold() in (text or "").casefold()
