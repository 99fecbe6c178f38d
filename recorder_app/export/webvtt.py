"""WebVTT: subtitles for browsers, with who speaks as a voice (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

from recorder_app.export.base import Exporter
from recorder_app.export.document import title
from recorder_app.export.subtitles import cues, timestamp, wrapped
from recorder_app.models import RecordingDetail

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_webvtt(detail: RecordingDetail) -> str:
    # A comment must not hold "-->": with ">" escaped it cannot.
    entries = ["WEBVTT\n", f"NOTE {title(detail.recording).translate(_ESCAPES)}\n"]
    for cue in cues(detail):
        lines = [line.translate(_ESCAPES) for line in wrapped(cue.text)]
        if cue.speaker:
            lines[0] = f"<v {cue.speaker.translate(_ESCAPES)}>{lines[0]}"
        times = f"{timestamp(cue.start_ms, '.')} --> {timestamp(cue.end_ms, '.')}"
        entries.append("\n".join([times, *lines]) + "\n")
    return "\n".join(entries)


WEBVTT = Exporter(
    name="vtt",
    title="Subtitles (WebVTT)",
    suffix=".vtt",
    media_type="text/vtt",
    render=lambda detail: to_webvtt(detail).encode(),
)
