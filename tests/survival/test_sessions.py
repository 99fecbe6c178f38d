"""Whose turn it is, what a scan may touch, and what becomes of starts that never came to sound."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import uuid

import pytest

from recorder_app.capture.client import CaptureClient, StartRequest
from recorder_app.capture.journal import Journal
from recorder_app.capture.resume import resumable
from recorder_app.errors import BusyError, SoundError
from recorder_app.library.lockfile import FileLock
from recorder_app.models import Recording
from recorder_app.recorder import Recorder
from tests.survival.conftest import hear, kill_capture, until

NOW = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)


def _journal(folder, *events: str, **started):
    folder.mkdir(exist_ok=True)
    book = Journal(folder)
    with contextlib.closing(book):
        for event in events:
            more = {"started": {"id": "a", "mic": "m", "system": "none", "bitrate": 48_000, **started}}
            book.append(event, **more.get(event, {}))
    return folder


@pytest.mark.parametrize(
    ("events", "is_resumable", "is_paused"),
    [
        (["started", "part"], True, False),
        (["started", "part", "recovered"], True, False),
        (["started", "part", "recovered", "gap", "part", "recovered"], True, False),
        (["started", "part", "pause"], True, True),
        (["started", "part", "pause", "recovered", "part"], True, True),
        (["started", "part", "pause", "resume"], True, False),
        (["started", "part", "stopped"], False, False),
        (["part"], False, False),
        ([], False, False),
    ],
)
def test_the_journal_tells_whether_and_how_it_goes_on(tmp_path, events, is_resumable, is_paused):
    folder = _journal(tmp_path / "a", *events, title="Weekly")

    expected = StartRequest("a", folder, "m", "none", 48_000, "Weekly", is_paused=is_paused)
    assert resumable(folder) == (expected if is_resumable else None)


def test_a_row_without_folder_and_jobs_was_never_a_recording(recorder):
    recorder.library.add(Recording(id="ghost", started_at=NOW))

    assert recorder.recover() == []

    assert recorder.recordings() == []


def test_a_row_whose_start_was_told_stays_even_without_its_folder(recorder):
    recorder.library.add(Recording(id="told", started_at=NOW, title="Lost folder"))
    recorder._sessions._adopt("told", recorder.settings, elapsed_ms=0)

    (closed,) = recorder.recover()

    assert (closed.id, closed.is_on_disk, closed.media, closed.duration_ms) == ("told", True, (), 0)
    assert {job.kind for job in recorder.library.jobs.of("told")} >= {"finish", "done"}
    assert recorder.recover() == []


def test_a_start_under_way_elsewhere_is_left_alone(home, recorder, monkeypatch):
    """Between its row and its first sound a start looks just like a crashed one."""
    monkeypatch.setattr("recorder_app.sessions.PATIENCE_S", 0.1)
    recorder.library.add(Recording(id="starting", started_at=NOW))
    other = FileLock(home.runtime / "sessions.lock")
    assert other.acquire()

    assert recorder.recover() == []
    assert recorder.library.get("starting") is not None
    with pytest.raises(BusyError):
        recorder.start_recording(mic="fake:tone", system="none")
    with pytest.raises(BusyError):
        recorder.stop_recording()

    other.release()
    recorder.recover()
    assert recorder.library.get("starting") is None


def test_what_is_recorded_without_a_row_gets_one(home, capture, recorder):
    """Whoever started it died before it could write the row's jobs, or even the row."""
    recording_id = str(uuid.uuid4())
    capture.start(StartRequest(recording_id, home.recordings / recording_id, "fake:tone", "none"))
    hear(capture, 300)

    assert recorder.recover() == []

    (row,) = recorder.recordings()
    assert (row.recording.id, row.state.kind) == (recording_id, "recording")
    assert recorder.library.jobs.of(recording_id)
    assert recorder.stop_recording().id == recording_id
    assert len(recorder.recordings()) == 1


def test_a_recording_goes_on_only_while_it_is_open(capture, recorder):
    recording = recorder.start_recording(mic="fake:tone", system="none")
    hear(capture, 600)
    kill_capture(capture)
    until(lambda: capture.status().pid is None, what="dead")

    resumed = recorder._sessions.resume_interrupted(recording.id)
    again = recorder._sessions.resume_interrupted(recording.id)
    hear(capture, 300)
    stopped = recorder.stop_recording()

    assert (resumed.state, resumed.recording_id) == ("recording", recording.id)
    assert again.recording_id == recording.id
    assert [path.name for path in stopped.media] == ["whole.ogg"]
    assert recorder._sessions.resume_interrupted(recording.id) is None
    assert recorder._sessions.resume_interrupted("nobody") is None
    assert capture.status().state == "idle"


def test_one_whose_sources_are_gone_may_be_tried_again_and_stays_what_it_was(tmp_path, capture, recorder):
    from tests.support.sound import tone, write_wav

    wav = write_wav(tmp_path / "mic.wav", tone(440, 30))
    recording = recorder.start_recording(mic=f"fake:{wav}", system="none")
    hear(capture, 600)
    kill_capture(capture)
    until(lambda: capture.status().pid is None, what="dead")
    wav.rename(tmp_path / "unplugged.wav")

    for _ in range(2):
        with pytest.raises(SoundError):
            recorder._sessions.resume_interrupted(recording.id)
    (tmp_path / "unplugged.wav").rename(wav)
    resumed = recorder._sessions.resume_interrupted(recording.id)
    hear(capture, 300)
    stopped = recorder.stop_recording()

    assert resumed.recording_id == recording.id
    assert stopped.duration_ms > 700
    assert {path.name for path in stopped.media[0].parent.glob("*.ogg")} >= {"whole.ogg", "part-001.ogg"}


def test_many_who_stop_and_scan_at_once_settle_one_recording(home, capture, recorder):
    recorder.start_recording(mic="fake:tone:440", system="none")
    hear(capture, 600)
    kill_capture(capture)
    until(lambda: capture.status().pid is None, what="dead")
    recorders = [Recorder(home) for _ in range(4)]
    for each in recorders:
        each.open(is_working=False)
    outcomes = []

    def act(index: int) -> None:
        try:
            recorders[index].recover() if index % 2 else recorders[index].stop_recording()
            outcomes.append("done")
        except BusyError:
            outcomes.append("busy")

    threads = [threading.Thread(target=act, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in recorders:
        each.close()

    assert len(outcomes) == 4
    (row,) = recorder.recordings()
    assert row.recording.is_on_disk
    assert isinstance(capture, CaptureClient)
