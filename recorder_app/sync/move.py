"""Moves recordings from one workspace to another: one at a time, oldest first, each exactly once.

Leaving the queue, changing the workspace and planning the jobs anew are one commit; from then on a recording
is created and uploaded like any other, and a kill can neither lose nor double it.
"""

from __future__ import annotations

import logging

from recorder_app.library.jobs import BLOCKED, RUNNING
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status
from recorder_app.sync import jobs, plan
from recorder_app.sync.edits import SENT
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)

OF_THE_SERVER = (
    jobs.CREATE,
    jobs.DESCRIBE,
    jobs.UPLOAD,
    jobs.FINISH,
    jobs.CONFIRM,
    jobs.TRANSCRIPT,
    jobs.SUMMARY,
    jobs.FINAL,
)
"""What another server has to be told from the start. The transcript itself is kept."""


def turn(deps: Deps) -> str | None:
    """Settle the one that moves, or begin the next; return the id that was changed, or None."""
    backlog, target = deps.library.backlog, deps.workspace.name
    moving = backlog.moving(target)
    for recording_id in moving:
        if is_over(deps.library, recording_id):
            backlog.remove(recording_id)
            return recording_id
    if moving:
        return None
    for recording_id in backlog.waiting(target)[:1]:
        return recording_id if begin(deps, recording_id) else None
    return None


def is_over(library: Library, recording_id: str) -> bool:
    """Whether the queue may go on: it arrived, was given up (and says why), or was thrown away."""
    recording = library.get(recording_id)
    if recording is None or recording.trashed_at is not None:
        return True
    # One that only waits for its server holds the others back: they would meet the same server.
    return all(job.state == BLOCKED for job in library.jobs.open(recording_id))


def has_more(deps: Deps) -> bool:
    """Whether the next of the queue is about to begin; one that has begun is known by its jobs."""
    backlog, target = deps.library.backlog, deps.workspace.name
    return bool(backlog.waiting(target)) and all(
        is_over(deps.library, each) for each in backlog.moving(target)
    )


def begin(deps: Deps, recording_id: str) -> bool:
    """Change where a recording belongs; False when it is still being worked on for where it was."""
    library = deps.library
    with library.transaction():
        recording = library.get(recording_id)
        if (
            recording is None
            or recording.trashed_at is not None
            or recording.workspace == deps.workspace.name
        ):
            library.backlog.remove(recording_id)
            return True
        running = any(job.state == RUNNING for job in library.jobs.of(recording_id))
        if running or not recording.is_on_disk:
            return False
        library.backlog.begin(recording_id)
        rebase(library, recording, deps.workspace.name, now=deps.clock())
    logger.info("recording %s: moves to another workspace", recording_id)
    return True


def rebase(library: Library, recording: Recording, target: str, *, now: float) -> None:
    """Plan everything the target's server must be told, as if it had been its server all along."""
    library.ledger.leave_behind(recording.id, workspace=recording.workspace, server_id=recording.server_id)
    library.update(
        recording.id,
        workspace=target,
        server_id=None,
        is_uploaded=False,
        status=Status.UPLOADING,
        error=None,
    )
    library.jobs.ensure(recording.id, plan.wanted(recording))
    library.jobs.reset(recording.id, (spec.kind for spec in OF_THE_SERVER), now=now)
    # What could not be heard there may be tried once more here.
    library.jobs.hurry(recording.id, now=now, with_blocked=True)
    written = [name for name in SENT if getattr(recording, name) and name != "tasks"]
    if written:
        library.jobs.request(recording.id, jobs.EDITS, now=now, fields=written)
