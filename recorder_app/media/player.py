"""Plays a recording through the system's default output and knows what is being heard right now.

Owns the output stream. Must not decode (see feed.py) and must not run in a sound callback's thread.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from recorder_app.errors import MissingDependencyError, RecorderError, SoundError
from recorder_app.media.decode import probe
from recorder_app.media.feed import RATE, Feed, Side

logger = logging.getLogger(__name__)

SLOWEST, FASTEST = 0.5, 3.0
LATENCY_S = 0.1
"""What we ask the device for: short enough that pause and seek feel immediate."""
ANCHORS = 256


@dataclasses.dataclass(frozen=True, slots=True)
class _Anchor:
    """From the stream's time `heard_at_s` on, the feed's frames `first`…`first + frames` are heard."""

    feed: Feed
    heard_at_s: float
    first: int
    frames: int


class Player:
    """One recording at a time. Every method may be called from any thread; `play`, `load` and `close` may
    block for some 100 ms. `on_ended` and `on_problem` are called in a thread of the player.
    """

    def __init__(self) -> None:
        self.on_ended: Callable[[], None] | None = None
        self.on_problem: Callable[[RecorderError], None] | None = None
        self._lock = threading.RLock()
        self._path: Path | None = None
        self._duration_ms = 0
        self._position_ms = 0
        self._speed = 1.0
        self._side = Side.BOTH
        self._feed: Feed | None = None
        self._old_feeds: list[Feed] = []
        self._stream: Any = None
        self._is_playing = False
        self._anchors: collections.deque[_Anchor] = collections.deque(maxlen=ANCHORS)

    def load(self, path: Path) -> None:
        """Open a file, paused at its start. Raises UsageError or StorageError when it cannot be read."""
        duration_ms = probe(path).duration_ms
        with self._lock:
            self.pause()
            self._path, self._duration_ms, self._position_ms = path, duration_ms, 0

    def play(self) -> None:
        """Go on from `position_ms`; from the beginning when the end was reached. Raises SoundError."""
        with self._lock:
            if self._is_playing or self._path is None:
                return
            if self._position_ms >= self._duration_ms:
                self._position_ms = 0
            if self._stream is None:
                self._stream = _open_stream(self._fill)
            self._is_playing = True
            self._feed_from(self._position_ms)
            try:
                self._stream.start()
            except Exception as error:
                self._halt(self._position_ms)
                self._drop_stream()
                raise _no_output(error) from error

    def pause(self) -> None:
        with self._lock:
            if self._is_playing:
                self._halt(self.position_ms)

    def seek(self, ms: int) -> None:
        """Go to a place, playing on if playing."""
        with self._lock:
            self._position_ms = min(max(int(ms), 0), self._duration_ms)
            if self._is_playing:
                self._feed_from(self._position_ms)

    def close(self) -> None:
        """Stop, give the device back and wait for the player's threads. It may be used again after `load`."""
        with self._lock:
            self.pause()
            self._drop_stream()
            old, self._old_feeds = self._old_feeds, []
        for feed in old:
            feed.join()

    @property
    def is_playing(self) -> bool:
        return self._is_playing

    @property
    def duration_ms(self) -> int:
        return self._duration_ms

    @property
    def position_ms(self) -> int:
        """What is heard now, not what was last handed to the device. Cheap; never waits for sound."""
        with self._lock:
            feed, stream = self._feed, self._stream
            if not self._is_playing or feed is None or stream is None:
                return self._position_ms
            frames = self._heard_frames(feed, stream.time)
        return min(round(feed.media_ms(frames)), self._duration_ms)

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        """Clamped to 0.5–3."""
        self._change(speed=min(max(value, SLOWEST), FASTEST))

    @property
    def side(self) -> Side:
        return self._side

    @side.setter
    def side(self, value: Side) -> None:
        self._change(side=value)

    def _change(self, *, speed: float | None = None, side: Side | None = None) -> None:
        with self._lock:
            here = self.position_ms
            self._speed = self._speed if speed is None else speed
            self._side = self._side if side is None else side
            if self._is_playing:
                self._feed_from(here)

    def _heard_frames(self, feed: Feed, now_s: float) -> float:
        heard = 0.0
        for anchor in tuple(self._anchors):
            if anchor.feed is feed and anchor.heard_at_s <= now_s:
                heard = anchor.first + min((now_s - anchor.heard_at_s) * RATE, anchor.frames)
        return heard

    def _feed_from(self, ms: int) -> None:
        assert self._path is not None  # noqa: S101 — play and seek are only reached with a file
        self._retire_feed()
        self._feed = Feed(
            self._path, start_ms=ms, speed=self._speed, side=self._side, on_idle=self._look_after
        )
        self._feed.start()

    def _retire_feed(self) -> None:
        if self._feed is not None:
            self._feed.stop()
            # Joined in `close`: it may be the thread we are in, or be waiting for our lock.
            self._old_feeds = [feed for feed in self._old_feeds if feed.is_alive] + [self._feed]
            self._feed = None

    def _halt(self, position_ms: int) -> None:
        """Fall silent at once. What the device still holds is dropped and played again on resume."""
        self._position_ms = position_ms
        self._is_playing = False
        self._retire_feed()
        if self._stream is not None:
            try:
                self._stream.abort()
            except Exception:  # noqa: BLE001 — a device that is gone cannot be stopped, and need not be
                self._drop_stream()

    def _drop_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _fill(self, out: Any, frames: int, time: Any, status: Any) -> None:  # noqa: ARG002 — PortAudio's
        """Run by PortAudio: no lock, no waiting, no logging."""
        feed = self._feed
        block = np.frombuffer(out, np.int16).reshape(-1, 2)
        first = feed.taken if feed else 0
        filled = feed.take(block) if feed else 0
        block[filled:] = 0
        if feed and filled:
            self._anchors.append(_Anchor(feed, time.outputBufferDacTime, first, filled))

    def _look_after(self, feed: Feed) -> None:
        """In the feed's thread: has the end been heard, is the device still there?"""
        with self._lock:
            stream = self._stream
            if feed is not self._feed or not self._is_playing or stream is None:
                return
            problem = feed.problem
            if problem is None and not stream.active:
                problem = SoundError(
                    "The sound output is gone", hint="Connect it again or choose another one, then press play"
                )
                self._halt(min(round(feed.media_ms(feed.taken)), self._duration_ms))
                self._drop_stream()
            elif not feed.is_drained or self._heard_frames(feed, stream.time) < feed.taken:
                return
            else:
                self._halt(self.position_ms if problem else self._duration_ms)
            tell, ended = self.on_problem, self.on_ended
        if problem is None:
            logger.debug("played to the end")
            if ended:
                ended()
        elif tell:
            tell(problem)


def _open_stream(fill: Callable[[Any, int, Any, Any], None]) -> Any:
    """Open the default output, stopped. Raises MissingDependencyError or SoundError."""
    try:
        import sounddevice
    except OSError as error:
        raise MissingDependencyError(
            "PortAudio is missing, so nothing can be played",
            detail=str(error),
            hint="Install it, for example: sudo apt install libportaudio2",
        ) from error
    try:
        if not sounddevice.query_devices():
            # PortAudio lists devices once. Only with none listed can no stream of ours be open: look again.
            sounddevice._terminate()  # noqa: SLF001 — there is no public way
            sounddevice._initialize()  # noqa: SLF001
        return sounddevice.RawOutputStream(
            samplerate=RATE, channels=2, dtype="int16", latency=LATENCY_S, callback=fill
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise _no_output(error) from error


def _no_output(error: Exception) -> SoundError:
    logger.info("no sound output: %s", error)
    return SoundError(
        "There is no sound output to play on",
        detail=str(error).split(" [", maxsplit=1)[0],
        hint="Connect headphones or speakers, or start the sound server, then press play again",
    )
