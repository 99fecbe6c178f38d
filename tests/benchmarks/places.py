"""Where a benchmark works: a data folder, a sound server with sound in it, an hour of speech."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from recorder_app.capture.client import CaptureClient, StartRequest
from recorder_app.demo.pulse import CALL_SINK, MIC_FEED, PrivatePulse
from recorder_app.paths import Paths, resources
from tests.benchmarks.table import NotAvailableError
from tests.support.sound import tone, write_wav

SAMPLE = resources() / "sample" / "meeting.ogg"
RATE = 48_000


def until(condition: Callable[[], object], *, timeout_s: float, what: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it took more than {timeout_s:.0f} s: {what}")
        time.sleep(0.005)


@contextlib.contextmanager
def environment(changes: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def home() -> Iterator[Paths]:
    """A data folder of its own, told to child processes as well."""
    with tempfile.TemporaryDirectory(prefix="rb-", ignore_cleanup_errors=True) as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        with environment({"XDG_RUNTIME_DIR": str(runtime), "RECORDER_HOME": str(Path(folder) / "home")}):
            paths = Paths.from_environment()
            paths.ensure()
            yield paths


@contextlib.contextmanager
def sound_server() -> Iterator[PrivatePulse]:
    """A private PulseAudio with a tone in the call and another at the microphone, both flowing."""
    if not shutil.which("pulseaudio"):
        raise NotAvailableError("pulseaudio is not installed")
    with PrivatePulse() as pulse, environment(pulse.environment):
        for sink, hertz in ((CALL_SINK, 1000), (MIC_FEED, 440)):
            pulse.play(write_wav(pulse.folder / f"{sink}.wav", tone(hertz, 240)), sink)
        # A null sink that was idle gives its first data after two seconds (reference/audio.md §0).
        time.sleep(2.5)
        yield pulse


@contextlib.contextmanager
def capture(paths: Paths) -> Iterator[CaptureClient]:
    """A client whose capture process has ended when the block is left."""
    client = CaptureClient(paths, idle_s=30)
    try:
        yield client
    finally:
        client.quit()
        client.close()


def request(paths: Paths, *, mic: str = "default", system: str = "default") -> StartRequest:
    recording_id = str(uuid.uuid4())
    return StartRequest(recording_id, paths.recordings / recording_id, mic, system)


def an_hour(folder: Path) -> Path:
    """An hour in our format: the packets of the spoken sample meeting again and again."""
    target = folder / "hour.ogg"
    with av.open(str(SAMPLE)) as source, av.open(str(target), "w") as written:
        stream = source.streams.audio[0]
        copied = written.add_stream_from_template(stream)
        copied.metadata.update({**stream.metadata, "TRACKS": "left=microphone right=call"})
        # Without the first and the last: they carry pre-skip and end trim.
        packets = [(bytes(packet), packet.duration) for packet in source.demux(stream) if packet.size][1:-1]
        at = 0
        while at < 3600 * RATE:
            for data, duration in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = copied, copied.time_base or stream.time_base
                packet.pts = packet.dts = at
                packet.duration = duration
                written.mux(packet)
                at += duration
    return target
