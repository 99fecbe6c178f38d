"""The waveform's bars: how loud each side is along a recording, quick enough to draw on opening it.

Owns the cache beside the media; it may be deleted at any time. Must not be used as a level meter.
"""

from __future__ import annotations

import logging
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from recorder_app.media.decode import OpenMedia

logger = logging.getLogger(__name__)

Levels = NDArray[np.float32]

CELLS = 2400
"""Resolution of the cache: more bars than a screen has pixels for are not worth decoding for."""
GLIMPSE_MS = 200.0
"""What is decoded of each cell of a long file. Opus decodes 900 times faster than real time here, so a
whole hour takes 4 s; CELLS × GLIMPSE_MS = 8 min takes 0.9 s however long the file is."""
CONVERGED_MS = 60.0
"""Left out at the start of a glimpse while the decoder converges."""
FORMAT = 1
"""Raise it when the meaning of the cache changes."""


def peaks(path: Path, bars: int) -> Levels:
    """Return `(2, bars) float32` in 0–1: the loudest sample of left and right in each bar's stretch of time.

    Exact for files of up to 8 minutes. Of longer ones a fifth of a second in every 1/2400th of the length
    is looked at, so a lone click may be missing. A mono file has two equal rows. Blocking (about a second
    the first time). Raises what `read_pcm` raises.
    """
    cache = path.with_suffix(".peaks.npz")
    stamp = _stamp(path)
    cells = _load(cache, stamp)
    if cells is None:
        cells = measure(path)
        if stamp is not None:
            _save(cache, stamp, cells)
    return reduce_to(cells, bars)


def reduce_to(cells: Levels, bars: int) -> Levels:
    """Fold `(2, n)` to `(2, bars)` by maximum; with fewer cells than bars, repeat them."""
    count = cells.shape[1]
    if bars <= 0 or not count:
        return np.zeros((2, max(bars, 0)), np.float32)
    starts = np.arange(bars) * count // bars
    if bars >= count:
        return cells[:, starts]
    return np.maximum.reduceat(cells, starts, axis=1)


def measure(path: Path) -> Levels:
    """Decode (a part of) a file into `(2, up to CELLS)` without touching the cache."""
    with OpenMedia(path) as media:
        duration_ms = media.duration_ms()
    cell_ms = max(duration_ms / CELLS, 10.0)
    cells = np.zeros((2, min(CELLS, int(duration_ms // cell_ms) + 1) if duration_ms else 0), np.float32)
    with OpenMedia(path) as media:
        is_long = cell_ms > GLIMPSE_MS
        frames = media.glimpses(cell_ms, GLIMPSE_MS) if is_long else media.frames(0)
        for at_ms, rate, block in _blocks(frames):
            skipped = round(CONVERGED_MS * rate / 1000) if is_long and at_ms else 0
            if block.shape[1] > skipped:
                _raise_cells(cells, cell_ms, at_ms + skipped * 1000 / rate, rate, block[:, skipped:])
    return np.clip(cells, 0, 1)


def _raise_cells(cells: Levels, cell_ms: float, at_ms: float, rate: int, block: Levels) -> None:
    """Lift the cells that a block of `(2, n)` samples beginning at `at_ms` covers."""
    samples, cell_count = block.shape[1], cells.shape[1]
    first = min(max(int(at_ms // cell_ms), 0), cell_count - 1)
    last = min(int((at_ms + (samples - 1) * 1000 / rate) // cell_ms), cell_count - 1)
    edges = (np.arange(first, last + 1) * cell_ms - at_ms) * rate / 1000
    starts = np.clip(np.ceil(edges), 0, samples - 1).astype(np.intp)
    loudest = np.maximum.reduceat(np.abs(block), starts, axis=1)
    cells[:, first : last + 1] = np.maximum(cells[:, first : last + 1], loudest)


def _blocks(frames: Iterator[tuple[float, AudioFrame]]) -> Iterator[tuple[float, int, Levels]]:
    """Gather neighbouring frames into (position in ms, rate, `(2, n)` samples): small arrays are slow."""
    resampler: AudioResampler | None = None
    shape: tuple[str, str, int] | None = None
    parts: list[Levels] = []
    start_ms = end_ms = 0.0
    rate = 1
    for at_ms, frame in frames:
        if parts and (abs(at_ms - end_ms) > 1.0 or len(parts) >= 50):
            yield start_ms, rate, np.concatenate(parts, axis=1)
            parts = []
        if resampler is None or shape != (frame.format.name, frame.layout.name, frame.sample_rate):
            shape, rate = (frame.format.name, frame.layout.name, frame.sample_rate), frame.sample_rate
            resampler = AudioResampler(format="fltp", layout=frame.layout, rate=rate)
        start_ms = start_ms if parts else at_ms
        end_ms = at_ms + frame.samples * 1000 / rate
        frame.pts = None
        parts += [_two(converted.to_ndarray()) for converted in resampler.resample(frame)]
    if parts:
        yield start_ms, rate, np.concatenate(parts, axis=1)


def _two(planes: NDArray[np.generic]) -> Levels:
    rows = planes.astype(np.float32, copy=False)
    return rows[:2] if len(rows) > 1 else np.repeat(rows, 2, axis=0)


def _stamp(path: Path) -> NDArray[np.int64] | None:
    try:
        status = path.stat()
    except OSError:
        return None  # decoding tells why, in words
    return np.array([FORMAT, status.st_size, status.st_mtime_ns], np.int64)


def _load(cache: Path, stamp: NDArray[np.int64] | None) -> Levels | None:
    """None when there is no cache, when it is of another file, or when it is damaged."""
    try:
        with cache.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if stamp is None or not np.array_equal(stored["stamp"], stamp):
                return None
            cells = stored["cells"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    is_sound = cells.ndim == 2 and cells.shape[0] == 2 and cells.dtype == np.float32
    return cells if is_sound else None


def _save(cache: Path, stamp: NDArray[np.int64], cells: Levels) -> None:
    """Put the cache in place whole or not at all; a folder that cannot be written only costs time."""
    try:
        descriptor, name = tempfile.mkstemp(dir=cache.parent, prefix=".peaks-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                np.savez(file, stamp=stamp, cells=cells)
            Path(name).replace(cache)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        logger.info("the waveform is not kept: %s", error.strerror)
