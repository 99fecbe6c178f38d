"""The words of the house as frozen data: recordings, segments, tasks, gaps, states.

Owns no behaviour beyond small pure helpers; imports nothing of ours but errors.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from pathlib import Path


class Track(enum.StrEnum):
    """One side of a call. In the file: left = MIC ("You"), right = SYSTEM ("Them")."""

    MIC = "mic"
    SYSTEM = "system"


class Platform(enum.StrEnum):
    """Where the meeting took place, in the server's words."""

    ZOOM = "zoom"
    TEAMS = "teams"
    MEET = "meet"
    DESKTOP_AUDIO = "desktop_audio"
    SLACK = "slack"


class Status(enum.StrEnum):
    """The server's `status`. Only clients ever move it (posthog/README §1)."""

    RECORDING = "recording"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    READY = "ready"
    ERROR = "error"


class StateKind(enum.StrEnum):
    """Where a recording is in its life, as a person would say it; `local.state` of `--json`."""

    RECORDING = "recording"
    PAUSED = "paused"
    SAVING = "saving"
    WAITING = "waiting"
    """Safe on disk; an upload or a transcript will follow by itself."""
    UPLOADING = "uploading"
    TRANSCRIBING = "transcribing"
    KEPT_HERE = "kept_here"
    """Everything that can be done is done; the server takes no media (PostHog without an endpoint)."""
    DELETED_THERE = "deleted_there"
    """Somebody deleted the server's row; everything is still here, and a person decides what follows."""
    NEEDS_SIGN_IN = "needs_sign_in"
    FAILED = "failed"
    READY = "ready"


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """What the status chip says. `reason` is one sentence for a person, or None."""

    kind: StateKind
    percent: int | None = None
    """0–100 while uploading or transcribing, if known."""
    reason: str | None = None
    next_attempt_at: dt.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    start_ms: int
    end_ms: int
    text: str
    confidence: float | None
    """Posterior in 0–1 as the engine gave it; None when it gives none. Never invented."""


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """A transcript line. Within one recording `start_ms` is unique and strictly increasing over both
    tracks: it is the segment's identity (the server drops an appended segment whose timestamp exists).
    """

    start_ms: int
    end_ms: int
    text: str
    speaker: str
    """"You", "Them", or a name somebody gave."""
    confidence: float | None = None
    track: Track = Track.SYSTEM
    is_final: bool = True
    words: tuple[Word, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """A hole in the recording. `start_ms`/`end_ms` are media time; a pause has no media length."""

    start_ms: int
    end_ms: int
    track: Track | None
    """The side that is missing; None means both."""
    cause: str
    """pause | device_lost | restarted | sleep | overrun | server_lost"""
    wall_ms: int = 0
    """How long the hole was by the clock on the wall."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bookmark:
    at_ms: int
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """An action item. `id` is a local UUID; title, description and assignee go to the server."""

    id: str
    title: str
    description: str = ""
    assignee: str | None = None
    due: str | None = None
    """As it was said ("by Friday"); None when nothing was said."""
    evidence: tuple[int, ...] = ()
    """`start_ms` of the segments that support it."""
    is_done: bool = False
    is_confirmed: bool = False
    """False: found by a machine and not yet kept by a person ("possible task")."""


@dataclasses.dataclass(frozen=True, slots=True)
class SummaryLine:
    text: str
    evidence: tuple[int, ...]
    """`start_ms` of the segments that support it; never empty."""


@dataclasses.dataclass(frozen=True, slots=True)
class Insights:
    """What a machine made of a transcript. `source` names it ("rules", or a model)."""

    lines: tuple[SummaryLine, ...]
    tasks: tuple[Task, ...]
    source: str
    withheld_reason: str | None = None
    """Why nothing is offered (for example: the transcript is too uncertain); None when it is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """One row of the library: everything but transcript lines. Times are aware UTC datetimes."""

    id: str
    """Local UUID, made before anything else exists."""
    started_at: dt.datetime
    status: Status = Status.RECORDING
    server_id: str | None = None
    workspace: str = "local"
    platform: Platform = Platform.DESKTOP_AUDIO
    title: str = ""
    meeting_url: str | None = None
    completed_at: dt.datetime | None = None
    duration_ms: int = 0
    participants: tuple[str, ...] = ()
    notes: str = ""
    error: str | None = None
    summary_lines: tuple[SummaryLine, ...] = ()
    summary_source: str | None = None
    summary_generated_at: dt.datetime | None = None
    insights_withheld: str | None = None
    tasks: tuple[Task, ...] = ()
    tasks_generated_at: dt.datetime | None = None
    gaps: tuple[Gap, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()
    media: tuple[Path, ...] = ()
    media_bytes: int = 0
    media_sha256: str | None = None
    is_on_disk: bool = False
    """The file is closed, synced and hashed."""
    is_uploaded: bool = False
    """The server confirmed size and sha256."""
    is_transcribed: bool = False
    engine: str | None = None
    has_draft_transcript: bool = False
    """True for an engine whose words need checking (pocketsphinx)."""
    was_recovered: bool = False
    trashed_at: dt.datetime | None = None
    """Since when it is in the trash; None when it is not."""
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    @property
    def summary_text(self) -> str:
        """The summary as it goes to the server: one line each."""
        return "\n".join(line.text for line in self.summary_lines)


@dataclasses.dataclass(frozen=True, slots=True)
class RecordingRow:
    """A recording with the state a list shows."""

    recording: Recording
    state: State


@dataclasses.dataclass(frozen=True, slots=True)
class RecordingDetail:
    recording: Recording
    state: State
    segments: tuple[Segment, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """A recording that was searched for, and the line that shows why."""

    recording: Recording
    field: str
    """title | people | notes | summary | tasks | bookmarks | transcript"""
    text: str
    """The line, shortened around what was found; the title when nothing was looked for."""
    start_ms: int | None = None
    """Where in the sound it was said; None when that is not known."""
    ranges: tuple[tuple[int, int], ...] = ()
    """Start and end in `text` of what to emphasise, in order."""
    state: State | None = None
    """What the status chip says; None from the library itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class SourceInfo:
    """Something we can hear."""

    id: str
    """What goes into `--mic` and `--system`; "default" follows the system's choice."""
    name: str
    track: Track
    is_default: bool = False
    backend: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class TrackStatus:
    source: str
    """Name for people: "Built-in microphone"; empty when the track is off."""
    level_dbfs: float | None
    """Peak of the last 100 ms, -inf mapped to -120.0; None when nothing was heard yet or the track is off."""
    is_ok: bool
    reason: str | None = None
    """One sentence when not ok."""
    is_enabled: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person has to know now, told once an episode; it goes when its cause is gone."""

    kind: str
    """far_side_silent | microphone_silent | microphone_muted | wrong_source | device_gone | disk_low |
    disk_very_low | disk_reserve"""
    track: Track | None
    """The side it is about; None for both, or for the disk."""
    sentence: str
    action: str
    """What the one button does: check_sound | choose_microphone | choose_call_sound | free_disk"""


@dataclasses.dataclass(frozen=True, slots=True)
class CaptureStatus:
    """What the capture process says of itself."""

    state: str
    """idle | starting | recording | paused | stopping"""
    recording_id: str | None = None
    elapsed_ms: int = 0
    """Media time so far."""
    pid: int | None = None
    tracks: dict[Track, TrackStatus] = dataclasses.field(default_factory=dict)
    disk_minutes_left: int | None = None
    problem: str | None = None
    alarms: tuple[Alarm, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class MeetingNotice:
    """Something to say about a call that another program is in."""

    kind: str
    """suggest_start | offer_stop"""
    name: str
    """The program: "Zoom", "Chrome"; empty when the recording belongs to no call. Say "a call in {name}"."""
    platform: Platform = Platform.DESKTOP_AUDIO
    cause: str = "call"
    """call (one began) | call_ended | silence (both sides, for a quarter of an hour)"""
    ends_at: dt.datetime | None = None
    """When the recording will be stopped unless somebody objects; None where nothing happens by itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class UploadsStatus:
    waiting: int = 0
    failing: int = 0
    paused_reason: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class JobView:
    """One durable job as the uploads page and `recorder sync --json` show it."""

    id: int
    recording_id: str
    kind: str
    state: str
    """pending | running | done | blocked"""
    attempts: int
    reason: str | None
    next_attempt_at: dt.datetime | None
    progress_percent: int | None = None
