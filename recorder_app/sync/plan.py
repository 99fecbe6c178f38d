"""Which jobs a recording must have, and whether anything is still moving. Pure.

Asked at the start of a recording, at its stop, at an import and at every start of the app: the answer
depends on the recording's facts alone, so that asking twice does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recorder_app.library.jobs import BLOCKED, DONE, PENDING, RUNNING, Job, JobSpec
from recorder_app.models import Recording
from recorder_app.sync import jobs

LIVE = (jobs.CREATE, jobs.DESCRIBE, jobs.UPLOAD)
"""While it is still being recorded: the row on the server, and its media as it grows."""
CLOSED = (
    *LIVE,
    jobs.FINISH,
    jobs.CONFIRM,
    jobs.TRANSCRIBE,
    jobs.INSIGHTS,
    jobs.TRANSCRIPT,
    jobs.SUMMARY,
    jobs.FINAL,
)
PATIENCE = 3
"""A job that failed this often in a row and waits is no longer "moving"."""
SOON_S = 60.0
"""What waits longer than this (no Recall: an hour) is not waited for by anybody."""


def wanted(recording: Recording) -> tuple[JobSpec, ...]:
    """The jobs that must exist; those that do keep their state. An import is closed from the start."""
    return CLOSED if recording.is_on_disk else LIVE


def dependents(kind: str) -> tuple[str, ...]:
    """Every kind that can never run once `kind` has given up, in order."""
    lost = {kind}
    for spec in jobs.KINDS:  # in the order of their needs
        if lost & set(spec.needs):
            lost.add(spec.kind)
    return tuple(spec.kind for spec in jobs.KINDS if spec.kind in lost - {kind})


def is_moving(job: Job, siblings: Iterable[Job], *, is_paused: bool, now: float) -> bool:
    """Whether this job runs or soon will without anybody's help.

    Not: done, blocked, waiting for a sign-in, for a sibling (then that one is what moves), or in a long
    back-off.
    """
    if job.state == RUNNING:
        return True
    if job.state in (DONE, BLOCKED) or (is_paused and job.lane != jobs.SPEECH):
        return False
    states = {other.kind: other.state for other in siblings}
    spec = next((spec for spec in jobs.KINDS if spec.kind == job.kind), None)
    if spec is None or any(states.get(kind) != DONE for kind in spec.needs):
        return False
    if any(states.get(kind) in (PENDING, RUNNING) for kind in spec.follows):
        return False
    return job.attempts < PATIENCE and job.next_attempt_at <= now + SOON_S


def blocked_reason(found: Sequence[Job]) -> str | None:
    """The first reason why something was given up; that of a cause, not of what it took along."""
    blocked = [job for job in found if job.state == BLOCKED]
    causes = [job for job in blocked if not job.payload.get("is_dependent")]
    return next((job.reason for job in (*causes, *blocked) if job.reason), None)


def waiting_reason(found: Sequence[Job]) -> str | None:
    """Why the first failing job waits; None when nothing failed."""
    return next((job.reason for job in found if job.state == PENDING and job.attempts and job.reason), None)
