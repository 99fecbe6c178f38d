"""The one writer thread: drains the inlets, runs the timeline, encodes, syncs, measures levels.

Owns the media file of one part. Must not open devices or decide what a lost stream means.
"""

from __future__ import annotations

import collections
import dataclasses
import errno
import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from recorder_app.capture.disk import Relieve, Reserve, disk_error, disk_minutes, sync
from recorder_app.capture.inlet import Inlet
from recorder_app.capture.journal import Journal, sync_folder
from recorder_app.capture.timeline import Timeline
from recorder_app.errors import RecorderError, StorageError
from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
from recorder_app.models import Track

logger = logging.getLogger(__name__)

TICK_S = 0.1
SYNC_S = 0.8
"""A power cut loses this much, what waits to be vouched for, and a page: 1.2 s of the promised 1.5. With a
whole second it was 1.37 s in the worst of 300 cuts, which a busy machine does not keep.
"""
DISK_S = 5.0
QUIETEST_DBFS = -120.0


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    path: Path
    frames: int
    size: int
    sha256: str


class _HashedFile(AppendOnlyFile):
    """Nothing written is ever rewritten, so the digest can grow with the file."""

    def __init__(self, descriptor: int, relieve: Relieve) -> None:
        super().__init__(descriptor, relieve=relieve)
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: object) -> int:
        sent = super().write(data)
        self.digest.update(memoryview(data))  # type: ignore[arg-type]  # PyAV passes bytes
        self.size += sent
        return sent


