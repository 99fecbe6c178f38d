"""What the player plays next: decoded ahead in a thread, one side or both, at any speed with its pitch.

Knows no sound device. `take` is the only thing a sound callback may call, and it never waits.
"""

from __future__ import annotations

import collections
import enum
import itertools
import logging
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from recorder_app.errors import RecorderError
from recorder_app.media.decode import probe, read_pcm

logger = logging.getLogger(__name__)

RATE = 48_000
CHUNKS_AHEAD = 4
"""Half-second chunks kept ready: a disk or a busy core may stall for two seconds unheard."""
POLL_S = 0.02
"""How often the thread looks whether there is room, and whether the end was heard."""


class Side(enum.StrEnum):
    """Whom to hear; always on both ears."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


class Feed:
    """Sound from one place on, in one way. A seek makes a new feed.

    `on_idle` runs in the feed's thread about each 20 ms once everything is decoded; it ends with `stop`.
    """

    def __init__(
        self, path: Path, *, start_ms: int, speed: float, side: Side, on_idle: Callable[[Feed], None]
    ) -> None:
        self.start_ms = start_ms
        self.speed = speed
        self.problem: RecorderError | None = None
        self._path = path
        self._side = side
        self._on_idle = on_idle
        self._chunks: collections.deque[NDArray[np.int16]] = collections.deque()
        self._rest = np.zeros((0, 2), np.int16)
        self._taken = 0
        self._is_decoded = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder-player-feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for the thread; harmless in that thread itself."""
        if self._thread is not threading.current_thread() and self._thread.ident is not None:
            self._thread.join()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def taken(self) -> int:
        """Frames handed to the sound device so far."""
        return self._taken

    @property
    def is_drained(self) -> bool:
        """Everything until the end of the file has been taken."""
        return self._is_decoded and not self._chunks and not len(self._rest)

    def take(self, into: NDArray[np.int16]) -> int:
        """Fill `(frames, 2)` as far as there is sound; return how many frames. Never waits."""
        filled = 0
        while filled < len(into):
            if not len(self._rest):
                try:
                    self._rest = self._chunks.popleft()
                except IndexError:
                    break
            count = min(len(into) - filled, len(self._rest))
            into[filled : filled + count] = self._rest[:count]
            self._rest = self._rest[count:]
            filled += count
        self._taken += filled
        return filled

    def media_ms(self, frames: float) -> float:
        """The place in the recording after so many frames."""
        return self.start_ms + frames * self.speed * 1000 / RATE

    def _run(self) -> None:
        try:
            for chunk in stretched(_heard(self._path, self._side, self.start_ms), self.speed):
                while len(self._chunks) >= CHUNKS_AHEAD and not self._stopped.wait(POLL_S):
                    self._on_idle(self)
                if self._stopped.is_set():
                    return
                self._chunks.append(chunk)
        except RecorderError as error:
            self.problem = error
        except Exception:
            # The thread's top: the player turns it into a state.
            logger.exception("decoding for playback failed")
            self.problem = RecorderError(
                "Playing failed", hint="Try again; the recording itself is not changed"
            )
        self._is_decoded = True
        while not self._stopped.wait(POLL_S):
            self._on_idle(self)


def stretched(chunks: Iterator[NDArray[np.int16]], speed: float) -> Iterator[NDArray[np.int16]]:
    """Play `(n, 2)` chunks at `speed` (0.5–3) with the pitch they have."""
    if speed == 1.0:
        yield from chunks
        return
    graph = Graph()
    # Above 2 a single atempo drops samples instead of blending them; two in a row do not.
    stages = 2 if speed > 2 else 1
    nodes = [graph.add("abuffer", sample_rate=str(RATE), sample_fmt="s16", channel_layout="stereo")]
    nodes += [graph.add("atempo", f"{math.pow(speed, 1 / stages):.6f}") for _ in range(stages)]
    nodes += [graph.add("aformat", sample_fmts="s16"), graph.add("abuffersink")]
    for one, next_one in itertools.pairwise(nodes):
        one.link_to(next_one)
    graph.configure()
    for chunk in chunks:
        samples = np.ascontiguousarray(chunk).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = RATE
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[NDArray[np.int16]]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame.to_ndarray().astype(np.int16, copy=False).reshape(-1, 2)


def _heard(path: Path, side: Side, start_ms: int) -> Iterator[NDArray[np.int16]]:
    """Yield `(n, 2)` with the wanted side, or the sum of both, on both ears."""
    if probe(path).channels != 2:
        for mono in read_pcm(path, rate=RATE, channel="mix", start_ms=start_ms):
            yield np.column_stack([mono, mono])
        return
    for stereo in read_pcm(path, rate=RATE, start_ms=start_ms):
        if side is Side.BOTH:
            # A sum and not a mean: mostly one side speaks, and halving it would make it faint.
            one = np.clip(stereo.sum(axis=1, dtype=np.int32), -32768, 32767).astype(np.int16)
        else:
            one = stereo[:, 0 if side is Side.LEFT else 1]
        yield np.column_stack([one, one])
