"""A capture process of one's own, a sound server that is awake, and what a file sounds like."""

from __future__ import annotations

import os
import signal
import time
import uuid

import av
import numpy as np
import pytest

from recorder_app.capture.client import CaptureClient, StartRequest
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


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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


@pytest.fixture
def call(pulse, tmp_path):
    """A sound server with 440 Hz at the microphone and 1 kHz in the call, both already flowing."""
    pulse.play(write_wav(tmp_path / "mic.wav", tone(440, 60)), "micfeed")
    pulse.play(write_wav(tmp_path / "call.wav", tone(1000, 60)), "call")
    from recorder_app.capture.pulse import PulseBackend

    backend = PulseBackend()
    from recorder_app.models import Track

    for track, hertz in ((Track.MIC, 440), (Track.SYSTEM, 1000)):
        heard = []
        stream = backend.open("default", track, lambda block, heard=heard: heard.append(block.pcm))
        try:
            # A null sink that was idle delivers its first data only after two seconds.
            until(
                lambda heard=heard, hertz=hertz: (
                    len(heard) > 5 and tone_level(np.frombuffer(b"".join(heard[-5:]), "<i2"), hertz) > 0.2
                ),
                what=f"{track} is heard",
            )
        finally:
            stream.close()
    return pulse
