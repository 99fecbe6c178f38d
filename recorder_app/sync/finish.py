"""What the server's row is told when the recording has stopped, and when its media has arrived."""

from __future__ import annotations

import logging
from typing import Any

from recorder_app.library.jobs import Job
from recorder_app.media.encoder import RATE
from recorder_app.media.join import WHOLE, remove_parts
from recorder_app.media.tail import decodable_frames, sha256_of
from recorder_app.models import Recording, Status
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)


def stopped(job: Job, deps: Deps) -> Outcome:
    """Job `finish`: length, end and people, once the file is closed."""
    recording = deps.recording(job)
    deps.patch(
        recording,
        status=Status.UPLOADING,
        duration_seconds=round(recording.duration_ms / 1000),
        completed_at=recording.completed_at,
        participants=recording.participants,
    )
    deps.library.update(recording.id, status=Status.UPLOADING)
    return Done()


def arrived(job: Job, deps: Deps) -> Outcome:
    """Job `media`: where the media is and how large. Without media on the server only the status moves on."""
    recording = deps.recording(job)
    fields: dict[str, Any] = {"status": Status.PROCESSING}
    if recording.is_uploaded:
        drop_parts(recording)
        kept = deps.library.ledger.upload(recording.id)
        fields["video_size_bytes"] = recording.media_bytes
        # An address the server would refuse (too long, not http) is left out by the PATCH itself.
        if kept is not None and kept.media_url:
            fields["video_url"] = kept.media_url
    deps.patch(recording, **fields)
    deps.library.update(recording.id, status=Status.PROCESSING)
    return Done()


def drop_parts(recording: Recording) -> None:
    """Remove the parts of a joined recording, once the server has its bytes and they are whole here too.

    Where anything does not fit, or a file is in use, the parts stay: space is cheaper than sound.
    """
    if not recording.is_uploaded or len(recording.media) != 1 or recording.media[0].name != WHOLE:
        return
    whole = recording.media[0]
    try:
        length_ms = round(decodable_frames(whole) * 1000 / RATE)
        if abs(length_ms - recording.duration_ms) > 1 or sha256_of((whole,)) != recording.media_sha256:
            logger.warning("recording %s: the joined file does not fit its parts; all stay", recording.id)
            return
        remove_parts(whole)
    except OSError as error:
        logger.info("recording %s: the parts stay: %s", recording.id, error.strerror)
