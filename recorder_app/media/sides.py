"""Does a stereo file hold two people's sides, one on each channel, or just one room in stereo?

A guess, and a careful one: wrongly finding sides would put words into the wrong mouth.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder_app.media.decode import probe, read_pcm

RATE = 8000
WINDOW_MS = 200
STRETCHES, STRETCH_MS = 24, 5000
"""Two minutes of the file are listened to, spread over its length."""
ACTIVE = 0.01
"""RMS in 0–1 (−40 dBFS) from which a window counts as speech."""
APART_DB = 12.0
"""In a two-track call the one who speaks is this much louder; in one room both channels hear both."""
MOSTLY, SOMETIMES = 0.7, 0.05
"""Share of active windows with one side apart, and the least share of each side."""


def has_two_sides(path: Path) -> bool:
    """True when the channels take turns as the two tracks of a call do. Raises what `read_pcm` raises."""
    info = probe(path)
    if info.channels != 2:
        return False
    starts = np.unique(np.linspace(0, max(info.duration_ms - STRETCH_MS, 0), STRETCHES).astype(int))
    loudness = [_loudness(path, int(start)) for start in starts]
    return take_turns(np.concatenate(loudness))


def take_turns(rms: NDArray[np.float64]) -> bool:
    """Decide from `(windows, 2)` RMS values in 0–1."""
    active = rms[rms.max(axis=1) > ACTIVE]
    if not len(active):
        return False
    decibels = 20 * np.log10(np.maximum(active, 1e-5))
    lead = decibels[:, 0] - decibels[:, 1]
    left, right = float(np.mean(lead > APART_DB)), float(np.mean(lead < -APART_DB))
    return left + right >= MOSTLY and min(left, right) >= SOMETIMES


def _loudness(path: Path, start_ms: int) -> NDArray[np.float64]:
    chunks = list(read_pcm(path, rate=RATE, start_ms=start_ms, end_ms=start_ms + STRETCH_MS))
    window = RATE * WINDOW_MS // 1000
    if not chunks:
        return np.zeros((0, 2))
    samples = np.concatenate(chunks) / 32768
    whole = len(samples) // window * window
    power: NDArray[np.float64] = np.mean(samples[:whole].reshape(-1, window, 2) ** 2, axis=1)
    return np.sqrt(power)
