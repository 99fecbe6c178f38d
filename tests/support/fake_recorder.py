"""An in-memory Recorder with the façade's methods: for the window's tests and screenshots.

The same tests run on the real façade later, so this one raises the same errors.
"""

from __future__ import annotations

import bisect
import dataclasses
import threading
import time
from pathlib import Path
from typing import ClassVar

import numpy as np

from recorder_app.errors import BusyError, NotFoundError, RecorderError, SignInError
from recorder_app.events import Event
from recorder_app.models import (
    Bookmark,
    CaptureStatus,
    JobView,
    Recording,
    RecordingDetail,
    RecordingRow,
    SourceInfo,
    State,
    StateKind,
    Status,
    Task,
    Track,
    TrackStatus,
    UploadsStatus,
)
from recorder_app.paths import Paths
from recorder_app.settings import Settings
from tests.support.sample_week import live, week

IDLE = CaptureStatus(state="idle", disk_minutes_left=190)
MIC = TrackStatus("Built-in microphone", -25.0, is_ok=True)
CALL = TrackStatus("Headphones", -38.0, is_ok=True)


class FakePlayer:
    """Plays nothing: its clock runs while it "plays", and everything asked of it is kept."""

    def __init__(self, duration_ms: int) -> None:
        self.duration_ms = duration_ms
        self.speed = 1.0
        self.on_ended = None
        self.on_problem = None
        self.is_playing = False
        self.is_closed = False
        self._at_ms = 0.0
        self._since = 0.0

    @property
    def position_ms(self) -> int:
        run = (time.monotonic() - self._since) * 1000 * self.speed if self.is_playing else 0.0
        return int(min(self.duration_ms, self._at_ms + run))

    def play(self) -> None:
        self._since = time.monotonic()
        self.is_playing = True

    def pause(self) -> None:
        self._at_ms = self.position_ms
        self.is_playing = False

    def seek(self, ms: int) -> None:
        self._at_ms = ms
        self._since = time.monotonic()

    def close(self) -> None:
        self.is_playing = False
        self.is_closed = True

    def end(self) -> None:
        self.pause()
        if self.on_ended is not None:
            self.on_ended()


@dataclasses.dataclass(frozen=True)
class FakeReport:
    error: RecorderError | None = None
    user: str = "Ada"


@dataclasses.dataclass(frozen=True)
class FakeView:
    workspace: str = "local"
    label: str = "This computer"
    project_id: str = "@current"
    key_source: str | None = None
    is_from_environment: bool = False
    backlog: int = 0
    paused_reason: str | None = None


class FakeWorkspaces:
    """Knows one good key; keeps what was signed in with in memory."""

    GOOD_KEY = "phx_good"
    PLACES: ClassVar = {
        "local": ("local", "This computer"),
        "eu": ("https://eu.posthog.com", "PostHog EU"),
        "us": ("https://us.posthog.com", "PostHog US"),
    }

    def __init__(self, recorder: FakeRecorder) -> None:
        self._recorder = recorder
        self.keys: dict[str, str] = {}
        self.view = FakeView(workspace=recorder.settings.workspace)

    def current(self) -> FakeView:
        return self.view

    def check(self, address=None, *, project_id=None, key=None) -> FakeReport:
        self._recorder._enter("check")
        if key in (self.GOOD_KEY, None) and (key or address in self.keys):
            return FakeReport()
        hint = "Make a new one in PostHog"
        return FakeReport(
            SignInError("The server does not know this key", code="authentication_failed", hint=hint)
        )

    def use(self, address: str, *, project_id=None) -> FakeView:
        self._recorder._enter("use")
        origin, label = self.PLACES.get(address, (address, address.rsplit("://", maxsplit=1)[-1]))
        self._recorder.settings = dataclasses.replace(self._recorder.settings, workspace=origin)
        source = "keyring" if address in self.keys else None
        backlog = 0 if origin == "local" else 12
        self.view = FakeView(origin, label, project_id or "@current", source, backlog=backlog)
        return self.view

    def sign_in(self, key: str, address=None) -> None:
        self._recorder._enter("sign_in")
        self.keys[address] = key

    def push_backlog(self) -> int:
        self._recorder._enter("push_backlog")
        moved, self.view = self.view.backlog, dataclasses.replace(self.view, backlog=0)
        return moved


