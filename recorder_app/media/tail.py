"""How long a media file really is, whatever became of its end: a crash leaves no trailer to trust.

Reads only the last seconds. Never changes the file.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import av.error

from recorder_app.media.encoder import RATE

TAIL_S = 3
CHUNK = 1 << 20


def decodable_frames(path: Path) -> int:
    """Frames at RATE that can be heard; 0 for a file without sound. Raises OSError if unreadable."""
    if not path.stat().st_size:
        return 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                return 0
            # The demuxer's length is where to look, not an answer: the last page may be torn.
            known_us = container.duration or 0
            if known_us > TAIL_S * av.time_base:
                container.seek(known_us - TAIL_S * av.time_base)
            return _end_of(container)
    except (av.error.FFmpegError, ValueError):
        return 0


def _end_of(container: av.container.InputContainer) -> int:
    end = 0
    stream = container.streams.audio[0]
    try:
        for frame in container.decode(stream):
            if frame.pts is not None and frame.time_base is not None:
                end = max(end, round(float(frame.pts * frame.time_base) * RATE) + frame.samples)
    except av.error.FFmpegError:
        # Everything up to here could be heard.
        pass
    return end


def sha256_of(paths: tuple[Path, ...]) -> str:
    """Hex digest of the files' bytes in order. Raises OSError."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()
