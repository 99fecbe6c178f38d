"""Summary and tasks onto the server, unless they were withheld: then nothing is sent in their name."""

from __future__ import annotations

from typing import Any

from recorder_app.library.jobs import Job
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    if recording.insights_withheld is not None and not recording.tasks:
        return Done(recording.insights_withheld)
    fields: dict[str, Any] = {"extracted_tasks": recording.tasks}
    if recording.tasks_generated_at is not None:
        fields["tasks_generated_at"] = recording.tasks_generated_at
    if recording.summary_lines:
        fields["summary"] = recording.summary_text
        fields["summary_generated_at"] = recording.summary_generated_at
    deps.patch(recording, **fields)
    return Done()
