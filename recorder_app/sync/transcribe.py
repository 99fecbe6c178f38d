"""Sound into transcript lines, on this computer; nothing of it talks to the recording's server."""

from __future__ import annotations

import logging
from pathlib import Path

from recorder_app.errors import UsageError
from recorder_app.library.jobs import Job
from recorder_app.sync.jobs import Again, Done, Outcome
from recorder_app.sync.upload import whole_file
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)


def run(job: Job, deps: Deps) -> Outcome:
    """Hear the whole file again if the last try was cut short: lines are written only when all are there."""
    recording = deps.recording(job)
    if recording.is_transcribed:
        return Done()
    media: Path | None = whole_file(recording, deps)
    if media is None:
        raise UsageError("There is nothing to transcribe", hint="The recording has no sound on this computer")
    heard = deps.transcriber.transcribe(
        media,
        me=deps.speaker_name,
        on_progress=lambda percent: deps.progress(job, percent),
        cancelled=deps.stopping,
    )
    if deps.stopping.is_set():
        return Again(0)
    with deps.library.transaction():
        deps.library.set_segments(recording.id, heard.segments)
        deps.library.update(
            recording.id, is_transcribed=True, engine=heard.engine, has_draft_transcript=heard.is_draft
        )
    logger.info("recording %s: transcribed, %d lines", recording.id, len(heard.segments))
    return Done()
