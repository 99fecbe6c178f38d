"""What is on its way and what stands in it: the data of the uploads page and of `recorder sync --json`."""

from __future__ import annotations

import dataclasses
import datetime as dt

from recorder_app.context import Context
from recorder_app.errors import UsageError
from recorder_app.models import JobView, UploadsStatus
from recorder_app.sync import enqueue, jobs, plan

CANCELLED = "You cancelled it. Everything is kept on this computer."
_WORDS = {
    "create": "Make the row on the server",
    "describe": "Send title and start",
    "upload": "Send the sound",
    "finish": "Send length and people",
    "media": "Tell where the sound is",
    "edits": "Send your changes",
    "transcribe": "Write the transcript",
    "insights": "Find summary and tasks",
    "transcript": "Send the transcript",
    "summary": "Send summary and tasks",
    "done": "Close",
    "purge": "Delete for good",
}


@dataclasses.dataclass(frozen=True, slots=True)
class UploadRow:
    """One recording with something left to do."""

    recording_id: str
    title: str
    workspace: str
    jobs: tuple[JobView, ...]
    """Those that are not done, in order."""
    reason: str | None
    """The sentence to show first: why something was given up or waits; None while it moves."""
    next_attempt_at: dt.datetime | None
    """The next moment at which something is tried; None when it runs now, or never by itself."""
    progress_percent: int | None
    """Of what is being sent or transcribed now."""
    can_cancel: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Moving:
    """Recordings that the person asked to move to the workspace in use."""

    waiting: int
    current: str | None
    """Id of the one that is on its way."""


class Uploads:
    """From any thread; every method reads or writes the library and may raise LibraryError."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def status(self) -> UploadsStatus:
        """Count recordings, not jobs: those with something left to do; failing ones were given up."""
        library = self._context.library()
        open_jobs = library.jobs.open()
        return UploadsStatus(
            waiting=len({job.recording_id for job in open_jobs}),
            failing=len({job.recording_id for job in open_jobs if job.state == "blocked"}),
            paused_reason=library.ledger.paused_reason(self._context.settings().workspace),
        )

    def rows(self) -> list[UploadRow]:
        """Every recording with something left to do, newest first."""
        found: dict[str, list[JobView]] = {}
        for view in self._context.library().jobs.views():
            found.setdefault(view.recording_id, []).append(view)
        rows = [self._row(recording_id, tuple(views)) for recording_id, views in found.items()]
        kept = [(started, row) for started, row in rows if row is not None]
        return [row for _, row in sorted(kept, key=lambda each: each[0], reverse=True)]

    def moving(self) -> Moving:
        backlog, target = self._context.library().backlog, self._context.settings().workspace
        return Moving(len(backlog.waiting(target)), next(iter(backlog.moving(target)), None))

    def retry(self, recording_id: str) -> None:
        """Try now what waits or was given up. NotFoundError."""
        enqueue.retry(self._context.library(), recording_id, now=self._context.now().timestamp())
        self._context.changed(recording_id)

    def cancel(self, recording_id: str) -> None:
        """Stop sending: the sound, or everything where the server has no row yet. Retry takes it back.

        UsageError when there is nothing that can be cancelled.
        """
        library = self._context.library()
        with library.transaction():
            kinds = self._cancellable(recording_id)
            if not kinds or not library.jobs.cancel(recording_id, kinds, reason=CANCELLED):
                raise UsageError("There is nothing to cancel", hint="recorder sync --json shows what is left")
        self._context.changed(recording_id)

    def _cancellable(self, recording_id: str) -> tuple[str, ...]:
        is_open = {
            job.kind for job in self._context.library().jobs.open(recording_id) if job.state != "blocked"
        }
        for kind in (jobs.CREATE.kind, jobs.UPLOAD.kind):
            if kind in is_open:
                return (kind, *plan.dependents(kind))
        return ()

    def _row(self, recording_id: str, views: tuple[JobView, ...]) -> tuple[dt.datetime, UploadRow | None]:
        library = self._context.library()
        recording = library.get(recording_id)
        if recording is None:
            # Deleted for good between two looks.
            return self._context.now(), None
        paused = library.ledger.paused_reason(recording.workspace)
        told = [view for view in views if view.reason]
        first = next((view for view in told if view.state == "blocked"), next(iter(told), None))
        running = [view for view in views if view.state == "running"]
        times = [view.next_attempt_at for view in views if view.next_attempt_at is not None]
        row = UploadRow(
            recording_id=recording_id,
            title=recording.title,
            workspace=recording.workspace,
            jobs=views,
            reason=paused or (first.reason if first else None),
            next_attempt_at=None if running or paused or not times else min(times),
            progress_percent=next(
                (v.progress_percent for v in running if v.progress_percent is not None), None
            ),
            can_cancel=bool(self._cancellable(recording_id)),
        )
        return recording.started_at, row


def job_words(kind: str) -> str:
    """What a kind of job does, as a person would say it."""
    return _WORDS.get(kind, kind)
