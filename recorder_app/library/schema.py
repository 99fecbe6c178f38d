"""The tables of the library and how an older file becomes a newer one (`PRAGMA user_version`).

One function a version, each run once inside one transaction. A file of a newer version is never touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from recorder_app.errors import LibraryError
from recorder_app.library import index


def _first(connection: sqlite3.Connection) -> None:
    """Recordings, their lines, jobs, uploads in flight, what the server last said, paused workspaces."""
    for statement in (
        """CREATE TABLE recordings (
            id TEXT PRIMARY KEY, started_at TEXT NOT NULL, status TEXT NOT NULL, server_id TEXT,
            workspace TEXT NOT NULL, platform TEXT NOT NULL, title TEXT NOT NULL, meeting_url TEXT,
            completed_at TEXT, duration_ms INTEGER NOT NULL, participants TEXT NOT NULL,
            notes TEXT NOT NULL, error TEXT, summary_lines TEXT NOT NULL, summary_source TEXT,
            summary_generated_at TEXT, insights_withheld TEXT, tasks TEXT NOT NULL,
            tasks_generated_at TEXT, gaps TEXT NOT NULL, bookmarks TEXT NOT NULL, media TEXT NOT NULL,
            media_bytes INTEGER NOT NULL, media_sha256 TEXT, is_on_disk INTEGER NOT NULL,
            is_uploaded INTEGER NOT NULL, is_transcribed INTEGER NOT NULL, engine TEXT,
            has_draft_transcript INTEGER NOT NULL, was_recovered INTEGER NOT NULL,
            created_at TEXT NOT NULL, updated_at TEXT NOT NULL)""",
        "CREATE INDEX recordings_by_time ON recordings (started_at DESC, id)",
        """CREATE UNIQUE INDEX recordings_by_server ON recordings (workspace, server_id)
            WHERE server_id IS NOT NULL""",
        """CREATE TABLE segments (
            recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
            start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, text TEXT NOT NULL,
            speaker TEXT NOT NULL, confidence REAL, track TEXT NOT NULL, is_final INTEGER NOT NULL,
            words TEXT NOT NULL, PRIMARY KEY (recording_id, start_ms)) WITHOUT ROWID""",
        # Case-folded copies: LIKE itself folds ASCII only, and JSON escapes would split phrases.
        """CREATE TABLE search (
            recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
            body TEXT NOT NULL DEFAULT '', transcript TEXT NOT NULL DEFAULT '')""",
        """CREATE TABLE jobs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
            kind TEXT NOT NULL, lane TEXT NOT NULL, position INTEGER NOT NULL,
            needs TEXT NOT NULL, follows TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'done', 'blocked')),
            attempts INTEGER NOT NULL DEFAULT 0, revision INTEGER NOT NULL DEFAULT 0,
            next_attempt_at REAL NOT NULL DEFAULT 0, delay_s REAL NOT NULL DEFAULT 0,
            reason TEXT, payload TEXT NOT NULL DEFAULT '{}', progress INTEGER,
            UNIQUE (recording_id, kind))""",
        "CREATE INDEX jobs_open ON jobs (lane, state) WHERE state IN ('pending', 'running')",
        """CREATE TABLE uploads (
            recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
            server_id TEXT NOT NULL, token TEXT NOT NULL, endpoint TEXT NOT NULL,
            handle TEXT, media_url TEXT)""",
        """CREATE TABLE remotes (
            recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
            base TEXT NOT NULL, is_gone INTEGER NOT NULL DEFAULT 0)""",
        "CREATE TABLE pauses (workspace TEXT PRIMARY KEY, reason TEXT NOT NULL)",
    ):
        connection.execute(statement)


def _trash(connection: sqlite3.Connection) -> None:
    """When a recording was moved to the trash."""
    connection.execute("ALTER TABLE recordings ADD COLUMN trashed_at TEXT")


def _moves(connection: sqlite3.Connection) -> None:
    """Moving between workspaces: the queue, and rows left behind; whether a sha256 was confirmed."""
    for statement in (
        """CREATE TABLE backlog (
            recording_id TEXT PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
            workspace TEXT NOT NULL, is_begun INTEGER NOT NULL DEFAULT 0)""",
        """CREATE TABLE former_rows (
            recording_id TEXT NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
            workspace TEXT NOT NULL, server_id TEXT NOT NULL,
            PRIMARY KEY (recording_id, workspace, server_id))""",
        "ALTER TABLE uploads ADD COLUMN is_sha256_confirmed INTEGER NOT NULL DEFAULT 0",
    ):
        connection.execute(statement)


def _full_text(connection: sqlite3.Connection) -> None:
    """Search by column and line. Filled from the recordings once all migrations are through: `Library`."""
    index.create_tables(connection)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first, _trash, _moves, _full_text)
"""`MIGRATIONS[n]` takes version n to n + 1."""

VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection) -> None:
    """Raise LibraryError when a later Recorder wrote this file; nothing has been changed by then."""
    found = version_of(connection)
    if found > VERSION:
        raise LibraryError(
            "The library was written by a newer Recorder",
            detail=f"It has version {found}; this Recorder knows {VERSION}",
            hint="Update Recorder; the library was left as it is",
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to VERSION. Safe when several processes do it at once: the first one does it all."""
    if version_of(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        refuse_newer(connection)
        for step in range(version_of(connection), VERSION):
            MIGRATIONS[step](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
