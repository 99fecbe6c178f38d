"""The window over the real façade: real capture process, library, embedded backend and speech worker."""

from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from recorder_app.models import StateKind
from recorder_app.paths import resources
from recorder_app.recorder import Recorder
from recorder_app.ui.shell import Shell

pytestmark = [pytest.mark.gui]

SAMPLE = resources() / "sample" / "meeting.ogg"


@pytest.fixture
def recorder(home):
    recorder = Recorder(home)
    recorder.open()
    recorder.settings = dataclasses.replace(
        recorder.settings, mic_source="fake:tone:440", system_source="fake:tone:1000"
    )
    yield recorder
    if recorder.capture_status().state != "idle":
        recorder.stop_recording()
    recorder.close()


@pytest.fixture
def shell(qtbot, recorder):
    shell = Shell(recorder)
    shell.window.resize(1280, 800)
    shell.show()
    yield shell
    shell.close()


def shown(shell):
    return shell.window.page.detail


def test_one_click_records_another_one_saves_and_the_page_follows(qtbot, shell, recorder):
    shell.actions["toggle"].trigger()
    qtbot.waitUntil(
        lambda: shown(shell) is not None and shown(shell).state.kind is StateKind.RECORDING, timeout=10_000
    )
    qtbot.waitUntil(lambda: recorder.capture_status().elapsed_ms > 800, timeout=10_000)
    notes = shell.window.page.notes.text
    QTest.keyClicks(notes, "Call Ada")

    shell.actions["toggle"].trigger()
    qtbot.waitUntil(lambda: shown(shell).recording.is_uploaded, timeout=20_000)
    qtbot.waitUntil(lambda: shown(shell).state.kind is StateKind.READY, timeout=60_000)

    recording = recorder.detail(shown(shell).recording.id).recording
    assert recording.duration_ms > 800
    assert "Call Ada" in recording.notes
    assert recording.insights_withheld, "two tones are no meeting"
    page = shell.window.page
    qtbot.waitUntil(lambda: page.player.wave.has_peaks, timeout=10_000)


@pytest.mark.slow
@pytest.mark.spoken
def test_an_imported_meeting_is_read_corrected_and_found(qtbot, shell, recorder):
    imported = recorder.import_file(SAMPLE, title="Office")
    shell.window.open_recording(imported.id)
    qtbot.waitUntil(
        lambda: shown(shell) is not None and shown(shell).state.kind is StateKind.READY, timeout=90_000
    )
    page = shell.window.page

    QTest.mouseClick(page.header.title.label, Qt.MouseButton.LeftButton)
    page.header.title.field.setText("Moving in June")
    QTest.keyClick(page.header.title.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: recorder.detail(imported.id).recording.title == "Moving in June")

    assert len(shown(shell).segments) >= 9
    assert {segment.speaker for segment in shown(shell).segments} == {"You", "Them"}
    assert shown(shell).recording.tasks
    assert [row.recording.id for row in recorder.recordings("june restaurant")] == [imported.id]
    assert recorder.recordings("elephant") == []


@pytest.mark.sound
def test_a_click_on_a_line_plays_from_there(qtbot, pulse, shell, recorder):
    imported = recorder.import_file(SAMPLE, title="Office")
    shell.window.open_recording(imported.id)
    page = shell.window.page
    qtbot.waitUntil(lambda: shown(shell) is not None and page.player.has_sound(), timeout=10_000)

    page.play_from(5_000)

    qtbot.waitUntil(lambda: page.playback.is_playing and page.playback.position_ms > 5_200, timeout=10_000)
    page.playback.toggle()
    qtbot.waitUntil(lambda: not page.playback.is_playing)


def test_words_that_arrive_while_somebody_types_are_kept_beside_theirs(qtbot, shell, recorder):
    imported = recorder.import_file(SAMPLE, title="Office")
    shell.window.open_recording(imported.id)
    notes = shell.window.page.notes
    qtbot.waitUntil(lambda: shown(shell) is not None and notes.text.isVisible(), timeout=10_000)

    QTest.keyClicks(notes.text, "mine")
    recorder.library.update(imported.id, notes="theirs")
    notes.flush()

    def both():
        kept = recorder.detail(imported.id).recording.notes
        return "mine" in kept and "theirs" in kept

    qtbot.waitUntil(both, timeout=10_000)
