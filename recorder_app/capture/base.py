"""The seam of capture: backends give blocks, the session does the rest.

A new backend is one file with a class like `CaptureBackend`, and its name in `capture/backends.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from recorder_app.models import SourceInfo, Track

RATE = 48_000
"""Frames a second of every block."""
BLOCK_FRAMES = 960
"""20 ms; with blocksize=0 PortAudio's ALSA backend gave 1 to 417 frames at a time (reference/audio.md §1)."""
NONE = "none"
"""The source id that turns a track off."""


@dataclasses.dataclass(frozen=True, slots=True)
class Availability:
    """Whether something can be used here, and if not, why, in words a person can act on."""

    is_ok: bool
    reason: str | None = None
    hint: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """What one callback brought: mono little-endian int16 at RATE."""

    track: Track
    pcm: bytes
    arrived_at: float
    """`time.monotonic()` in the callback, right after the last frame was there."""

    @property
    def frames(self) -> int:
        return len(self.pcm) // 2


class Stream(Protocol):
    """One open source. `close` is idempotent and returns within 2 s whatever the device does."""

    @property
    def name(self) -> str:
        """The source's name for people."""

    @property
    def is_active(self) -> bool:
        """False once the device or the sound server has gone; the session then reopens."""

    def verify(self) -> str | None:
        """Return what is wrong with what we hear in one sentence, or None. May block for 100 ms."""

    def close(self) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Surroundings:
    """Why a stream may be silent, as far as the sound server tells."""

    is_muted: bool = False
    """The source is muted, or its volume is zero."""
    playing: str | None = None
    """Who plays into what is recorded; None when nobody does, or for a microphone."""


@runtime_checkable
class Surveyed(Protocol):
    """A stream whose server can be asked. Optional: without it there is no alarm about the far side."""

    def survey(self) -> Surroundings:
        """Ask; on the thread of `verify`, about once a second and only while the stream is silent."""


class CaptureBackend(Protocol):
    """Opens sources. Used from the capture process's control thread only."""

    name: str

    def probe(self) -> Availability: ...

    def sources(self) -> list[SourceInfo]:
        """What can be heard now, "default" not included. Empty when there is no sound server."""

    def open(self, source: str, track: Track, deliver: Callable[[Block], None]) -> Stream:
        """Start hearing `source` ("default" or an id). `deliver` is called on the device's thread and never
        raises or blocks. Raises UnknownSourceError, NoSoundServerError, SoundError.
        """
