"""The bounded queue between one open stream and the writer.

Owns no thread: the device's thread puts, the watchdog clears, the writer takes.
"""

from __future__ import annotations

import collections
import dataclasses
import threading

from recorder_app.capture.base import RATE, Block

CAPACITY_S = 30.0
"""A disk may stand still this long before sound is dropped."""
METER_BLOCKS = 5
"""100 ms of blocks of 20 ms."""


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    pcm: bytes
    arrived_at: float
    lost_frames: int
    """Frames that were dropped right before this block because the queue was full."""


class Inlet:
    """Blocks stay inside until somebody vouches for the source they came from: a stream that the sound
    server moved onto the microphone must not bring one block of it into the call track.
    """

    def __init__(self, *, capacity_frames: int = int(CAPACITY_S * RATE)) -> None:
        self._blocks: collections.deque[Taken] = collections.deque()
        self._recent: collections.deque[bytes] = collections.deque(maxlen=METER_BLOCKS)
        self._capacity = capacity_frames
        self._put_frames = 0
        self._taken_frames = 0
        self._lost_frames = 0
        self._cleared_until = float("-inf")
        self._first = threading.Event()
        self.last_arrival: float | None = None

    def put(self, block: Block) -> None:
        """Called on the device's thread: never blocks, never raises."""
        frames = block.frames
        self.last_arrival = block.arrived_at
        self._recent.append(block.pcm)
        if self._put_frames - self._taken_frames + frames > self._capacity:
            self._lost_frames += frames
            return
        self._put_frames += frames
        self._blocks.append(Taken(block.pcm, block.arrived_at, self._lost_frames))
        self._lost_frames = 0
        if not self._first.is_set():
            self._first.set()

    def wait_for_first(self, timeout_s: float) -> bool:
        return self._first.wait(timeout_s)

    def clear(self, until: float) -> None:
        """Vouch for every block that arrived up to `until` (monotonic)."""
        self._cleared_until = max(self._cleared_until, until)

    def take(self) -> list[Taken]:
        """The writer's side: everything vouched for, in order."""
        taken = []
        blocks = self._blocks
        while blocks and blocks[0].arrived_at <= self._cleared_until:
            block = blocks.popleft()
            self._taken_frames += len(block.pcm) // 2
            taken.append(block)
        return taken

    @property
    def has_waiting(self) -> bool:
        """Whether blocks have arrived that nobody has vouched for yet."""
        return bool(self._blocks)

    def recent(self) -> bytes:
        """The last 100 ms as they came, for the meter; empty before the first block."""
        try:
            return b"".join(self._recent)
        except RuntimeError:
            # The device's thread appended meanwhile; the next look is 100 ms away.
            return b""
