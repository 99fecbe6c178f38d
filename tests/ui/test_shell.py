from __future__ import annotations

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from recorder_app.errors import RecorderError
from recorder_app.models import Track, TrackStatus
from recorder_app.settings import Settings
from recorder_app.ui.dialogs import QuitDialog
from tests.support.sample_week import LIVE_ID


class Keys:
    """A hotkey backend in memory; fulfils desktop.hotkey.base.HotkeyBackend."""

    def __init__(self, reason=None):
        self.reason, self.taken, self.press = reason, None, None

    def probe(self):
        return self.reason

    def register(self, keys, activated):
        if self.reason is None:
            self.taken, self.press = keys, activated
        return self.reason

    def unregister(self):
        self.taken = None


def calls(recorder, name):
    return [method for method, _ in recorder.calls].count(name)


@pytest.fixture
def recording(qtbot, shell):
    """A shell in which something is being recorded."""
    shell.bridge.start()
    page = shell.window.page
    qtbot.waitUntil(lambda: page.recorder_bar.isVisible() and not shell.bridge.is_busy("start"))
    return shell


def test_start_pause_and_stop_from_the_window(qtbot, shell, recorder):
    sidebar, page = shell.window.sidebar, shell.window.page
    QTest.mouseClick(sidebar.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: sidebar.live.isVisible() and page.recorder_bar.isVisible())
    assert sidebar.live._time.text() == "12:41"
    assert page.detail.recording.id == LIVE_ID
    assert page.header.badge.texts()[0] == "Capturing: happening now"

    page.recorder_bar.pause.click()
    qtbot.waitUntil(lambda: page.recorder_bar.pause.text() == "Resume")
    assert page.recorder_bar._disk.text() == "Nothing is recorded until you resume"
    page.recorder_bar.pause.click()
    qtbot.waitUntil(lambda: page.recorder_bar.pause.text() == "Pause")

    page.recorder_bar.stop.click()
    qtbot.waitUntil(lambda: sidebar.start.isVisible() and page.player.isVisible())
    assert page.header.badge.texts()[2] == "Uploading 0 %: on its way"


def test_a_start_that_fails_is_said_and_can_be_tried_again(qtbot, shell, recorder):
    recorder.failures["start_recording"] = RecorderError("No microphone", hint="Plug one in")

    shell.window.sidebar.start.click()

    qtbot.waitUntil(shell.window.toast.isVisible)
    assert shell.window.toast.label.text() == "No microphone. Plug one in."
    assert shell.window.sidebar.start.isEnabled()


def test_meters_have_words_and_a_lost_side_is_a_sentence(qtbot, recording, recorder):
    bar = recording.window.page.recorder_bar
    assert bar.words[Track.MIC].text() == "ok · Built-in microphone"

    lost = TrackStatus("Headphones", None, is_ok=False, reason="The headphones were unplugged.")
    recorder.set_capture(tracks={**recording.bridge.capture.tracks, Track.SYSTEM: lost})

    qtbot.waitUntil(bar.problem.isVisible)
    assert bar.problem.label.text() == "The headphones were unplugged."
    assert bar.meters[Track.SYSTEM].accessibleDescription() == "lost"
    assert recording.tray.state() == "problem"


def test_the_tray_says_the_state_first_and_offers_what_can_be_done(qtbot, shell):
    def words():
        return [action.text() for action in shell.tray.menu.actions() if action.isVisible() and action.text()]

    assert words() == [
        "↑ 3 waiting to upload", "Start recording", "Recent", "Uploads (3 waiting)", "Open Recorder", "Quit"
    ]  # fmt: skip
    qtbot.waitUntil(lambda: len(shell.tray.recent.actions()) == 3)
    assert shell.tray.recent.actions()[0].text() == "Pricing page: launch review · Uploading 43 %"

    shell.actions["toggle"].trigger()

    qtbot.waitUntil(lambda: shell.tray.state() == "recording")
    qtbot.waitUntil(lambda: "Stop and save" in words())
    assert words()[:4] == [
        "● 12:41 · mic ok · call ok · 3 h 10 min free",
        "Stop and save",
        "Pause",
        "Bookmark",
    ]
    assert "12:41" in shell.tray.icon.toolTip()


def test_a_recent_meeting_opens_from_the_tray(qtbot, shell):
    qtbot.waitUntil(lambda: len(shell.tray.recent.actions()) == 3)
    shell.window.hide()

    shell.tray.recent.actions()[2].trigger()

    qtbot.waitUntil(lambda: shell.window.page.detail.recording.title == "Checkout weekly")
    assert shell.window.isVisible()


def test_a_bookmark_is_stored(qtbot, recording, recorder):
    recording.window.page.recorder_bar.bookmark.click()

    qtbot.waitUntil(lambda: len(recorder.detail(LIVE_ID).recording.bookmarks) == 1)


