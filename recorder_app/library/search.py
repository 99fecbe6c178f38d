"""From typed words to recordings, and to the line that shows why each was found.

Titles come first, then what people and summaries say, then what was said in the call; newest first in each.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from recorder_app.library import index, rows
from recorder_app.library.folding import Term, find, fold, plain, ranges_of
from recorder_app.models import Hit, Platform, Recording, Status

EXCERPT = 200
"""Characters of a hit's line; people see one row of it."""
LEAD = 60
"""Characters before the first found word when a long line is shortened."""
_MAX_PLACES = 100
"""Lines of one meeting that are looked at for one that holds all words."""

_OPEN_TASK = "SELECT 1 FROM json_each(r.tasks) AS task WHERE NOT json_extract(task.value, '$.is_done')"


@dataclasses.dataclass(frozen=True, slots=True)
class Filters:
    """Facets; None: any."""

    status: Status | None = None
    platform: Platform | None = None
    has_open_tasks: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """Which rows of `recordings r` and `search s`, and in which tier each is."""

    where: str
    parameters: tuple[Any, ...]
    tier: str = "2"
    tier_parameters: tuple[Any, ...] = ()


def query_for(terms: Sequence[Term], filters: Filters, *, is_indexed: bool) -> Query:
    """Every term must occur in some column; the index finds candidates, `instr` what it cannot know."""
    conditions = ["r.trashed_at IS NULL"]
    parameters: list[Any] = []
    tokens = [term.tokens for term in terms if term.tokens] if is_indexed else []
    if tokens:
        conditions.append("s.id IN (SELECT rowid FROM search_words WHERE search_words MATCH ?)")
        parameters.append(_match(tokens))
    for term in terms:
        if term.is_literal or not is_indexed:
            conditions.append(f"({' OR '.join(f'instr(s.{name}, ?)' for name in index.COLUMNS)})")
            parameters += [term.text] * len(index.COLUMNS)
    for name, value in (("status", filters.status), ("platform", filters.platform)):
        if value is not None:
            conditions.append(f"r.{name} = ?")
            parameters.append(value.value)
    if filters.has_open_tasks is not None:
        conditions.append(f"{'' if filters.has_open_tasks else 'NOT '}EXISTS ({_OPEN_TASK})")
    return Query(" AND ".join(conditions), tuple(parameters), *_tier(terms, tokens))


def _tier(terms: Sequence[Term], tokens: Sequence[tuple[str, ...]]) -> tuple[str, tuple[Any, ...]]:
    if not terms:
        return "2", ()
    cases: list[str] = []
    parameters: list[Any] = []
    for tier, names in ((0, index.BODY[:1]), (1, index.BODY)):
        if tokens:
            test = "s.id IN (SELECT rowid FROM search_words WHERE search_words MATCH ?)"
            parameters.append(f"{{{' '.join(names)}}} : ({_match(tokens)})")
        else:
            one = f"({' OR '.join(f'instr(s.{name}, ?)' for name in names)})"
            test = " AND ".join([one] * len(terms))
            parameters += [term.text for term in terms for _ in names]
        cases.append(f"WHEN {test} THEN {tier}")
    return f"CASE {' '.join(cases)} ELSE 2 END", tuple(parameters)


def _match(tokens: Sequence[tuple[str, ...]]) -> str:
    """An FTS5 expression. Tokens are letters and digits only, so that quotes suffice for any input."""
    parts = [f'"{word}"' for each in tokens for word in each[:-1]]
    parts += [f'"{each[-1]}"*' for each in tokens]
    return " AND ".join(parts)


def run(
    connection: sqlite3.Connection, query: Query, *, limit: int, offset: int, is_ranked: bool
) -> list[Any]:
    """Rows of `recordings` with `search_id`."""
    tier = query.tier if is_ranked else "2"
    tier_parameters = query.tier_parameters if is_ranked else ()
    # Ids are sorted first, whole rows read afterwards: sorting a thousand rows with notes took 20 ms.
    return connection.execute(
        "SELECT r.*, found.search_id FROM ("  # noqa: S608 — marks only
        f"SELECT r.id AS id, s.id AS search_id, {tier} AS tier FROM recordings r "
        f"JOIN search s ON s.recording_id = r.id WHERE {query.where} "
        "ORDER BY tier, r.started_at DESC, r.id LIMIT ? OFFSET ?"
        ") AS found JOIN recordings r ON r.id = found.id ORDER BY found.tier, r.started_at DESC, r.id",
        [*tier_parameters, *query.parameters, limit, offset],
    ).fetchall()


