"""Silence, tones, noise and music are no words: through the real worker, both sides at once."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.sound import tone, write_wav

RATE = 16_000
SECONDS = 5


def _chord() -> np.ndarray:
    """A major chord that changes each half second, with an attack: hold music."""
    parts = []
    for root in (262, 349, 392, 330, 294, 440, 262, 392, 349, 262):
        notes = sum(
            tone(root * step, 0.5, level=0.2, rate=RATE).astype(np.int32) for step in (1, 1.26, 1.5, 2)
        )
        parts.append(notes * np.exp(-np.linspace(0, 3, len(notes))))
    return np.concatenate(parts)


def _sounds() -> dict[str, np.ndarray]:
    noise = np.random.default_rng(7)
    count = RATE * SECONDS
    clicks = np.zeros(count)
    clicks[:: RATE // 3] = 25_000
    return {
        "silence": np.zeros(count),
        "white noise": noise.normal(0, 3000, count),
        "tone": tone(440, SECONDS, rate=RATE),
        "music": _chord(),
        "clicks": clicks,
        "hum with an offset": tone(50, SECONDS, level=0.2, rate=RATE) + 4000.0,
        "clipped tone": np.clip(tone(300, SECONDS, rate=RATE).astype(np.int32) * 8, -32768, 32767),
    }


@pytest.mark.slow
def test_nothing_is_heard_where_nobody_speaks(client, tmp_path):
    parts = [np.clip(sound, -32768, 32767) for sound in _sounds().values()]
    both = np.stack([np.concatenate(parts), np.concatenate(parts[::-1])], axis=1).astype("<i2")

    transcript = client.transcribe(write_wav(tmp_path / "sounds.wav", both, rate=RATE))

    assert [one.text for one in transcript.segments] == []
    assert transcript.engine == "pocketsphinx"
