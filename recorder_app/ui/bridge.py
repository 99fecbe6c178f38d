"""Between the façade and the widgets: events become queued signals, blocking calls run on named workers.

Everything it emits and every callback it calls arrives on the GUI thread.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from recorder_app.errors import RecorderError
from recorder_app.models import CaptureStatus, UploadsStatus
from recorder_app.ui.facade import Recorder

logger = logging.getLogger(__name__)

T = TypeVar("T")
METERS_MS = 33
CLOCK_MS = 500
"""Between reads of the capture process while nobody sees the meters: the tray's clock needs no more."""
IDLE = CaptureStatus(state="idle")
LANES = {"capture": 1, "writes": 1, "reads": 2, "sound": 1}
"""Workers per lane. One where order matters: a note typed later must be written later."""


class Bridge(QObject):
    """Lives in the GUI thread; `close` waits for the workers."""

    recording_changed = Signal(str)
    capture_changed = Signal(object)
    """CaptureStatus; at 30 Hz while recording and watched."""
    uploads_changed = Signal(object)
    problem = Signal(object)
    """RecorderError nobody asked for: show it as a toast."""
    busy_changed = Signal()

    _recording_arrived = Signal(str)
    _capture_arrived = Signal(object)
    _problem_arrived = Signal(object)
    _settled = Signal(object, object)

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder
        self.capture = IDLE
        self.uploads = UploadsStatus()
        self._pools = {
            lane: ThreadPoolExecutor(workers, thread_name_prefix=f"recorder-ui-{lane}")
            for lane, workers in LANES.items()
        }
        self._newest: dict[str, int] = {}
        self._busy: set[str] = set()
        self._is_watched = False
        self._is_closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._recording_arrived.connect(self._take_recording, queued)
        self._capture_arrived.connect(self._take_capture, queued)
        self._problem_arrived.connect(self.problem, queued)
        self._settled.connect(self._deliver, queued)
        self._unsubscribe = [
            recorder.recording_changed.subscribe(self._recording_arrived.emit),
            recorder.capture_changed.subscribe(self._capture_arrived.emit),
            recorder.problem.subscribe(self._problem_arrived.emit),
        ]
        self._timer = QTimer(self, interval=CLOCK_MS)
        self._timer.timeout.connect(self.refresh)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None] | None = None,
        failed: Callable[[RecorderError], None] | None = None,
        *,
        lane: str = "reads",
        newest: str | None = None,
    ) -> None:
        """Run `work` on a lane; call `done` or `failed` on the GUI thread.

        With `newest`, an answer is dropped when a later call with that name was made meanwhile.
        Without `failed`, a RecorderError goes to `problem`.
        """
        if self._is_closed:
            return
        number = 0
        if newest is not None:
            number = self._newest[newest] = self._newest.get(newest, 0) + 1

        def job() -> None:
            try:
                result: object = work()
            except RecorderError as error:
                result = error
            except Exception:
                # A bug of ours must not end as a silent future; it becomes a state a person sees.
                logger.exception("a task of the window failed")
                result = RecorderError(
                    self.tr("Something in Recorder went wrong"), hint=self.tr("Try it again")
                )
            self._settled.emit((done, failed, newest, number), result)

        self._pools[lane].submit(job)

    def command(
        self, name: str, work: Callable[[], object], failed: Callable[[RecorderError], None] | None = None
    ) -> None:
        """Run something of the capture process; `name` counts as busy until it is done."""
        if name in self._busy:
            return
        self._busy.add(name)
        self.busy_changed.emit()

        def settle() -> None:
            self._busy.discard(name)
            self.busy_changed.emit()
            self.refresh()

        def fail(error: RecorderError) -> None:
            settle()
            (failed or self.problem.emit)(error)

        self.run(work, lambda _: settle(), fail, lane="capture")

    def is_busy(self, name: str) -> bool:
        return name in self._busy

    def start(self) -> None:
        title = ""
        self.command("start", lambda: self.recorder.start_recording(title=title))

    def stop(self) -> None:
        self.command("stop", self.recorder.stop_recording)

    def toggle(self) -> None:
        """Start or stop, by what is going on now."""
        if self.capture.state == "idle":
            self.start()
        else:
            self.stop()

    def pause_or_resume(self) -> None:
        if self.capture.state == "paused":
            self.command("pause", self.recorder.resume)
        else:
            self.command("pause", self.recorder.pause)

    def bookmark(self) -> None:
        self.command("bookmark", self.recorder.bookmark)

    def set_watched(self, *, is_watched: bool) -> None:
        """Tell whether a window shows the meters; the timer runs at 30 Hz only then."""
        self._is_watched = is_watched
        self._set_timer()

    def refresh(self) -> None:
        """Read the capture process and the uploads now."""
        if self._is_closed:
            return
        self._take_capture(self.recorder.capture_status())
        uploads = self.recorder.uploads_status()
        if uploads != self.uploads:
            self.uploads = uploads
            self.uploads_changed.emit(uploads)

    def close(self) -> None:
        """Stop listening and wait for what is running."""
        self._timer.stop()
        self._is_closed = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def timer_interval(self) -> int | None:
        """Return the ms between reads, None while nothing is recorded."""
        return self._timer.interval() if self._timer.isActive() else None

    def _take_recording(self, recording_id: str) -> None:
        if not self._is_closed:
            self.recording_changed.emit(recording_id)
            uploads = self.recorder.uploads_status()
            self.uploads = uploads
            self.uploads_changed.emit(uploads)

    def _take_capture(self, status: CaptureStatus) -> None:
        if self._is_closed:
            return
        self.capture = status
        self._set_timer()
        self.capture_changed.emit(status)

    def _set_timer(self) -> None:
        if self.capture.state == "idle" or self._is_closed:
            self._timer.stop()
            return
        interval = METERS_MS if self._is_watched and self.capture.state != "paused" else CLOCK_MS
        if not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _deliver(self, order: tuple[Any, ...], result: object) -> None:
        done, failed, newest, number = order
        if self._is_closed or (newest is not None and self._newest[newest] != number):
            return
        if isinstance(result, RecorderError):
            (failed or self.problem.emit)(result)
        elif done is not None:
            done(result)
