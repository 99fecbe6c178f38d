"""Two tracks onto one stereo timeline: left = microphone, right = system. Pure: no clock, no I/O.

Raw frames count from the first sound by the clock, pauses included; media frames are raw frames without
the pauses. Silence is filled in only for a track that is off, or known to be dead, or slow to open: a live
stream that is late holds the other back, because its burst is real sound (reference/audio.md §2).
"""

from __future__ import annotations

import dataclasses
import enum

import numpy as np

from recorder_app.capture.base import RATE
from recorder_app.models import Gap, Track

SETTLE_S = 0.2
"""Blocks of this long decide where a stream begins: anchor = min(arrival − frames / rate), which was exact
to 0.0 ms against cross-correlation (reference/audio.md §2)."""
HOLD_S = 0.5
"""A stream being opened holds the other track back this long at most."""
MARKED_S = 0.1
"""Shorter silence after a loss is not worth a mark."""


class _Mode(enum.Enum):
    OFF = "off"
    OPENING = "opening"
    PLACED = "placed"
    LOST = "lost"


@dataclasses.dataclass(slots=True)
class _Lane:
    track: Track
    mode: _Mode
    end: int = 0
    """Raw frame up to which this lane is filled."""
    pending: bytearray = dataclasses.field(default_factory=bytearray)
    """Media pcm not handed out yet."""
    fresh: list[bytes] = dataclasses.field(default_factory=list)
    fresh_frames: int = 0
    anchor: float = float("inf")
    opened_at: float = float("-inf")
    first_arrival: float | None = None
    is_coming: bool = False
    gap_from: int = 0
    cause: str = "device_lost"
    was_lost: bool = False


