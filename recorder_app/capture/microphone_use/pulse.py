"""Linux: the sound server's streams on microphones (PulseAudio, PipeWire's pulse server).

Measured in reference/audio.md §5: most streams on sources are not a person talking into a microphone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from recorder_app.capture.base import Availability
from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.capture.routing import APPLICATION_ID, Listening, SoundServer
from recorder_app.errors import SoundError

GENERIC = {"electron", "bwrap", "java", "wine", "wine-preloader", "wine64-preloader"}
"""Binaries that run other programs; what they run has to be looked for elsewhere."""
DEEPEST = 32
"""Levels of the process tree looked at; a guard against a tree that changes while it is read."""


class PulseMicrophoneUse:
    """Holds one connection, made when first asked and again after the server came back."""

    name = "pulse"

    def __init__(self) -> None:
        self._server: SoundServer | None = None

    def probe(self) -> Availability:
        try:
            with SoundServer() as server:
                server.listening()
        except SoundError as error:
            return Availability(
                is_ok=False,
                reason=error.title,
                hint="Start the desktop's sound (pulseaudio or pipewire-pulse)",
            )
        return Availability(is_ok=True)

    def users(self, own_pids: Collection[int] = ()) -> list[MicUser]:
        if self._server is None:
            self._server = SoundServer()
        try:
            streams = self._server.listening()
        except SoundError:
            # A server that dies while it is asked refuses first and is gone at the next question.
            self.close()
            raise
        return users_of(streams, own_pids)

    def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()


def parent_of(pid: int) -> int | None:
    """None when there is no such process, or no /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # "(name)" may hold blanks and brackets itself; the fields begin after the last one.
    fields = stat.rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else None


def executable_of(pid: int) -> str:
    """The file name of a process's program, or nothing."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def users_of(
    streams: Iterable[Listening],
    own_pids: Collection[int] = (),
    *,
    parent: Callable[[int], int | None] = parent_of,
    executable: Callable[[int], str] = executable_of,
) -> list[MicUser]:
    """Decide which streams are a program listening to a person.

    | not one | because |
    |---|---|
    | on a monitor, or asking for a sink | it hears what is played: recorders, visualisers |
    | on no source yet | PipeWire shows a stream before it is connected |
    | corked | the program keeps it for later: nobody is heard |
    | a level meter | volume controls |
    | a filter, or without a process | remap and echo-cancel modules of the server |
    | ours | this app, its capture process, their children, any other Recorder |
    """
    found = []
    for stream in streams:
        properties = stream.properties
        pid = _number(properties.get("application.process.id"))
        if stream.is_on_monitor is not False or stream.is_corked:
            continue
        if stream.is_meter or _is_meter_or_monitor(properties):
            continue
        if pid is None or properties.get("media.role") == "filter":
            continue
        if properties.get("application.id") == APPLICATION_ID or _is_in_tree(pid, own_pids, parent):
            continue
        found.append(
            MicUser(
                app_id=_app_id(properties, pid, executable),
                name=properties.get("application.name", ""),
                pid=pid,
            )
        )
    return found


def _is_meter_or_monitor(properties: Mapping[str, str]) -> bool:
    # PipeWire's own words for what PulseAudio says by the stream's resampler and source.
    names = ("stream.monitor", "resample.peaks", "stream.capture.sink")
    return any(properties.get(name) in {"true", "1"} for name in names)


def _is_in_tree(pid: int, roots: Collection[int], parent: Callable[[int], int | None]) -> bool:
    current: int | None = pid
    for _ in range(DEEPEST):
        if current is None or current <= 1:
            return False
        if current in roots:
            return True
        current = parent(current)
    return False


def _app_id(properties: Mapping[str, str], pid: int, executable: Callable[[int], str]) -> str:
    """The binary where it says who it is; in a sandbox or a runtime (Electron) the next best name."""
    binary = properties.get("application.process.binary", "")
    if binary and binary.casefold() not in GENERIC:
        return binary
    for name in ("pipewire.access.portal.app_id", "application.id"):
        if properties.get(name):
            return properties[name]
    found = executable(pid)
    if found and found.casefold() not in GENERIC:
        return found
    return properties.get("application.name") or binary


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
