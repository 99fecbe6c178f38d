"""Ask for work: put the jobs of a recording into the table, in one commit.

Used by the engine and by commands that run no engine; imports neither HTTP nor speech, so it is cheap.
"""

from __future__ import annotations

from recorder_app.errors import NotFoundError
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status
from recorder_app.sync import jobs, plan


def enqueue(library: Library, recording_id: str, *, now: float) -> None:
    """Give a recording the jobs its facts ask for: at its start, its stop and its import. NotFoundError."""
    recording = _existing(library, recording_id)
    with library.transaction():
        library.jobs.ensure(recording_id, plan.wanted(recording))
        library.jobs.hurry(recording_id, now=now)


def retry(library: Library, recording_id: str, *, now: float) -> None:
    """Try everything again now that waits or was given up. NotFoundError."""
    recording = _existing(library, recording_id)
    with library.transaction():
        library.jobs.ensure(recording_id, plan.wanted(recording))
        library.jobs.hurry(recording_id, now=now, with_blocked=True)
        if recording.status == Status.ERROR:
            library.jobs.reset(recording_id, (jobs.FINAL.kind,), now=now)
            library.update(recording_id, status=Status.PROCESSING, error=None)


def _existing(library: Library, recording_id: str) -> Recording:
    recording = library.get(recording_id)
    if recording is None:
        raise NotFoundError("There is no such recording", hint="See them all with: recorder list")
    return recording
