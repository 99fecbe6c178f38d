from __future__ import annotations

import threading

import pytest

from recorder_app.errors import BusyError, RecorderError
from recorder_app.models import CaptureStatus, UploadsStatus
from recorder_app.ui.bridge import CLOCK_MS, METERS_MS, Bridge


@pytest.fixture
def bridge(qtbot, recorder):
    made = Bridge(recorder)
    yield made
    made.close()


def test_work_runs_off_the_gui_thread_and_its_answer_arrives_on_it(qtbot, bridge):
    seen = {}

    def done(name):
        seen["work"], seen["done"] = name, threading.current_thread().name

    bridge.run(lambda: threading.current_thread().name, done)

    qtbot.waitUntil(lambda: "done" in seen)
    assert seen["work"].startswith("recorder-ui-reads")
    assert seen["done"] == threading.main_thread().name


def test_events_of_any_thread_become_signals_on_the_gui_thread(qtbot, bridge, recorder):
    seen = []
    bridge.recording_changed.connect(lambda id_: seen.append((id_, threading.current_thread())))

    threading.Thread(target=lambda: recorder.recording_changed.emit("x"), name="elsewhere").start()

    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [("x", threading.main_thread())]


def test_the_newest_question_is_the_one_that_is_answered(qtbot, bridge):
    gate, answers = threading.Event(), []

    bridge.run(lambda: gate.wait(5) and "old", answers.append, newest="list")
    bridge.run(lambda: "new", answers.append, newest="list")
    qtbot.waitUntil(lambda: answers == ["new"])
    gate.set()
    bridge.run(lambda: "after", answers.append)

    qtbot.waitUntil(lambda: "after" in answers)
    assert "old" not in answers


def test_writes_keep_their_order(qtbot, bridge):
    written = []

    for number in range(50):
        bridge.run(lambda number=number: written.append(number), lane="writes")

    qtbot.waitUntil(lambda: len(written) == 50)
    assert written == list(range(50))


def test_an_error_nobody_handles_becomes_a_problem(qtbot, bridge):
    def fail():
        raise BusyError("Already recording")

    with qtbot.waitSignal(bridge.problem) as caught:
        bridge.run(fail)

    assert caught.args[0].title == "Already recording"


def test_our_own_bug_becomes_a_sentence_and_a_log_line(qtbot, bridge, expected_logs):
    expected_logs.append("a task of the window failed")

    with qtbot.waitSignal(bridge.problem) as caught:
        bridge.run(lambda: 1 / 0)

    assert isinstance(caught.args[0], RecorderError)


def test_meters_are_read_only_while_recording_and_seen(qtbot, bridge, recorder):
    assert bridge.timer_interval() is None

    recorder.set_capture(state="recording", recording_id="x")
    qtbot.waitUntil(lambda: bridge.timer_interval() == CLOCK_MS)
    bridge.set_watched(is_watched=True)
    assert bridge.timer_interval() == METERS_MS
    recorder.set_capture(state="paused")
    qtbot.waitUntil(lambda: bridge.timer_interval() == CLOCK_MS)
    recorder.set_capture(state="idle", recording_id=None)
    qtbot.waitUntil(lambda: bridge.timer_interval() is None)


def test_a_command_is_busy_until_it_is_done_and_not_sent_twice(qtbot, bridge, recorder):
    bridge.start()
    assert bridge.is_busy("start")
    bridge.start()

    qtbot.waitUntil(lambda: not bridge.is_busy("start"))
    assert [name for name, _ in recorder.calls].count("start_recording") == 1
    assert bridge.capture.state == "recording"


def test_a_failed_command_is_no_longer_busy(qtbot, bridge, recorder):
    recorder.failures["start_recording"] = RecorderError("No microphone")

    with qtbot.waitSignal(bridge.problem):
        bridge.start()

    assert not bridge.is_busy("start")


def test_uploads_are_told_when_they_change(qtbot, bridge, recorder):
    with qtbot.waitSignal(bridge.uploads_changed):
        recorder.uploads = UploadsStatus(waiting=7)
        bridge.refresh()

    assert bridge.uploads.waiting == 7


def test_nothing_arrives_after_close(qtbot, recorder):
    bridge = Bridge(recorder)
    seen = []
    bridge.capture_changed.connect(seen.append)
    bridge.close()

    recorder.capture_changed.emit(CaptureStatus("recording"))
    bridge.run(lambda: 1, seen.append)

    assert seen == []
    assert not [t for t in threading.enumerate() if t.name.startswith("recorder-ui")]
