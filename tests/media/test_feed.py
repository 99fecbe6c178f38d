"""What is about to be played: pitch kept at any speed, the wanted side, from the wanted place."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from recorder_app.errors import UsageError
from recorder_app.media.feed import RATE, Feed, Side, stretched
from tests.media.files import write_ours
from tests.support.sound import tone, tone_level, write_wav


def _drain(feed: Feed) -> np.ndarray:
    """Take everything as a sound callback would, in blocks of 25 ms."""
    taken = []
    deadline = time.monotonic() + 10
    feed.start()
    while not feed.is_drained and time.monotonic() < deadline:
        block = np.zeros((1200, 2), np.int16)
        count = feed.take(block)
        taken.append(block[:count])
        if not count:
            time.sleep(0.001)
    feed.stop()
    feed.join()
    assert feed.is_drained
    return np.concatenate(taken) if taken else np.zeros((0, 2), np.int16)


def _feed(path, **changes) -> Feed:
    return Feed(
        path, **{"start_ms": 0, "speed": 1.0, "side": Side.BOTH, "on_idle": lambda _: None, **changes}
    )


@pytest.fixture
def call(tmp_path):
    return write_ours(tmp_path / "a.ogg", tone(440, 3.0, level=0.3), tone(1000, 3.0, level=0.3))


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.0, 1.5, 2.0, 3.0])
def test_the_pitch_stays_and_the_time_changes(speed):
    stereo = np.column_stack([tone(440, 3.0)] * 2)
    chunks = (stereo[start : start + 24_000] for start in range(0, len(stereo), 24_000))

    played = np.concatenate(list(stretched(chunks, speed)))

    assert len(played) / RATE == pytest.approx(3.0 / speed, abs=0.06)
    spectrum = np.abs(np.fft.rfft(played[:, 0] * np.hanning(len(played))))
    assert np.argmax(spectrum) * RATE / len(played) == pytest.approx(440, abs=2)


@pytest.mark.parametrize(
    ("side", "you", "them"), [(Side.BOTH, 0.3, 0.3), (Side.LEFT, 0.3, 0.0), (Side.RIGHT, 0.0, 0.3)]
)
def test_the_wanted_side_is_on_both_ears(call, side, you, them):
    played = _drain(_feed(call, side=side))

    assert len(played) == 3 * RATE
    assert np.array_equal(played[:, 0], played[:, 1])
    assert tone_level(played[:, 0], 440) == pytest.approx(you, abs=0.03)
    assert tone_level(played[:, 0], 1000) == pytest.approx(them, abs=0.03)


def test_two_loud_sides_do_not_wrap_around(tmp_path):
    path = write_ours(tmp_path / "a.ogg", tone(440, 0.5, level=0.9), tone(440, 0.5, level=0.9))

    played = _drain(_feed(path))[:, 0].astype(int)

    assert np.abs(np.diff(played)).max() < 6000


def test_it_begins_at_the_wanted_place_and_counts_from_there(call):
    feed = _feed(call, start_ms=2500, speed=2.0)

    played = _drain(feed)

    assert len(played) / RATE == pytest.approx(0.25, abs=0.05)
    assert feed.media_ms(0) == 2500
    assert feed.media_ms(feed.taken) == pytest.approx(3000, abs=100)


def test_a_mono_file_is_on_both_ears(tmp_path):
    path = write_wav(tmp_path / "a.wav", tone(440, 0.5))

    assert tone_level(_drain(_feed(path))[:, 1], 440) > 0.45


def test_little_is_decoded_ahead_of_a_device_that_takes_nothing(tmp_path):
    path = write_wav(tmp_path / "long.wav", np.zeros(60 * RATE, np.int16))
    looked = threading.Event()
    feed = _feed(path, on_idle=lambda _: looked.set())

    feed.start()
    assert looked.wait(5)
    everything = np.zeros((60 * RATE, 2), np.int16)
    assert feed.take(everything) <= 3 * RATE
    feed.stop()
    feed.join()

    assert not feed.is_alive


def test_a_file_that_vanished_is_a_problem_in_words(tmp_path):
    feed = _feed(tmp_path / "gone.ogg")

    assert len(_drain(feed)) == 0
    assert isinstance(feed.problem, UsageError)
