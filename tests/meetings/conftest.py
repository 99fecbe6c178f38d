"""Programs at the microphone: real processes on a private sound server, none of them a child of ours."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recorder_app.demo.pulse import PrivatePulse

START_CORKED, PEAK_DETECT = 1, 1 << 11
"""PulseAudio's stream flags."""


def until(condition, what: str, *, timeout_s: float = 10.0):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)
    return value


class Programs:
    """Starts programs as a desktop would: as orphans. Ends each by its id."""

    def __init__(self, folder: Path, sound: PrivatePulse) -> None:
        self._folder = folder
        self._sound = sound
        self._pids: list[int] = []

    def listen(self, name: str, source: str = "mic") -> int:
        """A copy of pacat under another name records `source`. Returns once the server knows its stream."""
        return self._run([str(self.binary(name)), "--record", "--raw", f"--device={source}"])

    def listen_oddly(self, name: str, flags: int, source: str = "mic") -> int:
        """A stream with flags of its own, by a program that calls itself `name`."""
        script = Path(__file__).with_name("odd_stream.py")
        properties = {"PULSE_PROP": f"application.process.binary={name}"}
        return self._run([sys.executable, str(script), source, str(flags)], properties)

    def end(self, pid: int) -> None:
        known = self._streams()
        os.kill(pid, signal.SIGTERM)
        self._pids.remove(pid)
        until(lambda: self._streams() < known, "the stream is gone")

    def close(self) -> None:
        for pid in self._pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def binary(self, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            # pacat chooses what it does by its name, so it is told to record as well.
            shutil.copy(str(shutil.which("pacat")), path)
        return path

    def _run(self, command: list[str], environment: dict[str, str] | None = None) -> int:
        known = self._streams()
        # The shell ends at once, so its child becomes nobody's: not ours, above all.
        shell = subprocess.run(
            ["sh", "-c", '"$@" >/dev/null 2>&1 </dev/null & echo $!', "sh", *command],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        self._pids.append(int(shell.stdout))
        until(lambda: self._streams() > known, f"a stream of {command[0]}")
        return self._pids[-1]

    def _streams(self) -> int:
        return len(self._sound.pactl("list", "short", "source-outputs").splitlines())


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A private PulseAudio for all tests of a file; they leave it as it was."""
    if not shutil.which("pulseaudio"):
        pytest.skip("pulseaudio is not installed")
    folder = tmp_path_factory.mktemp("p")
    with PrivatePulse(folder) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def programs(sound, tmp_path):
    programs = Programs(tmp_path, sound)
    yield programs
    programs.close()