class Writer:
    """One part from open to close. Methods may be called from any thread; effects happen in its own."""

    def __init__(
        self,
        folder: Path,
        *,
        part: int,
        offset_ms: int = 0,
        bitrate: int,
        tracks: frozenset[Track],
        journal: Journal,
        clock: Callable[[], float],
        on_failure: Callable[[RecorderError], None],
        reserve: Reserve,
    ) -> None:
        """Create the file, synced with its folder. Raises OSError.

        `offset_ms` is the media time of earlier parts; gaps are noted in the whole recording's time.
        """
        self.path = folder / f"part-{part:03d}.ogg"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._reserve = reserve
        self._relieve = reserve.relief()
        self._file = _HashedFile(os.open(self.path, flags, 0o600), self._relieve)
        sync_folder(folder)
        self._encoder = OpusWriter(self._file, bitrate=bitrate)
        self._timeline = Timeline(tracks)
        self._bitrate = bitrate
        self._offset_ms = offset_ms
        self._journal = journal
        self._clock = clock
        self._on_failure = on_failure
        self._inlets: dict[Track, Inlet] = {}
        self._levels: dict[Track, float] = {}
        self._commands: collections.deque[Callable[[], None]] = collections.deque()
        self._flushing: list[threading.Event] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-writer", daemon=True)
        self._synced_at = self._measured_at = float("-inf")
        self._written: Written | None = None
        self.disk_minutes_left: int | None = None
        self.failure: RecorderError | None = None
        self.heartbeat = time.monotonic()
        """When the thread last came round: older than a few seconds means that the disk stands still."""

    @property
    def frames(self) -> int:
        """Media frames handed to the encoder."""
        return self._encoder.frames

    def start(self) -> None:
        self._thread.start()

    def attach(self, track: Track, inlet: Inlet) -> None:
        """From now on this inlet brings the track's sound."""
        at = self._clock()

        def act() -> None:
            self._drain(track)
            self._inlets[track] = inlet
            self._timeline.open(track, at)

        self._commands.append(act)

    def lose(self, track: Track, cause: str) -> None:
        """The track's stream is dead; what it brought and was vouched for still counts."""

        def act() -> None:
            self._drain(track)
            self._inlets.pop(track, None)
            self._levels.pop(track, None)
            self._timeline.lose(track, cause)

        self._commands.append(act)

    def pause(self, at: float) -> None:
        self._commands.append(lambda: self._timeline.pause(at))

    def resume(self, at: float) -> None:
        self._commands.append(lambda: self._timeline.resume(at))

    def flush(self, *, timeout_s: float) -> bool:
        """Have on the disk what was heard, but for the page of 0.2 s being filled. False when it hangs."""
        done = threading.Event()

        def act() -> None:
            self._synced_at = float("-inf")
            self._flushing.append(done)

        self._commands.append(act)
        return done.wait(timeout_s)

    def level_dbfs(self, track: Track) -> float | None:
        return self._levels.get(track)

    def position_ms(self, at: float) -> int:
        return self._timeline.media_ms(at)

    def finish(self, *, timeout_s: float) -> Written:
        """Write everything, close the file, return what it holds. Raises StorageError if the disk hangs."""
        self._ending.set()
        self._thread.join(timeout_s)
        if self._written is None:
            raise self.failure or StorageError(
                "The disk does not answer",
                detail=f"{self.path.name} could not be closed",
                hint="What was written is kept and will be found at the next start",
            )
        return self._written

    def _run(self) -> None:
        try:
            while not self._ending.wait(TICK_S) and not self._reserve.is_spent:
                self.step()
            self.step(is_last=True)
            self._encoder.close()
            if self._reserve.is_spent and not self._ending.is_set():
                self.failure = disk_error(OSError(errno.ENOSPC, ""), self.path)
                self._on_failure(self.failure)
        except OSError as error:
            self._fail(disk_error(error, self.path))
        except Exception as error:
            logger.exception("the writer failed")
            self._fail(RecorderError("Recording failed", detail=repr(error), hint="What was heard is kept"))
        self._close()

    def step(self, *, is_last: bool = False) -> None:
        """One turn: commands, blocks, timeline, encoder, levels, sync."""
        while self._commands:
            self._commands.popleft()()
        now = self._clock()
        for track, inlet in self._inlets.items():
            self._drain(track)
            if inlet.has_waiting:
                self._timeline.expect(track)
            self._measure(track, inlet)
        stereo = self._timeline.finish(now) if is_last else self._timeline.take(now)
        if stereo:
            self._encoder.write(stereo)
        for gap in self._timeline.gaps():
            start_ms, end_ms = gap.start_ms + self._offset_ms, gap.end_ms + self._offset_ms
            whole = dataclasses.replace(gap, start_ms=start_ms, end_ms=end_ms)
            self._journal.append("gap", is_important=True, **dataclasses.asdict(whole))
        self._keep_house()

    def _drain(self, track: Track) -> None:
        inlet = self._inlets.get(track)
        for block in inlet.take() if inlet else ():
            self._timeline.add(track, block.pcm, block.arrived_at, lost_frames=block.lost_frames)

    def _measure(self, track: Track, inlet: Inlet) -> None:
        pcm = inlet.recent()
        if pcm:
            self._levels[track] = peak_dbfs(pcm)

    def _keep_house(self) -> None:
        self.heartbeat = now = time.monotonic()
        if now - self._synced_at >= SYNC_S:
            self._synced_at = now
            sync(self._file.fileno(), self._relieve)
            while self._flushing:
                self._flushing.pop().set()
        if now - self._measured_at >= DISK_S:
            self._measured_at = now
            self.disk_minutes_left = disk_minutes(self.path.parent, self._bitrate)

    def _close(self) -> None:
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            # The bytes may still be there; recovery looks at the file itself.
            logger.warning("closing %s failed: %s", self.path.name, error)
        frames = self._encoder.frames
        self._written = Written(self.path, frames, self._file.size, self._file.digest.hexdigest())

    def _fail(self, failure: RecorderError) -> None:
        self.failure = failure
        self._close_encoder()
        self._on_failure(failure)

    def _close_encoder(self) -> None:
        try:
            self._encoder.close()
        except OSError:
            # The disk said no before; the file is readable without its last page.
            logger.info("the last page of %s was not written", self.path.name)


def peak_dbfs(pcm: bytes) -> float:
    """Peak of mono int16 in dBFS; digital silence is -120."""
    samples = np.frombuffer(pcm, dtype="<i2")
    peak = max(int(samples.max()), -int(samples.min()))
    return max(QUIETEST_DBFS, float(20 * np.log10(peak / 32768))) if peak else QUIETEST_DBFS
