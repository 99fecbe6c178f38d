"""A capture process of one's own, a sound server that is awake, and what a file sounds like."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import av
import numpy as np
import pytest

from recorder_app.capture.client import CaptureClient, StartRequest
from recorder_app.capture.pulse import PulseBackend
from recorder_app.demo.pulse import PrivatePulse
from recorder_app.models import Track
from tests.support.sound import tone, tone_level, write_wav


def until(condition, *, timeout_s: float = 10.0, what: str = "condition"):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.02)
    return value


def decode(path) -> np.ndarray:
    """`(2, frames) int16` of a recording."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    samples = np.concatenate(frames, axis=1) if frames else np.zeros((2, 0))
    return (samples * 32767).astype("<i2")


def steady_level(samples: np.ndarray, hertz: float) -> float:
    """Amplitude of a tone in the middle one of windows of 50 ms: a player's hiccup shifts its phase."""
    windows = [samples[start : start + 2400] for start in range(0, len(samples) - 2399, 2400)]
    return float(np.median([tone_level(window, hertz) for window in windows]))


def is_running(pid: int) -> bool:
    """A process that is dead but not yet reaped by its new parent does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def client(home):
    """A client whose capture process is ended afterwards, whatever the test did to it."""
    client = CaptureClient(home, idle_s=20)
    pids = set()
    original = client.ensure

    def ensure():
        original()
        pids.add(client.status().pid)

    client.ensure = ensure
    yield client
    client.quit()
    for pid in pids - {None}:
        try:
            until(lambda pid=pid: not is_running(pid), timeout_s=5, what="process ended")
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
            raise


@pytest.fixture
def request_for(home):
    """Make a start request for a new recording."""

    def make(mic: str = "fake:tone:440", system: str = "fake:tone:1000", **more) -> StartRequest:
        recording_id = str(uuid.uuid4())
        return StartRequest(recording_id, home.recordings / recording_id, mic, system, **more)

    return make


def until_heard(source: str, track: Track, hertz: float) -> None:
    """Wait until a source delivers a tone: a null sink that was idle takes two seconds to begin."""
    heard = []
    stream = PulseBackend().open(source, track, lambda block: heard.append(block.pcm))
    try:
        until(
            lambda: len(heard) > 5 and tone_level(np.frombuffer(b"".join(heard[-5:]), "<i2"), hertz) > 0.2,
            what=f"{hertz} Hz on {source}",
        )
    finally:
        stream.close()


@pytest.fixture
def call(pulse, tmp_path):
    """A sound server with 440 Hz at the microphone and 1 kHz in the call, both already flowing."""
    return play_a_call(pulse, tmp_path)


@pytest.fixture(scope="module")
def shared_call(tmp_path_factory):
    """As `call`, for tests that leave the server as it was."""
    if not shutil.which("pulseaudio"):
        pytest.skip("pulseaudio is not installed")
    folder = tmp_path_factory.mktemp("p")
    with PrivatePulse(folder) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield play_a_call(server, folder)


def play_a_call(server: PrivatePulse, folder: Path) -> PrivatePulse:
    server.play(write_wav(folder / "mic.wav", tone(440, 90)), "micfeed")
    server.play(write_wav(folder / "call.wav", tone(1000, 90)), "call")
    until_heard("default", Track.MIC, 440)
    until_heard("default", Track.SYSTEM, 1000)
    return server


@pytest.fixture
def headset(shared_call, tmp_path):
    """A second sink with 2.5 kHz in it; returns its module's number."""
    module = shared_call.pactl("load-module", "module-null-sink", "sink_name=headset", "rate=48000")
    shared_call._spawn("pacat", "--playback", "--raw", "--latency-msec=20", "--device=headset", "/dev/zero")
    player = shared_call.play(write_wav(tmp_path / "headset.wav", tone(2500, 60)), "headset")
    until_heard("headset.monitor", Track.SYSTEM, 2500)
    yield module
    player.terminate()
    shared_call.pactl("set-default-sink", "call")
    with contextlib.suppress(subprocess.CalledProcessError):
        shared_call.pactl("unload-module", module)
