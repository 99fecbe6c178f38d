"""A private PulseAudio with two null sinks: what is played into them is the call and the microphone.

Stdlib only. Ends only the processes it started.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

CALL_SINK = "call"
"""The default sink: what is played here is what a person would hear of the far side."""
MIC_FEED = "micfeed"
"""What is played here comes out of the default source "mic"."""
START_TIMEOUT_S = 10.0


def _named(kind: str, name: str) -> str:
    return f"{kind}_properties=device.description={name}"


class PrivatePulse:
    """One PulseAudio server in a temporary folder. A silent low-latency player keeps each null sink awake:
    an idle one delivers its first data only after two seconds (reference/audio.md §0).
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="recorder-pulse-")
        self.folder = folder or Path(self._temporary.name if self._temporary else ".")
        self.socket = self.folder / "native"
        self._children: list[subprocess.Popen[bytes]] = []
        self.server: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to hear and speak here."""
        return {"PULSE_SERVER": f"unix:{self.socket}", "PULSE_RUNTIME_PATH": str(self.folder / "pulse")}

    def __enter__(self) -> Self:
        try:
            self.start_server()
            self.keep_awake()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_server(self) -> None:
        """Start PulseAudio and wait until it answers. Raises RuntimeError with its last words."""
        (self.folder / "home").mkdir(exist_ok=True)
        log = self.folder / "pulseaudio.log"
        microphone = f"module-remap-source source_name=mic master={MIC_FEED}.monitor "
        microphone += _named("source", "Microphone")
        arguments = [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--realtime=no", "--high-priority=no", f"--log-target=file:{log}",
            "-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.socket}",
            "-L", f"module-null-sink sink_name={CALL_SINK} rate=48000 {_named('sink', 'Headphones')}",
            "-L", f"module-null-sink sink_name={MIC_FEED} rate=48000",
            "-L", microphone,
            "-L", "module-always-sink",
        ]  # fmt: skip
        self.server = subprocess.Popen(
            arguments, env=self._server_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self.server.poll() is not None or time.monotonic() > deadline:
                words = log.read_text(errors="replace")[-500:] if log.exists() else "no log"
                raise RuntimeError(f"PulseAudio did not start: {words}")
            time.sleep(0.05)
        self.pactl("set-default-sink", CALL_SINK)
        self.pactl("set-default-source", "mic")

    def keep_awake(self) -> None:
        """Feed silence in 20 ms blocks to both sinks, and have them begin with it now.

        Each is in the middle of the two-second block of a sink without players. Suspended and resumed it
        starts afresh: the first block of a recording comes after 0.04 s instead of 1.9 s (measured).
        """
        sinks = (CALL_SINK, MIC_FEED)
        for sink in sinks:
            self._spawn("pacat", "--playback", "--raw", "--latency-msec=20", f"--device={sink}", "/dev/zero")
        deadline = time.monotonic() + START_TIMEOUT_S
        while len(self.pactl("list", "short", "sink-inputs").splitlines()) < len(sinks):
            if time.monotonic() > deadline:
                raise RuntimeError("The silent players did not connect")
            time.sleep(0.02)
        for is_suspended in ("1", "0"):
            for sink in sinks:
                self.pactl("suspend-sink", sink, is_suspended)

    def play(self, wav: Path, sink: str = CALL_SINK) -> subprocess.Popen[bytes]:
        """Play a WAV file into a sink in the background; the process ends with the sound."""
        return self._spawn("paplay", "--latency-msec=30", f"--device={sink}", str(wav))

    def pactl(self, *arguments: str) -> str:
        result = subprocess.run(
            ["pactl", *arguments],
            env=self._client_environment(),
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return result.stdout.strip()

    def stop_server(self) -> None:
        """Kill the server as a crash would."""
        if self.server:
            self.server.kill()
            self.server.wait(5)

    def close(self) -> None:
        for child in [*self._children, *([self.server] if self.server else [])]:
            if child.poll() is None:
                child.terminate()
        for child in [*self._children, *([self.server] if self.server else [])]:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(5)
        self._children.clear()
        if self._temporary:
            self._temporary.cleanup()

    def _answers(self) -> bool:
        result = subprocess.run(
            ["pactl", "info"], env=self._client_environment(), capture_output=True, timeout=10, check=False
        )
        return result.returncode == 0

    def _spawn(self, *arguments: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            arguments, env=self._client_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._children.append(child)
        return child

    def _client_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _server_environment(self) -> dict[str, str]:
        environment = self._client_environment()
        # A session bus would let it reach the real user's services; with none named but a display, libdbus
        # starts one of its own and leaves it running.
        environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        environment |= {"HOME": str(self.folder / "home"), "XDG_RUNTIME_DIR": str(self.folder)}
        return environment
