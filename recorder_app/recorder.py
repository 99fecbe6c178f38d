"""The one façade that the window, the tray, the command line and the tests use.

Owns the order of things at start, stop and recovery; owns no widget, no socket, no SQL.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from recorder_app.capture.client import CaptureClient
from recorder_app.capture.disk import with_room
from recorder_app.context import Context
from recorder_app.documents import Documents
from recorder_app.editing import Editing
from recorder_app.errors import BusyError, RecorderError
from recorder_app.events import Event
from recorder_app.library.lookup import find
from recorder_app.library.store import Library
from recorder_app.models import (
    CaptureStatus,
    Hit,
    JobView,
    MeetingNotice,
    Platform,
    Recording,
    RecordingDetail,
    RecordingRow,
    SourceInfo,
    State,
    UploadsStatus,
)
from recorder_app.paths import Paths
from recorder_app.sessions import Sessions
from recorder_app.settings import Settings, SettingsFile, with_environment
from recorder_app.states import state_of
from recorder_app.trash import Trash
from recorder_app.uploads import Uploads
from recorder_app.watch import current_status

if TYPE_CHECKING:
    from recorder_app.datasets import Datasets
    from recorder_app.meeting_watch import MeetingWatch
    from recorder_app.working import Work
    from recorder_app.workspaces import Workspaces

logger = logging.getLogger(__name__)


class Recorder(Editing, Documents):
    """Everything a shell can ask for. Call `open` once, `close` once; all else from any thread.

    Importing this module is cheap on purpose (`recorder toggle` must answer within 150 ms): HTTP, speech and
    media libraries are imported where they are needed.
    """

    def __init__(
        self,
        paths: Paths,
        *,
        environment: Mapping[str, str] = os.environ,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self.paths = paths
        self.settings = Settings()
        self.recording_changed: Event[str] = Event()
        """A row was added, changed or removed: its local id."""
        self.capture_changed: Event[CaptureStatus] = Event()
        self.problem: Event[RecorderError] = Event()
        self.meeting_changed: Event[MeetingNotice | None] = Event()
        """What to say about a call now; None when there is nothing to say any more."""
        self._environment = environment
        self._now = now
        self._settings_file = SettingsFile(paths.settings)
        self._capture = CaptureClient(paths)
        self._library: Library | None = None
        self._sessions: Sessions | None = None
        self._work: Work | None = None
        self._meetings: MeetingWatch | None = None
        context = Context(
            paths=paths,
            environment=environment,
            now=now,
            library=lambda: self.library,
            settings=lambda: self.settings,
            stored=self._settings_file.load,
            update_settings=self.update_settings,
            reconnect=self.reconnect,
            changed=self._changed,
        )
        self.trash = Trash(context)
        self.uploads = Uploads(context)
        self._context = context

    @functools.cached_property
    def datasets(self) -> Datasets:
        from recorder_app.datasets import Datasets

        return Datasets(self._context)

    @functools.cached_property
    def workspaces(self) -> Workspaces:
        from recorder_app.workspaces import Workspaces

        return Workspaces(self._context)

    # -- life ---------------------------------------------------------------------------------------------

    def open(self, *, is_working: bool = True, watches_meetings: bool = False) -> None:
        """Open the library and bring interrupted recordings back. Blocks for the recovery scan.

        `is_working`: also start the sync engine and watch the capture process, as the app and the foreground
        commands do. Short commands (`start`, `toggle`, `list`) leave the work to whoever works.
        `watches_meetings`: also notice calls, as the app does, by the setting `meeting_detection`.
        """
        self.paths.ensure()
        self.settings = with_environment(self._settings_file.load(), self._environment)
        self._library = Library(self.paths.library)
        self._sessions = Sessions(self.paths, self._library, self._capture, now=self._now)
        if is_working or self._library.damaged:
            self.recover()
        if not is_working:
            return
        from recorder_app.working import Work

        self._work = Work(
            self.paths,
            self.settings,
            self._library,
            self._environment,
            changed=self.recording_changed.emit,
        )
        self._work.watch(
            self._capture,
            self._sessions,
            changed=self.capture_changed.emit,
            ended=self._session_ended,
            problem=self.problem.emit,
        )
        if watches_meetings:
            from recorder_app.meeting_watch import watch_meetings

            self._meetings = watch_meetings(self)

    def close(self) -> None:
        """Let go of everything; a recording that runs goes on in the capture process."""
        if self._meetings:
            self._meetings.stop()
        if self._work:
            self._work.stop()
        self._capture.close()
        if self._library:
            self._library.close()

    def recover(self) -> list[Recording]:
        """Make every folder a recording again: without a row, or with a row left open by a crash."""
        recovered = self.sessions.recover(self.settings)
        for recording in recovered:
            self.recording_changed.emit(recording.id)
        if recovered:
            self._wake()
        return recovered

    @property
    def library(self) -> Library:
        if self._library is None:
            raise RuntimeError("open() comes first")
        return self._library

    @property
    def sessions(self) -> Sessions:
        if self._sessions is None:
            raise RuntimeError("open() comes first")
        return self._sessions

    # -- recording ----------------------------------------------------------------------------------------

    def start_recording(
        self,
        *,
        title: str = "",
        mic: str | None = None,
        system: str | None = None,
        platform: Platform = Platform.DESKTOP_AUDIO,
    ) -> Recording:
        """Start and return once the first sound was captured. Raises BusyError, SoundError, StorageError."""
        recording = self.sessions.start(self.settings, title=title, mic=mic, system=system, platform=platform)
        return self._told_of(recording)

    def stop_recording(self) -> Recording:
        """Stop, close the file and hand it to the upload. Raises BusyError when nothing is recorded."""
        return self._told_of(self.sessions.stop(self.settings))

    def toggle_recording(self) -> Recording:
        """Start, or stop and save: what the hotkey does."""
        return self.start_recording() if self.capture_status().state == "idle" else self.stop_recording()

    def pause(self) -> CaptureStatus:
        return self._told(self._attached().pause())

    def resume(self) -> CaptureStatus:
        return self._told(self._attached().resume())

    def bookmark(self, note: str = "") -> CaptureStatus:
        return self._told(self._attached().bookmark(note))

    def accept_meeting(self) -> Recording | None:
        """Say yes to the last notice: start, or stop and save. None when it no longer held. May block."""
        return self._meetings.accept() if self._meetings else None

    def dismiss_meeting(self) -> None:
        """Say no: not this call; and a recording that was about to stop goes on until somebody stops it."""
        if self._meetings:
            self._meetings.dismiss()

    def capture_status(self) -> CaptureStatus:
        showing = self._work and self._work.revival and self._work.revival.showing
        status = showing or current_status(self._capture)
        return with_room(status, self.paths.home, self.settings.bitrate)

    def warm_up(self) -> None:
        """Start the capture process ahead of its first use, so that the hotkey records at once."""
        self._capture.ensure()

    def sources(self) -> list[SourceInfo]:
        self._capture.ensure()
        return self._capture.sources()

    # -- reading ------------------------------------------------------------------------------------------

    def recordings(self, query: str = "", *, limit: int = 200, offset: int = 0) -> list[RecordingRow]:
        """Newest first."""
        capture = self.capture_status()
        found = self.library.list(query, limit=limit, offset=offset)
        return [RecordingRow(recording, self._state(recording, capture)) for recording in found]

    def search(self, query: str, **options: Any) -> list[Hit]:
        """Hits with the line that shows why; options (limit, offset, facets) as for `Library.search`."""
        capture = self.capture_status()
        found = self.library.search(query, **options)
        return [dataclasses.replace(hit, state=self._state(hit.recording, capture)) for hit in found]

    def row(self, recording_id: str) -> RecordingRow:
        recording = self._get(recording_id)
        return RecordingRow(recording, self._state(recording, self.capture_status()))

    def detail(self, recording_id: str) -> RecordingDetail:
        row = self.row(recording_id)
        return RecordingDetail(row.recording, row.state, self.library.segments(recording_id))

    def find(self, mark: str) -> Recording:
        """The recording whose local or server id begins with `mark`, or the newest for "last"."""
        return find(self.library, mark)

    def jobs(self) -> list[JobView]:
        return self.library.jobs.views()

    def uploads_status(self) -> UploadsStatus:
        return self.uploads.status()

    # -- editing ------------------------------------------------------------------------------------------

    def retry(self, recording_id: str) -> None:
        self.uploads.retry(recording_id)

    def delete(self, recording_id: str) -> None:
        """Move to the trash (see `trash`). BusyError while it is being recorded."""
        if self.capture_status().recording_id == recording_id:
            raise BusyError("It is still being recorded", hint="Stop it first")
        self.trash.throw(recording_id)

    # -- server -------------------------------------------------------------------------------------------

    def update_settings(self, settings: Settings) -> None:
        """Store; a running engine follows from its next job on."""
        self._settings_file.save(settings)
        self.settings = with_environment(settings, self._environment)
        self.reconnect()

    def reconnect(self) -> None:
        """Let a running engine use the workspace as it is now: another server, another key."""
        if self._work:
            self._work.reconnect(self.paths, self.settings, self._environment)

    def test_connection(self) -> None:
        """Ask the server what it allows; raises what is wrong, in words."""
        if (error := self.workspaces.check().error) is not None:
            raise error

    def work_until_idle(self, recording_id: str | None = None, *, timeout_s: float) -> None:
        """Wait until nothing moves by itself any more; what only waits for a later try does not count."""
        if self._work is None:
            raise RuntimeError("open(is_working=True) comes first")
        self._work.engine.run_until_idle(recording_id, timeout_s=timeout_s)

    def set_window_open(self, *, is_open: bool) -> None:
        """Tell whether somebody looks: what others changed on the server is then looked for more often."""
        if self._work:
            self._work.engine.set_window_open(is_open=is_open)

    # -- inside -------------------------------------------------------------------------------------------

    def _state(self, recording: Recording, capture: CaptureStatus) -> State:
        return state_of(
            recording,
            self.library.jobs.views(recording.id),
            capture,
            paused_reason=self.library.ledger.paused_reason(recording.workspace),
            is_gone=self.library.ledger.wants_decision(recording.id),
        )

    def _changed(self, recording_id: str) -> None:
        self._wake()
        if recording_id:
            self.recording_changed.emit(recording_id)

    def _told_of(self, recording: Recording) -> Recording:
        self._wake()
        self.capture_changed.emit(self.capture_status())
        self.recording_changed.emit(recording.id)
        return recording

    def _session_ended(self, recording_id: str) -> None:
        """Another program stopped it, or the capture process died with it: settle it from its folder."""
        known = self.library.get(recording_id)
        if known is None or not known.is_on_disk:
            self.recover()
        self.recording_changed.emit(recording_id)

    def _attached(self) -> CaptureClient:
        if not self._capture.attach():
            raise BusyError("Nothing is being recorded", hint="Start with: recorder start")
        return self._capture

    def _told(self, status: CaptureStatus) -> CaptureStatus:
        self.capture_changed.emit(status)
        return status

    def _wake(self) -> None:
        if self._work:
            self._work.engine.wake()
