"""The growing Ogg/Opus file: readable at every byte, sides apart, disk errors with their errno."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys

import av
import numpy as np
import pytest

from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
from tests.support.sound import tone, tone_level


def _decode(path) -> np.ndarray:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    samples = np.concatenate(frames, axis=1)
    return (samples * 32767).astype("<i2")


def _encode(path, seconds: float) -> None:
    file = AppendOnlyFile(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600))
    writer = OpusWriter(file, bitrate=64_000)
    stereo = np.column_stack([tone(440, seconds), tone(1000, seconds)])
    for start in range(0, len(stereo), 960):
        writer.write(stereo[start : start + 960].tobytes())
    writer.close()
    file.close()


def test_the_sides_stay_apart_and_the_length_is_exact(tmp_path):
    _encode(tmp_path / "a.ogg", 3.0)

    decoded = _decode(tmp_path / "a.ogg")

    assert decoded.shape == (2, 144_000)
    left, right = decoded[:, 4800:]
    assert tone_level(left, 440) > 0.4
    assert tone_level(right, 1000) > 0.4
    assert tone_level(left, 1000) < 0.005
    assert tone_level(right, 440) < 0.005


def test_every_prefix_is_a_readable_file(tmp_path):
    _encode(tmp_path / "a.ogg", 4.0)
    whole = (tmp_path / "a.ogg").read_bytes()

    (tmp_path / "cut.ogg").write_bytes(whole[: len(whole) // 2 + 7])

    assert 1.2 < _decode(tmp_path / "cut.ogg").shape[1] / 48_000 < 2.5


def test_a_full_disk_is_told_with_its_errno():
    script = """
import os, sys, tempfile, numpy as np, resource
sys.path.insert(0, os.getcwd())
from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
path = tempfile.mktemp()
file = AppendOnlyFile(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
writer = OpusWriter(file, bitrate=64000)
noise = np.random.default_rng(1).integers(-9000, 9000, (960, 2)).astype("<i2").tobytes()
try:
    for _ in range(2000):
        writer.write(noise)
except OSError as error:
    print(error.errno)
os.unlink(path)
"""
    assert resource.RLIMIT_FSIZE is not None

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert result.stdout.split() == [str(errno.EFBIG)], result.stderr


@pytest.mark.sound
def test_a_private_sound_server_speaks(pulse):
    assert "call" in pulse.pactl("info")
