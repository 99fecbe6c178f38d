"""SubRip: no standard and no escaping, but every player reads it.

Players take <…> for markup and {…} for positions; such signs become look-alikes so that words stay words.
"""

from __future__ import annotations

from recorder_app.export.base import Exporter
from recorder_app.export.subtitles import cues, timestamp, wrapped
from recorder_app.models import RecordingDetail

_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})


def to_srt(detail: RecordingDetail) -> str:
    entries = []
    for number, cue in enumerate(cues(detail), start=1):
        text = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
        lines = wrapped(text.translate(_LOOKALIKES))
        times = f"{timestamp(cue.start_ms, ',')} --> {timestamp(cue.end_ms, ',')}"
        entries.append("\n".join([str(number), times, *lines]) + "\n")
    return "\n".join(entries)


SRT = Exporter(
    name="srt",
    title="Subtitles (SRT)",
    suffix=".srt",
    media_type="application/x-subrip",
    render=lambda detail: to_srt(detail).encode(),
)
