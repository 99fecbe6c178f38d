"""States, sides and gaps in words: what chips, badge cells, rows and the tray say. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt

from PySide6.QtCore import QCoreApplication

from recorder_app.models import (
    CaptureStatus,
    Gap,
    Platform,
    Recording,
    Segment,
    State,
    StateKind,
    Track,
    TrackStatus,
    UploadsStatus,
)
from recorder_app.ui.formats import clock, length, short_day, time_of_day

QUIET_DBFS = -45.0
SILENT_DBFS = -90.0
CLIPPING_DBFS = -0.3
WEAK_CONFIDENCE = 0.5
"""Words below this are dotted: more likely wrong than right, as the engine itself says."""


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("words", text).format(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Chip:
    """A state as shape and words. `tone`: plain | busy | waiting | needs_you | recording."""

    icon: str
    text: str
    tone: str


def chip(state: State, recording: Recording) -> Chip:
    """Return what the status chip of a recording says."""
    percent = "" if state.percent is None else f" {state.percent} %"
    failed = tr("Upload failed") if not recording.is_uploaded else tr("Transcript failed")
    draft = recording.has_draft_transcript
    waiting = tr("Waiting") if recording.is_uploaded else tr("Waiting to upload")
    return {
        StateKind.RECORDING: Chip("dot", tr("Recording"), "recording"),
        StateKind.PAUSED: Chip("pause", tr("Paused by you"), "waiting"),
        StateKind.SAVING: Chip("disk", tr("Saving"), "busy"),
        StateKind.WAITING: Chip("clock", waiting, "waiting"),
        StateKind.UPLOADING: Chip("arrow-up", tr("Uploading") + percent, "busy"),
        StateKind.TRANSCRIBING: Chip("text", tr("Transcribing") + percent, "busy"),
        StateKind.KEPT_HERE: Chip("laptop", tr("Sound kept here"), "waiting"),
        StateKind.DELETED_THERE: Chip("laptop", tr("Deleted on server"), "needs_you"),
        StateKind.NEEDS_SIGN_IN: Chip("key", tr("Needs sign-in"), "needs_you"),
        StateKind.FAILED: Chip("warning", failed, "needs_you"),
        StateKind.READY: Chip("half", tr("Draft transcript"), "waiting")
        if draft
        else Chip("check", tr("Ready"), "plain"),
    }[state.kind]


def title(recording: Recording) -> str:
    """Return the recording's title, or a name made of its start."""
    return recording.title or tr("Meeting at {time}", time=time_of_day(recording.started_at))


def is_live(state: State) -> bool:
    return state.kind in (StateKind.RECORDING, StateKind.PAUSED)


def row_meta(recording: Recording, state: State) -> str:
    """Return the second line of a row: 14:30 · 41 min."""
    parts = [time_of_day(recording.started_at)]
    if is_live(state):
        people = len(recording.participants)
        parts.append(tr("{people} people", people=people) if people else tr("now"))
    elif recording.duration_ms:
        parts.append(length(recording.duration_ms))
    return " · ".join(parts)


def page_meta(recording: Recording, state: State, now: dt.datetime, *, is_short: bool = False) -> str:
    """Return the line below the title: Today 10:02 to 10:50 · 48 min · Zoom · You, Mira."""
    day, start = short_day(recording.started_at, now), time_of_day(recording.started_at)
    if is_live(state):
        parts = [tr("{day}, since {start}", day=day, start=start)]
    elif recording.completed_at and not is_short:
        parts = [tr("{day} {start} to {end}", day=day, start=start, end=time_of_day(recording.completed_at))]
    else:
        parts = [f"{day} {start}"]
    if recording.duration_ms and not is_live(state):
        parts.append(length(recording.duration_ms))
    if not is_short and recording.platform is not Platform.DESKTOP_AUDIO:
        parts.append(recording.platform.value.capitalize())
    people = recording.participants
    if people and is_short:
        parts.append(tr("{count} people", count=len(people)))
    elif people:
        shown = ", ".join(people[:4])
        parts.append(
            shown if len(people) <= 4 else tr("{names} and {more} more", names=shown, more=len(people) - 4)
        )
    return " · ".join(parts)


