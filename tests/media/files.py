"""Media files for tests: our own two-track Ogg/Opus, and foreign ones written by PyAV."""

from __future__ import annotations

import fractions
import os
from pathlib import Path

import av
import numpy as np

from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
from tests.support.sound import RATE

BLOCK = 960


def write_ours(path: Path, left: np.ndarray, right: np.ndarray) -> Path:
    """A recording as the capture process writes it."""
    file = AppendOnlyFile(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600))
    writer = OpusWriter(file, bitrate=64_000)
    stereo = np.column_stack([left, right])
    for start in range(0, len(stereo), BLOCK):
        writer.write(stereo[start : start + BLOCK].tobytes())
    writer.close()
    file.close()
    return path


def write_foreign(
    path: Path,
    samples: np.ndarray,
    *,
    codec: str,
    rate: int = RATE,
    layout: str = "stereo",
    video: bool = False,
) -> Path:
    """`(n, channels) int16` in any container; with `video`, a picture as well. Layout None: no sound at all."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=5) if video else None
        sound = container.add_stream(codec, rate=rate, layout=layout) if len(samples) else None
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
            for index in range(10):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index * 20, np.uint8), format="rgb24")
                frame.pts, frame.time_base = index, fractions.Fraction(1, 5)
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
        for start in range(0, len(samples), 1024):
            block = np.ascontiguousarray(samples[start : start + 1024]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(sound.encode(frame))
        if sound:
            container.mux(sound.encode(None))
    return path
