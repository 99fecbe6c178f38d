"""What it takes to go on with a recording whose capture process died, from its journal. Cheap to import."""

from __future__ import annotations

from pathlib import Path

from recorder_app.capture import journal
from recorder_app.capture.facts import StartRequest

DEFAULT_BITRATE = 64_000


def resumable(folder: Path) -> StartRequest | None:
    """Return the request that goes on in this folder; None when it was stopped, or is not a recording."""
    events = journal.read(folder)
    marks = [event for event in events if event["event"] in ("started", "part", "stopped")]
    if not marks or marks[0]["event"] != "started" or marks[-1]["event"] == "stopped":
        return None
    started = marks[0]
    pauses = [event["event"] for event in events if event["event"] in ("pause", "resume")]
    return StartRequest(
        recording_id=str(started.get("id") or folder.name),
        folder=folder,
        mic=str(started.get("mic", "default")),
        system=str(started.get("system", "default")),
        bitrate=int(started.get("bitrate", DEFAULT_BITRATE)),
        title=str(started.get("title", "")),
        # Who paused did not agree to be heard again by an accident.
        is_paused=pauses[-1:] == ["pause"],
    )
