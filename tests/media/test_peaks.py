"""The waveform: true to the sound, quick the second time, never wrong because of an old cache."""

from __future__ import annotations

import time

import numpy as np
import pytest

from recorder_app.errors import UsageError
from recorder_app.media import peaks as module
from recorder_app.media.peaks import peaks, reduce_to
from tests.media.files import write_ours
from tests.support.sound import RATE, tone, write_wav


@pytest.fixture
def call(tmp_path):
    """Left loud in the first two seconds, right half as loud in the last two."""
    quiet = np.zeros(2 * RATE, np.int16)
    left = np.concatenate([tone(440, 2.0, level=0.8), quiet])
    right = np.concatenate([quiet, tone(440, 2.0, level=0.4)])
    return write_ours(tmp_path / "part-001.ogg", left, right)


def test_bars_show_who_is_loud_when(call):
    left, right = peaks(call, 40)

    assert left[1:19] == pytest.approx(0.8, abs=0.06)
    assert right[21:39] == pytest.approx(0.4, abs=0.06)
    assert left[21:].max() < 0.02
    assert right[:19].max() < 0.02


def test_a_single_loud_click_is_in_its_bar_and_nowhere_else(tmp_path):
    sound = np.zeros(3 * RATE, np.int16)
    sound[2 * RATE + 4800] = 30_000
    path = write_wav(tmp_path / "click.wav", sound)

    bars = peaks(path, 30)

    assert np.flatnonzero(bars[0] > 0.5).tolist() == [21]
    assert np.array_equal(bars[0], bars[1])


def test_the_cache_is_used_and_belongs_to_one_state_of_the_file(call):
    first = peaks(call, 40)
    cache = call.with_suffix(".peaks.npz")
    kept = cache.stat().st_mtime_ns
    assert np.array_equal(peaks(call, 40), first)
    assert cache.stat().st_mtime_ns == kept

    call.unlink()
    write_ours(call, np.zeros(RATE, np.int16), tone(440, 1.0, level=0.8))
    changed = peaks(call, 40)

    assert changed[0].max() < 0.02
    assert changed[1].max() > 0.7


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nonsense", None])
def test_a_damaged_cache_is_built_again(call, damage):
    right = peaks(call, 40)
    cache = call.with_suffix(".peaks.npz")
    cache.write_bytes(cache.read_bytes()[:-200] if damage is None else damage)

    again = peaks(call, 40)

    assert np.array_equal(again, right)
    assert len(cache.read_bytes()) > 300


def test_a_cache_that_cannot_be_kept_only_costs_time(call):
    call.with_suffix(".peaks.npz").mkdir()

    assert peaks(call, 40)[0].max() > 0.7
    assert sorted(path.name for path in call.parent.iterdir()) == ["part-001.ogg", "part-001.peaks.npz"]


def test_the_cache_is_readable_by_its_owner_alone(call):
    peaks(call, 40)

    assert call.with_suffix(".peaks.npz").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("bars", [1, 7, 40, 399, 400, 401, 5000])
def test_any_number_of_bars_keeps_the_loudest(call, bars):
    result = peaks(call, bars)

    assert result.shape == (2, bars)
    assert result.dtype == np.float32
    assert result.max() == pytest.approx(peaks(call, 1)[0, 0])


def test_no_bars_and_no_sound_are_no_error(tmp_path):
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0, np.int16))

    assert peaks(empty, 10).tolist() == [[0] * 10] * 2
    assert reduce_to(np.zeros((2, 0), np.float32), 0).shape == (2, 0)


def test_what_is_no_recording_is_refused_in_words(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        peaks(tmp_path / "missing.ogg", 10)


def test_a_long_file_is_glimpsed_and_looks_the_same(call, monkeypatch):
    exact = peaks(call, 8)
    call.with_suffix(".peaks.npz").unlink()
    # Cells of 400 ms are longer than a glimpse, as those of a file of 14 minutes are.
    monkeypatch.setattr(module, "CELLS", 10)

    glimpsed = peaks(call, 8)

    assert glimpsed == pytest.approx(exact, abs=0.08)


def test_opening_a_second_time_takes_no_time(call):
    peaks(call, 1000)

    began = time.perf_counter()
    peaks(call, 1000)

    assert time.perf_counter() - began < 0.2  # 1 ms here; a loaded machine is not a failure
