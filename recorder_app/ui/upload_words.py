"""What the uploads page says of a recording: its group, its sentence, its four steps. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QCoreApplication

from recorder_app.models import JobView, RecordingRow, StateKind
from recorder_app.ui.formats import size, time_of_day
from recorder_app.ui.overview import BUSY, NEEDS_YOU


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("upload_words", text).format(**values)


class Group(enum.IntEnum):
    """Where a row stands, from top to bottom."""

    NOW = 0
    WAITING = 1
    NEEDS_YOU = 2
    DONE = 3


class Stage(enum.Enum):
    """How far one step is; each has a mark of its own shape."""

    DONE = "check"
    RUNNING = "ring"
    WAITING = "dot"
    FAILED = "warning"
    KEPT_HERE = "laptop"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    name: str
    stage: Stage


DETAILS = ("create", "describe", "finish", "edits")
SOUND = ("upload", "media")
TRANSCRIPT = ("transcribe", "transcript")
SUMMARY = ("insights", "summary")


def group_of(row: RecordingRow, now: dt.datetime) -> Group | None:
    """Return a row's group; None for what is finished since before today, and for what is being recorded."""
    kind = row.state.kind
    if kind in BUSY:
        return Group.NOW
    if kind is StateKind.WAITING:
        return Group.WAITING
    if kind in NEEDS_YOU:
        return Group.NEEDS_YOU
    if kind in (StateKind.READY, StateKind.KEPT_HERE):
        ended = row.recording.completed_at or row.recording.started_at
        return Group.DONE if ended.astimezone().date() == now.astimezone().date() else None
    return None


def group_name(group: Group) -> str:
    return {
        Group.NOW: tr("Now"),
        Group.WAITING: tr("Waiting"),
        Group.NEEDS_YOU: tr("Needs you"),
        Group.DONE: tr("Done today"),
    }[group]


def sentence(row: RecordingRow) -> str:
    """Return what happened and what happens next."""
    state, recording = row.state, row.recording
    if state.kind is StateKind.UPLOADING and recording.media_bytes and state.percent is not None:
        sent = recording.media_bytes * state.percent // 100
        return tr("{sent} of {all}", sent=size(sent), all=size(recording.media_bytes))
    if state.kind is StateKind.TRANSCRIBING:
        return tr("The words are found on this computer.")
    if state.kind is StateKind.SAVING:
        return tr("The file is being closed.")
    if state.kind is StateKind.READY:
        return tr("Size and checksum are confirmed.") if recording.is_uploaded else tr("Everything is done.")
    words = state.reason or ""
    if not words and state.kind is StateKind.WAITING:
        words = tr("Goes on by itself.")
    if state.next_attempt_at is not None and time_of_day(state.next_attempt_at) not in words:
        words += " " + tr("Next try at {time}.", time=time_of_day(state.next_attempt_at))
    return words.strip()


def steps(row: RecordingRow, jobs: Iterable[JobView]) -> tuple[Step, ...]:
    """Return Sound, Details, Transcript and Summary with how far each is."""
    recording, found = row.recording, list(jobs)
    kept_here = row.state.kind is StateKind.KEPT_HERE and not recording.is_uploaded
    sound = Stage.KEPT_HERE if kept_here else _stage(found, SOUND, is_done=recording.is_uploaded)
    return (
        Step(tr("Sound"), sound),
        Step(tr("Details"), _stage(found, DETAILS, is_done=recording.server_id is not None)),
        Step(tr("Transcript"), _stage(found, TRANSCRIPT, is_done=recording.is_transcribed)),
        Step(tr("Summary"), _stage(found, SUMMARY, is_done=recording.is_transcribed)),
    )


def _stage(jobs: list[JobView], kinds: Sequence[str], *, is_done: bool) -> Stage:
    ours = [job for job in jobs if job.kind in kinds]
    if any(job.state == "blocked" for job in ours):
        return Stage.FAILED
    if any(job.state == "running" for job in ours):
        return Stage.RUNNING
    return Stage.WAITING if ours or not is_done else Stage.DONE


def stage_word(stage: Stage) -> str:
    return {
        Stage.DONE: tr("done"),
        Stage.RUNNING: tr("happening now"),
        Stage.WAITING: tr("waiting"),
        Stage.FAILED: tr("failed"),
        Stage.KEPT_HERE: tr("kept here"),
    }[stage]


def headline(groups: dict[Group, list[RecordingRow]]) -> str:
    """Return the line below the title: 1 under way, 1 waiting, 2 need you."""
    counts = {group: len(groups.get(group, ())) for group in Group}
    parts = []
    if counts[Group.NOW]:
        parts.append(tr("{count} under way", count=counts[Group.NOW]))
    if counts[Group.WAITING]:
        parts.append(tr("{count} waiting", count=counts[Group.WAITING]))
    if counts[Group.NEEDS_YOU] == 1:
        parts.append(tr("1 needs you"))
    elif counts[Group.NEEDS_YOU]:
        parts.append(tr("{count} need you", count=counts[Group.NEEDS_YOU]))
    if not parts:
        return tr("Nothing waits.")
    return ", ".join(parts) + ". " + tr("Everything below is safe on this computer.")
