"""Files: what encoding and the waveform cost."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from recorder_app.media.decode import read_pcm
from recorder_app.media.encoder import PAGE_US, RATE, AppendOnlyFile, OpusWriter
from recorder_app.media.peaks import peaks
from tests.benchmarks import places
from tests.benchmarks.table import Result, Row, median_result
from tests.support.sound import write_wav

BLOCK = 960


def encoder_cpu(is_quick: bool) -> Result:
    """The spoken sample meeting, 20 ms at a time as capture gives it; ffmpeg gets it as one WAV."""
    rounds = 3 if is_quick else 7
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        folder = Path(name)
        speech = np.concatenate(list(read_pcm(places.SAMPLE, rate=RATE)))
        blocks = [speech[start : start + BLOCK].tobytes() for start in range(0, len(speech), BLOCK)]
        hours = len(speech) / RATE / 3600
        wav = write_wav(folder / "speech.wav", speech)
        ours = [_our_cpu_s(folder / "ours.ogg", blocks) / hours for _ in range(rounds)]
        rival = (
            [_ffmpeg_cpu_s(wav, folder / "rival.ogg") / hours for _ in range(rounds)] if _has_ffmpeg() else []
        )
    return median_result(
        ours,
        "CPU s per hour",
        at_most=36.0,
        rival=float(np.median(rival)) if rival else None,
        rival_name="ffmpeg",
        ratio_at_most=1.25 if rival else None,
        note="36 s are 1 % of a core",
    )


def _has_ffmpeg() -> bool:
    return shutil.which("ffmpeg") is not None


def _our_cpu_s(path: Path, blocks: list[bytes]) -> float:
    file = AppendOnlyFile(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    began = time.process_time()
    writer = OpusWriter(file, bitrate=64_000)
    for block in blocks:
        writer.write(block)
    writer.close()
    spent = time.process_time() - began
    file.close()
    return spent


def _ffmpeg_cpu_s(wav: Path, target: Path) -> float:
    options = ["-c:a", "libopus", "-b:a", "64000", "-vbr", "constrained", "-page_duration", str(PAGE_US)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(wav), *options, "-flush_packets", "1"]
    subprocess.run([*command, "-y", str(target)], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peaks_first_time(is_quick: bool) -> Result:
    samples, rival = [], []
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        hour = places.an_hour(Path(name))
        for _ in range(3 if is_quick else 7):
            hour.with_suffix(".peaks.npz").unlink(missing_ok=True)
            began = time.perf_counter()
            peaks(hour, 1000)
            samples.append(time.perf_counter() - began)
        if _has_ffmpeg():
            began = time.perf_counter()
            subprocess.run(
                ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", str(hour), "-f", "null", "-"], check=True
            )
            rival.append(time.perf_counter() - began)
    return median_result(
        samples,
        "s",
        at_most=1.5,
        rival=rival[0] if rival else None,
        rival_name="ffmpeg decoding all of it",
        note="1000 bars of an hour; a fifth of a second in each 1.5 s is looked at",
    )


def peaks_cached(is_quick: bool) -> Result:
    samples = []
    with tempfile.TemporaryDirectory(prefix="rb-") as name:
        hour = places.an_hour(Path(name))
        peaks(hour, 1000)
        for _ in range(20 if is_quick else 100):
            began = time.perf_counter()
            peaks(hour, 1000)
            samples.append((time.perf_counter() - began) * 1000)
    return median_result(samples, "ms", at_most=20)


ROWS = (
    Row("encoder, two tracks at 64 kbit/s", encoder_cpu),
    Row("waveform of one hour, first time", peaks_first_time),
    Row("waveform of one hour, cached", peaks_cached),
)
