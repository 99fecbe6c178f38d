"""Speaks a scripted meeting with flite voices: a real two-sided conversation whose every word is known.

`python -m tests.support.speak MEETING.json FOLDER [--leak-db -18] [--ogg]` writes mic.wav (me), call.wav
(the others), truth.json and, if asked, meeting.ogg (left = mic, right = call). Only flite is needed:
pocketsphinx cannot read espeak-ng (72 % of words wrong), but reads these voices (reference/speech.md §0).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np

from recorder_app.media.encoder import AppendOnlyFile, OpusWriter

RATE = 48_000
PAUSE_S = 0.6
"""Between two turns: longer than the 0.5 s of silence that ends an utterance."""
MARGIN_S = 1.0
"""Silence before the first and after the last word."""


@dataclasses.dataclass(frozen=True)
class Spoken:
    """Both sides on one timeline, `(n,) int16` at RATE, and who said what when."""

    mic: np.ndarray
    call: np.ndarray
    truth: list[dict[str, Any]]

    def stereo(self) -> np.ndarray:
        """`(n, 2) int16`: left = mic, right = call."""
        return np.stack([self.mic, self.call], axis=1)


def is_possible() -> bool:
    return shutil.which("flite") is not None


def speak(turns: list[list[str]], *, leak_db: float | None = None, overlap_s: float = 0.0) -> Spoken:
    """Render `[side, voice, text]` turns one after the other.

    `leak_db` mixes the call into the microphone, 20 ms late, as a room without a headset does.
    `overlap_s` starts each turn that much before the last one ends (people talking at once).
    """
    at = round(MARGIN_S * RATE)
    placed: list[tuple[str, int, np.ndarray]] = []
    truth = []
    for side, voice, text in turns:
        samples = say(text, voice)
        placed.append((side, at, samples))
        end = at + len(samples)
        truth.append({
            "start_ms": at * 1000 // RATE, "end_ms": end * 1000 // RATE, "speaker": side, "text": text,
        })  # fmt: skip
        at = end + round((PAUSE_S - overlap_s) * RATE)
    length = max(start + len(samples) for _, start, samples in placed) + round(MARGIN_S * RATE)
    tracks = {side: np.zeros(length, np.float32) for side in ("me", "them")}
    for side, start, samples in placed:
        tracks[side][start : start + len(samples)] += samples
    if leak_db is not None:
        delay = round(0.02 * RATE)
        tracks["me"][delay:] += tracks["them"][:-delay] * 10 ** (leak_db / 20)
    mic, call = (np.clip(np.rint(tracks[side]), -32768, 32767).astype("<i2") for side in ("me", "them"))
    return Spoken(mic, call, truth)


def say(text: str, voice: str) -> np.ndarray:
    """One sentence in one voice, `(n,) int16` at RATE."""
    with tempfile.TemporaryDirectory(prefix="recorder-speak-") as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, timeout=30)
        with wave.open(str(path)) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return _upsample(samples, RATE // rate) if RATE % rate == 0 else _interpolate(samples, rate)


def _upsample(samples: np.ndarray, factor: int) -> np.ndarray:
    """Zero-stuff and low-pass with a Blackman-windowed sinc (images below -70 dB)."""
    stuffed = np.zeros(len(samples) * factor, np.float32)
    stuffed[::factor] = samples
    taps = np.arange(-32 * factor, 32 * factor + 1)
    kernel = np.sinc(taps / factor) * np.blackman(len(taps))
    filtered = np.convolve(stuffed, kernel.astype(np.float32), mode="same")
    return np.clip(np.rint(filtered), -32768, 32767).astype("<i2")


def _interpolate(samples: np.ndarray, rate: int) -> np.ndarray:
    times = np.arange(len(samples) * RATE // rate) * rate / RATE
    return np.interp(times, np.arange(len(samples)), samples).astype("<i2")


def write(spoken: Spoken, folder: Path) -> None:
    """Write mic.wav, call.wav and truth.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, samples in (("mic", spoken.mic), ("call", spoken.call)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples.tobytes())
    (folder / "truth.json").write_text(json.dumps(spoken.truth, indent=1) + "\n", encoding="utf-8")


def write_ogg(samples: np.ndarray, path: Path, *, bitrate: int = 64_000) -> Path:
    """Write `(n, 2) int16` at RATE as the recorder itself writes its media."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    file = AppendOnlyFile(descriptor)
    writer = OpusWriter(file, bitrate=bitrate)
    for start in range(0, len(samples), RATE):
        writer.write(np.ascontiguousarray(samples[start : start + RATE]).astype("<i2").tobytes())
    writer.close()
    file.close()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Speak a scripted meeting")
    parser.add_argument("meeting", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--leak-db", type=float)
    parser.add_argument("--ogg", action="store_true", help="write meeting.ogg and truth.json only")
    options = parser.parse_args()
    spoken = speak(json.loads(options.meeting.read_text(encoding="utf-8"))["turns"], leak_db=options.leak_db)
    if options.ogg:
        options.folder.mkdir(parents=True, exist_ok=True)
        write_ogg(spoken.stereo(), options.folder / "meeting.ogg")
        (options.folder / "truth.json").write_text(
            json.dumps(spoken.truth, indent=1) + "\n", encoding="utf-8"
        )
    else:
        write(spoken, options.folder)
    print(f"{len(spoken.mic) / RATE:.1f} s")


if __name__ == "__main__":
    main()
