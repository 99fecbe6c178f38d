"""What can be searched, and the full-text index over it: tables, triggers, filling.

`search` holds folded text, a row a recording; `search_words` is an FTS5 index without a copy of it. A row a
recording and not a row a line: a thousand hours are a thousand rows, and the line is found in the text.
Measured over 1,000 meetings of 800 lines: a lookup takes 0.3 ms; `detail=full` took the same and 50 MB more.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Sequence

from recorder_app.library.folding import fold, plain
from recorder_app.models import Recording

BODY = ("title", "people", "notes", "summary", "tasks", "bookmarks")
"""Columns that come from the recording, in the order in which a hit in them is preferred."""
COLUMNS = (*BODY, "speakers", "transcript")
ANONYMOUS = frozenset({"You", "Them", ""})
"""Speakers nobody named: they would be found in every recording."""

_TRIGGERS = ("search_added", "search_removed", "search_changed")


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """One line somebody may look for."""

    field: str
    """One of BODY, or "transcript"."""
    text: str
    start_ms: int | None = None
    """Where in the sound it was said, when that is known."""


def units(recording: Recording) -> list[Unit]:
    """Everything of a recording but its transcript, a unit a line."""
    lines = [
        Unit("title", recording.title),
        *(Unit("people", name) for name in recording.participants),
        *(Unit("notes", line) for line in recording.notes.splitlines()),
        *(Unit("summary", line.text, _first(line.evidence)) for line in recording.summary_lines),
        *(
            Unit("tasks", f"{task.title} {task.description} {task.assignee or ''}", _first(task.evidence))
            for task in recording.tasks
        ),
        *(Unit("bookmarks", mark.note, mark.at_ms) for mark in recording.bookmarks),
    ]
    return [Unit(line.field, text, line.start_ms) for line in lines if (text := plain(line.text))]


def create_tables(connection: sqlite3.Connection) -> None:
    """In a migration. `search_words` is not made here: this SQLite may not know FTS5."""
    connection.execute("DROP TABLE IF EXISTS search")
    # `starts`: where each line of the transcript begins; going to the n-th segment by its number instead
    # reads all before it, words included. The longest column comes last: SQLite reads rows from the left.
    columns = ", ".join(f"{name} TEXT NOT NULL DEFAULT ''" for name in ("starts", *COLUMNS))
    connection.execute(
        "CREATE TABLE search (id INTEGER PRIMARY KEY, recording_id TEXT NOT NULL UNIQUE "
        f"REFERENCES recordings (id) ON DELETE CASCADE, {columns})"
    )
    connection.execute("CREATE TABLE search_state (is_filled INTEGER NOT NULL, is_indexed INTEGER NOT NULL)")
    connection.execute("INSERT INTO search_state VALUES (0, 0)")


def has_fts5(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def keep_in_step(connection: sqlite3.Connection, *, is_indexed: bool) -> None:
    """Make this connection's commits carry the index with them, or say in the file that it fell behind.

    Temporary triggers: the file itself stays usable by an SQLite without FTS5.
    """
    for name in _TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS temp.{name}")
    if is_indexed:
        old, new = (", ".join(f"{row}.{name}" for name in COLUMNS) for row in ("old", "new"))
        names = ", ".join(COLUMNS)
        remove = f"INSERT INTO search_words (search_words, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608 — our names
        add = f"INSERT INTO search_words (rowid, {names}) VALUES (new.id, {new});"  # noqa: S608 — our names
    else:
        remove = add = "UPDATE search_state SET is_indexed = 0;"
    differs = " OR ".join(f"old.{name} IS NOT new.{name}" for name in COLUMNS)
    for name, moment, work in zip(
        _TRIGGERS,
        ("AFTER INSERT", "AFTER DELETE", "AFTER UPDATE"),
        (add, remove, f"{remove} {add}"),
        strict=True,
    ):
        condition = f"WHEN {differs}" if moment == "AFTER UPDATE" else ""
        connection.execute(f"CREATE TEMP TRIGGER {name} {moment} ON main.search {condition} BEGIN {work} END")


def is_behind(connection: sqlite3.Connection, *, is_indexed: bool) -> bool:
    is_filled, was_indexed = connection.execute("SELECT is_filled, is_indexed FROM search_state").fetchone()
    return not is_filled or (is_indexed and not was_indexed)


def create_index(connection: sqlite3.Connection) -> None:
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS search_words USING fts5("
        f"{', '.join(COLUMNS)}, content='search', content_rowid='id', detail=column, columnsize=0, "
        "prefix='1 2 3', tokenize=\"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")"
    )


def fill(connection: sqlite3.Connection, recordings: Iterable[Recording], *, is_indexed: bool) -> None:
    """Make everything anew from the recordings. In a transaction; about 10 ms an hour of speech."""
    for name in _TRIGGERS:
        connection.execute(f"DROP TRIGGER IF EXISTS temp.{name}")
    connection.execute("DELETE FROM search")
    for recording in recordings:
        add(connection, recording)
        lines = connection.execute(
            "SELECT start_ms, speaker, text FROM segments WHERE recording_id = ? ORDER BY start_ms",
            (recording.id,),
        )
        set_transcript(connection, recording.id, [tuple(line) for line in lines])
    if is_indexed:
        create_index(connection)
        connection.execute("INSERT INTO search_words (search_words) VALUES ('rebuild')")
    connection.execute("UPDATE search_state SET is_filled = 1, is_indexed = ?", (int(is_indexed),))
    keep_in_step(connection, is_indexed=is_indexed)


def add(connection: sqlite3.Connection, recording: Recording) -> None:
    names = ", ".join(BODY)
    connection.execute(
        f"INSERT INTO search (recording_id, {names}) VALUES ({', '.join('?' * (len(BODY) + 1))})",  # noqa: S608
        [recording.id, *_body(recording)],
    )


def update(connection: sqlite3.Connection, recording: Recording) -> None:
    """After any change of the recording; costs next to nothing when no words changed."""
    body = _body(recording)
    known = connection.execute(
        f"SELECT {', '.join(BODY)} FROM search WHERE recording_id = ?",  # noqa: S608 — our names
        (recording.id,),
    ).fetchone()
    if known is None or list(known) == body:
        return
    assignments = ", ".join(f"{name} = ?" for name in BODY)
    connection.execute(
        f"UPDATE search SET {assignments} WHERE recording_id = ?",  # noqa: S608 — our names
        [*body, recording.id],
    )


def set_transcript(
    connection: sqlite3.Connection, recording_id: str, lines: Sequence[tuple[int, str, str]]
) -> None:
    """`start_ms`, speaker and text of each segment in the order of time."""
    named = dict.fromkeys(speaker for _, speaker, _ in lines if speaker not in ANONYMOUS)
    connection.execute(
        "UPDATE search SET starts = ?, speakers = ?, transcript = ? WHERE recording_id = ?",
        (
            " ".join(str(start_ms) for start_ms, _, _ in lines),
            "\n".join(fold(name) for name in named),
            "\n".join(fold(text) for _, _, text in lines),
            recording_id,
        ),
    )


def _body(recording: Recording) -> list[str]:
    found: dict[str, list[str]] = {name: [] for name in BODY}
    for unit in units(recording):
        found[unit.field].append(fold(unit.text))
    return ["\n".join(found[name]) for name in BODY]


def _first(moments: Sequence[int]) -> int | None:
    return moments[0] if moments else None
