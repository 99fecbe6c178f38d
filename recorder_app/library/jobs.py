"""Durable jobs: what still has to be done for a recording, in the same file and commits as the recording.

Knows order, exclusion and time; must not know what a kind of job does.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from recorder_app.library.database import Database
from recorder_app.models import JobView

PENDING, RUNNING, DONE, BLOCKED = "pending", "running", "done", "blocked"

LAST = "purge"
"""A recording's end. Once it has a job of this kind none of its others is begun, and this one waits for those
that run: the table alone must make sure of it, whoever asks for work meanwhile."""

CLOCK_SLACK_S = 1.0
"""A try further away than its own delay plus this means that the clock was set back: it is due."""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One row. `payload` is the job's own notebook; it survives a kill."""

    id: int
    recording_id: str
    kind: str
    lane: str
    state: str
    attempts: int
    """Failures in a row."""
    revision: int
    """Grows with each request; a job asked for again while it ran runs once more."""
    next_attempt_at: float
    """Seconds since the epoch."""
    reason: str | None
    payload: Mapping[str, Any]
    progress: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class JobSpec:
    """What a new row of a kind looks like."""

    kind: str
    lane: str
    position: int
    """Order among a recording's due jobs, and among recordings."""
    needs: tuple[str, ...] = ()
    """Kinds of the same recording that must be done first."""
    follows: tuple[str, ...] = ()
    """Kinds that must not be waiting or running; blocked ones do not hold this one back."""


# `:workspace` NULL means any. A missing needed row holds a job back just as an unfinished one does.
_CLAIMABLE = """
    SELECT j.id FROM jobs j JOIN recordings r ON r.id = j.recording_id
    WHERE j.lane = :lane AND j.state = 'pending'
      AND (j.next_attempt_at <= :now OR j.next_attempt_at > :now + j.delay_s + :slack)
      AND (:workspace IS NULL OR r.workspace = :workspace)
      AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.recording_id = j.recording_id
                      AND o.lane = j.lane AND o.state = 'running')
      AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.recording_id = j.recording_id AND o.id <> j.id
                      AND CASE WHEN j.kind = :last THEN o.state = 'running' ELSE o.kind = :last END)
      AND NOT EXISTS (SELECT 1 FROM json_each(j.needs) n LEFT JOIN jobs o
                      ON o.recording_id = j.recording_id AND o.kind = n.value
                      WHERE o.state IS NOT 'done')
      AND NOT EXISTS (SELECT 1 FROM json_each(j.follows) f JOIN jobs o
                      ON o.recording_id = j.recording_id AND o.kind = f.value
                      WHERE o.state IN ('pending', 'running'))
    ORDER BY j.position, j.next_attempt_at, j.id LIMIT 1
"""


