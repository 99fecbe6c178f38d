"""Recordings in the database: rows in, the server's JSON out. Knows no HTTP.

Every function works on the connection it is given, inside the caller's transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import secrets
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from recorder_app.local.validation import stored_time

# In the order of the real server's answers.
FIELDS = (
    "id", "team", "created_by", "sdk_upload_id", "recall_recording_id", "platform", "meeting_title",
    "meeting_url", "duration_seconds", "status", "notes", "error_message", "video_url", "video_size_bytes",
    "participants", "transcript_text", "transcript_segments", "summary", "extracted_tasks",
    "tasks_generated_at", "summary_generated_at", "started_at", "completed_at", "created_at", "updated_at",
)  # fmt: skip
_LISTS = frozenset({"participants", "transcript_segments", "extracted_tasks"})
_TIMES = frozenset(name for name in FIELDS if name.endswith("_at"))
_SEGMENT_KEYS = ("timestamp", "speaker", "text", "confidence", "is_final")


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """The list's query parameters; on the real server they narrow detail addresses as well."""

    platform: str | None = None
    status: str | None = None
    user_id: int | None = None
    search: str | None = None

    def condition(self, team: int) -> tuple[str, list[Any]]:
        clauses, values = ["team = ?"], [team]
        for clause, value in (
            ("platform = ?", self.platform),
            ("status = ?", self.status),
            ("created_by = ?", self.user_id),
            ("contains_text(transcript_text, ?)", self.search),
        ):
            if value is not None:
                clauses.append(clause)
                values.append(value)  # type: ignore[arg-type]  # parameters of any SQLite type
        return " AND ".join(clauses), values


def new_id(now: dt.datetime) -> str:
    """Return a version 7 UUID: ids sort by their time, as the real server's do."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    value = milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def insert(
    connection: sqlite3.Connection, *, team: int, user_id: int, platform: str, now: dt.datetime
) -> sqlite3.Row:
    moment, identity = stored_time(now), new_id(now)
    connection.execute(
        "INSERT INTO recordings (id, team, created_by, sdk_upload_id, platform, started_at, created_at,"
        " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (identity, team, user_id, str(uuid.uuid4()), platform, moment, moment, moment),
    )
    row = fetch(connection, team, identity, Filters())
    assert row is not None  # noqa: S101 — inserted above, in this transaction
    return row


def fetch(connection: sqlite3.Connection, team: int, identity: str, filters: Filters) -> sqlite3.Row | None:
    condition, values = filters.condition(team)
    row: sqlite3.Row | None = connection.execute(
        f"SELECT * FROM recordings WHERE id = ? AND {condition}",  # noqa: S608 — fixed clauses
        (identity, *values),
    ).fetchone()
    return row


def page(
    connection: sqlite3.Connection, team: int, filters: Filters, *, limit: int, offset: int
) -> tuple[int, list[sqlite3.Row]]:
    """Return how many match in all, and one page, newest first."""
    condition, values = filters.condition(team)
    count = connection.execute(
        f"SELECT COUNT(*) FROM recordings WHERE {condition}",  # noqa: S608 — fixed clauses
        values,
    ).fetchone()[0]
    found = connection.execute(
        f"SELECT * FROM recordings WHERE {condition}"  # noqa: S608 — fixed clauses
        " ORDER BY started_at DESC, created_at DESC, id DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    ).fetchall()
    return count, found


def update(
    connection: sqlite3.Connection, identity: str, changes: Mapping[str, Any], now: dt.datetime
) -> None:
    """Write the changed fields, and `updated_at` in any case."""
    written = {
        name: json.dumps(value, ensure_ascii=False, allow_nan=False) if name in _LISTS else value
        for name, value in changes.items()
    } | {"updated_at": stored_time(now)}
    assignments = ", ".join(f"{name} = ?" for name in written)
    connection.execute(
        f"UPDATE recordings SET {assignments} WHERE id = ?",  # noqa: S608 — names are field names
        (*written.values(), identity),
    )


def delete(connection: sqlite3.Connection, identity: str) -> None:
    """Delete for good; uploads and media rows go with it, the caller removes their files."""
    connection.execute("DELETE FROM recordings WHERE id = ?", (identity,))


def segments_of(row: sqlite3.Row) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = json.loads(row["transcript_segments"])
    return stored


def to_json(row: sqlite3.Row) -> dict[str, Any]:
    """Return the server's object: missing optional keys of items come back as null, as recorded."""
    answer: dict[str, Any] = {}
    for name in FIELDS:
        value = row[name]
        if name == "transcript_segments":
            value = [{key: item.get(key) for key in _SEGMENT_KEYS} for item in json.loads(value)]
        elif name == "extracted_tasks":
            value = [_task(item) for item in json.loads(value)]
        elif name in _LISTS:
            value = json.loads(value)
        elif name in _TIMES and value is not None:
            value = value.replace(".000000Z", "Z")
        answer[name] = value
    return answer


def _task(item: Mapping[str, Any]) -> dict[str, Any]:
    # A missing description stays missing while a missing assignee becomes null (posthog/README §4.2).
    task = {"title": item["title"]}
    if "description" in item:
        task["description"] = item["description"]
    return task | {"assignee": item.get("assignee")}


def recall_creation(connection: sqlite3.Connection, team: int, user_id: int, key: str) -> str | None:
    """Return the id of the recording an Idempotency-Key has already made."""
    row = connection.execute(
        "SELECT recording_id FROM creations WHERE team = ? AND user_id = ? AND key = ?", (team, user_id, key)
    ).fetchone()
    return None if row is None else str(row[0])


def remember_creation(
    connection: sqlite3.Connection, team: int, user_id: int, key: str, identity: str
) -> None:
    connection.execute("INSERT INTO creations VALUES (?, ?, ?, ?)", (team, user_id, key, identity))


def upload_ids(connection: sqlite3.Connection, identity: str) -> Sequence[str]:
    found = connection.execute("SELECT id FROM uploads WHERE recording_id = ?", (identity,)).fetchall()
    return [row[0] for row in found]
