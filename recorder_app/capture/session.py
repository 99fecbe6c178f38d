"""One recording from start to stop: folder and journal first, then devices, writer and watchdog.

Owns the threads of one session. Knows nothing of sockets, clients or the library.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import recorder_app
from recorder_app.capture import journal, recovery
from recorder_app.capture.alarms import Alarms
from recorder_app.capture.backends import Backends
from recorder_app.capture.base import NONE
from recorder_app.capture.disk import Reserve, disk_error
from recorder_app.capture.facts import Finished, StartRequest
from recorder_app.capture.journal import Journal
from recorder_app.capture.lookout import Lookout
from recorder_app.capture.watchdog import CLOSE_TIMEOUT_S, Keeper
from recorder_app.capture.writer import Writer
from recorder_app.errors import BusyError, NoSoundServerError, RecorderError, SoundError, UsageError
from recorder_app.media.join import WHOLE
from recorder_app.models import CaptureStatus, Track, TrackStatus

logger = logging.getLogger(__name__)

LOOK_S = 0.15
"""How often routing is checked and waiting blocks are released: part of what a kill may cost."""
FIRST_BLOCK_S = 5.0
LAST_LOOK_S = 0.4
FINISH_S = 2.0
FLUSH_S = 2.0
FROZEN_S = 1.0
"""A look that took longer met a frozen sound server."""
SLOW_DISK_S = 3.0


class Session:
    """starting → recording ⇄ paused → stopping → idle. Methods may be called from any thread; `start` and
    `stop` block. After `stop`, or after the disk ended the session, `finished` holds what was kept.
    """

    def __init__(
        self,
        request: StartRequest,
        backends: Backends,
        *,
        clock: Callable[[], float] = time.monotonic,
        reserve: Reserve | None = None,
        alarms: Alarms | None = None,
    ) -> None:
        self.request = request
        self._reserve = reserve or Reserve(None)
        self._alarms = alarms or Alarms()
        self._sleeping = threading.Lock()
        self._slept_ms = 0
        self.state = "starting"
        self.finished: Finished | None = None
        self.problem: str | None = None
        self._backends = backends
        self._clock = clock
        self._ending = threading.Lock()
        self._is_over = threading.Event()
        self._keepers: list[Keeper] = []
        both = ((Track.MIC, request.mic), (Track.SYSTEM, request.system))
        self._sources = {track: source for track, source in both if source != NONE}
        self._watcher = threading.Thread(target=self._watch, name="recorder-watchdog", daemon=True)
        self._offset_ms = 0
        self._number = 1
        self._is_new = True

    def prepare(self) -> None:
        """Make folder, journal and file: before any device opens. Raises StorageError, UsageError."""
        if not self._sources:
            raise UsageError("Both sides are turned off", hint="Choose a microphone or the system's sound")
        self._make_folder(frozenset(self._sources))

    def start(self) -> None:
        """Return once the first block was captured. Raises SoundError or StorageError; then no folder
        is left behind, unless sound is in it. `prepare` comes first.
        """
        self._keepers = [
            Keeper(
                track,
                source,
                lambda source=source: self._backends.for_source(source),  # type: ignore[misc]  # bound now
                self._writer,
                clock=self._clock,
                on_problem=self._note_problem,
            )
            for track, source in self._sources.items()
        ]
        self._lookout = Lookout(
            self._keepers,
            self._writer,
            self._reserve,
            bitrate=self.request.bitrate,
            alarms=self._alarms,
            note=self._note,
        )
        if self.request.is_paused:
            self._writer.pause(self._clock())
        try:
            self._open()
        except RecorderError:
            with self._ending:
                if self.finished is None:
                    self._abandon()
            raise
        with self._ending:
            if self.finished is not None:
                raise BusyError("The capture process is ending", hint="Start the recording again")
            self.state = "paused" if self.request.is_paused else "recording"
        logger.info("recording %s started, part %d", self.request.recording_id, self._number)

    def stop(self) -> Finished:
        """Close everything within 3 s, whatever the devices do. Safe to call again and from any thread."""
        with self._ending:
            if self.finished is None:
                self.finished = self._finish()
                self.state = "idle"
        return self.finished

    def pause(self) -> None:
        if self.state == "recording":
            at = self._clock()
            self._writer.pause(at)
            self.state = "paused"
            self._note("pause", at_ms=self._position_ms(at))

    def resume(self) -> None:
        if self.state == "paused":
            at = self._clock()
            self._writer.resume(at)
            self.state = "recording"
            self._note("resume", at_ms=self._position_ms(at))

    def bookmark(self, text: str) -> None:
        if self.state not in ("recording", "paused"):
            raise BusyError("Nothing is being recorded", hint="Start a recording first")
        self._note("bookmark", is_important=True, at_ms=self._position_ms(self._clock()), note=text)

    @property
    def is_live(self) -> bool:
        return self.state != "idle"

    def before_sleep(self) -> None:
        """Have what was heard on the disk: the machine may never wake."""
        self._writer.flush(timeout_s=FLUSH_S)
        self._note("sleep", is_important=True, at_ms=self._position_ms(self._clock()))

    def after_sleep(self, slept_s: float) -> None:
        """The watchdog marks the gap and opens the devices again: streams may look alive and be dead."""
        slept_ms = round(slept_s * 1000)
        self._note("wake", slept_ms=slept_ms)
        with self._sleeping:
            self._slept_ms += slept_ms

    def has_heard_since(self, moment: float) -> bool:
        arrivals = [keeper.inlet.last_arrival for keeper in list(self._keepers)]
        return any(arrival is not None and arrival > moment for arrival in arrivals)

    def status(self, *, pid: int) -> CaptureStatus:
        """Cheap: reads what the threads left."""
        tracks = {track: TrackStatus("", None, is_ok=True, is_enabled=False) for track in Track}
        tracks |= {keeper.track: keeper.status() for keeper in list(self._keepers)}
        writer = self._writer
        return CaptureStatus(
            state=self.state,
            recording_id=self.request.recording_id,
            elapsed_ms=self._offset_ms + round(writer.frames * 1000 / 48_000),
            pid=pid,
            tracks=tracks,
            disk_minutes_left=writer.disk_minutes_left,
            problem=self.problem or self._trouble(),
            alarms=self._alarms.active,
        )

    def _make_folder(self, tracks: frozenset[Track]) -> None:
        folder = self.request.folder
        try:
            self._is_new = not (folder / journal.NAME).exists()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            offset_ms, wall_ms = (0, 0) if self._is_new else self._continue(folder)
            self._reserve.begin()
            self._journal = Journal(folder, relieve=self._reserve.relief())
            journal.sync_folder(folder.parent)
            if self._is_new:
                words = {"title": self.request.title, "mic": self.request.mic, "system": self.request.system}
                self._note_or_raise(
                    "started",
                    id=self.request.recording_id,
                    **words,
                    bitrate=self.request.bitrate,
                    version=recorder_app.__version__,
                )
            else:
                at = {"start_ms": offset_ms, "end_ms": offset_ms}
                self._note_or_raise("gap", **at, track=None, cause="restarted", wall_ms=wall_ms)
            self._offset_ms = offset_ms
            self._writer = Writer(
                folder,
                part=self._number,
                offset_ms=offset_ms,
                bitrate=self.request.bitrate,
                tracks=tracks,
                journal=self._journal,
                clock=self._clock,
                on_failure=self._on_disk_failure,
                reserve=self._reserve,
            )
            self._note_or_raise("part", part=self._number, offset_ms=offset_ms)
        except OSError as error:
            if self._is_new:
                self._remove_ghost()
            raise disk_error(error, folder / journal.NAME) from error
        self._writer.start()

    def _continue(self, folder: Path) -> tuple[int, int]:
        """Go on in a recording that was interrupted: where it ends, and for how long it was gone."""
        if (folder / WHOLE).exists():
            raise UsageError("This recording is complete", hint="Start a new one")
        finished = recovery.examine(folder)
        numbers = [int(path.stem[-3:]) for path in folder.glob("part-*.ogg")]
        self._number = max(numbers, default=0) + 1
        if finished is None:
            return 0, 0
        gone = dt.datetime.now(dt.UTC) - finished.completed_at
        return finished.duration_ms, max(0, round(gone.total_seconds() * 1000))

    def _open(self) -> None:
        errors: list[RecorderError] = []
        for keeper in self._keepers:
            try:
                keeper.open()
            except RecorderError as error:
                keeper.fail(error)
                errors.append(error)
        if len(errors) == len(self._keepers):
            raise next((error for error in errors if isinstance(error, NoSoundServerError)), errors[0])
        self._watcher.start()
        deadline = time.monotonic() + FIRST_BLOCK_S
        while not any(keeper.inlet.wait_for_first(0.005) for keeper in self._keepers):
            if self._writer.failure:
                raise self._writer.failure
            if time.monotonic() > deadline:
                raise SoundError(
                    "No sound arrives",
                    detail="The devices were opened but deliver nothing",
                    hint="Choose other sources, or restart the desktop's sound",
                )

    def _watch(self) -> None:
        """The watchdog thread."""
        while not self._is_over.wait(LOOK_S):
            try:
                self._look()
            except Exception as error:
                logger.exception("the watchdog failed")
                self.problem = f"Watching the devices failed: {error!r}"
        for keeper in self._keepers:
            keeper.vouch()

    def _look(self) -> None:
        now = self._clock()
        if self._slept_ms:
            self._wake_up(now)
        began = time.monotonic()
        heard = {keeper.track: keeper.is_heard(now) for keeper in self._keepers}
        for keeper in self._keepers:
            others = (is_heard for track, is_heard in heard.items() if track is not keeper.track)
            keeper.look(now, is_other_heard=any(others))
        if time.monotonic() - began > FROZEN_S:
            for keeper in self._keepers:
                keeper.be_patient(self._clock())
        self._lookout.look(now, is_paused=self.state == "paused")

    def _wake_up(self, now: float) -> None:
        # The clock stood still too, so the hole has no length in the media.
        with self._sleeping:
            slept_ms, self._slept_ms = self._slept_ms, 0
        at_ms = self._position_ms(now)
        at = {"start_ms": at_ms, "end_ms": at_ms}
        self._note("gap", is_important=True, **at, track=None, cause="sleep", wall_ms=slept_ms)
        for keeper in self._keepers:
            keeper.renew()

    def _finish(self) -> Finished:
        self.state = "stopping"
        self._is_over.set()
        if self._watcher.ident is not None:
            # A frozen sound server may hold it for ever; what it did not vouch for is left out then.
            self._watcher.join(LAST_LOOK_S)
        closers = [closer for keeper in self._keepers if (closer := keeper.close())]
        written = self._writer.finish(timeout_s=FINISH_S)
        line = {
            "part": self._number,
            "frames": written.frames,
            "bytes": written.size,
            "sha256": written.sha256,
        }
        at = journal.now_utc().isoformat()
        self._note("stopped", is_important=True, **line)
        self._journal.close()
        for closer in closers:
            closer.join(CLOSE_TIMEOUT_S / len(closers))
        folder = self.request.folder
        events = journal.read(folder)
        if not events or events[-1]["event"] != "stopped":
            events.append({"event": "stopped", "at": at, **line})
        parts, _ = recovery.close_parts(folder, events)
        logger.info("recording %s stopped: %d frames", self.request.recording_id, written.frames)
        return recovery.build(folder, events, parts)

    def _abandon(self) -> None:
        """Nothing could be opened: leave no ghost behind, but never delete sound."""
        self._is_over.set()
        for keeper in self._keepers:
            keeper.close()
        written = self._writer.finish(timeout_s=FINISH_S)
        self.state = "idle"
        if written.frames or not self._is_new:
            # Nobody stopped it: a recording that goes on may be tried again.
            ending = "stopped" if self._is_new else "recovered"
            self._note(
                ending, part=self._number, frames=written.frames, bytes=written.size, sha256=written.sha256
            )
            self._journal.close()
            return
        self._journal.close()
        with contextlib.suppress(OSError):
            # Headers only: no frame was ever written.
            written.path.unlink()
        self._remove_ghost()

    def _remove_ghost(self) -> None:
        """Take back a folder in which nothing was heard; one that holds anything else stays."""
        folder = self.request.folder
        try:
            for part in folder.glob("part-*.ogg"):
                if not part.stat().st_size:
                    part.unlink()
            if not any(folder.glob("part-*.ogg")):
                (folder / journal.NAME).unlink(missing_ok=True)
                folder.rmdir()
        except OSError as error:
            logger.info("the empty folder of %s stays: %s", self.request.recording_id, error.strerror)

    def _on_disk_failure(self, failure: RecorderError) -> None:
        """On the writer's thread: end the session from another one, keeping everything."""
        self.problem = failure.sentence
        threading.Thread(target=self._end_by_itself, name="recorder-ending", daemon=True).start()

    def _end_by_itself(self) -> None:
        self._note("problem", text=self.problem)
        try:
            self.stop()
        except Exception:
            logger.exception("ending the session failed")
            self.state = "idle"

    def _trouble(self) -> str | None:
        if self.state in ("recording", "paused") and time.monotonic() - self._writer.heartbeat > SLOW_DISK_S:
            return "The disk is slow; sound is kept in memory until it answers"
        reasons = (keeper.reason for keeper in self._keepers if keeper.reason)
        return next(reasons, None) or next((alarm.sentence for alarm in self._alarms.active), None)

    def _note_problem(self, track: Track, reason: str) -> None:
        self._note("problem", track=track, text=reason)

    def _position_ms(self, at: float) -> int:
        return self._offset_ms + self._writer.position_ms(at)

    def _note(self, event: str, *, is_important: bool = False, **fields: object) -> None:
        """A line that may be missing: a full disk must not stop what still works."""
        try:
            self._journal.append(event, is_important=is_important, **fields)
        except OSError as error:
            logger.info("the journal takes no line: %s", error.strerror)

    def _note_or_raise(self, event: str, **fields: object) -> None:
        self._journal.append(event, is_important=True, **fields)
