"""The library: every recording of this person, its transcript lines, and where its jobs are kept.

A cache of the recordings' folders plus what people wrote; must not open media or talk to a server.
"""

from __future__ import annotations

import builtins
import contextlib
import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from recorder_app.errors import NotFoundError
from recorder_app.library import index, rows, search
from recorder_app.library.backlog import Backlog
from recorder_app.library.database import Database
from recorder_app.library.folding import terms_of
from recorder_app.library.jobs import JobTable
from recorder_app.library.ledger import Ledger
from recorder_app.library.trash import Trash
from recorder_app.models import Hit, Platform, Recording, Segment, Status


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Library:
    """Thread-safe, and open in several processes at once. Every method may raise LibraryError."""

    jobs: JobTable
    ledger: Ledger
    backlog: Backlog
    trash: Trash

    def __init__(
        self, path: Path, *, now: Callable[[], dt.datetime] = _utc_now, has_full_text: bool | None = None
    ) -> None:
        """Open and migrate. A damaged file is moved aside (`damaged`); a newer one raises LibraryError.

        `has_full_text`: False searches without an index; None asks this SQLite whether it knows FTS5.
        """
        self._has_full_text = has_full_text
        self._base = path.parent
        self._database = Database(path, prepare=self._prepare_search)
        self._now = now
        self.jobs = JobTable(self._database)
        self.ledger = Ledger(self._database)
        self.backlog = Backlog(self._database)
        self.trash = Trash(self._database, self._base)

    @property
    def damaged(self) -> Path | None:
        """Where a damaged library was moved by this opening. The recordings' folders then rebuild it."""
        return self._database.damaged

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make several changes in one commit, jobs included."""
        with self._database.writing():
            yield

    def add(self, recording: Recording) -> Recording:
        """Store a new recording and return it with its times. An id that exists already is left alone."""
        moment = self._now()
        added = dataclasses.replace(recording, created_at=recording.created_at or moment, updated_at=moment)
        columns = rows.to_columns({name: getattr(added, name) for name in rows.COLUMNS}, self._base)
        marks = ", ".join(f":{name}" for name in columns)
        with self._database.writing() as connection:
            found = connection.execute("SELECT 1 FROM recordings WHERE id = ?", (recording.id,)).fetchone()
            if found is None:
                connection.execute(
                    f"INSERT INTO recordings ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 — our names
                    columns,
                )
                index.add(connection, added)
            return self._require(connection, recording.id)

    def get(self, recording_id: str) -> Recording | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM recordings WHERE id = ?", (recording_id,)).fetchone()
        return None if row is None else rows.to_recording(row, self._base)

    def find(self, mark: str) -> Recording:
        """The one whose local or server id begins with `mark`, or the newest for "last". NotFoundError."""
        if mark == "last":
            newest = self.list(limit=1)
            if newest:
                return newest[0]
            raise NotFoundError("There is no recording yet", hint="Make one: recorder record")
        found = [
            each for each in self.list(limit=100_000)
            if each.id.startswith(mark) or (each.server_id or "").startswith(mark)
        ]  # fmt: skip
        if len(found) == 1:
            return found[0]
        problem = (
            f"{len(found)} recordings begin with {mark!r}"
            if found and mark
            else f"There is no recording {mark!r}"
        )
        raise NotFoundError(problem, hint="recorder list shows them")

    def list(self, query: str = "", *, limit: int = 200, offset: int = 0) -> list[Recording]:
        """Newest first, without the trash. Each word of `query` must occur in title, notes, summary, tasks,
        people or lines.
        """
        wanted = search.query_for(terms_of(query), search.Filters(), is_indexed=self._is_indexed)
        with self._database.reading() as connection:
            found = search.run(connection, wanted, limit=limit, offset=offset, is_ranked=False)
        return [rows.to_recording(row, self._base) for row in found]

    def search(
        self,
        query: str,
        *,
        limit: int = 50,
        offset: int = 0,
        status: Status | None = None,
        platform: Platform | None = None,
        has_open_tasks: bool | None = None,
    ) -> builtins.list[Hit]:
        """As `list`, with the line that shows why, hits in titles first. Words match from their start;
        what stands in double quotes, or holds other signs than letters and digits, as it is.
        """
        terms = terms_of(query)
        filters = search.Filters(status, platform, has_open_tasks)
        found = search.query_for(terms, filters, is_indexed=self._is_indexed)
        with self._database.reading() as connection:
            # One view of the file for rows and lines, whatever others write meanwhile.
            connection.execute("SAVEPOINT searching")
            try:
                chosen = search.run(connection, found, limit=limit, offset=offset, is_ranked=True)
                return [search.hit_of(connection, row, terms, self._base) for row in chosen]
            finally:
                connection.execute("RELEASE searching")

    def update(self, recording_id: str, **changes: Any) -> Recording:
        """Change fields of a Recording, by name. Raises NotFoundError."""
        unknown = set(changes) - set(rows.COLUMNS) | ({"id"} & set(changes))
        if unknown:
            raise TypeError(f"not a changeable field of a recording: {sorted(unknown)}")
        columns = rows.to_columns({**changes, "updated_at": self._now()}, self._base)
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        with self._database.writing() as connection:
            connection.execute(
                f"UPDATE recordings SET {assignments} WHERE id = :_id",  # noqa: S608 — names checked above
                {**columns, "_id": recording_id},
            )
            changed = self._require(connection, recording_id)
            index.update(connection, changed)
        return changed

    def segments(self, recording_id: str) -> tuple[Segment, ...]:
        """The transcript in the order of time; empty when there is none."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT * FROM segments WHERE recording_id = ? ORDER BY start_ms", (recording_id,)
            ).fetchall()
        return tuple(rows.to_segment(row) for row in found)

    def set_segments(self, recording_id: str, segments: Sequence[Segment]) -> None:
        """Replace the whole transcript. Raises NotFoundError; equal `start_ms` are a ValueError."""
        if len({segment.start_ms for segment in segments}) != len(segments):
            raise ValueError("two segments begin in the same millisecond")
        with self._database.writing() as connection:
            self._require(connection, recording_id)
            connection.execute("DELETE FROM segments WHERE recording_id = ?", (recording_id,))
            connection.executemany(
                "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [rows.from_segment(recording_id, segment) for segment in segments],
            )
            ordered = sorted(segments, key=lambda segment: segment.start_ms)
            index.set_transcript(
                connection, recording_id, [(each.start_ms, each.speaker, each.text) for each in ordered]
            )

    def server_ids(self, workspace: str) -> set[str]:
        """Every server row that one of our recordings already is."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT server_id FROM recordings WHERE workspace = ? AND server_id IS NOT NULL", (workspace,)
            ).fetchall()
        return {row["server_id"] for row in found}

    def unfinished(self, workspace: str) -> tuple[Recording, ...]:
        """Recordings of a workspace whose life is not over on the server, oldest first."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT * FROM recordings WHERE workspace = ? AND status <> 'ready' ORDER BY started_at",
                (workspace,),
            ).fetchall()
        return tuple(rows.to_recording(row, self._base) for row in found)

    def unsettled(self) -> tuple[Recording, ...]:
        """Recordings that are running, or whose end nobody has written down; of every workspace."""
        with self._database.reading() as connection:
            found = connection.execute("SELECT * FROM recordings WHERE NOT is_on_disk").fetchall()
        return tuple(rows.to_recording(row, self._base) for row in found)

    def count(self, workspace: str) -> int:
        """How many recordings belong to a workspace, without the trash."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT count(*) FROM recordings WHERE workspace = ? AND trashed_at IS NULL", (workspace,)
            ).fetchone()
        return int(row[0])

    def delete(self, recording_id: str) -> None:
        """Forget a recording, its lines and its jobs. The files are the caller's business."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))

    def close(self) -> None:
        self._database.close()

    def _prepare_search(self, connection: sqlite3.Connection) -> None:
        """Bring the index up to date if this file has none yet, or was written without FTS5 meanwhile."""
        if self._has_full_text is None:
            self._has_full_text = index.has_fts5(connection)
        index.keep_in_step(connection, is_indexed=self._is_indexed)
        if not index.is_behind(connection, is_indexed=self._is_indexed):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            if index.is_behind(connection, is_indexed=self._is_indexed):
                found = connection.execute("SELECT * FROM recordings").fetchall()
                recordings = (rows.to_recording(row, self._base) for row in found)
                index.fill(connection, recordings, is_indexed=self._is_indexed)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @property
    def _is_indexed(self) -> bool:
        return bool(self._has_full_text)

    def _require(self, connection: sqlite3.Connection, recording_id: str) -> Recording:
        row = connection.execute("SELECT * FROM recordings WHERE id = ?", (recording_id,)).fetchone()
        if row is None:
            raise NotFoundError("There is no such recording", hint="See them all with: recorder list")
        return rows.to_recording(row, self._base)
