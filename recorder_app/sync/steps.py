"""Which function carries out which kind of job: the flow of a recording as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recorder_app.library.jobs import Job
from recorder_app.sync import (
    create,
    describe,
    done,
    edits,
    finish,
    insights,
    jobs,
    purge,
    summary,
    transcribe,
    transcript,
    upload,
)
from recorder_app.sync.jobs import Outcome
from recorder_app.sync.workspace import Deps

STEPS: Mapping[str, Callable[[Job, Deps], Outcome]] = {
    jobs.CREATE.kind: create.run,
    jobs.DESCRIBE.kind: describe.run,
    jobs.FINISH.kind: finish.stopped,
    jobs.EDITS.kind: edits.run,
    jobs.UPLOAD.kind: upload.run,
    jobs.CONFIRM.kind: finish.arrived,
    jobs.TRANSCRIBE.kind: transcribe.run,
    jobs.INSIGHTS.kind: insights.run,
    jobs.TRANSCRIPT.kind: transcript.run,
    jobs.SUMMARY.kind: summary.run,
    jobs.FINAL.kind: done.run,
    jobs.PURGE.kind: purge.run,
}
