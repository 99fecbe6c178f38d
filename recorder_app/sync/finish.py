"""What the server's row is told when the recording has stopped, and when its media has arrived."""

from __future__ import annotations

from typing import Any

from recorder_app.library.jobs import Job
from recorder_app.models import Status
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps


def stopped(job: Job, deps: Deps) -> Outcome:
    """Job `finish`: length, end and people, once the file is closed."""
    recording = deps.recording(job)
    fields: dict[str, Any] = {
        "status": Status.UPLOADING,
        "duration_seconds": round(recording.duration_ms / 1000),
        "completed_at": recording.completed_at,
    }
    # Nobody named here must not wipe out those whom somebody named there.
    if recording.participants:
        fields["participants"] = recording.participants
    deps.patch(recording, **fields)
    deps.library.update(recording.id, status=Status.UPLOADING)
    return Done()


def arrived(job: Job, deps: Deps) -> Outcome:
    """Job `media`: where the media is and how large. Without media on the server only the status moves on."""
    recording = deps.recording(job)
    fields: dict[str, Any] = {"status": Status.PROCESSING}
    if recording.is_uploaded:
        kept = deps.library.ledger.upload(recording.id)
        fields["video_size_bytes"] = recording.media_bytes
        # An address the server would refuse (too long, not http) is left out by the PATCH itself.
        if kept is not None and kept.media_url:
            fields["video_url"] = kept.media_url
    deps.patch(recording, **fields)
    deps.library.update(recording.id, status=Status.PROCESSING)
    return Done()
