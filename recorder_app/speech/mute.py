"""Silences the call in the microphone before anybody listens for words there.

Who answers within half a second shares an utterance with the voice he answers, so that dropping whole
utterances (`bleed`) is not enough. Streams in windows; pure but for the running estimate of the room.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from recorder_app.speech.base import RATE
from recorder_app.speech.bleed import FRAME, REACH_MS, envelope

WINDOW_S = 30
"""How long the room is taken to stay the same; volume is turned up and down in meetings."""
ACTIVE_RMS = 100.0
"""int16; the call is silent below (-50 dBFS)."""
FEWEST_FRAMES = 100
"""One second of call: with less, the room of the window before is still the best guess."""
MODE_DB = 5
"""A leak keeps its level: its frames lie within so much of each other, in dB."""
LEAK_SHARE = 0.45
"""Of the call's loud frames. Measured on spoken meetings: 0.6 to 1.0 with a leak at -8 to -30 dB, with and
without an echoing room; 0.3 when both sides talk all the time. A hissing microphone without any leak reaches
0.5 at the level of its hiss, which is then all that is silenced.
"""
MARGIN_DB = 6.0
TAIL_FRAMES = 15
"""The room goes on sounding for 150 ms."""
SHORTEST_FRAMES = 20
"""A shorter leak-only stretch is a gap between one's own syllables."""
_LOWEST_DB, _HIGHEST_DB = -60, 30


@dataclasses.dataclass(frozen=True, slots=True)
class Room:
    """How the call gets into the microphone."""

    delay_frames: int
    gain_db: float


def without_call(blocks: Iterable[NDArray[np.int16]], *, mic: int, call: int) -> Iterator[NDArray[np.int16]]:
    """Yield the microphone of `(n, channels) int16` blocks at RATE with leak-only stretches set to zero."""
    room: Room | None = None
    for window in _windows(blocks):
        ours, theirs = envelope(window[:, mic]), envelope(window[:, call])
        room = measure(ours, theirs, room)
        samples = np.ascontiguousarray(window[:, mic])
        if room is not None:
            mask = np.repeat(leak_only(ours, theirs, room), FRAME)
            samples[: len(mask)][mask] = 0
        yield samples


def measure(mic: NDArray[np.float64], call: NDArray[np.float64], before: Room | None = None) -> Room | None:
    """Estimate the room from two envelopes; `before` where too little is said; None where nothing leaks."""
    loud = call > max(ACTIVE_RMS, float(np.percentile(call, 95)) / 4 if len(call) else 0.0)
    if int(loud.sum()) < FEWEST_FRAMES:
        return before
    best_share, best = 0.0, None
    reach = REACH_MS // 10
    for delay in range(-reach, reach + 1):
        shifted = _shifted(mic, -delay)
        ratios = 20 * np.log10((shifted[loud] + 0.5) / call[loud])
        counts, _ = np.histogram(ratios, bins=np.arange(_LOWEST_DB, _HIGHEST_DB + 1))
        near = np.convolve(counts, np.ones(MODE_DB), mode="valid")
        share = float(near.max()) / int(loud.sum())
        if share > best_share:
            best_share = share
            best = Room(delay, _LOWEST_DB + int(near.argmax()) + MODE_DB / 2)
    return best if best_share >= LEAK_SHARE else None


def leak_only(mic: NDArray[np.float64], call: NDArray[np.float64], room: Room) -> NDArray[np.bool_]:
    """Frames in which the call alone explains what the microphone hears."""
    expected = _shifted(call, room.delay_frames)
    around = np.maximum.reduce([_shifted(expected, by) for by in range(-3, TAIL_FRAMES + 1)])
    mask = mic <= around * 10 ** ((room.gain_db + MARGIN_DB) / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2):
        if stop - start < SHORTEST_FRAMES:
            mask[start:stop] = False
    result: NDArray[np.bool_] = mask
    return result


def _shifted(values: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    """Move values later (`by` > 0) or earlier, filling with silence."""
    result = np.zeros_like(values)
    if by >= 0:
        result[by:] = values[: len(values) - by] if by <= len(values) else 0.0
    else:
        result[:by] = values[-by:]
    return result


def _windows(blocks: Iterable[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    """Join blocks into windows of WINDOW_S; the last one is what is left."""
    kept: list[NDArray[np.int16]] = []
    frames = 0
    for block in blocks:
        kept.append(block)
        frames += len(block)
        if frames >= WINDOW_S * RATE:
            yield np.concatenate(kept)
            kept, frames = [], 0
    if kept:
        yield np.concatenate(kept)
