"""Sound without a device: tones, silence and WAV files, paced by a clock, with faults on request.

First-class: `recorder record --mic fake:tone` and most tests use it. Ids:
`fake:tone`, `fake:tone:440`, `fake:silence`, `fake:FILE.wav`, each with faults after a question mark:
`fake:tone?die_after_s=2`, `?stall_at_s=1&stall_for_s=3` (a burst follows, as a frozen sound server gives),
`?skew_ppm=300` (its crystal runs fast), `?wrong_after_s=2` (somebody moved us to another source),
`?muted=1`, `?playing=1` (what the sound server says when it is silent).
"""

from __future__ import annotations

import dataclasses
import threading
import time
import urllib.parse
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from recorder_app.capture.base import BLOCK_FRAMES, RATE, Availability, Block, Surroundings
from recorder_app.errors import UnknownSourceError, UsageError
from recorder_app.models import SourceInfo, Track

PREFIX = "fake:"
LEVEL = 0.25
DEFAULT_HERTZ = {Track.MIC: 440, Track.SYSTEM: 1000}


@dataclasses.dataclass(frozen=True, slots=True)
class Script:
    """What goes wrong and when; seconds since the stream was opened."""

    die_after_s: float = float("inf")
    stall_at_s: float = float("inf")
    stall_for_s: float = 0.0
    skew_ppm: float = 0.0
    wrong_after_s: float = float("inf")
    muted: float = 0
    playing: float = 0
    """1: the server says that it is muted, or that somebody plays."""


class ScaledClock:
    """A monotonic clock that runs `speed` times as fast: eight hours in ten minutes."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._begin = time.monotonic()

    def __call__(self) -> float:
        return self._begin + (time.monotonic() - self._begin) * self.speed


class FakeBackend:
    """Opens imaginary sources. Every stream has a thread of its own, as a real device has."""

    name = "fake"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def probe(self) -> Availability:
        return Availability(is_ok=True)

    def sources(self) -> list[SourceInfo]:
        return [
            SourceInfo(id=f"{PREFIX}{kind}", name=f"Test {kind}", track=track, backend=self.name)
            for track in Track
            for kind in ("tone", "silence")
        ]

    def open(self, source: str, track: Track, deliver: Callable[[Block], None]) -> FakeStream:
        kind, script = parse(source)
        blocks = _blocks(kind, track)
        return FakeStream(kind, track, blocks=blocks, script=script, deliver=deliver, clock=self._clock)


class FakeStream:
    def __init__(
        self,
        kind: str,
        track: Track,
        *,
        blocks: Iterator[bytes],
        script: Script,
        deliver: Callable[[Block], None],
        clock: Callable[[], float],
    ) -> None:
        self._kind = kind
        self._track = track
        self._blocks = blocks
        self._script = script
        self._deliver = deliver
        self._clock = clock
        self._begin = clock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"recorder-fake-{track}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return f"Test {Path(self._kind).name}"

    @property
    def is_active(self) -> bool:
        return self._thread.is_alive()

    def verify(self) -> str | None:
        if self._clock() - self._begin > self._script.wrong_after_s:
            return "The test source was moved to another one"
        return None

    def survey(self) -> Surroundings:
        script = self._script
        return Surroundings(bool(script.muted), "A test player" if script.playing else None)

    def close(self) -> None:
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def _run(self) -> None:
        script = self._script
        step = BLOCK_FRAMES / RATE / (1 + script.skew_ppm / 1e6)
        stalled_until = script.stall_at_s + script.stall_for_s
        for number, pcm in enumerate(self._blocks, 1):
            due = number * step
            if due > script.die_after_s:
                return
            if script.stall_at_s <= due < stalled_until:
                due = stalled_until
            while (wait := self._begin + due - self._clock()) > 0:
                if self._closing.wait(wait / getattr(self._clock, "speed", 1.0)):
                    return
            if self._closing.is_set():
                return
            self._deliver(Block(self._track, pcm, self._clock()))


def parse(source: str) -> tuple[str, Script]:
    """Split "fake:KIND?fault=seconds" into what is heard and what goes wrong. Raises UsageError."""
    kind, _, query = source.removeprefix(PREFIX).partition("?")
    known = {field.name for field in dataclasses.fields(Script)}
    faults: dict[str, float] = {}
    for name, value in urllib.parse.parse_qsl(query):
        if name in known and value.replace(".", "").lstrip("-").isdigit():
            faults[name] = float(value)
        else:
            raise UsageError(
                "A test source has an unknown fault", detail=query, hint=f"Known: {sorted(known)}"
            )
    return kind, Script(**faults)


def _blocks(kind: str, track: Track) -> Iterator[bytes]:
    name, _, hertz = kind.partition(":")
    if name == "silence":
        return _forever(bytes(2 * RATE))
    if name == "tone":
        if hertz and not hertz.isdigit():
            raise UsageError(
                "A test tone needs a frequency in hertz", detail=kind, hint="Write fake:tone:440"
            )
        return _forever(_tone(int(hertz) if hertz else DEFAULT_HERTZ[track]))
    if not Path(kind).is_file():
        raise UnknownSourceError(
            "There is no such test source",
            detail=kind,
            hint="Use fake:tone, fake:tone:440, fake:silence or fake:FILE.wav",
        )
    _check_wav(Path(kind))
    return _file_blocks(Path(kind))


def _check_wav(path: Path) -> None:
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() == 2:
                return
    except (wave.Error, EOFError):
        pass
    raise UnknownSourceError("The test source is not 16-bit PCM WAV", detail=path.name, hint="Convert it")


def _tone(hertz: int) -> bytes:
    """One second: whole periods, so that it repeats without a click."""
    times = np.arange(RATE) / RATE
    return (np.sin(2 * np.pi * hertz * times) * LEVEL * 32767).astype("<i2").tobytes()


def _forever(second: bytes) -> Iterator[bytes]:
    size = 2 * BLOCK_FRAMES
    while True:
        for start in range(0, len(second), size):
            yield second[start : start + size]


def _file_blocks(path: Path) -> Iterator[bytes]:
    """The file once, mixed to mono at RATE, then silence for ever."""
    size = 2 * BLOCK_FRAMES
    rest = b""
    for pcm in _file_seconds(path):
        rest += pcm
        whole = len(rest) - len(rest) % size
        yield from (rest[start : start + size] for start in range(0, whole, size))
        rest = rest[whole:]
    if rest:
        yield rest.ljust(size, b"\0")
    yield from _forever(bytes(2 * RATE))


def _file_seconds(path: Path) -> Iterator[bytes]:
    with wave.open(str(path), "rb") as file:
        rate, channels = file.getframerate(), file.getnchannels()
        last = 0.0
        while raw := file.readframes(rate):
            mono = np.frombuffer(raw, dtype="<i2").reshape(-1, channels).mean(axis=1)
            # The last sample of the second before keeps the seam smooth.
            known = np.concatenate([[last], mono])
            places = np.arange(1, round(len(mono) * RATE / rate) + 1) * rate / RATE
            last = float(mono[-1])
            yield np.interp(places, np.arange(len(known)), known).astype("<i2").tobytes()
