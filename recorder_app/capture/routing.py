"""What the sound server says: its sources, the defaults, and on which source our own streams sit.

The only importer of pulsectl. Each object has a connection of its own and is used by one thread at a time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import pulsectl
from pulsectl import _pulsectl

from recorder_app.errors import NoSoundServerError, UnknownSourceError
from recorder_app.models import SourceInfo, Track

STREAM_PROPERTY = "recorder.stream"
"""Our own mark on a stream; two of ours are otherwise told apart by nothing."""
APPLICATION_ID = "recorder_app"


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A source as the server knows it."""

    index: int
    id: str
    title: str
    is_monitor: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Listening:
    """A stream that takes sound from a source, whoever opened it."""

    properties: Mapping[str, str]
    """What its program says of itself: application.process.binary, media.role, …"""
    is_on_monitor: bool | None
    """Whether it hears what a sink plays; None while it sits on no source (PipeWire, just after opening)."""
    is_corked: bool
    is_meter: bool
    """It asks for peaks, not for sound: the level bars of a volume control."""


class SoundServer:
    """A connection. Raises NoSoundServerError when there is no server or it has gone."""

    def __init__(self) -> None:
        self._pulse = pulsectl.Pulse("Recorder", connect=False)
        try:
            # Its `timeout` makes every connection take that long; a frozen server is the caller's to bound.
            self._pulse.connect()
        except pulsectl.PulseError as error:
            self._pulse.close()
            raise no_server() from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(pulsectl.PulseError):
            self._pulse.close()

    def sources(self) -> list[SourceInfo]:
        """Microphones and what the sinks play, with names for people."""
        with _translated():
            server = self._pulse.server_info()
            sinks = {sink.monitor_source: sink for sink in self._pulse.sink_list()}
            found = []
            for raw in self._pulse.source_list():
                sink = sinks.get(raw.index)
                default = server.default_sink_name if sink else server.default_source_name
                found.append(
                    SourceInfo(
                        id=raw.name,
                        name=_title(sink or raw),
                        track=Track.SYSTEM if sink else Track.MIC,
                        is_default=default == (sink or raw).name,
                        backend="pulse",
                    )
                )
        return found

    def default(self, track: Track) -> Source:
        """The source that "default" means now. Never the server's own @DEFAULT_MONITOR@: on PipeWire that
        silently recorded the microphone (reference/audio.md §1).
        """
        with _translated():
            server = self._pulse.server_info()
            name = server.default_source_name
            if track is Track.SYSTEM:
                sinks = {sink.name: sink.monitor_source_name for sink in self._pulse.sink_list()}
                name = sinks.get(server.default_sink_name)
        found = self._by_name(name) if name else None
        if found is None or (track is Track.MIC and found.is_monitor):
            thing = "microphone" if track is Track.MIC else "loudspeaker or headset"
            raise UnknownSourceError(
                f"There is no {thing}",
                detail="The sound server has no default one",
                hint="Connect one, or choose a source; recorder doctor lists the sources",
            )
        return found

    def default_names(self) -> tuple[str, str]:
        """Names of the default source and sink: cheap, to see whether they changed."""
        with _translated():
            server = self._pulse.server_info()
        return server.default_source_name, server.default_sink_name

    def find(self, name: str) -> Source:
        """Raise UnknownSourceError listing what there is."""
        found = self._by_name(name)
        if found is None:
            with _translated():
                known = ", ".join(source.name for source in self._pulse.source_list())
            raise UnknownSourceError(
                f"There is no source called {name}",
                detail=f"There are: {known}" if known else "The sound server has no sources at all",
                hint="recorder doctor lists the sources",
            )
        return found

    def at(self, index: int) -> Source | None:
        with _translated():
            try:
                return _source(self._pulse.source_info(index))
            except pulsectl.PulseIndexError:
                return None

    def our_outputs(self) -> dict[int, str]:
        """This process's streams: index and our mark, if it arrived."""
        with _translated():
            outputs = self._pulse.source_output_list()
        return {
            output.index: output.proplist.get(STREAM_PROPERTY, "")
            for output in outputs
            if output.proplist.get("application.process.id") == str(os.getpid())
        }

    def listening(self) -> list[Listening]:
        """Everybody's streams on sources, ours included. About 1 ms."""
        with _translated():
            sources = {raw.index: _source(raw) for raw in self._pulse.source_list()}
            outputs = self._pulse.source_output_list()
        found = []
        for output in outputs:
            source = sources.get(output.source)
            found.append(
                Listening(
                    properties=dict(output.proplist),
                    is_on_monitor=source.is_monitor if source else None,
                    is_corked=bool(output.corked),
                    is_meter=output.resample_method == "peaks",
                )
            )
        return found

    def source_of(self, output: int) -> int | None:
        """Index of the source a stream sits on, or None when there is no such stream any more."""
        with _translated():
            try:
                return int(self._pulse.source_output_info(output).source)
            except pulsectl.PulseIndexError:
                return None

    def is_muted(self, source: int) -> bool:
        """Muted, or turned down to nothing."""
        with _translated():
            try:
                found = self._pulse.source_info(source)
            except pulsectl.PulseIndexError:
                return False
        return bool(found.mute) or found.volume.value_flat == 0

    def player_into(self, source: int) -> str | None:
        """Who plays into the sink that this monitor records; None when all are paused or muted, or ours."""
        with _translated():
            try:
                sink = self._pulse.source_info(source).monitor_of_sink
            except pulsectl.PulseIndexError:
                return None
            players = self._pulse.sink_input_list()
        for player in players:
            known = player.proplist
            is_ours = known.get("application.process.id") == str(os.getpid())
            if player.sink == sink and not player.corked and not player.mute and not is_ours:
                return str(known.get("application.name") or "another program")
        return None

    def move(self, output: int, source: int) -> None:
        with _translated():
            self._pulse.source_output_move(output, source)

    def _by_name(self, name: str) -> Source | None:
        with _translated():
            try:
                return _source(self._pulse.get_source_by_name(name))
            except pulsectl.PulseIndexError:
                return None


def no_server() -> NoSoundServerError:
    return NoSoundServerError(
        "There is no sound server",
        detail="Neither PulseAudio nor PipeWire answers",
        hint="Start the desktop's sound (pulseaudio or pipewire-pulse); recording goes on by itself then",
    )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except pulsectl.PulseIndexError:
        raise
    except pulsectl.PulseOperationFailed as error:
        raise UnknownSourceError(
            "The sound server refused", detail="The source may just have gone", hint="Try again"
        ) from error
    except (pulsectl.PulseError, pulsectl.PulseDisconnected, _pulsectl.LibPulse.CallError) as error:
        # The second question on a dead connection fails before it is sent, with an error of another family.
        raise no_server() from error


def _source(raw: Any) -> Source:
    # 0xffffffff is PulseAudio's "none".
    is_monitor = raw.monitor_of_sink not in (None, 0xFFFFFFFF)
    return Source(index=raw.index, id=raw.name, title=_title(raw), is_monitor=is_monitor)


def _title(raw: Any) -> str:
    title = raw.description or raw.name
    return str(title.removeprefix("Monitor of "))
