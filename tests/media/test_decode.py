"""Decoding: exact lengths and positions, damaged files as far as they go, refusals in words."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from recorder_app.errors import RecorderError, UsageError
from recorder_app.media.decode import probe, read_pcm
from tests.media.files import write_foreign, write_ours
from tests.support.sound import RATE, tone, tone_level, write_wav


def _all(path, **how) -> np.ndarray:
    chunks = list(read_pcm(path, **{"rate": RATE, **how}))
    return np.concatenate(chunks) if chunks else np.zeros((0, 2), np.int16)


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Seven seconds: "You" at 440 Hz, "Them" rising through a sweep, so that every place sounds different."""
    times = np.arange(7 * RATE) / RATE
    sweep = (np.sin(2 * np.pi * (300 + 150 * times) * times) * 16000).astype("<i2")
    return write_ours(tmp_path_factory.mktemp("media") / "call.ogg", tone(440, 7.0), sweep)


def test_the_length_is_that_of_what_was_recorded(call):
    info = probe(call)

    assert (info.duration_ms, info.channels, info.rate, info.codec) == (7000, 2, RATE, "opus")
    assert len(_all(call)) == 7 * RATE
    assert len(_all(call, rate=16_000, channel=0)) == 7 * 16_000


def test_one_channel_is_that_side_alone(call):
    left, right = _all(call, channel=0), _all(call, channel=1)

    assert left.ndim == 1
    assert tone_level(left, 440) > 0.45
    assert tone_level(right, 440) < 0.01


def test_a_mix_holds_both_sides_at_half_strength(tmp_path):
    path = write_ours(tmp_path / "a.ogg", tone(440, 1.0), tone(1000, 1.0))

    mixed = _all(path, channel="mix")

    assert mixed.shape == (RATE,)
    assert 0.2 < tone_level(mixed, 440) < 0.3
    assert 0.2 < tone_level(mixed, 1000) < 0.3


@pytest.mark.parametrize(("start", "end"), [(0, 40), (1990, 2700), (2001, 2003), (5432, 6543), (6999, None)])
def test_a_stretch_equals_that_stretch_of_the_whole(call, start, end):
    whole = _all(call)[start * 48 : None if end is None else end * 48]

    part = _all(call, start_ms=start, end_ms=end)

    assert part.shape == whole.shape
    # Opus decodes from a second before; it has converged to within a few steps of 65,536.
    assert np.abs(part.astype(int) - whole).max() <= 16


@pytest.mark.parametrize("start", [7000, 99_000])
def test_nothing_comes_from_behind_the_end(call, start):
    assert len(_all(call, start_ms=start)) == 0


def test_chunks_are_at_most_a_second(call):
    sizes = [len(chunk) for chunk in read_pcm(call, rate=16_000)]

    assert max(sizes) <= 16_000
    assert len(sizes) >= 7


