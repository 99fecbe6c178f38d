"""Transcribes a file through the speech worker, whatever happens to the worker meanwhile.

Starts it on demand, keeps what it has heard so far, restarts it after a crash or a hang, unloads it when
idle. Imports no speech library.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recorder_app.errors import RecorderError
from recorder_app.models import Segment, Track
from recorder_app.paths import child_command
from recorder_app.speech import protocol, sides
from recorder_app.speech.process import WorkerGoneError, WorkerProcess
from recorder_app.speech.protocol import HeardUtterance

logger = logging.getLogger(__name__)

POLL_S = 0.1
HEARTBEAT_TIMEOUT_S = 30.0
STALL_S = 180.0
"""Alive, but no further in the file: ten times the longest utterance, and loading a model."""
IDLE_S = 30.0
"""Loading takes 0.3 s and holds 120 MB: the worker is soon let go."""
CRASHES_IN_PLACE = 2
"""The first crash at one place is answered with a restart, the second with an error."""
CRASHES_AT_ALL = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Transcript:
    segments: tuple[Segment, ...]
    engine: str
    is_draft: bool
    """True when the words need checking."""


class TranscriptionCancelledError(RecorderError):
    """The caller asked for it, or the client was closed."""


@dataclasses.dataclass(slots=True)
class _Hearing:
    """What is known of one file so far; survives the worker."""

    media: Path
    engine: str = ""
    is_draft: bool = True
    duration_ms: int = 0
    tracks: tuple[Track, ...] = ()
    utterances: list[HeardUtterance] = dataclasses.field(default_factory=list)
    positions: dict[Track, int] = dataclasses.field(default_factory=dict)
    done: set[Track] = dataclasses.field(default_factory=set)
    is_answered: bool = False
    """The worker is done with it, well or not, and waits for the next request."""
    crashes: int = 0
    crashes_in_place: int = 0

    def request(self, engine: str) -> protocol.Request:
        """Ask for what is missing: each track from the end of its last utterance."""
        skip_ms: dict[Track, int] = {}
        for one in self.utterances:
            skip_ms[one.track] = max(skip_ms.get(one.track, 0), one.end_ms)
        return protocol.Request(str(self.media.absolute()), engine, skip_ms, tuple(self.done))

    def take(self, message: dict[str, Any]) -> None:
        """Take in one message of the worker that is neither the end nor a failure."""
        event = message["event"]
        if event == protocol.STARTED:
            self.engine, self.is_draft = message["engine"], message["is_draft"]
            self.duration_ms = message["duration_ms"]
            self.tracks = tuple(Track(track) for track in message["tracks"])
        elif event == protocol.UTTERANCE:
            one = HeardUtterance.from_json(message)
            self.utterances.append(one)
            self.positions[one.track] = one.end_ms
            self.crashes_in_place = 0
        elif event == protocol.POSITION:
            self.positions[Track(message["track"])] = message["ms"]
        elif event == protocol.TRACK_DONE:
            self.done.add(Track(message["track"]))
            self.crashes_in_place = 0

    @property
    def percent(self) -> int:
        """0–99; 100 is said once the transcript is there."""
        whole = self.duration_ms * len(self.tracks)
        heard = sum(
            self.duration_ms if track in self.done else min(self.positions.get(track, 0), self.duration_ms)
            for track in self.tracks
        )
        return min(99, heard * 100 // whole) if whole else 0


class SpeechClient:
    """Thread-safe; one transcription at a time, others wait. `transcribe` blocks its thread."""

    def __init__(
        self,
        *,
        engine: str = "auto",
        heartbeat_timeout_s: float = HEARTBEAT_TIMEOUT_S,
        stall_s: float = STALL_S,
        idle_s: float = IDLE_S,
        command: tuple[Sequence[str], dict[str, str]] | None = None,
    ) -> None:
        self._engine = engine
        self._heartbeat_timeout_s = heartbeat_timeout_s
        self._stall_s = stall_s
        self._idle_s = idle_s
        self._command = command or child_command("recorder_app.speech.worker")
        self._busy = threading.Lock()
        """Held while transcribing, and to start or end the worker."""
        self._is_closed = threading.Event()
        self._worker: WorkerProcess | None = None
        self._idle: threading.Timer | None = None

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker while there is one."""
        worker = self._worker
        return worker.pid if worker and worker.is_running else None

    def transcribe(
        self,
        media: Path,
        *,
        me: str = "You",
        them: str = "Them",
        on_progress: Callable[[int], None] = lambda _: None,
        cancelled: threading.Event | None = None,
    ) -> Transcript:
        """Return everything both sides said. `on_progress` is told 0–100 in this thread.

        Raises TranscriptionCancelledError within a second of `cancelled`; UsageError or StorageError for a
        file that cannot be read; MissingDependencyError without an engine; RecorderError when the worker
        keeps dying at the same place.
        """
        cancelled = cancelled or threading.Event()
        hearing = _Hearing(media)
        while not self._busy.acquire(timeout=POLL_S):
            self._check(cancelled)
        try:
            self._stop_idle_timer()
            self._hear(hearing, on_progress, cancelled)
        finally:
            if not hearing.is_answered:
                self._end_worker()
            self._start_idle_timer()
            self._busy.release()
        on_progress(100)
        segments = sides.merge(hearing.utterances, {Track.MIC: me, Track.SYSTEM: them})
        logger.info("transcribed %d segments with %s", len(segments), hearing.engine)
        return Transcript(segments, hearing.engine, hearing.is_draft)

    def close(self) -> None:
        """End the worker; a transcription under way raises TranscriptionCancelledError in its thread."""
        self._is_closed.set()
        with self._busy:
            self._stop_idle_timer()
            self._end_worker()

    def _hear(
        self, hearing: _Hearing, on_progress: Callable[[int], None], cancelled: threading.Event
    ) -> None:
        """Ask worker after worker until the file is done."""
        while True:
            self._check(cancelled)
            try:
                worker = self._running_worker()
                worker.send(hearing.request(self._engine).to_json())
                self._follow(worker, hearing, on_progress, cancelled)
            except WorkerGoneError:
                self._count_crash(hearing)
            else:
                return

    def _follow(
        self,
        worker: WorkerProcess,
        hearing: _Hearing,
        on_progress: Callable[[int], None],
        cancelled: threading.Event,
    ) -> None:
        """Take messages until the file is done. Raise WorkerGoneError when the worker died or hangs."""
        told = -1
        moved_at = time.monotonic()
        while True:
            message = worker.receive(POLL_S)
            self._check(cancelled)
            now = time.monotonic()
            if message is None or message["event"] == protocol.ALIVE:
                if worker.silent_s > self._heartbeat_timeout_s or now - moved_at > self._stall_s:
                    raise WorkerGoneError
                continue
            moved_at = now
            if message["event"] in {protocol.DONE, protocol.FAILED}:
                hearing.is_answered = True
                if message["event"] == protocol.FAILED:
                    raise protocol.to_error(message)
                return
            hearing.take(message)
            if hearing.percent > told:
                told = hearing.percent
                on_progress(told)

    def _check(self, cancelled: threading.Event) -> None:
        if cancelled.is_set() or self._is_closed.is_set():
            raise TranscriptionCancelledError("The transcription was cancelled", hint="Retry it any time")

    def _count_crash(self, hearing: _Hearing) -> None:
        """Clear away the dead or hanging worker; raise when trying again is useless."""
        worker = self._worker
        cause = "it did not answer"
        if worker and worker.returncode is not None:
            cause = f"exit code {worker.returncode}"
        self._end_worker()
        if worker:
            worker.log_last_words()
        hearing.crashes += 1
        hearing.crashes_in_place += 1
        if hearing.crashes_in_place >= CRASHES_IN_PLACE or hearing.crashes >= CRASHES_AT_ALL:
            raise RecorderError(
                "The transcription failed",
                detail=f"the speech worker stopped {hearing.crashes} times ({cause})",
                hint="The recording is safe; retry the transcript, or look into the log",
            )
        logger.warning("the speech worker stopped (%s) and is started again", cause)

    def _running_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.is_running:
            self._end_worker()
            self._worker = WorkerProcess(*self._command)
            logger.debug("speech worker started, pid %d", self._worker.pid)
        return self._worker

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            worker.end()

    def _start_idle_timer(self) -> None:
        if self._worker is None:
            return
        self._idle = threading.Timer(self._idle_s, self._unload)
        self._idle.name, self._idle.daemon = "recorder-speech-idle", True
        self._idle.start()

    def _stop_idle_timer(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _unload(self) -> None:
        # Busy means that somebody needs the worker after all; that run starts a new timer.
        if self._busy.acquire(blocking=False):
            try:
                self._end_worker()
            finally:
                self._busy.release()
