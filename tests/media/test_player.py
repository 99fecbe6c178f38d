"""Playing into a real sound server: what comes out, where we are, and what happens when it goes away."""

from __future__ import annotations

import os
import subprocess
import threading
import time

import numpy as np
import pytest

from recorder_app.errors import RecorderError, SoundError, UsageError
from recorder_app.media.feed import Side
from recorder_app.media.player import Player
from tests.media.files import write_ours
from tests.support.sound import RATE, tone, tone_level


@pytest.fixture
def player():
    one = Player()
    yield one
    one.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("recorder-player")]


@pytest.fixture
def call(tmp_path):
    """Two seconds: "You" at 440 Hz, "Them" at 1000 Hz."""
    return write_ours(tmp_path / "a.ogg", tone(440, 2.0, level=0.4), tone(1000, 2.0, level=0.4))


class Listener:
    """Records what a person would hear: the monitor of the default sink."""

    def __init__(self, folder) -> None:
        self._file = (folder / "heard.raw").open("wb")
        self._process = subprocess.Popen(
            [
                "parec",
                "--device=call.monitor",
                "--raw",
                "--format=s16le",
                "--channels=1",
                f"--rate={RATE}",
                "--latency-msec=20",
            ],
            stdout=self._file,
        )
        _until(lambda: os.fstat(self._file.fileno()).st_size > 0)

    def heard(self) -> np.ndarray:
        """Everything from the first to the last sound."""
        size = os.fstat(self._file.fileno()).st_size
        _until(lambda: os.fstat(self._file.fileno()).st_size > size + RATE // 2)
        self._process.terminate()
        self._process.wait(5)
        self._file.close()
        samples = np.fromfile(self._file.name, "<i2")
        loud = np.flatnonzero(np.abs(samples.astype(int)) > 1000)
        return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def _until(condition, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.mark.sound
def test_both_sides_are_heard_from_start_to_end(pulse, player, call, tmp_path):
    listener = Listener(tmp_path)
    ended = threading.Event()
    player.on_ended = ended.set
    player.load(call)

    player.play()
    assert player.is_playing
    assert ended.wait(10)
    heard = listener.heard()

    assert len(heard) / RATE == pytest.approx(2.0, abs=0.03)
    assert tone_level(heard, 440) == pytest.approx(0.4, abs=0.05)
    assert tone_level(heard, 1000) == pytest.approx(0.4, abs=0.05)
    assert (player.is_playing, player.position_ms, player.duration_ms) == (False, 2000, 2000)


@pytest.mark.sound
def test_twice_as_fast_takes_half_the_time_at_the_same_pitch(pulse, player, call, tmp_path):
    listener = Listener(tmp_path)
    ended = threading.Event()
    player.on_ended = ended.set
    player.load(call)
    player.speed = 2.0
    player.side = Side.RIGHT

    player.play()
    assert ended.wait(10)
    heard = listener.heard()

    assert len(heard) / RATE == pytest.approx(1.0, abs=0.06)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(1000, abs=3)
    assert tone_level(heard, 440) < 0.01


@pytest.mark.sound
def test_the_position_follows_what_is_heard(pulse, player, tmp_path):
    player.load(write_ours(tmp_path / "a.ogg", tone(440, 8.0), tone(440, 8.0)))
    player.seek(3000)

    player.play()
    _until(lambda: player.position_ms > 3000)
    began, first = time.monotonic(), player.position_ms
    _until(lambda: player.position_ms >= first + 800)
    passed_ms = (time.monotonic() - began) * 1000
    player.pause()
    paused = player.position_ms

    assert passed_ms == pytest.approx(800, abs=120)
    assert first + 800 <= paused < first + 1100
    assert not player.is_playing

    player.play()
    player.seek(6000)
    _until(lambda: player.position_ms > 6100)
    player.speed = 0.5
    assert 6100 <= player.position_ms < 7000
    player.seek(99_000)
    _until(lambda: not player.is_playing)

    assert player.position_ms == 8000


@pytest.mark.sound
def test_a_sound_server_that_dies_is_told_and_playing_goes_on_later(pulse, player, tmp_path):
    player.load(write_ours(tmp_path / "a.ogg", tone(440, 9.0), tone(440, 9.0)))
    problems: list[RecorderError] = []
    player.on_problem = problems.append
    player.play()
    _until(lambda: player.position_ms > 100)

    pulse.stop_server()
    _until(lambda: problems)

    assert isinstance(problems[0], SoundError)
    assert problems[0].hint
    assert not player.is_playing
    assert 100 <= player.position_ms < 9000

    stopped_at = player.position_ms
    pulse.start_server()
    pulse.keep_awake()
    player.play()
    _until(lambda: player.position_ms > stopped_at)


def test_without_a_sound_output_it_says_so_and_the_position_still_works(player, call, monkeypatch, tmp_path):
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    player.load(call)

    with pytest.raises(SoundError) as caught:
        player.play()
    player.seek(1500)

    assert caught.value.hint
    assert not player.is_playing
    assert player.position_ms == 1500


def test_what_cannot_be_played_is_refused_on_loading(player, tmp_path):
    with pytest.raises(UsageError):
        player.load(tmp_path / "missing.ogg")

    player.play()

    assert not player.is_playing


def test_speed_and_place_stay_within_bounds(player, call):
    player.load(call)
    player.speed = 9
    assert player.speed == 3.0
    player.speed = 0.1
    assert player.speed == 0.5
    player.seek(-5)
    assert player.position_ms == 0
    player.seek(5000)
    assert player.position_ms == 2000
