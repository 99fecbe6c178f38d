"""Recording: what it costs, how soon it hears, what a kill costs."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np

from recorder_app.capture import recovery
from recorder_app.media.decode import probe, read_pcm
from recorder_app.media.encoder import PAGE_US
from tests.benchmarks import places
from tests.benchmarks.table import NotAvailableError, Result, Row, median_result


def cpu_of_recording(is_quick: bool) -> Result:
    """Both record the same two sources at the same time, so that both meet the same load."""
    if not shutil.which("ffmpeg"):
        raise NotAvailableError("ffmpeg is not installed")
    seconds, rounds = (5, 3) if is_quick else (20, 5)
    ours, rival = [], []
    with places.sound_server(), places.home() as paths, places.capture(paths) as client:
        client.start(places.request(paths))
        other = _ffmpeg(paths.home / "ffmpeg.ogg")
        try:
            pid = client.status().pid
            if pid is None:
                raise RuntimeError("the capture process is gone")
            _until_growing(paths.home / "ffmpeg.ogg", other)
            for _ in range(rounds):
                before = (_cpu_s(pid), _cpu_s(other.pid), time.monotonic())
                time.sleep(seconds)
                wall = time.monotonic() - before[2]
                ours.append((_cpu_s(pid) - before[0]) / wall * 100)
                rival.append((_cpu_s(other.pid) - before[1]) / wall * 100)
        finally:
            other.terminate()
            other.wait(10)
        client.stop()
    return median_result(
        ours,
        "% of a core",
        rival=float(np.median(rival)),
        rival_name="ffmpeg",
        ratio_at_most=1.25,
        note=f"two tracks to Opus for {rounds} × {seconds} s, both at the same time",
    )


def _ffmpeg(target: Path) -> subprocess.Popen[bytes]:
    inputs = []
    for source in ("mic", "call.monitor"):
        inputs += ["-thread_queue_size", "512", "-f", "pulse", "-channels", "1", "-sample_rate", "48000"]
        inputs += ["-i", source]
    encode = ["-c:a", "libopus", "-b:a", "64000", "-vbr", "constrained"]
    pages = ["-page_duration", str(PAGE_US), "-flush_packets", "1", "-f", "ogg"]
    merged = [
        "-filter_complex",
        "[0:a][1:a]join=inputs=2:channel_layout=stereo:map=0.0-FL|1.0-FR[out]",
        "-map",
        "[out]",
    ]
    return subprocess.Popen(
        ["ffmpeg", "-nostdin", "-loglevel", "error", *inputs, *merged, *encode, *pages, "-y", str(target)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _until_growing(path: Path, process: subprocess.Popen[bytes]) -> None:
    def is_growing() -> bool:
        if process.poll() is not None:
            raise NotAvailableError("this ffmpeg cannot record from PulseAudio")
        return path.exists() and path.stat().st_size > 8000

    places.until(is_growing, timeout_s=20, what="ffmpeg records")


def _cpu_s(pid: int) -> float:
    """CPU seconds of a process with all its threads, dead ones included."""
    times = Path(f"/proc/{pid}/stat")
    if not times.exists():
        raise NotAvailableError("there is no /proc here, or the process is gone")
    fields = times.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_to_first_block(is_quick: bool) -> Result:
    """`start` returns once a block was captured; the process runs already, as with the app open."""
    samples = []
    with places.sound_server(), places.home() as paths, places.capture(paths) as client:
        client.ensure()
        client.start(places.request(paths))
        client.stop()
        for _ in range(5 if is_quick else 20):
            began = time.perf_counter()
            client.start(places.request(paths))
            samples.append((time.perf_counter() - began) * 1000)
            client.stop()
    return median_result(
        samples, "ms", at_most=200, note="both sources of a private PulseAudio, process warm"
    )


def loss_by_kill(is_quick: bool) -> Result:
    """Sound heard until SIGKILL less the sound that decodes afterwards. Every single one counts."""
    chance = random.Random(2026)
    losses, unreadable = [], 0
    with places.home() as paths, places.capture(paths) as client:
        for _ in range(20 if is_quick else 200):
            request = places.request(paths, mic="fake:tone:440", system="fake:tone:1000")
            client.start(request)
            began = time.monotonic()
            time.sleep(chance.uniform(0.3, 1.8))
            pid = client.status().pid
            if pid is None:
                raise RuntimeError("the capture process is gone")
            os.kill(pid, signal.SIGKILL)
            heard_s = time.monotonic() - began
            places.until(lambda: client.status().pid is None, timeout_s=5, what="the process is dead")
            found = {one.recording_id: one for one in recovery.scan(paths.recordings, live_id=None)}
            finished = found.get(request.recording_id)
            if finished is None or not all(_is_seekable(part) for part in finished.media):
                unreadable += 1
                continue
            # Killed before the first page was full: no media, and all that was heard is lost.
            frames = sum(len(chunk) for part in finished.media for chunk in read_pcm(part, rate=48_000))
            losses.append(max(heard_s - frames / 48_000, 0.0))
            shutil.rmtree(request.folder)
    if unreadable:
        losses += [float("inf")] * unreadable
    return median_result(
        losses,
        "s lost",
        at_most=1.0,
        is_worst_counted=True,
        note=f"{len(losses) - unreadable} of {len(losses)} files readable, seekable and recovered",
    )


def _is_seekable(path: Path) -> bool:
    middle = probe(path).duration_ms // 2
    return sum(map(len, read_pcm(path, rate=48_000, start_ms=middle, end_ms=middle + 20))) == 960


ROWS = (
    Row("CPU of recording microphone and call", cpu_of_recording),
    Row("start to first captured block, warm", start_to_first_block),
    Row("sound lost by kill -9 while recording", loss_by_kill),
)