class JobTable:
    """At most one job per recording and lane runs at any time, over all threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, recording_id: str, specs: Iterable[JobSpec]) -> None:
        """Add what is not there yet; existing rows keep their state."""
        with self._database.writing() as connection:
            for spec in specs:
                _insert(connection, recording_id, spec)

    def request(self, recording_id: str, spec: JobSpec, *, now: float, fields: Iterable[str] = ()) -> None:
        """Ask for a job (again), now. `fields` are added to those in `payload["fields"]`."""
        with self._database.writing() as connection:
            _insert(connection, recording_id, spec)
            row = connection.execute(
                "SELECT id, state, payload FROM jobs WHERE recording_id = ? AND kind = ?",
                (recording_id, spec.kind),
            ).fetchone()
            payload = json.loads(row["payload"])
            known = set() if row["state"] == DONE else set(payload.get("fields", ()))
            payload["fields"] = sorted(known | set(fields))
            payload.pop("cancelled", None)
            connection.execute(
                "UPDATE jobs SET revision = revision + 1, payload = :payload, "
                "state = CASE state WHEN 'running' THEN 'running' ELSE 'pending' END, "
                "attempts = 0, reason = NULL, progress = NULL, next_attempt_at = :now, delay_s = 0 "
                "WHERE id = :id",
                {"id": row["id"], "payload": json.dumps(payload), "now": now},
            )

    def claim(self, lane: str, *, now: float, workspace: str | None = None) -> Job | None:
        """Mark the next due job of a lane as running and return it; None when nothing is due.

        `workspace` limits it to recordings of that workspace; None means any.
        """
        values = {
            "lane": lane,
            "now": now,
            "workspace": workspace,
            "slack": CLOCK_SLACK_S,
            "last": LAST,
        }
        with self._database.reading() as connection:
            # Mostly there is nothing: find that out without taking the write lock.
            if connection.execute(_CLAIMABLE, values).fetchone() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(
                f"UPDATE jobs SET state = 'running' WHERE id = ({_CLAIMABLE}) RETURNING *",  # noqa: S608 — a constant
                values,
            ).fetchall()
        return _job(found[0]) if found else None

    def settle(
        self,
        job: Job,
        *,
        state: str,
        attempts: int = 0,
        next_attempt_at: float = 0.0,
        delay_s: float = 0.0,
        reason: str | None = None,
        progress: int | None = None,
    ) -> None:
        """End a run. A done job that was requested meanwhile becomes pending instead, due at once."""
        with self._database.writing() as connection:
            connection.execute(
                # One that was cancelled while it ran, and is not done by that, was given up.
                "UPDATE jobs SET attempts = :attempts, next_attempt_at = :next, "
                "delay_s = :delay, progress = :progress, "
                "state = CASE WHEN :state <> 'done' AND json_extract(payload, '$.cancelled') IS NOT NULL "
                "THEN 'blocked' ELSE :state END, "
                "reason = CASE WHEN :state <> 'done' THEN "
                "coalesce(json_extract(payload, '$.cancelled'), :reason) ELSE :reason END "
                "WHERE id = :id AND revision = :revision",
                {
                    "id": job.id,
                    "revision": job.revision,
                    "state": state,
                    "attempts": attempts,
                    "next": next_attempt_at,
                    "delay": delay_s,
                    "reason": reason,
                    "progress": progress,
                },
            )
            connection.execute(
                "UPDATE jobs SET state = 'pending' WHERE id = ? AND revision <> ? AND state = 'running'",
                (job.id, job.revision),
            )

    def save_payload(self, job: Job, payload: Mapping[str, Any]) -> None:
        """Write the job's notebook down, durably, before what follows."""
        with self._database.writing() as connection:
            connection.execute("UPDATE jobs SET payload = ? WHERE id = ?", (json.dumps(payload), job.id))

    def set_progress(self, job: Job, percent: int | None) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE jobs SET progress = ? WHERE id = ?", (percent, job.id))

    def requeue_running(self) -> int:
        """Make what a dead process left running pending again. Only for the one engine, at its start."""
        with self._database.writing() as connection:
            return connection.execute("UPDATE jobs SET state = 'pending' WHERE state = 'running'").rowcount

    def block(self, recording_id: str, kinds: Iterable[str], *, reason: str) -> None:
        """Give up waiting jobs that can never run because something they need has given up."""
        with self._database.writing() as connection:
            for kind in kinds:
                connection.execute(
                    "UPDATE jobs SET state = 'blocked', reason = ?, "
                    "payload = json_set(payload, '$.is_dependent', json('true')) "
                    "WHERE recording_id = ? AND kind = ? AND state = 'pending'",
                    (reason, recording_id, kind),
                )

    def cancel(self, recording_id: str, kinds: Iterable[str], *, reason: str) -> int:
        """Give jobs up because a person said so; return how many. A running one when its turn is over."""
        count = 0
        with self._database.writing() as connection:
            for kind in kinds:
                count += connection.execute(
                    "UPDATE jobs SET payload = json_set(payload, '$.cancelled', :reason), "
                    "reason = :reason, progress = NULL, "
                    "state = CASE state WHEN 'pending' THEN 'blocked' ELSE state END "
                    "WHERE recording_id = :id AND kind = :kind AND state IN ('pending', 'running')",
                    {"reason": reason, "id": recording_id, "kind": kind},
                ).rowcount
        return count

    def hurry(self, recording_id: str | None, *, now: float, with_blocked: bool = False) -> None:
        """Make waiting jobs due now, with `with_blocked` also those that gave up; None: of all recordings.

        One that is running runs once more: it may have looked before what it is hurried for happened.
        """
        values = {"now": now, "id": recording_id, "blocked": with_blocked}
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE jobs SET next_attempt_at = :now, delay_s = 0, attempts = 0, "
                "reason = CASE state WHEN 'blocked' THEN NULL ELSE reason END, "
                "payload = json_remove(payload, '$.is_dependent', '$.cancelled'), "
                "revision = revision + (state = 'running'), "
                "state = CASE state WHEN 'blocked' THEN 'pending' ELSE state END "
                "WHERE (state IN ('pending', 'running') OR (state = 'blocked' AND :blocked)) "
                "AND (:id IS NULL OR recording_id = :id)",
                values,
            )

    def reset(self, recording_id: str, kinds: Iterable[str], *, now: float) -> None:
        """Let finished kinds run again (the media changed, a better transcript is wanted)."""
        with self._database.writing() as connection:
            for kind in kinds:
                connection.execute(
                    "UPDATE jobs SET state = CASE state WHEN 'running' THEN 'running' ELSE 'pending' END, "
                    "revision = revision + 1, attempts = 0, reason = NULL, progress = NULL, payload = '{}', "
                    "next_attempt_at = ?, delay_s = 0 WHERE recording_id = ? AND kind = ?",
                    (now, recording_id, kind),
                )

    def of(self, recording_id: str) -> tuple[Job, ...]:
        """Every job of a recording in its order."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT * FROM jobs WHERE recording_id = ? ORDER BY position, id", (recording_id,)
            ).fetchall()
        return tuple(_job(row) for row in found)

    def one(self, recording_id: str, kind: str) -> Job | None:
        return next((job for job in self.of(recording_id) if job.kind == kind), None)

    def open(self, recording_id: str | None = None) -> tuple[Job, ...]:
        """Jobs that are not done, in order; of one recording or of all."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT * FROM jobs WHERE state <> 'done' AND (:id IS NULL OR recording_id = :id) "
                "ORDER BY recording_id, position, id",
                {"id": recording_id},
            ).fetchall()
        return tuple(_job(row) for row in found)

    def next_due(self, lane: str, *, after: float) -> float | None:
        """The earliest moment later than `after` that a waiting job of the lane asked for (epoch seconds).

        Earlier ones are held back by something else than time.
        """
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT min(next_attempt_at) AS due FROM jobs "
                "WHERE lane = ? AND state = 'pending' AND next_attempt_at > ?",
                (lane, after),
            ).fetchone()
        return None if row["due"] is None else float(row["due"])

    def views(self, recording_id: str | None = None) -> list[JobView]:
        """Jobs as the uploads page shows them: of one recording all, else all that are not done."""
        return [view_of(job) for job in (self.open() if recording_id is None else self.of(recording_id))]


