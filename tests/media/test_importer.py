"""Import: our layout, honest sides, exact facts, nothing left behind, the source untouched."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import resource
import subprocess
import sys
import threading

import numpy as np
import pytest

from recorder_app.errors import DiskFullError, StorageError, UsageError
from recorder_app.media.decode import probe, read_pcm
from recorder_app.media.importer import ImportCancelledError, import_file
from recorder_app.media.sides import has_two_sides, take_turns
from tests.media.files import write_foreign, write_ours
from tests.support.sound import RATE, tone, tone_level, write_wav


def _samples(path) -> np.ndarray:
    return np.concatenate(list(read_pcm(path, rate=RATE)))


def _import(source, folder, **changes):
    return import_file(source, folder, **{"bitrate": 64_000, **changes})


def _turns(seconds: float = 8.0) -> np.ndarray:
    """Two sides that take turns each second."""
    speaks = (np.arange(round(seconds * RATE)) // RATE) % 2 == 0
    return np.column_stack([tone(440, seconds) * speaks, tone(1000, seconds) * ~speaks]).astype("<i2")


def test_a_mono_file_goes_to_the_calls_side_with_silence_on_yours(tmp_path):
    source = write_wav(tmp_path / "memo.wav", tone(440, 3.0, rate=44_100), rate=44_100)

    imported = _import(source, tmp_path / "r")

    left, right = _samples(imported.media[0]).T
    assert imported.media[0] == tmp_path / "r" / "part-001.ogg"
    assert np.abs(left).max() < 4
    assert tone_level(right, 440) > 0.45
    assert imported.duration_ms == pytest.approx(3000, abs=1)
    assert (imported.has_two_sides, imported.was_copied) == (False, False)


def test_the_facts_are_those_of_the_bytes_on_disk(tmp_path):
    imported = _import(write_wav(tmp_path / "memo.wav", tone(440, 1.0)), tmp_path / "r")

    data = imported.media[0].read_bytes()
    assert imported.media_bytes == len(data)
    assert imported.media_sha256 == hashlib.sha256(data).hexdigest()
    assert imported.duration_ms == probe(imported.media[0]).duration_ms == 1000
    assert imported.media[0].stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["part-001.ogg"]


def test_one_of_our_own_files_is_copied_and_not_encoded_again(tmp_path):
    source = write_ours(tmp_path / "old.ogg", tone(440, 2.5077), tone(440, 2.5077))

    imported = _import(source, tmp_path / "r", bitrate=16_000)

    assert imported.was_copied
    assert imported.has_two_sides
    assert np.array_equal(_samples(imported.media[0]), _samples(source))
    assert imported.duration_ms == 2508
    again = _import(imported.media[0], tmp_path / "again")
    assert again.was_copied


def test_a_cut_off_file_of_ours_is_copied_as_far_as_it_goes(tmp_path):
    whole = write_ours(tmp_path / "old.ogg", tone(440, 4.0), tone(440, 4.0)).read_bytes()
    source = tmp_path / "cut.ogg"
    source.write_bytes(whole[: len(whole) * 2 // 3])

    imported = _import(source, tmp_path / "r")

    assert np.array_equal(_samples(imported.media[0]), _samples(source))
    assert 1700 < imported.duration_ms < 3000


def test_a_two_track_call_in_another_format_keeps_its_sides(tmp_path):
    source = write_foreign(tmp_path / "call.flac", _turns(), codec="flac")

    imported = _import(source, tmp_path / "r")

    left, right = _samples(imported.media[0]).T
    assert imported.has_two_sides
    assert tone_level(left[: RATE - 2000], 440) > 0.4
    assert tone_level(right[RATE + 2000 : 2 * RATE - 2000], 1000) > 0.4
    assert tone_level(right, 440) < 0.02


def test_one_room_in_stereo_is_not_split_into_people(tmp_path):
    room = np.column_stack([tone(440, 4.0, level=0.5), tone(440, 4.0, level=0.3)])
    source = write_foreign(tmp_path / "room.m4a", room, codec="aac", video=True)

    imported = _import(source, tmp_path / "r")

    left, right = _samples(imported.media[0]).T
    assert not imported.has_two_sides
    assert np.abs(left).max() < 4
    assert tone_level(right, 440) == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([0.2, 0.2, 0.0, 0.0], [0.0, 0.0, 0.2, 0.2], True),
        ([0.2, 0.2, 0.02, 0.02], [0.0, 0.0, 0.2, 0.2], True),  # the microphone hears the loudspeaker
        ([0.2, 0.2, 0.2, 0.2], [0.1, 0.2, 0.2, 0.1], False),
        ([0.2, 0.2, 0.2, 0.2], [0.0, 0.0, 0.0, 0.0], False),  # a microphone plugged into one side
        ([0.0, 0.001], [0.001, 0.0], False),
        ([], [], False),
    ],
)
def test_sides_are_found_only_where_the_channels_take_turns(left, right, expected):
    assert take_turns(np.column_stack([left, right]).astype(float)) is expected


def test_a_mono_file_has_no_sides(tmp_path):
    assert not has_two_sides(write_wav(tmp_path / "a.wav", tone(440, 1.0)))


def test_when_it_was_recorded_is_taken_from_the_file_or_its_date(tmp_path):
    source = write_wav(tmp_path / "memo.wav", tone(440, 2.0))
    os.utime(source, (1_700_000_010, 1_700_000_010))

    assert _import(source, tmp_path / "r").started_at == dt.datetime.fromtimestamp(1_700_000_008, dt.UTC)

    import av

    tagged = tmp_path / "tagged.mka"
    with av.open(str(source)) as read, av.open(str(tagged), "w") as written:
        written.metadata["creation_time"] = "2026-02-03T04:05:06.000000Z"
        stream = written.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(audio=0):
            if packet.size:
                packet.stream = stream
                written.mux(packet)

    assert _import(tagged, tmp_path / "t").started_at == dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=dt.UTC)


def test_progress_rises_to_a_hundred(tmp_path):
    seen: list[int] = []

    _import(write_wav(tmp_path / "memo.wav", tone(440, 5.0)), tmp_path / "r", on_progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert len(set(seen)) >= 8


@pytest.mark.parametrize("is_ours", [True, False])
def test_cancelling_leaves_nothing_behind(tmp_path, is_ours):
    sound = tone(440, 20.0)
    source = write_ours(tmp_path / "a.ogg", sound, sound) if is_ours else write_wav(tmp_path / "a.wav", sound)
    cancelled = threading.Event()

    def at_half(percent: int) -> None:
        if percent >= 50:
            cancelled.set()

    with pytest.raises(ImportCancelledError):
        _import(source, tmp_path / "r", on_progress=at_half, cancelled=cancelled)

    assert not (tmp_path / "r").exists()


def test_a_failure_leaves_the_folder_as_it_was_and_the_source_untouched(tmp_path):
    source = tmp_path / "minutes.mp3"
    source.write_text("no sound here\n" * 50)
    before = (source.read_bytes(), source.stat().st_mtime_ns)

    with pytest.raises(UsageError):
        _import(source, tmp_path / "r")

    assert not (tmp_path / "r").exists()
    assert (source.read_bytes(), source.stat().st_mtime_ns) == before


def test_an_empty_recording_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no sound"):
        _import(write_wav(tmp_path / "empty.wav", np.zeros(0, np.int16)), tmp_path / "r")


def test_a_recording_is_never_written_over(tmp_path):
    source = write_wav(tmp_path / "memo.wav", tone(440, 0.5))
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "part-001.ogg").write_bytes(b"precious")

    with pytest.raises(StorageError, match="holds a recording"):
        _import(source, tmp_path / "r")

    assert (tmp_path / "r" / "part-001.ogg").read_bytes() == b"precious"


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_full_disk_is_told_in_words_and_nothing_stays(tmp_path, is_ours):
    noise = (np.random.default_rng(1).normal(0, 6000, 8 * RATE)).astype(np.int16)
    source = write_ours(tmp_path / "a.ogg", noise, noise) if is_ours else write_wav(tmp_path / "a.wav", noise)
    script = (
        "import pathlib, resource, sys\n"
        "from recorder_app.media.importer import import_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try: import_file(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), bitrate=64000)\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    assert resource.RLIMIT_FSIZE is not None

    result = subprocess.run(
        [sys.executable, "-c", script, str(source), str(tmp_path / "r")],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert result.stdout.strip() == DiskFullError.__name__, result.stderr
    assert not (tmp_path / "r").exists()


def test_memory_stays_flat_however_long_the_file_is(tmp_path):
    """Twelve minutes are 138 MB of samples."""
    source = write_wav(tmp_path / "long.wav", np.zeros(12 * 60 * 8000, np.int16), rate=8000)
    script = (
        "import pathlib, resource, sys\n"
        "from recorder_app.media.importer import import_file\n"
        "import_file(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]) / 's', bitrate=64000)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "import_file(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3]) / 'r', bitrate=64000)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    short = write_wav(tmp_path / "short.wav", np.zeros(20 * 8000, np.int16), rate=8000)

    result = subprocess.run(
        [sys.executable, "-c", script, str(source), str(short), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert int(result.stdout) < 8 * 1024, result.stderr
