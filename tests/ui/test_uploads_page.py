from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtWidgets import QApplication

from recorder_app.models import RecordingRow, State, StateKind, UploadsStatus
from recorder_app.ui.upload_words import Group, Stage, group_of, sentence, steps
from tests.support.sample_week import NOW, at, ident, recording
from tests.ui.test_accessibility import nameless
from tests.ui.test_layout import cut_off


@pytest.fixture
def uploads(qtbot, shell):
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)
    shell.actions["uploads"].trigger()
    qtbot.waitUntil(lambda: bool(shell.window.side.uploads.rows))
    return shell.window.side.uploads


def row_of(page, name):
    return next(row for row in page.rows if row.button.accessibleDescription() == name)


def test_what_has_work_to_do_is_listed_with_its_reason(uploads, shell):
    assert uploads.summary.text() == (
        "2 under way, 1 waiting, 3 need you. Everything below is safe on this computer."
    )
    assert row_of(uploads, "Search quality triage").reason.text() == "The network is away. Next try at 15:31."
    assert row_of(uploads, "Pricing page: launch review").reason.text() == "8.8 MB of 20.5 MB"
    assert "Stand-up" in [row.button.accessibleDescription() for row in uploads.rows], "done today"
    assert shell.window.sidebar.pages["uploads"].count() == 6


def test_retry_now_moves_the_recording(qtbot, uploads, recorder):
    row_of(uploads, "Vendor call").button.click()

    qtbot.waitUntil(lambda: recorder.row(ident("Vendor call")).state.kind is StateKind.UPLOADING)
    qtbot.waitUntil(lambda: row_of(uploads, "Vendor call").button.text() == "Open")


def test_retry_all_takes_what_waits_and_what_failed(qtbot, uploads, recorder):
    uploads.retry_all.click()

    qtbot.waitUntil(lambda: [name for name, _ in recorder.calls].count("retry") == 4)
    qtbot.waitUntil(lambda: not uploads.retry_all.isEnabled())


def test_a_paused_workspace_is_one_sentence_and_one_button(qtbot, make_shell, make_recorder):
    recorder = make_recorder()
    recorder.uploads = UploadsStatus(3, 0, "The server does not accept the key any more.")
    shell = make_shell(recorder)
    wanted = []
    shell.window.side.sign_in_wanted.connect(lambda: wanted.append(True))

    shell.window.side.show("uploads")
    banner = shell.window.side.uploads.banner

    assert banner.isVisible()
    assert banner.label.text() == "The server does not accept the key any more."
    banner.button.click()
    assert wanted == [True]


def test_progress_is_followed(qtbot, uploads, recorder):
    recorder.set_state(ident("Pricing page: launch review"), State(StateKind.UPLOADING, 80))

    qtbot.waitUntil(
        lambda: row_of(uploads, "Pricing page: launch review").reason.text() == "16.4 MB of 20.5 MB"
    )


def test_a_library_with_nothing_to_do_says_so(qtbot, make_shell, make_recorder):
    shell = make_shell(make_recorder([]))
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)

    shell.window.side.show("uploads")

    assert shell.window.side.uploads.nothing.title.text() == "Nothing waits to upload"
    assert not shell.window.side.uploads.retry_all.isEnabled()


@pytest.mark.parametrize("width", [560, 800, 960, 1280])
def test_nothing_is_cut_off_and_everything_has_a_name(qtbot, make_shell, recorder, width):
    shell = make_shell(recorder, width=width, height=600)
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)
    shell.window.side.show("uploads")
    for _ in range(3):
        QApplication.processEvents()

    assert shell.window.width() == width
    assert cut_off(shell.window) == []
    assert nameless(shell.window) == []


def test_steps_say_how_far_each_part_is(recorder):
    jobs = {}
    for job in recorder.jobs():
        jobs.setdefault(job.recording_id, []).append(job)
    found = {
        row.recording.title: [step.stage for step in steps(row, jobs.get(row.recording.id, ()))]
        for row in recorder.recordings()
    }

    done, waiting = Stage.DONE, Stage.WAITING
    assert found["Pricing page: launch review"] == [Stage.RUNNING, done, waiting, waiting]
    assert found["Vendor call"] == [Stage.FAILED, done, waiting, waiting]
    assert found["Stand-up"] == [done] * 4
    assert found["Mira and Ada"][0] is Stage.KEPT_HERE


def test_what_was_done_before_today_is_left_out_and_a_next_try_is_told_once():
    old = RecordingRow(recording("Old", at(12, 9, 0), 10), State(StateKind.READY))
    waits = State(StateKind.WAITING, reason="The server is busy.", next_attempt_at=at(16, 15, 31))

    assert group_of(old, NOW) is None
    assert group_of(dataclasses.replace(old, state=waits), NOW) is Group.WAITING
    assert sentence(dataclasses.replace(old, state=waits)) == "The server is busy. Next try at 15:31."
