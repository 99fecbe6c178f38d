"""Uploads and finished media in the database. Knows no HTTP and touches no media file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterable

from recorder_app.local.validation import stored_time


@dataclasses.dataclass(frozen=True, slots=True)
class Upload:
    id: str
    recording_id: str
    metadata: str
    """Upload-Metadata as the client sent it; answered to HEAD."""
    filename: str
    length: int | None
    """Final size in bytes; None until the client declares it."""
    sha256: str | None
    """Hex digest of the complete file; None while it is growing."""
    team: int
    """Project of the recording; as stored, so meaningless before `add`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Media:
    """The finished media of a recording."""

    upload_id: str
    filename: str
    size: int
    sha256: str


def add(connection: sqlite3.Connection, upload: Upload, now: dt.datetime) -> bool:
    """Store a new upload; False when its recording does not exist (any more)."""
    known = connection.execute("SELECT 1 FROM recordings WHERE id = ?", (upload.recording_id,)).fetchone()
    if known is None:
        return False
    connection.execute(
        "INSERT INTO uploads (id, recording_id, metadata, filename, length, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (upload.id, upload.recording_id, upload.metadata, upload.filename, upload.length, stored_time(now)),
    )
    return True


def get(connection: sqlite3.Connection, upload_id: str) -> Upload | None:
    row = connection.execute(
        "SELECT u.id, u.recording_id, u.metadata, u.filename, u.length, u.sha256, r.team"
        " FROM uploads u JOIN recordings r ON r.id = u.recording_id WHERE u.id = ?",
        (upload_id,),
    ).fetchone()
    return None if row is None else Upload(*row)


def set_length(connection: sqlite3.Connection, upload_id: str, length: int) -> None:
    connection.execute("UPDATE uploads SET length = ? WHERE id = ?", (length, upload_id))


def remove(connection: sqlite3.Connection, upload_id: str) -> None:
    connection.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))


def complete(
    connection: sqlite3.Connection, upload: Upload, *, size: int, sha256: str, now: dt.datetime
) -> str | None:
    """Make the upload its recording's media; return the id of the upload it takes the place of."""
    before = media_of(connection, upload.recording_id)
    connection.execute("UPDATE uploads SET sha256 = ? WHERE id = ?", (sha256, upload.id))
    connection.execute(
        "INSERT OR REPLACE INTO media (recording_id, upload_id, filename, size, sha256, completed_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (upload.recording_id, upload.id, upload.filename, size, sha256, stored_time(now)),
    )
    if before is None or before.upload_id == upload.id:
        return None
    remove(connection, before.upload_id)
    return before.upload_id


def media_of(connection: sqlite3.Connection, recording_id: str) -> Media | None:
    row = connection.execute(
        "SELECT upload_id, filename, size, sha256 FROM media WHERE recording_id = ?", (recording_id,)
    ).fetchone()
    return None if row is None else Media(*row)


def unfinished_ids(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT id FROM uploads WHERE sha256 IS NULL")}


def all_ids(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT id FROM uploads")}


def doom(connection: sqlite3.Connection, upload_ids: Iterable[str]) -> None:
    """Write down whose bytes must go, in the commit that deletes their rows."""
    connection.executemany("INSERT OR IGNORE INTO doomed_files VALUES (?)", [(each,) for each in upload_ids])


def doomed(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT upload_id FROM doomed_files").fetchall()]


def forget_doomed(connection: sqlite3.Connection, upload_ids: Iterable[str]) -> None:
    """Their bytes are gone."""
    connection.executemany("DELETE FROM doomed_files WHERE upload_id = ?", [(each,) for each in upload_ids])
