"""Watches the capture process from the app: what it does, that it lives, and what others started or stopped.

One thread; knows nothing of windows, the library or the server.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from recorder_app.errors import RecorderError
from recorder_app.models import CaptureStatus

logger = logging.getLogger(__name__)

INTERVAL_S = 0.25
"""Fast enough that a session started by a command shows at once, slow enough to cost nothing."""
IDLE = CaptureStatus(state="idle")


class Capture(Protocol):
    """The two calls of the capture client this needs."""

    def attach(self) -> bool: ...

    def status(self) -> CaptureStatus: ...


def _nobody_revives(_: CaptureStatus) -> bool:
    return False


@dataclasses.dataclass(frozen=True, slots=True)
class Listener:
    """Called on the watch thread."""

    changed: Callable[[CaptureStatus], None]
    """State, recording, problem or a track's health changed; not for each level."""
    ended: Callable[[str], None]
    """A session is over: its recording id."""
    lost: Callable[[CaptureStatus], bool] = _nobody_revives
    """The capture process is gone, or another one, though the session's end was not seen: what it last said.
    May block. True: the recording goes on; False: it is over."""


class CaptureWatch:
    """`start` and `stop` from any thread, once each."""

    def __init__(self, capture: Capture, listener: Listener, *, interval_s: float = INTERVAL_S) -> None:
        self._capture = capture
        self._listener = listener
        self._interval_s = interval_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-watch", daemon=True)
        self._last = IDLE

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopped.wait(self._interval_s):
            try:
                self.look()
            except Exception:
                # The watch must outlive whatever a listener does; a dead watch would hide a dead recording.
                logger.exception("the capture watch failed once")

    def look(self) -> None:
        """Look once and tell the listener what changed."""
        status = current_status(self._capture)
        before, self._last = self._last, status
        was_busy = before.state != "idle" and before.recording_id
        if was_busy and status.recording_id != before.recording_id:
            # A process that is still the same one ended its session in good order.
            if status.pid != before.pid and self._listener.lost(before):
                status = current_status(self._capture)
                # Should it be gone once more already, the next look has to notice.
                self._last = status if status.recording_id == before.recording_id else before
            else:
                self._listener.ended(str(before.recording_id))
        if _visible(status) != _visible(before):
            self._listener.changed(status)


def current_status(capture: Capture) -> CaptureStatus:
    """Ask the capture process; one that is not there is idle."""
    try:
        return capture.status() if capture.attach() else IDLE
    except (RecorderError, OSError, EOFError):
        return IDLE


def _visible(status: CaptureStatus) -> object:
    health = {track: (each.source, each.is_ok, each.reason) for track, each in status.tracks.items()}
    return status.state, status.recording_id, status.problem, status.alarms, health
