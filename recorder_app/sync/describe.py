"""Step 2: title, address and start of the meeting; create ignores them, so a PATCH says them."""

from __future__ import annotations

from recorder_app.library.jobs import Job
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    deps.patch(
        recording,
        meeting_title=recording.title or None,
        meeting_url=recording.meeting_url,
        started_at=recording.started_at,
    )
    return Done()
