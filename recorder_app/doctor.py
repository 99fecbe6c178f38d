"""`recorder doctor`: everything a recording needs, each with what was found and what to do about it.

Looks only; changes nothing, and opens no connection unless a server was named.
"""

from __future__ import annotations

import dataclasses
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator

from recorder_app.capture.base import Availability
from recorder_app.capture.microphone_use import for_this_machine
from recorder_app.errors import RecorderError, StorageError
from recorder_app.models import Track
from recorder_app.recorder import Recorder

BYTES_A_MINUTE = 64_000 // 8 * 60


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. `state`: ok, note (works, but know this) or problem."""

    name: str
    state: str
    found: str
    hint: str = ""
    exit_code: int = 0
    """What the command ends with if this is the first problem."""
    items: tuple[str, ...] = ()
    """Names to use on the command line, where the check lists some."""


def examine(recorder: Recorder) -> Iterator[Check]:
    """Yield the checks one by one, so that a slow one (the server) does not hide the others."""
    checks: tuple[Callable[[Recorder], Check], ...] = (
        _python, _data, _disk, _sound_library, _sources, _speech, _keyring, _server, _hotkey, _meetings,
    )  # fmt: skip
    for check in checks:
        try:
            yield check(recorder)
        except RecorderError as error:
            found = ". ".join(part for part in (error.title, error.detail) if part)
            yield Check(
                check.__name__.strip("_").replace("_", " "), "problem", found, error.hint, error.exit_code
            )


def _python(_recorder: Recorder) -> Check:
    return Check(
        "python", "ok", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    )


def _data(recorder: Recorder) -> Check:
    recorder.paths.ensure()
    probe = recorder.paths.home / ".doctor"
    try:
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise StorageError(
            "The data folder cannot be written",
            detail=str(error.strerror),
            hint="Set RECORDER_HOME to another folder",
        ) from error
    return Check("data", "ok", str(recorder.paths.home))


def _disk(recorder: Recorder) -> Check:
    free = shutil.disk_usage(recorder.paths.home).free
    hours = free // BYTES_A_MINUTE // 60
    if hours < 2:
        return Check("disk", "problem", f"Room for {free // BYTES_A_MINUTE} minutes", "Free some space", 5)
    return Check("disk", "ok", f"Room for {hours} hours")


def _sound_library(_recorder: Recorder) -> Check:
    try:
        import sounddevice
    except OSError:
        hint = (
            "Install it: apt-get install libportaudio2 libasound2-plugins" if sys.platform == "linux" else ""
        )
        return Check("sound library", "problem", "PortAudio was not found", hint, 3)
    return Check("sound library", "ok", str(sounddevice.get_portaudio_version()[1]))


def _sources(recorder: Recorder) -> Check:
    sources = recorder.sources()
    names = tuple(f"--{source.track.value} {source.id}  ({source.name})" for source in sources)
    sides = {source.track for source in sources if not source.id.startswith("fake:")}
    if not sides:
        found = "Nothing can be heard: there is no sound server"
        return Check("sources", "problem", found, "Start PipeWire or PulseAudio", 4, names)
    if len(sides) == 1:
        only = "your side" if Track.MIC in sides else "the far side"
        return Check("sources", "note", f"Only {only} can be heard", "Plug in the other", items=names)
    return Check("sources", "ok", f"{len(names)} sources", items=names)


def _speech(_recorder: Recorder) -> Check:
    from recorder_app.speech.engines import choose

    engine = choose()
    draft = ": a draft, its words need checking" if engine.info.is_draft else ""
    return Check("speech", "ok", f"{engine.info.title}{draft}")


def _keyring(recorder: Recorder) -> Check:
    import keyring

    name = type(keyring.get_keyring()).__module__
    if "fail" in name or "null" in name:
        state = "ok" if recorder.settings.is_local else "note"
        return Check("keyring", state, "No keyring here", "Keys come from POSTHOG_PERSONAL_API_KEY")
    return Check("keyring", "ok", name)


def _server(recorder: Recorder) -> Check:
    if recorder.settings.is_local:
        return Check("server", "ok", "The embedded backend on this machine")
    recorder.test_connection()
    return Check("server", "ok", f"{recorder.settings.workspace}, project {recorder.settings.project_id}")


def _hotkey(recorder: Recorder) -> Check:
    command = "Bind the command `recorder toggle` in your desktop's keyboard settings"
    if os.environ.get("WAYLAND_DISPLAY"):
        return Check("hotkey", "note", "Wayland gives no global hotkey to this version", command)
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return Check("hotkey", "note", "No display", command)
    return Check("hotkey", "ok", recorder.settings.hotkey)


def _meetings(_recorder: Recorder) -> Check:
    use = for_this_machine()
    found = use.probe() if use else Availability(is_ok=False, reason=f"Nobody can tell on {sys.platform}")
    if found.is_ok:
        return Check("meetings", "ok", "Calls are noticed by which program uses the microphone")
    return Check("meetings", "note", f"Calls are not noticed: {found.reason}", found.hint or "")
