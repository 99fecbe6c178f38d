"""The call is taken out of the microphone, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from recorder_app.speech.base import RATE
from recorder_app.speech.bleed import envelope
from recorder_app.speech.mute import measure, without_call
from tests.speech.test_bleed import babble

DELAY = RATE // 25


def scene(
    *, leak_db: float | None, own_s: float = 3.0, seconds: float = 12.0
) -> tuple[np.ndarray, np.ndarray, int]:
    """(`(n, 2)` sound, the person's own part of it, where it begins): the call first, then the person."""
    call = np.zeros(round(seconds * RATE))
    own = np.zeros_like(call)
    start = round((seconds - own_s) * RATE)
    call[: start - RATE // 5] = babble(1, seconds - own_s - 0.2)
    own[start:] = babble(2, own_s)
    mic = own + np.random.default_rng(5).normal(0, 6, len(own))
    if leak_db is not None:
        mic[DELAY:] += call[:-DELAY] * 10 ** (leak_db / 20)
    return np.clip(np.stack([mic, call], axis=1), -32768, 32767).astype(np.int16), own, start


def energy(samples: np.ndarray) -> float:
    return float((samples.astype(float) ** 2).sum())


def clean(sound: np.ndarray, size: int = 7777) -> np.ndarray:
    blocks = [sound[at : at + size] for at in range(0, len(sound), size)]
    return np.concatenate(list(without_call(blocks, mic=0, call=1)))


@pytest.mark.parametrize("leak_db", [-6, -18, -30])
def test_a_leak_is_silenced_and_the_answer_kept(leak_db):
    sound, own, start = scene(leak_db=leak_db)

    left = clean(sound)

    assert len(left) == len(sound)
    assert energy(left[:start]) < 0.02 * energy(sound[:start, 0])
    assert energy(left[start:]) > 0.95 * energy(own[start:])


def test_a_headset_loses_nothing():
    sound, own, _ = scene(leak_db=None)

    assert energy(clean(sound)) > 0.99 * energy(own)


def test_talking_at_once_keeps_the_own_voice():
    sound, _, _ = scene(leak_db=-18)
    own = np.concatenate([np.zeros(4 * RATE, np.int16), babble(9, 4.0)])
    sound[: len(own), 0] = np.clip(sound[: len(own), 0].astype(np.int32) + own, -32768, 32767)

    left = clean(sound)

    assert energy(left[4 * RATE : 8 * RATE]) > 0.95 * energy(own[4 * RATE : 8 * RATE])


def test_the_room_is_measured():
    sound, _, _ = scene(leak_db=-18)

    room = measure(envelope(sound[:, 0]), envelope(sound[:, 1]))

    assert room.gain_db == pytest.approx(-18, abs=2.5)
    assert room.delay_frames == pytest.approx(DELAY * 100 / RATE, abs=1)


def test_a_window_with_too_little_call_keeps_the_room_of_the_one_before():
    sound, _, _ = scene(leak_db=-18)
    room = measure(envelope(sound[:, 0]), envelope(sound[:, 1]))
    quiet = np.zeros(500)

    assert measure(quiet, quiet, room) == room
    assert measure(quiet, quiet, None) is None


@pytest.mark.parametrize("frames", [0, 1, 100, RATE])
def test_any_length_is_survived(frames):
    assert len(clean(np.ones((frames, 2), np.int16)) if frames else np.zeros(0)) == frames
