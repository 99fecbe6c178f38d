"""What folders hold after a crash: nothing is lost, nothing is invented, nothing foreign is touched."""

from __future__ import annotations

import hashlib
import json
import os

import pytest

from recorder_app.capture import journal, recovery
from recorder_app.capture.journal import Journal
from recorder_app.media.encoder import AppendOnlyFile, OpusWriter
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