class Timeline:
    """Not thread-safe: the writer's. Times are seconds of one monotonic clock."""

    def __init__(self, tracks: frozenset[Track]) -> None:
        self._lanes = {
            track: _Lane(track, _Mode.LOST if track in tracks else _Mode.OFF)
            for track in (Track.MIC, Track.SYSTEM)
        }
        self._origin: float | None = None
        self._pauses: list[tuple[float, float | None]] = []
        self._gaps: list[Gap] = []
        self._frames = 0

    @property
    def frames(self) -> int:
        """Media frames handed out so far."""
        return self._frames

    def open(self, track: Track, at: float) -> None:
        """A stream of this track was opened; its blocks follow."""
        lane = self._lanes[track]
        lane.mode = _Mode.OPENING
        lane.opened_at = at
        lane.first_arrival = None
        lane.is_coming = False
        lane.anchor = float("inf")
        lane.fresh, lane.fresh_frames = [], 0

    def add(self, track: Track, pcm: bytes, arrived_at: float, *, lost_frames: int = 0) -> None:
        """Add the next block of a track. `lost_frames` were dropped right before it (queue full)."""
        lane = self._lanes[track]
        if lane.mode in (_Mode.OFF, _Mode.LOST):
            return
        if lost_frames:
            self._overrun(lane, lost_frames)
        lane.fresh.append(pcm)
        lane.fresh_frames += len(pcm) // 2
        if lane.mode is _Mode.OPENING:
            if lane.first_arrival is None:
                lane.first_arrival = arrived_at
                lane.is_coming = True
            lane.anchor = min(lane.anchor, arrived_at - lane.fresh_frames / RATE)

    def expect(self, track: Track) -> None:
        """Blocks have arrived, but nobody has vouched for their source yet: hold their place."""
        self._lanes[track].is_coming = True

    def lose(self, track: Track, cause: str) -> None:
        """The stream is known to be dead: from here on the track is silent until `open`."""
        lane = self._lanes[track]
        if lane.mode is _Mode.OPENING and lane.first_arrival is not None:
            self._place(lane)
        self._join(lane)
        if not lane.was_lost:
            lane.gap_from, lane.cause, lane.was_lost = lane.end, cause, True
        lane.mode = _Mode.LOST

    def pause(self, at: float) -> None:
        if not self._pauses or self._pauses[-1][1] is not None:
            self._pauses.append((at, None))

    def resume(self, at: float) -> None:
        if self._pauses and self._pauses[-1][1] is None:
            begin = self._pauses[-1][0]
            end = max(begin, at)
            self._pauses[-1] = (begin, end)
            if self._origin is not None:
                at_ms = _ms(self._media(max(0, self._raw(begin))))
                self._gaps.append(Gap(at_ms, at_ms, None, "pause", round((end - begin) * 1000)))

    def take(self, now: float) -> bytes:
        """Hand out what is complete on both tracks: interleaved stereo int16."""
        for lane in self._lanes.values():
            if lane.mode is _Mode.OPENING and self._is_settled(lane, now):
                self._place(lane)
        if self._origin is None:
            return b""
        for lane in self._lanes.values():
            self._join(lane)
            if lane.mode is _Mode.LOST:
                self._fill(lane, self._raw(now))
            elif lane.mode is _Mode.OPENING and not lane.is_coming and now - lane.opened_at > HOLD_S:
                self._fill(lane, self._raw(now - HOLD_S))
        return self._hand_out()

    def finish(self, now: float) -> bytes:
        """The end: hand out everything, the shorter track filled up with silence."""
        for lane in self._lanes.values():
            if lane.mode is _Mode.OPENING and lane.first_arrival is not None:
                self._place(lane)
        if self._origin is None:
            return b""
        self.resume(now)
        live = [lane for lane in self._lanes.values() if lane.mode is _Mode.PLACED]
        for lane in live:
            self._join(lane)
        end = max((lane.end for lane in live), default=self._raw(now))
        for lane in self._lanes.values():
            if lane.mode is not _Mode.OFF:
                self._fill(lane, end)
                if lane.mode is not _Mode.PLACED:
                    self._mark(lane, lane.end)
        return self._hand_out()

    def gaps(self) -> list[Gap]:
        """The gaps that ended since the last call."""
        gaps, self._gaps = self._gaps, []
        return gaps

    def media_ms(self, at: float) -> int:
        """Where in the media a moment lies; 0 before the first sound."""
        return 0 if self._origin is None else _ms(self._media(max(0, self._raw(at))))

    def _is_settled(self, lane: _Lane, now: float) -> bool:
        if lane.first_arrival is None or now - lane.first_arrival < SETTLE_S:
            return False
        if self._origin is not None:
            return True
        # The origin is the earliest sound of both: give the other stream its chance to begin.
        return not any(
            other.mode is _Mode.OPENING
            and other is not lane
            and (other.is_coming or now - max(other.opened_at, lane.first_arrival) < HOLD_S)
            and (other.first_arrival is None or now - other.first_arrival < SETTLE_S)
            for other in self._lanes.values()
        )

    def _place(self, lane: _Lane) -> None:
        if self._origin is None:
            anchors = [
                other.anchor
                for other in self._lanes.values()
                if other.mode is _Mode.OPENING and other.first_arrival is not None
            ]
            self._origin = min(anchors)
        start = round((lane.anchor - self._origin) * RATE)
        pcm = b"".join(lane.fresh)
        lane.fresh, lane.fresh_frames = [], 0
        if start < lane.end:
            # Its place was given to silence already: alignment of the two sides comes first.
            pcm = pcm[(lane.end - start) * 2 :]
        self._fill(lane, start)
        self._mark(lane, lane.end)
        lane.mode = _Mode.PLACED
        self._append(lane, pcm)

    def _mark(self, lane: _Lane, until: int) -> None:
        frames = until - lane.gap_from
        least = MARKED_S if lane.was_lost else HOLD_S
        if frames > least * RATE:
            start, end = self._media(lane.gap_from), self._media(until)
            self._gaps.append(Gap(_ms(start), _ms(end), lane.track, lane.cause, _ms(frames)))
        lane.was_lost = False

    def _overrun(self, lane: _Lane, lost_frames: int) -> None:
        silence = bytes(2 * lost_frames)
        if lane.mode is _Mode.OPENING:
            lane.fresh.append(silence)
            lane.fresh_frames += lost_frames
            return
        self._join(lane)
        start = self._media(lane.end)
        self._append(lane, silence)
        end = self._media(lane.end)
        self._gaps.append(Gap(_ms(start), _ms(end), lane.track, "overrun", _ms(lost_frames)))

    def _join(self, lane: _Lane) -> None:
        if lane.mode is _Mode.PLACED and lane.fresh:
            pcm = b"".join(lane.fresh)
            lane.fresh, lane.fresh_frames = [], 0
            self._append(lane, pcm)

    def _append(self, lane: _Lane, pcm: bytes) -> None:
        begin = lane.end
        lane.end = begin + len(pcm) // 2
        for start, end in self._kept(begin, lane.end):
            lane.pending += (
                pcm if end - start == lane.end - begin else pcm[(start - begin) * 2 : (end - begin) * 2]
            )

    def _fill(self, lane: _Lane, until: int) -> None:
        if until > lane.end:
            for start, end in self._kept(lane.end, until):
                lane.pending += bytes(2 * (end - start))
            lane.end = until

    def _kept(self, begin: int, end: int) -> list[tuple[int, int]]:
        """The stretches of raw frames `begin` to `end` that no pause covers."""
        kept = []
        for first, last in self._raw_pauses():
            if last > begin and first < end:
                if first > begin:
                    kept.append((begin, first))
                begin = min(end, last)
        if begin < end:
            kept.append((begin, end))
        return kept

    def _raw_pauses(self) -> list[tuple[int, int]]:
        far = 1 << 62
        # A pause may begin before the first sound does.
        return [(max(0, self._raw(a)), far if b is None else max(0, self._raw(b))) for a, b in self._pauses]

    def _raw(self, at: float) -> int:
        return round((at - (self._origin or 0.0)) * RATE)

    def _media(self, raw: int) -> int:
        return raw - sum(max(0, min(raw, last) - first) for first, last in self._raw_pauses())

    def _hand_out(self) -> bytes:
        lanes = [lane for lane in self._lanes.values() if lane.mode is not _Mode.OFF]
        frames = min((len(lane.pending) // 2 for lane in lanes), default=0)
        if not frames:
            return b""
        stereo = np.zeros((frames, 2), dtype="<i2")
        for column, lane in enumerate(self._lanes.values()):
            if lane.mode is not _Mode.OFF:
                stereo[:, column] = np.frombuffer(bytes(lane.pending[: 2 * frames]), dtype="<i2")
                del lane.pending[: 2 * frames]
        self._frames += frames
        return stereo.tobytes()


def _ms(frames: int) -> int:
    return round(frames * 1000 / RATE)