def gap_sentence(gap: Gap) -> str:
    """Return one sentence with side, from, to and cause."""
    if gap.cause == "pause":
        return tr("Paused by you at {at} for {length}", at=clock(gap.start_ms), length=length(gap.wall_ms))
    side = {None: tr("Both sides"), Track.MIC: tr("Your side"), Track.SYSTEM: tr("Their side")}[gap.track]
    cause = {
        "device_lost": tr("device lost"),
        "restarted": tr("recording restarted"),
        "sleep": tr("computer asleep"),
        "overrun": tr("computer too busy"),
        "server_lost": tr("sound system restarted"),
    }.get(gap.cause, tr("unknown cause"))
    return tr(
        "{side} not captured, {start} to {end}: {cause}",
        side=side,
        start=clock(gap.start_ms),
        end=clock(gap.end_ms),
        cause=cause,
    )


def track_word(status: TrackStatus | None) -> str:
    """Return the one word beside a meter."""
    if status is None or not status.is_enabled:
        return tr("off")
    if not status.is_ok:
        return tr("lost")
    level = status.level_dbfs
    if level is None or level <= SILENT_DBFS:
        return tr("silent")
    if level >= CLIPPING_DBFS:
        return tr("clipping")
    return tr("quiet") if level < QUIET_DBFS else tr("ok")


def status_line(capture: CaptureStatus, uploads: UploadsStatus) -> str:
    """Return the tray's first row and tool tip: ● 12:41 · mic ok · call ok · 3 h 10 min free."""
    if capture.state == "paused":
        return tr("❙❙ {time} · paused, nothing is recorded", time=clock(capture.elapsed_ms))
    if capture.state in ("recording", "starting", "stopping"):
        parts = [f"● {clock(capture.elapsed_ms)}"]
        parts += [
            f"{name} {track_word(capture.tracks[track])}"
            for name, track in ((tr("mic"), Track.MIC), (tr("call"), Track.SYSTEM))
            if track in capture.tracks
        ]
        if capture.disk_minutes_left is not None:
            parts.append(tr("{length} free", length=length(capture.disk_minutes_left * 60_000)))
        return " · ".join(parts)
    if uploads.paused_reason:
        return tr("Ready · {reason}", reason=uploads.paused_reason.rstrip("."))
    if uploads.failing:
        return tr("Ready · {count} uploads need you", count=uploads.failing)
    if uploads.waiting:
        return tr("↑ {count} waiting to upload", count=uploads.waiting)
    return tr("Ready")


def tray_state(capture: CaptureStatus, uploads: UploadsStatus) -> str:
    """Return which tray icon is shown. A problem outranks recording, recording outranks uploading."""
    is_running = capture.state in ("recording", "starting", "stopping")
    lost = any(track.is_enabled and not track.is_ok for track in capture.tracks.values())
    if (is_running and (lost or capture.problem)) or (
        capture.state == "idle" and (uploads.failing or uploads.paused_reason)
    ):
        return "problem"
    if is_running:
        return "recording"
    if capture.state == "paused":
        return "paused"
    return "uploading" if uploads.waiting else "idle"


def speaker_indices(segments: tuple[Segment, ...]) -> dict[str, int]:
    """Give every speaker an index for colours: whoever speaks into the microphone is 0, others in order."""
    indices: dict[str, int] = {}
    for segment in segments:
        if segment.speaker not in indices:
            is_me = segment.track is Track.MIC
            indices[segment.speaker] = 0 if is_me else 1 + sum(1 for i in indices.values() if i)
    return indices


def weak_words(segments: tuple[Segment, ...]) -> int:
    """Count the words an engine doubted."""
    return sum(
        1
        for segment in segments
        for word in segment.words
        if word.confidence is not None and word.confidence < WEAK_CONFIDENCE
    )
