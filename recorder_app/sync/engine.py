"""Runs the durable jobs: three lanes over one job table, one engine a data folder.

Decides nothing itself: `plan` says what must exist, `jobs.next_step` what follows an attempt.
"""

from __future__ import annotations

import dataclasses
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from recorder_app.api.client import RecordingsClient
from recorder_app.errors import NotFoundError, RecorderError
from recorder_app.events import Event
from recorder_app.library.jobs import BLOCKED, Job
from recorder_app.library.lockfile import FileLock
from recorder_app.library.store import Library
from recorder_app.models import Insights, Recording, Segment, UploadsStatus
from recorder_app.settings import LOCAL
from recorder_app.sync import (
    edits,
    enqueue,
    jobs,
    move,
    plan,
    reconcile,
)
from recorder_app.sync.gone import GONE
from recorder_app.sync.jobs import Broke, Done, Failed, Outcome, next_step
from recorder_app.sync.lane import LOOK_S, Lane
from recorder_app.sync.poll import DETAIL_S, Poll
from recorder_app.sync.steps import STEPS
from recorder_app.sync.upkeep import Upkeep
from recorder_app.sync.workspace import Deps, Transcriber, Workspace

logger = logging.getLogger(__name__)

WATCH_S = 0.1
"""How often `run_until_idle` looks when it is another process that works."""


@dataclasses.dataclass(frozen=True, slots=True)
class Idle:
    """Why nothing moves any more."""

    is_done: bool
    """Every job is done."""
    reason: str | None = None
    """The sentence to show otherwise: what was given up, what is waited for, or that time ran out."""
    has_timed_out: bool = False


