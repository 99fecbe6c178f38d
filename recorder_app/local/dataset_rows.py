"""Datasets and their items in the database: rows in, the server's JSON out. Knows no HTTP.

Every function works on the connection it is given, inside the caller's transaction.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recorder_app.local.auth import Access, Person
from recorder_app.local.rows import new_id
from recorder_app.local.validation import stored_time

NEWEST_FIRST = ("-created_at",)
_JSON = frozenset({"input", "output", "metadata"})
_PEOPLE = uuid.UUID("6f0d2c52-7b3f-4f0e-9d57-8c1f2a5b7e11")
"""Namespace of the uuids that stand for people here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """One of the two kinds of rows; the names come from here alone, never from a request."""

    name: str
    fields: tuple[str, ...]
    """In the order of the real server's answers; created_by and team follow."""


DATASETS = Table("datasets", ("id", "name", "description", "metadata", "created_at", "updated_at", "deleted"))
ITEMS = Table(
    "dataset_items",
    (
        "id", "dataset", "input", "output", "metadata", "ref_trace_id", "ref_timestamp", "ref_source_id",
        "deleted", "created_at", "updated_at",
    ),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    search: str | None = None
    ids: tuple[str, ...] | None = None
    dataset: str | None = None

    def condition(self, team: int) -> tuple[str, list[Any]]:
        # Null counts as not deleted, as on the real server.
        clauses, values = ["team = ?", "deleted IS NOT 1"], [team]
        if self.search:
            clauses.append(
                "(contains_text(name, ?) OR contains_text(description, ?) OR contains_text(metadata, ?))"
            )
            values += [self.search] * 3  # type: ignore[list-item]  # parameters of any SQLite type
        if self.ids is not None:
            clauses.append(f"id IN ({', '.join('?' * len(self.ids))})")
            values += self.ids  # type: ignore[arg-type]  # as above
        if self.dataset is not None:
            clauses.append("dataset = ?")
            values.append(self.dataset)  # type: ignore[arg-type]  # as above
        return " AND ".join(clauses), values


def insert(
    connection: sqlite3.Connection, table: Table, access: Access, values: Mapping[str, Any], now: dt.datetime
) -> sqlite3.Row:
    moment, identity = stored_time(now), new_id(now)
    written = {
        "id": identity,
        "team": access.team,
        "created_by": access.user_id,
        "created_at": moment,
        "updated_at": moment,
        **_stored(values),
    }
    connection.execute(
        f"INSERT INTO {table.name} ({', '.join(written)}) VALUES ({', '.join('?' * len(written))})",  # noqa: S608 — our names
        tuple(written.values()),
    )
    row = fetch(connection, table, access.team, identity, with_deleted=True)
    assert row is not None  # noqa: S101 — inserted above, in this transaction
    return row


def fetch(
    connection: sqlite3.Connection, table: Table, team: int, identity: str, *, with_deleted: bool = False
) -> sqlite3.Row | None:
    visible = "" if with_deleted else " AND deleted IS NOT 1"
    row: sqlite3.Row | None = connection.execute(
        f"SELECT * FROM {table.name} WHERE id = ? AND team = ?{visible}",  # noqa: S608 — our names
        (identity, team),
    ).fetchone()
    return row


def update(
    connection: sqlite3.Connection,
    table: Table,
    identity: str,
    changes: Mapping[str, Any],
    now: dt.datetime,
) -> None:
    """Write the changed fields, and `updated_at` in any case."""
    written = _stored(changes) | {"updated_at": stored_time(now)}
    assignments = ", ".join(f"{name} = ?" for name in written)
    connection.execute(
        f"UPDATE {table.name} SET {assignments} WHERE id = ?",  # noqa: S608 — names are field names
        (*written.values(), identity),
    )


def page(
    connection: sqlite3.Connection,
    table: Table,
    team: int,
    filters: Filters,
    *,
    limit: int,
    offset: int,
    order_by: Sequence[str] = NEWEST_FIRST,
) -> tuple[int, list[sqlite3.Row]]:
    """Return how many match in all, and one page. `order_by` are checked names, "-" for descending."""
    condition, values = filters.condition(team)
    count = connection.execute(
        f"SELECT COUNT(*) FROM {table.name} WHERE {condition}",  # noqa: S608 — fixed clauses
        values,
    ).fetchone()[0]
    order = ", ".join(f"{name.removeprefix('-')} {'DESC' if name[0] == '-' else 'ASC'}" for name in order_by)
    found = connection.execute(
        f"SELECT * FROM {table.name} WHERE {condition} ORDER BY {order}, id DESC LIMIT ? OFFSET ?",  # noqa: S608
        (*values, limit, offset),
    ).fetchall()
    return count, found


def to_json(table: Table, row: sqlite3.Row, person: Callable[[int], Person]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name in table.fields:
        value = row[name]
        if name in _JSON:
            value = json.loads(value)
        elif name == "deleted" and value is not None:
            value = bool(value)
        elif isinstance(value, str) and (name.endswith("_at") or name == "ref_timestamp"):
            value = value.replace(".000000Z", "Z")
        answer[name] = value
    user_id = row["created_by"]
    return answer | {"created_by": person_json(user_id, person(user_id)), "team": row["team"]}


def person_json(user_id: int, person: Person) -> dict[str, Any]:
    return {
        "id": user_id,
        "uuid": str(uuid.uuid5(_PEOPLE, str(user_id))),
        "distinct_id": person.distinct_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "is_email_verified": True,
        "hedgehog_config": None,
        "role_at_organization": person.role,
    }


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.dumps(value, ensure_ascii=False, allow_nan=False) if name in _JSON else value
        for name, value in values.items()
    }
