"""Sound for tests: tones, a private PulseAudio, and how strong a tone is on a track."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from recorder_app.demo.pulse import PrivatePulse

RATE = 48_000


def tone(hertz: float, seconds: float, *, level: float = 0.5, rate: int = RATE) -> np.ndarray:
    """`(n,) int16` sine."""
    times = np.arange(round(seconds * rate)) / rate
    return (np.sin(2 * np.pi * hertz * times) * level * 32767).astype("<i2")


def write_wav(path: Path, samples: np.ndarray, *, rate: int = RATE) -> Path:
    """Write `(n,)` or `(n, channels)` int16 samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def tone_level(samples: np.ndarray, hertz: float, *, rate: int = RATE) -> float:
    """Amplitude in 0–1 of one frequency in `(n,) int16` samples (Goertzel by projection)."""
    if not len(samples):
        return 0.0
    times = np.arange(len(samples)) / rate
    return float(2 * abs(np.mean(samples / 32768 * np.exp(-2j * np.pi * hertz * times))))


@pytest.fixture
def pulse(tmp_path, monkeypatch):
    """A private PulseAudio: play into `call` (default sink) and `micfeed` (default source "mic")."""
    if not shutil.which("pulseaudio"):
        pytest.skip("pulseaudio is not installed")
    folder = tmp_path / "p"
    folder.mkdir()
    with PrivatePulse(folder) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server
