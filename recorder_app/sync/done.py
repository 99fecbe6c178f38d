"""The last word about a recording: ready, or what could not be done. Partial results stay either way."""

from __future__ import annotations

from recorder_app.library.jobs import Job
from recorder_app.models import Status
from recorder_app.sync import plan
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    reason = plan.blocked_reason(deps.library.jobs.of(recording.id))
    if reason is None:
        deps.patch(recording, status=Status.READY, error_message=None)
        deps.library.update(recording.id, status=Status.READY, error=None)
    else:
        deps.patch(recording, status=Status.ERROR, error_message=reason)
        deps.library.update(recording.id, status=Status.ERROR, error=reason)
    return Done()