class FakeRecorder:
    """Thread-safe like the real one. `failures[method]` is raised once when that method is called next."""

    def __init__(
        self, details: list[RecordingDetail] | None = None, settings: Settings | None = None
    ) -> None:
        self.recording_changed: Event[str] = Event()
        self.capture_changed: Event[CaptureStatus] = Event()
        self.problem: Event[RecorderError] = Event()
        self.settings = settings or Settings(is_welcomed=True)
        self.paths = Paths.for_home(Path("/home/ada/.local/share/recorder"), {})
        self.workspaces = FakeWorkspaces(self)
        self.failures: dict[str, RecorderError] = {}
        self.calls: list[tuple[str, str]] = []
        """(method, name of the thread it ran on)."""
        self.players: list[FakePlayer] = []
        self.uploads = UploadsStatus(waiting=3)
        self._lock = threading.RLock()
        self._details = {detail.recording.id: detail for detail in (week() if details is None else details)}
        self._capture = IDLE

    def _enter(self, name: str) -> None:
        self.calls.append((name, threading.current_thread().name))
        if error := self.failures.pop(name, None):
            raise error

    def _get(self, recording_id: str) -> RecordingDetail:
        try:
            return self._details[recording_id]
        except KeyError:
            raise NotFoundError("There is no such recording") from None

    def _change(self, recording_id: str, *, state: State | None = None, **changes) -> Recording:
        with self._lock:
            old = self._get(recording_id)
            row = dataclasses.replace(old.recording, **changes)
            self._details[recording_id] = RecordingDetail(row, state or old.state, old.segments)
        self.recording_changed.emit(recording_id)
        return row

    def set_state(self, recording_id: str, state: State, **changes) -> None:
        self._change(recording_id, state=state, **changes)

    def set_capture(self, **changes) -> None:
        self._capture = dataclasses.replace(self._capture, **changes)
        self.capture_changed.emit(self._capture)

    def start_recording(
        self, *, title: str = "", mic: str | None = None, system: str | None = None
    ) -> Recording:
        self._enter("start_recording")
        if self._capture.state != "idle":
            raise BusyError("Something is being recorded already")
        detail = live(title)
        self._details[detail.recording.id] = detail
        self._capture = CaptureStatus(
            "recording", detail.recording.id, 761_000, 4242, {Track.MIC: MIC, Track.SYSTEM: CALL}, 190
        )
        self.recording_changed.emit(detail.recording.id)
        self.capture_changed.emit(self._capture)
        return detail.recording

    def stop_recording(self) -> Recording:
        self._enter("stop_recording")
        recording_id = self._capture.recording_id
        if recording_id is None:
            raise BusyError("Nothing is being recorded")
        elapsed_ms = self._capture.elapsed_ms
        self._capture = IDLE
        row = self._change(
            recording_id,
            state=State(StateKind.UPLOADING, 0),
            status=Status.UPLOADING,
            duration_ms=elapsed_ms,
            media=(Path("recordings") / recording_id / "part-001.ogg",),
            media_bytes=6_100_000,
            is_on_disk=True,
        )
        self.capture_changed.emit(self._capture)
        return row

    def toggle_recording(self) -> Recording:
        return self.start_recording() if self._capture.state == "idle" else self.stop_recording()

    def pause(self) -> CaptureStatus:
        return self._pause("paused", StateKind.PAUSED)

    def resume(self) -> CaptureStatus:
        return self._pause("recording", StateKind.RECORDING)

    def _pause(self, name: str, kind: StateKind) -> CaptureStatus:
        self._enter(name)
        if self._capture.recording_id is None:
            raise BusyError("Nothing is being recorded")
        self._change(self._capture.recording_id, state=State(kind))
        self.set_capture(state=name)
        return self._capture

    def bookmark(self, note: str = "") -> CaptureStatus:
        self._enter("bookmark")
        if self._capture.recording_id is None:
            raise BusyError("Nothing is being recorded")
        marks = self._get(self._capture.recording_id).recording.bookmarks
        self._change(self._capture.recording_id, bookmarks=(*marks, Bookmark(self._capture.elapsed_ms, note)))
        return self._capture

    def capture_status(self) -> CaptureStatus:
        return self._capture

    def uploads_status(self) -> UploadsStatus:
        return self.uploads

    def recordings(self, query: str = "", *, limit: int = 200, offset: int = 0) -> list[RecordingRow]:
        self._enter("recordings")
        with self._lock:
            found = [detail for detail in self._details.values() if _fits(detail, query)]
        found.sort(key=lambda detail: detail.recording.started_at, reverse=True)
        return [RecordingRow(d.recording, d.state) for d in found[offset : offset + limit]]

    def row(self, recording_id: str) -> RecordingRow:
        self._enter("row")
        with self._lock:
            detail = self._get(recording_id)
        return RecordingRow(detail.recording, detail.state)

    def detail(self, recording_id: str) -> RecordingDetail:
        self._enter("detail")
        with self._lock:
            return self._get(recording_id)

    def rename(self, recording_id: str, title: str) -> Recording:
        self._enter("rename")
        return self._change(recording_id, title=title)

    def set_notes(self, recording_id: str, notes: str, *, was: str | None = None) -> Recording:
        self._enter("set_notes")
        return self._change(recording_id, notes=notes)

    def set_participants(self, recording_id: str, names: tuple[str, ...]) -> Recording:
        return self._change(recording_id, participants=tuple(names))

    def set_task(self, recording_id: str, task: Task) -> Recording:
        self._enter("set_task")
        tasks = self._get(recording_id).recording.tasks
        is_known = any(old.id == task.id for old in tasks)
        changed = tuple(task if old.id == task.id else old for old in tasks)
        return self._change(recording_id, tasks=changed if is_known else (*tasks, task))

    def dismiss_task(self, recording_id: str, task_id: str) -> Recording:
        self._enter("dismiss_task")
        tasks = self._get(recording_id).recording.tasks
        return self._change(recording_id, tasks=tuple(task for task in tasks if task.id != task_id))

    def retry(self, recording_id: str) -> None:
        self._enter("retry")
        row = self._get(recording_id).recording
        kind = StateKind.TRANSCRIBING if row.is_uploaded else StateKind.UPLOADING
        self._change(recording_id, state=State(kind, 0))

    def delete(self, recording_id: str) -> None:
        self._enter("delete")
        with self._lock:
            self._get(recording_id)
            del self._details[recording_id]
        self.recording_changed.emit(recording_id)

    def import_file(self, path: Path, *, title: str = "") -> Recording:
        self._enter("import_file")
        detail = live(title or path.stem)
        row = dataclasses.replace(detail.recording, id="imported", media=(path,), duration_ms=60_000)
        self._details[row.id] = RecordingDetail(row, State(StateKind.WAITING), ())
        self.recording_changed.emit(row.id)
        return row

    def export(self, recording_id: str, format: str = "markdown") -> str:  # noqa: A002 — as the façade
        self._enter("export")
        return f"# {self._get(recording_id).recording.title}\n"

    def player(self, recording_id: str) -> FakePlayer:
        self._enter("player")
        player = FakePlayer(self._get(recording_id).recording.duration_ms)
        self.players.append(player)
        return player

    def peaks(self, recording_id: str, bars: int):
        self._enter("peaks")
        detail = self._get(recording_id)
        return fake_peaks(detail, bars)

    def sources(self) -> list[SourceInfo]:
        self._enter("sources")
        return [
            SourceInfo("builtin", "Built-in microphone", Track.MIC, is_default=True),
            SourceInfo("headset", "Headset", Track.MIC),
            SourceInfo("headphones", "Headphones", Track.SYSTEM, is_default=True),
        ]

    def update_settings(self, settings: Settings) -> None:
        self._enter("update_settings")
        self.settings = settings

    def jobs(self) -> list[JobView]:
        """What the states of the recordings leave to do."""
        with self._lock:
            return [job for detail in self._details.values() for job in _jobs_of(detail)]