def hit_of(connection: sqlite3.Connection, row: Any, terms: tuple[Term, ...], base: Path) -> Hit:
    """The line that holds the most of the words; among equals the one people wrote before the one said."""
    recording = rows.to_recording(row, base)
    if not terms:
        return Hit(recording, "title", plain(recording.title))
    best, most = index.Unit("title", plain(recording.title)), 0
    for unit in index.units(recording):
        count = _count(fold(unit.text), terms)
        if count > most:
            best, most = unit, count
        if most == len(terms):
            break
    if most < len(terms):
        start_ms, count = _line_in_transcript(connection, row["search_id"], terms)
        if count > most and (said := _segment(connection, recording.id, start_ms)):
            best, most = said, count
    if not most and (speaker := _speaker(connection, recording.id, terms)):
        best = speaker
    return _shortened(recording, best, terms)


def _line_in_transcript(
    connection: sqlite3.Connection, search_id: int, terms: tuple[Term, ...]
) -> tuple[int, int]:
    """`start_ms` of the line with the most terms, and how many it holds."""
    starts, text = connection.execute(
        "SELECT starts, transcript FROM search WHERE id = ?", (search_id,)
    ).fetchone()
    best_start, most = 0, 0
    # The longest word is the rarest guess: its lines are looked at first.
    for term in sorted(terms, key=lambda each: -len(each.text)):
        for start, end in _lines_with(text, term):
            count = _count(text[start:end], terms)
            if count > most:
                best_start, most = start, count
            if most == len(terms):
                break
        if most:
            break
    return (int(starts.split(" ")[text.count("\n", 0, best_start)]), most) if most else (0, 0)


def _lines_with(text: str, term: Term) -> Iterator[tuple[int, int]]:
    at = find(text, term)
    for _ in range(_MAX_PLACES):
        if at < 0:
            return
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield text.rfind("\n", 0, at) + 1, end
        at = find(text, term, end)


def _segment(connection: sqlite3.Connection, recording_id: str, start_ms: int) -> index.Unit | None:
    row = connection.execute(
        "SELECT text FROM segments WHERE recording_id = ? AND start_ms = ?", (recording_id, start_ms)
    ).fetchone()
    return index.Unit("transcript", plain(row["text"]), start_ms) if row else None


def _speaker(connection: sqlite3.Connection, recording_id: str, terms: tuple[Term, ...]) -> index.Unit | None:
    found = connection.execute(
        "SELECT speaker, min(start_ms) AS start_ms FROM segments WHERE recording_id = ? GROUP BY speaker",
        (recording_id,),
    ).fetchall()
    named = (row for row in found if row["speaker"] not in index.ANONYMOUS)
    speaker = next((row for row in named if _count(fold(row["speaker"]), terms)), None)
    return index.Unit("people", plain(speaker["speaker"]), speaker["start_ms"]) if speaker else None


def _count(folded: str, terms: tuple[Term, ...]) -> int:
    return sum(find(folded, term) >= 0 for term in terms)


def _shortened(recording: Recording, unit: index.Unit, terms: tuple[Term, ...]) -> Hit:
    ranges = ranges_of(unit.text, terms)
    first = ranges[0][0] if ranges else 0
    start = 0 if len(unit.text) <= EXCERPT or first <= LEAD else first - LEAD
    end = min(start + EXCERPT, len(unit.text))
    before, after = "…" if start else "", "…" if end < len(unit.text) else ""
    shift = len(before) - start
    kept = tuple((left + shift, min(right, end) + shift) for left, right in ranges if left < end)
    return Hit(recording, unit.field, before + unit.text[start:end] + after, unit.start_ms, kept)