def test_closing_the_window_never_stops_a_recording(qtbot, recording, recorder, monkeypatch):
    # Offscreen there is no tray host: the window must stay reachable.
    recording.window.close()

    assert recording.window.isMinimized()
    assert recorder.capture_status().state == "recording"


def test_closing_the_window_with_a_tray_hides_it(qtbot, recording, recorder, monkeypatch):
    monkeypatch.setattr(recording.tray, "has_host", lambda: True)

    recording.window.close()

    assert not recording.window.isVisible()
    assert recorder.capture_status().state == "recording"


def test_closing_an_idle_window_without_a_tray_quits(qtbot, shell):
    quits = []
    shell.quit_now = lambda: quits.append(True)

    shell.window.close()

    qtbot.waitUntil(lambda: quits == [True])


def answer_quit(choose):
    """Press a button of the question once it is open."""

    def act():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QuitDialog)
        assert dialog.keep.isDefault()
        getattr(dialog, choose).click()

    QTimer.singleShot(0, act)


@pytest.mark.parametrize(("choose", "stops", "quits"), [("cancel", 0, 0), ("keep", 0, 0), ("stop", 1, 1)])
def test_quitting_while_recording_asks(qtbot, recording, recorder, choose, stops, quits):  # noqa: PLR0917
    ended = []
    recording.quit_now = lambda: ended.append(True)
    answer_quit(choose)

    recording.quit()

    qtbot.waitUntil(lambda: not recording.bridge.is_busy("stop") and len(ended) == quits)
    assert calls(recorder, "stop_recording") == stops
    assert (recorder.capture_status().state == "recording") is not bool(stops)


def test_a_stop_that_fails_does_not_quit(qtbot, recording, recorder):
    ended = []
    recording.quit_now = lambda: ended.append(True)
    recorder.failures["stop_recording"] = RecorderError("The disk is full")
    answer_quit("stop")

    with qtbot.waitSignal(recording.bridge.problem):
        recording.quit()

    assert ended == []
    assert recording.window.toast.isVisible()


def test_quitting_without_a_recording_asks_nothing(qtbot, shell):
    ended = []
    shell.quit_now = lambda: ended.append(True)

    shell.actions["quit"].trigger()

    assert ended == [True]


def test_a_setting_turns_the_question_off(qtbot, make_shell, make_recorder):
    recorder = make_recorder(settings=Settings(confirm_quit=False))
    shell = make_shell(recorder)
    ended = []
    shell.quit_now = lambda: ended.append(True)
    shell.bridge.start()
    qtbot.waitUntil(lambda: shell.bridge.capture.state == "recording")

    shell.quit()

    qtbot.waitUntil(lambda: ended == [True])
    assert calls(recorder, "stop_recording") == 1


def test_the_hotkey_toggles_and_is_shown_where_it_works(qtbot, make_shell, recorder):
    keys = Keys()
    shell = make_shell(recorder, hotkey=keys)
    assert keys.taken == "Ctrl+Alt+R"
    assert shell.window.sidebar.start.accessibleDescription() == "Ctrl+Alt+R"

    keys.press()
    qtbot.waitUntil(lambda: shell.bridge.capture.state == "recording" and not shell.bridge.is_busy("start"))
    keys.press()
    qtbot.waitUntil(lambda: shell.bridge.capture.state == "idle")

    shell.close()
    assert keys.taken is None


def test_a_hotkey_that_is_taken_is_said_and_not_promised(qtbot, make_shell, recorder):
    shell = make_shell(recorder, hotkey=Keys("Ctrl+Alt+R is taken by another program."))

    assert shell.window.toast.label.text().startswith("Ctrl+Alt+R is taken by another program.")
    assert shell.window.sidebar.start.accessibleDescription() == ""
    assert shell.actions["toggle"].shortcut().toString() == ""


def test_commands_of_another_process(qtbot, shell, recorder):
    shell.window.hide()

    assert shell.answer("status") == {"ok": True, "state": "idle"}
    assert shell.answer("show")["ok"]
    assert shell.window.isVisible()
    assert shell.answer("toggle")["ok"]
    qtbot.waitUntil(lambda: shell.bridge.capture.state == "recording")
    assert shell.answer("format the disk") == {"ok": False, "error": "unknown command"}


def test_a_recording_started_elsewhere_is_shown(qtbot, shell, recorder):
    recorder.start_recording(title="By the hotkey")

    qtbot.waitUntil(shell.window.page.recorder_bar.isVisible)
    assert shell.window.sidebar.live.isVisible()


def test_meters_rest_while_nobody_looks(qtbot, recording):
    assert recording.bridge.timer_interval() == 33

    recording.window.hide()

    assert recording.bridge.timer_interval() == 500
