"""What folders hold after a crash: nothing is lost, nothing is invented, nothing foreign is touched."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os

import pytest

from recorder_app.capture import journal, recovery
from recorder_app.capture.journal import Journal
from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
from recorder_app.media.join import join, remove_parts
from recorder_app.media.tail import decodable_frames
from tests.capture.conftest import decode
from tests.support.sound import tone


def _media(path, seconds: float, *, is_closed: bool = True) -> None:
    file = AppendOnlyFile(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    writer = OpusWriter(file, bitrate=64_000)
    samples = tone(440, seconds)
    stereo = samples.repeat(2)
    for start in range(0, len(stereo), 9600):
        writer.write(stereo[start : start + 9600].tobytes())
    if is_closed:
        writer.close()
    file.close()


def _folder(tmp_path, name="a", **fields):
    folder = tmp_path / name
    folder.mkdir()
    book = Journal(folder)
    book.append("started", id=name, title="Weekly", **fields)
    book.close()
    return folder


@pytest.mark.parametrize("seconds", [0.5, 2.0, 7.3])
def test_the_tail_tells_the_length_that_a_full_decode_gives(tmp_path, seconds):
    _media(tmp_path / "whole.ogg", seconds)
    whole = (tmp_path / "whole.ogg").read_bytes()
    (tmp_path / "torn.ogg").write_bytes(whole[: int(len(whole) * 0.83)])

    assert decodable_frames(tmp_path / "whole.ogg") == round(seconds * 48_000)
    assert decodable_frames(tmp_path / "torn.ogg") == decode(tmp_path / "torn.ogg").shape[1] > 0


@pytest.mark.parametrize("content", [b"", b"OggS", b"\0" * 5000, b"no sound at all" * 100])
def test_a_file_without_sound_has_no_length(tmp_path, content):
    (tmp_path / "part-001.ogg").write_bytes(content)

    assert decodable_frames(tmp_path / "part-001.ogg") == 0


def test_an_interrupted_recording_is_measured_and_noted_once(tmp_path):
    folder = _folder(tmp_path)
    book = Journal(folder)
    book.append("bookmark", at_ms=700, note="decision")
    book.append("gap", start_ms=100, end_ms=300, track="system", cause="device_lost", wall_ms=200)
    book.close()
    _media(folder / "part-001.ogg", 3.0, is_closed=False)

    (first,) = recovery.scan(tmp_path, live_id=None)
    (second,) = recovery.scan(tmp_path, live_id=None)

    assert first == second
    assert first.was_recovered
    assert 2600 <= first.duration_ms <= 3000
    assert first.title == "Weekly"
    assert first.bookmarks[0].note == "decision"
    assert first.gaps[0].cause == "device_lost"
    data = (folder / "part-001.ogg").read_bytes()
    assert (first.media_bytes, first.media_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert [event["event"] for event in journal.read(folder)].count("recovered") == 1


def test_a_closed_recording_is_believed_without_reading_its_media(tmp_path):
    folder = _folder(tmp_path)
    (folder / "part-001.ogg").write_bytes(b"x" * 10)
    book = Journal(folder)
    book.append("stopped", part=1, frames=96_000, bytes=10, sha256="abc")
    book.close()

    (found,) = recovery.scan(tmp_path, live_id=None)

    assert (found.duration_ms, found.media_sha256, found.was_recovered) == (2000, "abc", False)


def test_several_parts_are_one_recording(tmp_path):
    folder = _folder(tmp_path)
    _media(folder / "part-001.ogg", 1.0)
    _media(folder / "part-002.ogg", 2.0)

    (found,) = recovery.scan(tmp_path, live_id=None)

    assert [path.name for path in found.media] == ["part-001.ogg", "part-002.ogg"]
    assert found.duration_ms == 3000
    both = b"".join(path.read_bytes() for path in found.media)
    assert found.media_sha256 == hashlib.sha256(both).hexdigest()


def test_what_was_joined_is_one_recording_measured_once(tmp_path):
    folder = _folder(tmp_path)
    _media(folder / "part-001.ogg", 1.0, is_closed=False)
    _media(folder / "part-002.ogg", 2.0)
    book = Journal(folder)
    book.append("gap", start_ms=900, end_ms=900, track=None, cause="restarted", wall_ms=4000)
    book.close()
    (apart,) = recovery.scan(tmp_path, live_id=None)
    join(apart.media, folder / "whole.ogg")
    (beside,) = recovery.scan(tmp_path, live_id=None)
    remove_parts(folder / "whole.ogg")

    (first,) = recovery.scan(tmp_path, live_id=None)
    (second,) = recovery.scan(tmp_path, live_id=None)

    assert beside == apart
    assert first == second
    assert first.media == (folder / "whole.ogg",)
    data = first.media[0].read_bytes()
    assert (first.media_bytes, first.media_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (first.duration_ms, first.gaps, first.was_recovered) == (apart.duration_ms, apart.gaps, True)
    assert first.completed_at - first.started_at == dt.timedelta(milliseconds=first.duration_ms + 4000)
    assert [event["event"] for event in journal.read(folder)].count("joined") == 1


def test_a_lost_first_line_is_told_by_the_library(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    _media(folder / "part-001.ogg", 1.0)
    (folder / journal.NAME).write_bytes(b'{"event": "star')
    began = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
    known = {"recording_id": "a", "title": "Weekly", "started_at": began}
    assert recovery.scan(tmp_path, live_id=None) == []

    told = recovery.examine_as_told(folder, **known)

    assert (told.title, told.started_at, told.duration_ms) == ("Weekly", began, 1000)
    assert recovery.scan(tmp_path, live_id=None) == [told]
    assert recovery.examine_as_told(tmp_path / "nowhere", **known) is None


def test_only_a_silent_folder_of_ours_is_discarded(tmp_path):
    silent, heard, foreign = (_folder(tmp_path, name) for name in ("silent", "heard", "foreign"))
    (silent / "part-001.ogg").write_bytes(b"OggS and no more")
    _media(heard / "part-001.ogg", 0.5)
    (foreign / "note.txt").write_text("mine")

    discarded = [recovery.discard_silent(folder) for folder in (silent, heard, foreign, tmp_path / "no")]

    assert discarded == [True, False, False, True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["foreign", "heard"]


def test_a_started_recording_without_sound_is_told_as_empty(tmp_path):
    folder = _folder(tmp_path)
    (folder / "part-001.ogg").write_bytes(b"")

    (found,) = recovery.scan(tmp_path, live_id=None)

    assert (found.duration_ms, found.media) == (0, ())


def test_live_and_foreign_folders_are_left_alone(tmp_path):
    live = _folder(tmp_path, "live")
    _media(live / "part-001.ogg", 1.0, is_closed=False)
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "part-001.ogg").write_bytes(b"mine")
    (tmp_path / "note.txt").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    assert recovery.scan(tmp_path, live_id="live") == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_no_recordings_folder_is_no_recordings(tmp_path):
    assert recovery.scan(tmp_path / "nowhere", live_id=None) == []


def test_a_stopped_line_that_does_not_fit_the_file_is_not_believed(tmp_path):
    folder = _folder(tmp_path)
    _media(folder / "part-001.ogg", 1.0)
    with (folder / journal.NAME).open("a") as file:
        file.write(json.dumps({"event": "stopped", "part": 1, "frames": 9, "bytes": 1, "sha256": "x"}) + "\n")

    (found,) = recovery.scan(tmp_path, live_id=None)

    assert found.duration_ms == 1000
