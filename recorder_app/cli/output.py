"""How the command line says things: JSON for scripts, short lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recorder_app.models import (
    CaptureStatus,
    Hit,
    RecordingDetail,
    RecordingRow,
    State,
    StateKind,
    Track,
    TrackStatus,
)

if TYPE_CHECKING:
    from recorder_app.recorder import Recorder

_WORDS = {
    StateKind.RECORDING: "Recording",
    StateKind.PAUSED: "Paused by you",
    StateKind.SAVING: "Saving",
    StateKind.WAITING: "Waiting",
    StateKind.UPLOADING: "Uploading",
    StateKind.TRANSCRIBING: "Transcribing",
    StateKind.KEPT_HERE: "Sound kept here",
    StateKind.DELETED_THERE: "Deleted on server",
    StateKind.NEEDS_SIGN_IN: "Needs sign-in",
    StateKind.FAILED: "Failed",
    StateKind.READY: "Ready",
}


@contextmanager
def opened(*, is_working: bool = False) -> Iterator[Recorder]:
    """The façade over this person's data, with what a crash left behind brought back."""
    from recorder_app.paths import Paths
    from recorder_app.recorder import Recorder

    recorder = Recorder(Paths.from_environment())
    recorder.open(is_working=is_working)
    try:
        if not is_working:
            recorder.recover()
        yield recorder
    finally:
        recorder.close()


def print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def say(text: str) -> None:
    """Progress for a person; never mixed into what scripts read."""
    print(text, file=sys.stderr, flush=True)


def clock(milliseconds: int) -> str:
    """12:41, or 1:01:12 from an hour on."""
    seconds = milliseconds // 1000
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def state_words(state: State) -> str:
    percent = f" {state.percent} %" if state.percent is not None else ""
    return f"{_WORDS[state.kind]}{percent}"


def row_line(row: RecordingRow) -> str:
    recording = row.recording
    started = recording.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
    facts = f"{started}  {clock(recording.duration_ms):>8}  {state_words(row.state):<18}"
    return f"{recording.id[:8]}  {facts}  {recording.title or 'Untitled'}"


def hit_lines(hit: Hit) -> list[str]:
    """The recording, and beneath it the line that was found, with the words marked on a terminal."""
    recording = hit.recording
    started = f"{recording.started_at.astimezone():%Y-%m-%d %H:%M}"
    first = f"{recording.id[:8]}  {started}  {recording.title or 'Untitled'}"
    if hit.field == "title":
        return [first]
    text, end = "", 0
    for left, right in hit.ranges if sys.stdout.isatty() else ():
        text += f"{hit.text[end:left]}\033[1m{hit.text[left:right]}\033[0m"
        end = right
    at = f"{clock(hit.start_ms)}  " if hit.start_ms is not None else ""
    return [first, f"          {hit.field}: {at}{text}{hit.text[end:]}"]


def detail_lines(detail: RecordingDetail) -> list[str]:
    recording = detail.recording
    started = f"{recording.started_at.astimezone():%A %d %B %Y, %H:%M}"
    lines = [
        recording.title or "Untitled",
        f"{started} · {clock(recording.duration_ms)} · {state_words(detail.state)}",
    ]
    if detail.state.reason:
        lines.append(detail.state.reason)
    lines += [str(path) for path in recording.media]
    if recording.summary_lines:
        lines += ["", f"Summary ({recording.summary_source})"]
        lines += [f"  · {line.text}  [{clock(line.evidence[0])}]" for line in recording.summary_lines]
    if recording.tasks:
        lines += ["", "Tasks" if all(task.is_confirmed for task in recording.tasks) else "Possible tasks"]
        for task in recording.tasks:
            said = f"  [{clock(task.evidence[0])}]" if task.evidence else ""
            who = f" ({task.assignee})" if task.assignee else ""
            lines.append(f"  [{'x' if task.is_done else ' '}] {task.title}{who}{said}")
    if recording.insights_withheld:
        lines += ["", recording.insights_withheld]
    if recording.notes:
        lines += ["", "Notes", *(f"  {line}" for line in recording.notes.splitlines())]
    if detail.segments:
        draft = ", draft" if recording.has_draft_transcript else ""
        lines += ["", f"Transcript ({recording.engine}{draft})"]
        lines += [
            f"  {clock(segment.start_ms):>7}  {segment.speaker}: {segment.text}"
            for segment in detail.segments
        ]
    return lines


def capture_line(status: CaptureStatus) -> str:
    """● 12:41 · mic −23 dB · call silent · 3 h 10 min free."""
    if status.state == "idle":
        return "Not recording"
    mark = {"paused": "‖"}.get(status.state, "●")
    parts = [f"{mark} {clock(status.elapsed_ms)}"]
    for track, name in ((Track.MIC, "mic"), (Track.SYSTEM, "call")):
        if track in status.tracks:
            parts.append(f"{name} {track_words(status.tracks[track])}")
    if status.disk_minutes_left is not None:
        hours, minutes = divmod(status.disk_minutes_left, 60)
        parts.append(f"{hours} h {minutes:02} min free" if hours < 100 else f"{hours} h free")
    return " · ".join(parts)


def track_words(track: TrackStatus) -> str:
    if not track.is_enabled:
        return "off"
    if not track.is_ok:
        return "lost"
    if track.level_dbfs is None:
        return "waiting"
    return f"−{abs(track.level_dbfs):.0f} dB" if track.level_dbfs > -70 else "silent"