def test_a_file_cut_anywhere_decodes_as_far_as_it_goes(call, tmp_path):
    whole = call.read_bytes()
    cut = tmp_path / "cut.ogg"
    lengths = []

    for size in range(len(whole) // 8, len(whole), len(whole) // 8 + 13):
        cut.write_bytes(whole[:size])
        lengths.append(len(_all(cut)) / RATE)
        assert probe(cut).duration_ms == pytest.approx(lengths[-1] * 1000, abs=1)

    assert lengths == sorted(lengths)
    assert all(length > 7 * index / 8 - 1.0 for index, length in enumerate(lengths, 1)), (
        f"more than a second lost: {lengths}"
    )


def test_a_growing_file_is_read_to_where_it_is_now(call, tmp_path):
    whole = call.read_bytes()
    growing = tmp_path / "growing.ogg"
    growing.write_bytes(whole[: len(whole) // 2])

    before = len(_all(growing))
    with growing.open("ab") as file:
        file.write(whole[len(whole) // 2 :])

    assert 2 * RATE < before < 5 * RATE
    assert len(_all(growing)) == 7 * RATE


def test_damage_in_the_middle_keeps_later_times_true(tmp_path):
    left = np.concatenate([tone(440, 3.0), tone(880, 3.0)])
    data = bytearray(write_ours(tmp_path / "a.ogg", left, left).read_bytes())
    data[len(data) // 5 : len(data) // 3] = os.urandom(len(data) // 3 - len(data) // 5)
    broken = tmp_path / "broken.ogg"
    broken.write_bytes(data)

    samples = _all(broken, channel=0)

    assert abs(len(samples) - 6 * RATE) < RATE // 10
    assert tone_level(samples[int(3.2 * RATE) : int(5.8 * RATE)], 880) > 0.4
    assert tone_level(samples[int(2.4 * RATE) : int(2.9 * RATE)], 440) > 0.4


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.mp3", "libmp3lame", 44_100),
        ("a.m4a", "aac", 44_100),
        ("a.flac", "flac", 48_000),
        ("a.mkv", "libopus", 48_000),
    ],
)
def test_foreign_files_are_read_with_their_length(tmp_path, name, codec, rate):
    stereo = np.column_stack([tone(440, 3.0, rate=rate), tone(1000, 3.0, rate=rate)])
    path = write_foreign(tmp_path / name, stereo, codec=codec, rate=rate)

    samples = _all(path)

    assert probe(path).duration_ms == pytest.approx(3000, abs=60)
    assert len(samples) == pytest.approx(3 * RATE, abs=0.06 * RATE)
    assert tone_level(samples[:, 0], 440) > 0.35
    assert tone_level(samples[:, 1], 1000) > 0.35
    late = _all(path, start_ms=2500, channel=1)
    assert tone_level(late[: RATE // 4], 1000) > 0.35


def test_six_channels_and_eight_kilohertz_are_no_obstacle(tmp_path):
    six = np.column_stack([tone(440, 1.0)] * 6)
    path = write_wav(tmp_path / "six.wav", six)
    phone = write_wav(tmp_path / "phone.wav", tone(440, 1.0, rate=8000), rate=8000)

    assert _all(path).shape == (RATE, 6)
    assert tone_level(_all(path, channel="mix"), 440) > 0.2
    assert len(_all(phone, channel=0)) == RATE


def test_the_sound_of_a_film_is_read(tmp_path):
    stereo = np.column_stack([tone(440, 2.0)] * 2)
    film = write_foreign(tmp_path / "film.mp4", stereo, codec="aac", video=True)

    assert tone_level(_all(film, channel="mix"), 440) > 0.35


def _missing(folder):
    return folder / "missing.ogg"


def _folder(folder):
    return folder


def _empty(folder):
    (folder / "empty.ogg").touch()
    return folder / "empty.ogg"


def _text(folder):
    (folder / "notes.ogg").write_text("these are minutes, not sounds\n" * 100)
    return folder / "notes.ogg"


def _junk(folder):
    (folder / "junk.mp3").write_bytes(np.random.default_rng(3).bytes(200_000))
    return folder / "junk.mp3"


def _silent_film(folder):
    return write_foreign(folder / "silent.mp4", np.zeros((0, 2), np.int16), codec="aac", video=True)


def _playlist(folder):
    (folder / "list.m3u8").write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n")
    return folder / "list.m3u8"


@pytest.mark.parametrize("make", [_missing, _folder, _empty, _text, _junk, _silent_film, _playlist])
def test_what_holds_no_sound_is_refused_in_words(tmp_path, make):
    path = make(tmp_path)

    for ask in (probe, lambda path: read_pcm(path, rate=RATE)):
        with pytest.raises(UsageError) as caught:
            ask(path)
        assert caught.value.title
        assert caught.value.hint
        assert caught.value.detail


def test_a_track_that_is_not_there_is_refused(tmp_path):
    mono = write_wav(tmp_path / "mono.wav", tone(440, 0.2))

    with pytest.raises(RecorderError, match="many tracks"):
        read_pcm(mono, rate=RATE, channel=1)


def test_nothing_is_printed_about_a_damaged_file(tmp_path):
    path = _junk(tmp_path)
    script = (
        "import pathlib, sys\nfrom recorder_app.media.decode import read_pcm\n"
        "try: list(read_pcm(pathlib.Path(sys.argv[1]), rate=16000))\nexcept Exception as error: print(error.title)"
    )

    result = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60
    )

    assert result.stderr == ""
    assert result.stdout.strip()
