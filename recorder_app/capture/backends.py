"""Which backend opens a source: the ordered list of all of them. A new one is a file and a line here."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

from recorder_app.capture import fake
from recorder_app.capture.base import CaptureBackend
from recorder_app.errors import MissingDependencyError, SoundError
from recorder_app.models import SourceInfo


def _fake(clock: Callable[[], float]) -> CaptureBackend:
    return fake.FakeBackend(clock)


def _pulse(clock: Callable[[], float]) -> CaptureBackend:
    from recorder_app.capture.pulse import PulseBackend

    return PulseBackend(clock)


REAL: tuple[tuple[str, Callable[[Callable[[], float]], CaptureBackend]], ...] = (("linux", _pulse),)
"""`sys.platform` and what hears there, in order of preference."""


class Backends:
    """One backend of each kind, made when first needed. Used under the host's lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._fake = _fake(clock)
        self._real: CaptureBackend | None = None

    def for_source(self, source: str) -> CaptureBackend:
        """Raise SoundError when nothing here can open it."""
        return self._fake if source.startswith(fake.PREFIX) else self.real()

    def real(self) -> CaptureBackend:
        if self._real is None:
            makers = [make for platform, make in REAL if sys.platform.startswith(platform)]
            if not makers:
                raise MissingDependencyError(
                    "Recording is not possible on this system yet",
                    detail=f"There is no capture backend for {sys.platform}",
                    hint="fake:FILE.wav works everywhere",
                )
            self._real = makers[0](self._clock)
        return self._real

    def warm_up(self) -> None:
        """Load the real backend's libraries; whatever is missing is told when something is opened."""
        with contextlib.suppress(SoundError, MissingDependencyError):
            self.real().probe()

    def sources(self) -> list[SourceInfo]:
        """What can be heard, the test sources last. Never raises: no sound server means fewer sources."""
        found: list[SourceInfo] = []
        # `doctor` says why there are none; the test sources are there all the same.
        with contextlib.suppress(SoundError, MissingDependencyError):
            found += self.real().sources()
        return found + self._fake.sources()
