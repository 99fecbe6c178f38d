"""Linux: PulseAudio and PipeWire through PortAudio's ALSA device "pulse" (reference/audio.md §1).

Owns PortAudio in this process. The source is chosen by PULSE_SOURCE at open and checked afterwards.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from recorder_app.capture.base import BLOCK_FRAMES, RATE, Availability, Block, Surroundings
from recorder_app.capture.routing import APPLICATION_ID, STREAM_PROPERTY, SoundServer, Source
from recorder_app.errors import MissingDependencyError, NoSoundServerError, SoundError, UnknownSourceError
from recorder_app.models import SourceInfo, Track

DEVICE = "pulse"
DEFAULT = "default"
LATENCY_S = 0.1
FOLLOW_S = 1.0
"""How often the default device is looked up; moving our stream then takes 0.2 ms and loses nothing."""
FIND_TRIES = 20
FIND_WAIT_S = 0.01

_opening = threading.Lock()
"""PULSE_SOURCE is read from the process's environment at each open: one at a time."""


class PulseBackend:
    """Opens sources of the sound server. `open` may be called from any thread."""

    name = "pulse"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._open_streams = 0

    def probe(self) -> Availability:
        try:
            with SoundServer():
                pass
            with _opening:
                self._device(_portaudio())
        except (SoundError, MissingDependencyError) as error:
            return Availability(is_ok=False, reason=error.title, hint=error.hint)
        return Availability(is_ok=True)

    def sources(self) -> list[SourceInfo]:
        try:
            with SoundServer() as server:
                return server.sources()
        except NoSoundServerError:
            return []

    def open(self, source: str, track: Track, deliver: Callable[[Block], None]) -> PulseStream:
        portaudio = _portaudio()
        server = SoundServer()
        try:
            wanted = server.default(track) if source == DEFAULT else server.find(source)
            with _opening:
                known = set(server.our_outputs())
                mark = f"{os.getpid()}-{next(self._numbers)}"
                device = self._device(portaudio)
                raw = self._start(portaudio, device, track=track, wanted=wanted, mark=mark, deliver=deliver)
                self._open_streams += 1
        except BaseException:
            server.close()
            raise
        stream = PulseStream(
            raw, server, track, wanted, is_following=source == DEFAULT, on_close=self._closed
        )
        try:
            stream.settle(known, mark)
        except BaseException:
            stream.close()
            raise
        return stream

    def _start(
        self,
        portaudio: ModuleType,
        device: int,
        *,
        track: Track,
        wanted: Source,
        mark: str,
        deliver: Callable[[Block], None],
    ) -> Any:
        clock = self._clock

        def heard(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            # Status flags were never set in any failure; the watchdog looks at clock and routing instead.
            deliver(Block(track, bytes(data), clock()))

        try:
            with _aimed_at(wanted.id, mark):
                stream = portaudio.RawInputStream(
                    device=device,
                    channels=1,
                    samplerate=RATE,
                    dtype="int16",
                    blocksize=BLOCK_FRAMES,
                    latency=LATENCY_S,
                    callback=heard,
                )
                try:
                    stream.start()
                except BaseException:
                    stream.close()
                    raise
        except portaudio.PortAudioError as error:
            raise SoundError(
                f"{wanted.title} could not be opened",
                detail=str(error.args[0] if error.args else error),
                hint="It may just have gone, or another program holds it",
            ) from error
        return stream

    def _device(self, portaudio: ModuleType) -> int:
        """The number of PortAudio's device "pulse"; looks again when the list is from before the server."""
        for attempt in range(2):
            for number, device in enumerate(portaudio.query_devices()):
                if device["name"] == DEVICE and device["max_input_channels"] > 0:
                    return number
            if attempt == 0 and self._open_streams == 0:
                # The list is made once, at start; it is empty when there was no server then.
                portaudio._terminate()  # noqa: SLF001 — sounddevice has no public way to look again
                portaudio._initialize()  # noqa: SLF001
        raise MissingDependencyError(
            "ALSA's PulseAudio plugin is missing",
            detail='PortAudio does not list the device "pulse"',
            hint="Install it (Debian and Ubuntu: sudo apt install libasound2-plugins)",
        )

    def _closed(self) -> None:
        with _opening:
            self._open_streams -= 1


class PulseStream:
    """One stream on one source, with a connection to the server to check where it sits.

    `verify` and `settle` belong to one thread at a time; `close` may come from any.
    """

    def __init__(
        self,
        raw: Any,
        server: SoundServer,
        track: Track,
        source: Source,
        *,
        is_following: bool,
        on_close: Callable[[], None],
    ) -> None:
        self._raw = raw
        self._server = server
        self._track = track
        self._source = source
        self._is_following = is_following
        self._on_close = on_close
        self._output = -1
        self._defaults: tuple[str, str] | None = None
        self._looked_at = 0.0
        self._closing = threading.Lock()
        self._is_closed = False

    @property
    def name(self) -> str:
        return self._source.title

    @property
    def is_active(self) -> bool:
        return not self._is_closed and bool(self._raw.active)

    def settle(self, known: set[int], mark: str) -> None:
        """Find our own stream at the server and see that it sits where we asked. Raises SoundError."""
        for _ in range(FIND_TRIES):
            ours = {index: found for index, found in self._server.our_outputs().items() if index not in known}
            marked = [index for index, found in ours.items() if found == mark]
            # A server that drops our mark still tells which of our streams is new.
            candidates = marked or [index for index, found in ours.items() if not found]
            if candidates:
                self._output = max(candidates)
                break
            time.sleep(FIND_WAIT_S)
        if wrong := self.verify():
            raise SoundError(
                wrong, detail=f"{self._source.title} was asked for", hint="Choose another source"
            )

    def verify(self) -> str | None:
        """Check the routing, and follow the default device when that is what was asked for."""
        try:
            wrong = self._check()
            now = time.monotonic()
            if wrong is None and self._is_following and now - self._looked_at >= FOLLOW_S:
                self._looked_at = now
                self._follow()
        except NoSoundServerError:
            return "The sound server has gone"
        except UnknownSourceError as error:
            return error.title
        return wrong

    def survey(self) -> Surroundings:
        try:
            playing = self._server.player_into(self._source.index) if self._source.is_monitor else None
            return Surroundings(self._server.is_muted(self._source.index), playing)
        except (NoSoundServerError, UnknownSourceError):
            # `verify` says so in a moment.
            return Surroundings()

    def close(self) -> None:
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
        try:
            self._raw.abort(ignore_errors=True)
            self._raw.close(ignore_errors=True)
        finally:
            self._on_close()
            self._server.close()

    def _check(self) -> str | None:
        index = self._server.source_of(self._output)
        if index == self._source.index:
            return None
        actual = self._server.at(index) if index is not None else None
        if actual is None:
            return f"{self._source.title} has gone"
        if not is_fit(self._track, actual):
            # PulseAudio "rescues" the stream of a removed sink onto the default source: the microphone.
            return f"{self._source.title} has gone; the sound server put {actual.title} in its place"
        self._source = actual
        return None

    def _follow(self) -> None:
        defaults = self._server.default_names()
        if defaults == self._defaults:
            return
        try:
            wanted = self._server.default(self._track)
        except UnknownSourceError:
            # Nothing to follow to; what we hear is still right.
            return
        if wanted.index != self._source.index and self._defaults is not None:
            self._server.move(self._output, wanted.index)
            self._source = wanted
        self._defaults = defaults


def is_fit(track: Track, source: Source) -> bool:
    """Whether a source that somebody else chose for our stream may be heard on this track."""
    return source.is_monitor is (track is Track.SYSTEM)


@contextlib.contextmanager
def _aimed_at(source: str, mark: str) -> Iterator[None]:
    """Tell ALSA's plugin which source to open and under which name we appear in sound settings."""
    ours = {
        "PULSE_SOURCE": source,
        "PULSE_PROP_OVERRIDE": " ".join(
            ("application.name=Recorder", f"application.id={APPLICATION_ID}", f"{STREAM_PROPERTY}={mark}")
        ),
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _portaudio() -> ModuleType:
    try:
        import sounddevice
    except OSError as error:
        raise MissingDependencyError(
            "PortAudio is missing",
            detail=str(error),
            hint="Install it (Debian and Ubuntu: sudo apt install libportaudio2)",
        ) from error
    except ImportError as error:
        raise MissingDependencyError(
            "The package sounddevice is missing", detail=str(error), hint="pip install sounddevice"
        ) from error
    module: ModuleType = sounddevice
    return module
