"""Every recording with its state, kept fresh: what the tasks and uploads pages and their counts show."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from recorder_app.errors import NotFoundError, RecorderError
from recorder_app.models import JobView, RecordingRow, StateKind, Task, UploadsStatus
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.facade import Recorder

PAGE = 200
SETTLE_MS = 250
"""Many changes at once (an upload's progress) make one reading."""
BUSY = {StateKind.SAVING, StateKind.UPLOADING, StateKind.TRANSCRIBING}
NEEDS_YOU = {StateKind.NEEDS_SIGN_IN, StateKind.FAILED}
UNFINISHED = BUSY | NEEDS_YOU | {StateKind.WAITING}


class Overview(QObject):
    """Lives in the GUI thread. The library is read whole once, then row by row as rows change."""

    changed = Signal()

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._rows: dict[str, RecordingRow] = {}
        self.jobs: dict[str, list[JobView]] = {}
        """What is still to be done, by recording."""
        self.is_loaded = False
        self.problem = ""
        """Why nothing is shown, in a sentence; empty when all is well."""
        self._stale: set[str] = set()
        self._paused: str | None = None
        self._timer = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._timer.timeout.connect(self._refresh)
        bridge.recording_changed.connect(self._mark)
        bridge.uploads_changed.connect(self._uploads_changed)

    def rows(self) -> list[RecordingRow]:
        """Return all rows, newest first."""
        return sorted(self._rows.values(), key=lambda row: row.recording.started_at, reverse=True)

    def open_tasks(self) -> int:
        """Return how many tasks a person kept and has not done."""
        return sum(
            task.is_confirmed and not task.is_done
            for row in self._rows.values()
            for task in row.recording.tasks
        )

    def unfinished(self) -> int:
        """Return how many recordings have something left to do."""
        return sum(row.state.kind in UNFINISHED for row in self._rows.values())

    def load(self) -> None:
        """Read the whole library."""
        self._stale.clear()
        self._bridge.run(
            lambda: _read_all(self._bridge.recorder), self._take_all, self._fail, newest="overview"
        )

    def put_task(self, recording_id: str, task: Task) -> None:
        """Show a task as it will be before the library has it; the library's answer replaces it."""
        self._put_tasks(
            recording_id, lambda tasks: tuple(task if old.id == task.id else old for old in tasks)
        )

    def drop_task(self, recording_id: str, task_id: str) -> None:
        self._put_tasks(recording_id, lambda tasks: tuple(old for old in tasks if old.id != task_id))

    def reread(self, recording_id: str) -> None:
        """Show what the library has, after a change that failed."""
        self._mark(recording_id)

    def _put_tasks(self, recording_id: str, change: Callable[[tuple[Task, ...]], tuple[Task, ...]]) -> None:
        row = self._rows.get(recording_id)
        if row is not None:
            recording = dataclasses.replace(row.recording, tasks=change(row.recording.tasks))
            self._rows[recording_id] = dataclasses.replace(row, recording=recording)
            self.changed.emit()

    def _mark(self, recording_id: str) -> None:
        if self.is_loaded:
            self._stale.add(recording_id)
            if not self._timer.isActive():
                self._timer.start()

    def _uploads_changed(self, status: UploadsStatus) -> None:
        # A pause of the workspace changes every row, but announces itself for one only.
        if status.paused_reason != self._paused:
            self._paused = status.paused_reason
            if self.is_loaded:
                self.load()

    def _refresh(self) -> None:
        wanted, self._stale = self._stale, set()
        self._bridge.run(lambda: _read_some(self._bridge.recorder, wanted), self._take_some, self._fail)

    def _take_all(self, read: tuple[list[RecordingRow], list[JobView]]) -> None:
        rows, jobs = read
        self.is_loaded, self.problem = True, ""
        self._rows = {row.recording.id: row for row in rows}
        self._take_jobs(jobs)

    def _take_some(self, read: tuple[dict[str, RecordingRow | None], list[JobView]]) -> None:
        rows, jobs = read
        for recording_id, row in rows.items():
            if row is None:
                self._rows.pop(recording_id, None)
            else:
                self._rows[recording_id] = row
        self._take_jobs(jobs)

    def _take_jobs(self, jobs: list[JobView]) -> None:
        self.jobs = {}
        for job in jobs:
            self.jobs.setdefault(job.recording_id, []).append(job)
        self.changed.emit()

    def _fail(self, error: RecorderError) -> None:
        self.problem = error.sentence
        self.changed.emit()


def _read_all(recorder: Recorder) -> tuple[list[RecordingRow], list[JobView]]:
    rows: list[RecordingRow] = []
    while True:
        page = recorder.recordings("", limit=PAGE, offset=len(rows))
        rows += page
        if len(page) < PAGE:
            return rows, recorder.jobs()


def _read_some(recorder: Recorder, wanted: set[str]) -> tuple[dict[str, RecordingRow | None], list[JobView]]:
    found: dict[str, RecordingRow | None] = {}
    for recording_id in wanted:
        try:
            row = recorder.row(recording_id)
        except NotFoundError:
            found[recording_id] = None
        else:
            found[recording_id] = None if row.recording.trashed_at else row
    return found, recorder.jobs()
