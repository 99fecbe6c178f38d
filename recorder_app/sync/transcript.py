"""The finished transcript onto the server, whole, and the check that it arrived whole."""

from __future__ import annotations

from recorder_app.api.wire import RecordingPatch, RemoteRecording
from recorder_app.errors import ServerFaultError
from recorder_app.library.jobs import Job
from recorder_app.sync.gone import gone_noticed
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps, server_id


def run(job: Job, deps: Deps) -> Outcome:
    """PATCH the list, then append a line that exists already: it adds nothing, and only an append makes the
    server recompute `transcript_text` (posthog/README §4.4).
    """
    recording = deps.recording(job)
    segments = [segment for segment in deps.library.segments(recording.id) if segment.text.strip()]
    echo = deps.patch(recording, transcript_segments=segments)
    if segments:
        with gone_noticed(deps.library, recording):
            echo = deps.workspace.client.append_segments(server_id(recording), segments[:1])
        deps.heard(recording, echo)
    sent = RecordingPatch(transcript_segments=segments).body["transcript_segments"]
    if not is_complete(echo, [(line["timestamp"], line["text"]) for line in sent]):
        # Somebody else wrote to the row in between (it has no locking): write it again.
        raise ServerFaultError("The server kept another transcript than we sent", status=200)
    return Done()


def is_complete(echo: RemoteRecording, sent: list[tuple[int, str]]) -> bool:
    kept = [(segment.timestamp_ms, segment.text) for segment in echo.transcript_segments]
    return kept == sent and (not sent or echo.transcript_text == " ".join(text for _, text in sent))
