"""Where a recording is, decided from facts: the row, its jobs, and what the capture process says.

Pure; the window, the command line and `--json` all show what this returns.
"""

from __future__ import annotations

from collections.abc import Sequence

from recorder_app.models import CaptureStatus, JobView, Recording, State, StateKind, Status

_KIND_OF_JOB = {
    "upload": StateKind.UPLOADING,
    "transcribe": StateKind.TRANSCRIBING,
    "insights": StateKind.TRANSCRIBING,
}

TAKES_NO_SOUND = "This server takes no sound, so it stays on this computer."
GONE = "It was deleted on the server. Keep it only here, or upload it again as a new one."


def state_of(
    recording: Recording,
    jobs: Sequence[JobView],
    capture: CaptureStatus | None = None,
    *,
    paused_reason: str | None = None,
    is_gone: bool = False,
) -> State:
    """Return the one state a person should see, worst news last to first:

    | facts | state |
    |---|---|
    | the capture process is on it | recording, paused or saving |
    | not closed, nobody on it | saving (the recovery scan will close it) |
    | its row is gone (`is_gone`), nothing decided yet | deleted there |
    | a job is blocked | failed, with the job's reason |
    | everything done | ready, or kept here where the server takes no media |
    | the workspace is paused for sign-in | needs sign-in |
    | a job is running | uploading or transcribing, with its percent |
    | otherwise | waiting, with the reason of the job that waits |
    """
    if capture and capture.recording_id == recording.id and capture.state != "idle":
        kind = {"paused": StateKind.PAUSED, "stopping": StateKind.SAVING}.get(
            capture.state, StateKind.RECORDING
        )
        return State(kind, reason=capture.problem)
    if not recording.is_on_disk:
        return State(StateKind.SAVING, reason="The recording was interrupted and is being put together.")
    if is_gone:
        return State(StateKind.DELETED_THERE, reason=GONE)
    open_jobs = [job for job in jobs if job.state != "done"]
    blocked = next((job for job in open_jobs if job.state == "blocked"), None)
    if blocked:
        return State(StateKind.FAILED, reason=blocked.reason)
    if not open_jobs:
        return _settled(recording, jobs)
    if paused_reason:
        return State(StateKind.NEEDS_SIGN_IN, reason=paused_reason)
    return _moving(open_jobs)


def _settled(recording: Recording, jobs: Sequence[JobView]) -> State:
    if recording.status is Status.ERROR:
        return State(StateKind.FAILED, reason=recording.error)
    if not recording.is_uploaded:
        why = next((job.reason for job in jobs if job.kind == "upload"), None)
        return State(StateKind.KEPT_HERE, reason=why or TAKES_NO_SOUND)
    return State(StateKind.READY)


def _moving(open_jobs: Sequence[JobView]) -> State:
    running = [job for job in open_jobs if job.state == "running" and job.kind in _KIND_OF_JOB]
    # An upload outranks a transcript: until it is done the recording is on this machine only.
    for job in sorted(running, key=lambda job: job.kind != "upload"):
        return State(_KIND_OF_JOB[job.kind], percent=job.progress_percent)
    waiting = next((job for job in open_jobs if job.reason), open_jobs[0])
    return State(StateKind.WAITING, reason=waiting.reason, next_attempt_at=waiting.next_attempt_at)