def view_of(job: Job) -> JobView:
    is_waiting = job.state == PENDING and job.next_attempt_at > 0
    return JobView(
        id=job.id,
        recording_id=job.recording_id,
        kind=job.kind,
        state=job.state,
        attempts=job.attempts,
        reason=job.reason,
        next_attempt_at=dt.datetime.fromtimestamp(job.next_attempt_at, dt.UTC) if is_waiting else None,
        progress_percent=job.progress,
    )


def _insert(connection: sqlite3.Connection, recording_id: str, spec: JobSpec) -> None:
    connection.execute(
        "INSERT INTO jobs (recording_id, kind, lane, position, needs, follows, state) "
        "VALUES (?, ?, ?, ?, ?, ?, 'pending') ON CONFLICT (recording_id, kind) DO NOTHING",
        (
            recording_id,
            spec.kind,
            spec.lane,
            spec.position,
            json.dumps(spec.needs),
            json.dumps(spec.follows),
        ),
    )


def _job(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        recording_id=row["recording_id"],
        kind=row["kind"],
        lane=row["lane"],
        state=row["state"],
        attempts=row["attempts"],
        revision=row["revision"],
        next_attempt_at=row["next_attempt_at"],
        reason=row["reason"],
        payload=json.loads(row["payload"]),
        progress=row["progress"],
    )
