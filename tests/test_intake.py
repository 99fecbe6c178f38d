"""A file becomes a recording that its folder alone can rebuild; one bad file stops no other."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from pathlib import Path

import pytest

from recorder_app.capture import journal
from recorder_app.errors import UsageError
from recorder_app.media.importer import ImportCancelledError
from recorder_app.paths import resources
from recorder_app.recorder import Recorder
from tests.support.sound import tone, write_wav

SAMPLE = resources() / "sample" / "meeting.ogg"


@pytest.fixture
def recorder(home):
    opened = Recorder(home)
    opened.open(is_working=False)
    yield opened
    opened.close()


def test_the_folder_alone_brings_an_imported_recording_back(recorder, home, tmp_path):
    source = shutil.copy(SAMPLE, tmp_path / "Søren’s call.ogg")
    before = recorder.import_file(Path(source))
    recorder.library.delete(before.id)

    (after,) = recorder.recover()

    for name in (
        "id",
        "title",
        "media",
        "media_bytes",
        "media_sha256",
        "duration_ms",
        "is_on_disk",
        "status",
    ):
        assert getattr(after, name) == getattr(before, name), name
    assert abs(after.started_at - before.started_at) < dt.timedelta(milliseconds=1)
    assert abs(after.completed_at - before.completed_at) < dt.timedelta(milliseconds=1)
    assert not after.was_recovered
    assert recorder.recover() == []


def test_an_imported_recording_is_not_recovered_twice_nor_told_to_be_interrupted(recorder, tmp_path):
    recording = recorder.import_file(write_wav(tmp_path / "a.wav", tone(440, 1)))

    assert recorder.recover() == []
    events = [line["event"] for line in journal.read(recording.media[0].parent)]
    assert events == ["started", "part", "stopped"]


def test_several_files_come_in_and_a_bad_one_stops_none(recorder, tmp_path):
    good = write_wav(tmp_path / "good.wav", tone(440, 1))
    bad = tmp_path / "bad.wav"
    bad.write_text("this is no sound")
    last = write_wav(tmp_path / "last.wav", tone(330, 1))
    told = []

    outcomes = recorder.import_files([good, bad, last], on_progress=lambda *each: told.append(each))

    assert [each.source.name for each in outcomes] == ["good.wav", "bad.wav", "last.wav"]
    assert [bool(each.recording) for each in outcomes] == [True, False, True]
    assert outcomes[1].error.title
    assert (0, 100) in told
    assert (2, 100) in told
    assert {each.title for each in recorder.library.list()} == {"good", "last"}


def test_a_cancelled_import_leaves_nothing_and_ends_the_list(recorder, home, tmp_path):
    first, second = (write_wav(tmp_path / f"{n}.wav", tone(440, 3)) for n in (1, 2))
    stop = threading.Event()

    outcomes = recorder.import_files(
        [first, second], on_progress=lambda number, percent: stop.set(), cancelled=stop
    )

    assert len(outcomes) == 1
    assert isinstance(outcomes[0].error, ImportCancelledError)
    assert list(home.recordings.iterdir()) == []
    assert recorder.library.list() == []


def test_a_file_without_sound_leaves_nothing(recorder, home, tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"\0" * 1000)

    with pytest.raises(UsageError):
        recorder.import_file(tmp_path / "x.mp4")

    assert list(home.recordings.iterdir()) == []


def test_search_and_export_through_the_facade(recorder, tmp_path):
    recording = recorder.import_file(write_wav(tmp_path / "Quarterly.wav", tone(440, 1)))

    (hit,) = recorder.search("quart")
    path = recorder.export_file(recording.id, "zip", tmp_path)

    assert hit.recording.id == recording.id
    assert hit.state is not None
    assert path.suffix == ".zip"
    assert path.stat().st_size > recording.media_bytes
    assert recorder.export(recording.id).startswith("# Quarterly")