class SyncEngine:
    """Every method may be called from any thread; those that write may raise LibraryError.

    Without `start` (or where it returned False) jobs are still planned here and run by the process that
    holds the lock.
    """

    def __init__(
        self,
        library: Library,
        workspace: Workspace,
        *,
        recordings: Path,
        transcriber: Transcriber,
        extract: Callable[[Sequence[Segment]], Insights],
        join: Callable[[Sequence[Path], Path], None] | None = None,
        embedded: Callable[[], AbstractContextManager[RecordingsClient]] | None = None,
        keep_media_days: int | None = None,
        speaker_name: str = "You",
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        is_polling: bool = True,
    ) -> None:
        """`recordings` is the folder with one folder a recording; the lock file lies beside it.

        `join` makes one file of several parts; `chance` draws the jitter, in [0, 1). `embedded` and
        `keep_media_days` are those of Deps.
        """
        self.changed: Event[str] = Event()
        """A recording's id, after anything about it has moved. Emitted on a lane's thread."""
        self.problem: Event[str | None] = Event()
        """A sentence when a lane died or the workspace paused; None when a lane recovered."""
        self._stopping = threading.Event()
        self._deps = Deps(
            library=library,
            workspace=workspace,
            recordings=recordings,
            transcriber=transcriber,
            extract=extract,
            join=join,
            embedded=embedded,
            keep_media_days=keep_media_days,
            speaker_name=speaker_name,
            clock=clock,
            stopping=self._stopping,
            progress=self._progress,
        )
        self._library = library
        self._lock = FileLock(recordings.parent / "sync.lock")
        self._chance = chance
        self._poll = Poll(self.changed.emit) if is_polling else None
        self._poll_failures = 0
        self._poll_at = 0.0
        self._upkeep = Upkeep()
        self._lanes: dict[str, Lane] = {}
        self._ending: list[Lane] = []
        """Lanes of an earlier start that are still in the middle of a request."""
        self._moved = threading.Event()

    # ---- life -------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Take the lock, pick up what was left, start the lanes.

        False: another process does all this, or a request from before `stop` is still under way.
        """
        if self._lanes:
            return True
        self._ending = [lane for lane in self._ending if not lane.join(0)]
        if self._ending or not self._lock.acquire():
            return False
        self._stopping.clear()
        for recording_id in reconcile.run(self._deps):
            self.changed.emit(recording_id)
        self._lanes = {
            name: Lane(
                name,
                lambda name=name: self._turn(name),  # type: ignore[misc]  # binds the loop's value
                stopping=self._stopping,
                on_problem=self.problem.emit,
            )
            for name in jobs.LANES
        }
        for lane in self._lanes.values():
            lane.start()
        return True

    def stop(self, timeout_s: float = 1.0) -> None:
        """End the lanes; what they are in the middle of is given back and goes on at the next start."""
        self._stopping.set()
        self.wake()
        deadline = time.monotonic() + timeout_s
        lanes = [*self._ending, *self._lanes.values()]
        self._ending = [lane for lane in lanes if not lane.join(max(0.0, deadline - time.monotonic()))]
        self._lanes = {}
        if not self._ending:
            self._lock.release()
        # Else a request is still under way: the lock stays ours until the process ends, so that no other
        # engine starts the same job beside it.

    @property
    def is_running(self) -> bool:
        return bool(self._lanes)

    @property
    def workspace(self) -> Workspace:
        return self._deps.workspace

    def use_workspace(self, workspace: Workspace, *, keep_media_days: int | None = None) -> None:
        """Send to another server, with another key, or keep sound for another time, from the next job on."""
        self._deps = dataclasses.replace(self._deps, workspace=workspace, keep_media_days=keep_media_days)
        self._poll_at = 0.0
        self.resume_workspace()

    def set_window_open(self, *, is_open: bool) -> None:
        """Tell whether somebody looks: the server's list is then looked at each minute, else each five."""
        if self._poll is not None:
            self._poll.is_watched = is_open
            if is_open:
                self._poll_at = 0.0
        self.wake()

    def wake(self) -> None:
        """Look for work now (a job was added, the network came back, the machine woke up)."""
        self._moved.set()
        for lane in self._lanes.values():
            lane.wake()

    # ---- asking for work --------------------------------------------------------------------------

    def plan(self, recording_id: str) -> None:
        """Give a recording the jobs its facts ask for: call it at its start, its stop and its import."""
        enqueue.enqueue(self._library, recording_id, now=self._deps.clock())
        self.wake()

    def edit(self, recording_id: str, *, was: str | None = None, **changes: Any) -> Recording:
        """Change title, notes, participants, tasks or meeting_url; the server hears of it by itself.

        `was` is what the notes said when the person began to type.
        """
        changed = edits.edit(self._library, recording_id, now=self._deps.clock(), was=was, **changes)
        self.changed.emit(recording_id)
        self.wake()
        return changed

    def retry(self, recording_id: str) -> None:
        """Try everything again now that waits or was given up. NotFoundError."""
        enqueue.retry(self._library, recording_id, now=self._deps.clock())
        self.changed.emit(recording_id)
        self.wake()

    def resume_workspace(self) -> None:
        """Go on after a sign-in: nothing of the workspace waits any longer."""
        with self._library.transaction():
            self._library.ledger.resume(self._deps.workspace.name)
            self._library.jobs.hurry(None, now=self._deps.clock())
        self.wake()

    # ---- telling ----------------------------------------------------------------------------------

    def paused_reason(self) -> str | None:
        return self._library.ledger.paused_reason(self._deps.workspace.name)

    def uploads_status(self) -> UploadsStatus:
        """Count recordings, not jobs: those with something to do, and those where something fails."""
        found = self._library.jobs.open()
        failing = {job.recording_id for job in found if job.state == BLOCKED or job.attempts}
        waiting = {job.recording_id for job in found if job.state != BLOCKED} - failing
        return UploadsStatus(len(waiting), len(failing), self.paused_reason())

    def run_until_idle(self, recording_id: str | None = None, *, timeout_s: float) -> Idle:
        """Block until nothing of a recording (None: of any) moves by itself any more, and say why.

        Works as well when it is another process's engine that does the work.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            self._moved.clear()
            found = self._open(recording_id)
            is_paused = self.paused_reason() is not None
            is_queued = recording_id is None and not is_paused and move.has_more(self._deps)
            if not is_queued and not any(self._is_moving(job, is_paused=is_paused) for job in found):
                return self._idle(found)
            if time.monotonic() > deadline:
                reason = plan.waiting_reason(found) or "It is still being worked on."
                return Idle(is_done=False, reason=reason, has_timed_out=True)
            self._moved.wait(WATCH_S)

    def _open(self, recording_id: str | None) -> list[Job]:
        """Open jobs that this engine may ever run: others' workspaces have to wait for theirs."""
        name = self._deps.workspace.name
        found = []
        for job in self._library.jobs.open(recording_id):
            recording = self._library.get(job.recording_id)
            if recording is not None and _is_reachable(job, recording, name):
                found.append(job)
        return found

    def _is_moving(self, job: Job, *, is_paused: bool) -> bool:
        siblings = self._library.jobs.of(job.recording_id)
        return plan.is_moving(job, siblings, is_paused=is_paused, now=self._deps.clock())

    def _idle(self, found: list[Job]) -> Idle:
        if not found:
            return Idle(is_done=True)
        reason = self.paused_reason() or plan.blocked_reason(found) or plan.waiting_reason(found)
        return Idle(is_done=False, reason=reason)

    # ---- working ----------------------------------------------------------------------------------

    def run_one(self, lane: str) -> bool:
        """Run the lane's next due job to its end, in this thread; False when none is due."""
        deps = self._deps
        name = deps.workspace.name
        if lane == jobs.UPKEEP and self._tidy(deps):
            return True
        job = self._claimed(lane, deps)
        if job is None:
            return False
        try:
            self.changed.emit(job.recording_id)
            self._settle(job, self._attempt(job, deps), name)
        finally:
            self.changed.emit(job.recording_id)
            self.wake()
        return True

    def _claimed(self, lane: str, deps: Deps) -> Job | None:
        table, now, name = self._library.jobs, deps.clock(), deps.workspace.name
        if lane == jobs.SPEECH:
            return table.claim(lane, now=now)
        if self._library.ledger.paused_reason(name) is None:
            job = table.claim(lane, now=now, workspace=name)
            if job is not None:
                return job
        # What lies in the embedded backend can be deleted whatever server is in use.
        return table.claim(lane, now=now, workspace=LOCAL) if lane == jobs.UPKEEP else None

    def _tidy(self, deps: Deps) -> bool:
        changed = self._upkeep.turn(deps, is_paused=self.paused_reason() is not None)
        for recording_id in changed:
            self.changed.emit(recording_id)
        if changed:
            self.wake()
        return bool(changed)

    def _turn(self, lane: str) -> float:
        if self.run_one(lane):
            return 0.0
        now = self._deps.clock()
        due = self._library.jobs.next_due(lane, after=now)
        wait_s = LOOK_S if due is None else min(LOOK_S, due - now)
        if lane == jobs.RECORDS and self._poll is not None:
            self._poll_turn()
        return wait_s

    def _attempt(self, job: Job, deps: Deps) -> Outcome:
        step = STEPS.get(job.kind)
        if step is None:
            return Broke(f"unknown work {job.kind}")
        try:
            if self._is_over(job):
                return Done(GONE)
            return step(job, deps)
        except RecorderError as error:
            if isinstance(error, NotFoundError) and self._is_over(job):
                return Done(GONE)
            logger.info("recording %s: %s failed: %s", job.recording_id, job.kind, type(error).__name__)
            return Failed(error)
        except Exception as error:
            logger.exception("recording %s: %s broke", job.recording_id, job.kind)
            return Broke(type(error).__name__)

    def _is_over(self, job: Job) -> bool:
        """Whether the row this job is about was deleted on the server."""
        return job.lane != jobs.SPEECH and self._library.ledger.is_gone(job.recording_id)

    def _settle(self, job: Job, outcome: Outcome, workspace: str) -> None:
        if self._stopping.is_set() and isinstance(outcome, Failed):
            # Cut short by our own end: not its fault.
            outcome = jobs.Again(0, job.progress)
        step = next_step(job, outcome, chance=self._chance())
        is_news = False
        with self._library.transaction():
            self._library.jobs.settle(
                job,
                state=step.state,
                attempts=step.attempts,
                next_attempt_at=self._deps.clock() + step.delay_s,
                delay_s=step.delay_s,
                reason=step.reason,
                progress=step.progress,
            )
            if step.state == BLOCKED:
                reason = step.reason or "It could not be done."
                self._library.jobs.block(job.recording_id, plan.dependents(job.kind), reason=reason)
            if step.is_pausing and step.reason:
                is_news = self._library.ledger.pause(workspace, step.reason)
        if is_news:
            # Two lanes may meet the same refused key; the person hears of it once.
            self.problem.emit(step.reason)

    def _progress(self, job: Job, percent: int) -> None:
        known = self._library.jobs.one(job.recording_id, job.kind)
        if known is not None and known.progress != percent:
            self._library.jobs.set_progress(job, percent)
            self.changed.emit(job.recording_id)

    def _poll_turn(self) -> None:
        """Look at the server unless paused; a failing one is left alone for a while, and named nowhere:
        the jobs themselves tell when it matters.
        """
        now = self._deps.clock()
        if self._poll is None or self.paused_reason() is not None:
            return
        if now < self._poll_at <= now + jobs.CAP_S:
            return
        try:
            wait_s = self._poll.turn(self._deps)
        except RecorderError as error:
            self._poll_failures += 1
            self._poll_at = now + jobs.backoff_s(self._poll_failures + 3, self._chance())
            logger.info("looking at the server failed: %s", type(error).__name__)
        else:
            self._poll_failures = 0
            # Never long: a recording may begin to move at any moment.
            self._poll_at = now + min(wait_s, DETAIL_S[0])


def _is_reachable(job: Job, recording: Recording, workspace: str) -> bool:
    """Whether an engine of this workspace may ever run the job."""
    is_embedded = job.lane == jobs.UPKEEP and recording.workspace == LOCAL
    return job.lane == jobs.SPEECH or is_embedded or recording.workspace == workspace