def _jobs_of(detail: RecordingDetail) -> list[JobView]:
    row, state = detail.recording, detail.state
    if state.kind in (StateKind.READY, StateKind.KEPT_HERE, StateKind.RECORDING, StateKind.PAUSED):
        return []
    kinds = [] if row.is_uploaded else ["upload"]
    kinds += [] if row.is_transcribed else ["transcribe", "insights"]
    moving = {StateKind.UPLOADING: "upload", StateKind.TRANSCRIBING: "transcribe"}.get(state.kind)
    return [
        JobView(
            number,
            row.id,
            kind,
            "blocked"
            if state.kind is StateKind.FAILED and number == 0
            else "running"
            if kind == moving
            else "pending",
            attempts=0,
            reason=state.reason,
            next_attempt_at=state.next_attempt_at,
        )
        for number, kind in enumerate(kinds)
    ]


def fake_peaks(detail: RecordingDetail, bars: int) -> np.ndarray:
    """Loud where somebody speaks, quiet elsewhere; the same every time."""
    rng = np.random.default_rng(7)
    peaks = np.zeros((2, bars), dtype=np.float32)
    duration_ms = max(1, detail.recording.duration_ms)
    noise = 0.25 + 0.75 * rng.random(bars, dtype=np.float32)
    turns = detail.segments
    for number in range(bars):
        ms = (number + 0.5) * duration_ms / bars
        lane = int(np.sin(number / 9) > 0.2)
        if turns:
            at = bisect.bisect_right([segment.start_ms for segment in turns], ms) - 1
            end_ms = turns[at + 1].start_ms if at + 1 < len(turns) else duration_ms
            if at < 0 or ms > turns[at].start_ms + 0.86 * (end_ms - turns[at].start_ms):
                continue
            lane = 0 if turns[at].track is Track.MIC else 1
        peaks[lane, number] = noise[number]
    return peaks


def _fits(detail: RecordingDetail, query: str) -> bool:
    wanted = query.casefold()
    text = " ".join([detail.recording.title, detail.recording.notes, *(s.text for s in detail.segments)])
    return not wanted or wanted in text.casefold()
