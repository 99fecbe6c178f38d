"""Asks who uses the microphone, and carries out what the meeting policy decides.

One thread, named recorder-meetings. Decides nothing itself; knows no window and no sound server.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

from recorder_app.capture.microphone_use.base import MicrophoneUse, MicUser
from recorder_app.errors import BusyError, RecorderError
from recorder_app.events import Event
from recorder_app.meetings.policy import Limits, MeetingPolicy, Notice, Start, Stop
from recorder_app.models import CaptureStatus, MeetingNotice, Platform, Recording
from recorder_app.settings import Settings

logger = logging.getLogger(__name__)

INTERVAL_S = 2.0
WHILE_RECORDING_S = 1.0
"""Levels are peaks of 100 ms: a sentence of two seconds must not fall between two looks."""


class Desk(Protocol):
    """What this needs of the façade."""

    settings: Settings
    meeting_changed: Event[MeetingNotice | None]
    problem: Event[RecorderError]

    def capture_status(self) -> CaptureStatus: ...

    def start_recording(self, *, platform: Platform) -> Recording: ...

    def stop_recording(self) -> Recording: ...


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class MeetingWatch:
    """`start` and `stop` once each; `dismiss` and `accept` from any thread.

    `meeting_changed` is emitted under the lock, so that notices arrive in the order in which they were
    decided: a listener must not wait for another thread that answers a notice.
    """

    def __init__(
        self,
        desk: Desk,
        use: MicrophoneUse,
        *,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], dt.datetime] = _utc_now,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._desk = desk
        self._use = use
        self._clock = clock
        self._now = now
        self._interval_s = interval_s
        self._policy = MeetingPolicy(limits=limits)
        self._lock = threading.RLock()
        self._told: Notice | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-meetings", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A sound server that is frozen may hold the thread; it is not waited for longer than 2 s."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2)

    def look(self) -> CaptureStatus:
        """Look once and do what follows; return what is being recorded. May block: a start, a stop."""
        settings = self._desk.settings
        status = self._desk.capture_status()
        users = self._users(status) if settings.meeting_detection != "off" else []
        with self._lock:
            self._policy.configure(settings.meeting_detection, settings.ignored_meeting_apps)
            decided = self._policy.look(self._clock(), users, status)
            self._tell()
        if decided is not None and not self._stopped.is_set():
            self._carry_out(decided)
        return status

    def dismiss(self) -> None:
        """Say no to the notice that is shown: it does not come back for this call."""
        with self._lock:
            self._policy.dismiss(self._clock())
            self._tell()

    def accept(self) -> Recording | None:
        """Say yes: start, or stop and save. None when the notice no longer held. Raises RecorderError."""
        with self._lock:
            notice = self._policy.accept(self._clock())
            self._tell()
        if notice is None:
            return None
        if notice.kind == "suggest_start":
            return self._desk.start_recording(
                platform=notice.app.platform if notice.app else Platform.DESKTOP_AUDIO
            )
        return self._desk.stop_recording()

    def _run(self) -> None:
        interval_s = self._interval_s
        while not self._stopped.wait(interval_s):
            try:
                status = self.look()
            except Exception:
                # A watch that died would never offer to stop; whatever failed may work at the next look.
                logger.exception("the meeting watch failed once")
            else:
                is_busy = status.state != "idle"
                interval_s = min(self._interval_s, WHILE_RECORDING_S) if is_busy else self._interval_s
        self._use.close()

    def _users(self, status: CaptureStatus) -> list[MicUser] | None:
        own_pids = {os.getpid()} | ({status.pid} if status.pid is not None else set())
        try:
            return self._use.users(own_pids)
        except RecorderError as error:
            logger.debug("nobody can tell who uses the microphone: %s", error.title)
            return None

    def _carry_out(self, decided: Start | Stop) -> None:
        try:
            if isinstance(decided, Start):
                logger.info("a call in %s began: recording it", decided.app.name)
                self._desk.start_recording(platform=decided.app.platform)
            elif self._desk.capture_status().recording_id == decided.recording_id:
                logger.info("recording %s: its call is over", decided.recording_id)
                self._desk.stop_recording()
        except BusyError:
            # Somebody was faster by a moment, and what they did is as good.
            logger.debug("somebody else started or stopped at the same moment")
        except RecorderError as error:
            self._desk.problem.emit(error)

    def _tell(self) -> None:
        notice = self._policy.notice
        if notice == self._told:
            return
        self._told = notice
        self._desk.meeting_changed.emit(self._shown(notice) if notice else None)

    def _shown(self, notice: Notice) -> MeetingNotice:
        ends_at = None
        if notice.stops_at is not None:
            ends_at = self._now() + dt.timedelta(seconds=notice.stops_at - self._clock())
        return MeetingNotice(
            kind=notice.kind,
            name=notice.app.name if notice.app else "",
            platform=notice.app.platform if notice.app else Platform.DESKTOP_AUDIO,
            cause=notice.cause,
            ends_at=ends_at,
        )


def watch_meetings(desk: Desk) -> MeetingWatch | None:
    """Start watching with what this system has; None where nobody can tell who uses the microphone."""
    from recorder_app.capture.microphone_use import for_this_machine

    use = for_this_machine()
    if use is None:
        return None
    watch = MeetingWatch(desk, use)
    watch.start()
    return watch
