from __future__ import annotations

import pytest

from recorder_app.settings import Settings
from tests.ui.test_accessibility import nameless


@pytest.fixture
def welcomed(qtbot, make_shell, make_recorder):
    shell = make_shell(make_recorder([], Settings()))
    qtbot.waitUntil(lambda: shell.welcome is not None)
    return shell


def test_three_steps_lead_to_the_end_and_never_come_again(qtbot, welcomed):
    dialog = welcomed.welcome
    assert dialog.sound.isVisible()
    dialog.next.click()
    assert dialog.shortcut.isVisible()
    dialog.next.click()
    assert dialog.workspace.isVisible()
    assert dialog.next.text() == "Done"

    dialog.next.click()

    qtbot.waitUntil(lambda: welcomed._recorder.settings.is_welcomed)
    welcomed.window.side.overview.changed.emit()
    assert welcomed.welcome is None


def test_a_place_that_was_chosen_but_not_taken_is_not_lost_in_silence(qtbot, welcomed):
    dialog = welcomed.welcome
    dialog.next.click()
    dialog.next.click()
    qtbot.waitUntil(lambda: dialog.workspace.view is not None)
    dialog.workspace.cards["eu"].click()

    dialog.next.click()
    assert dialog.isVisible()
    assert dialog.workspace.told.text() == "It is not in use yet. Use it, or choose this computer."

    dialog.workspace.use.click()
    qtbot.waitUntil(lambda: welcomed._recorder.settings.workspace == "https://eu.posthog.com")
    qtbot.waitUntil(lambda: dialog.workspace.told.text() == "Recordings go to PostHog EU from now on.")
    dialog.next.click()
    assert welcomed.welcome is None


def test_it_can_be_skipped_at_once(qtbot, welcomed):
    welcomed.welcome.back.click()

    qtbot.waitUntil(lambda: welcomed._recorder.settings.is_welcomed)


def test_every_part_has_a_name(welcomed):
    dialog = welcomed.welcome
    for _ in range(3):
        assert nameless(dialog) == []
        if dialog.next.text() != "Done":
            dialog.next.click()


def test_a_library_with_recordings_needs_no_welcome(qtbot, make_shell, make_recorder):
    shell = make_shell(make_recorder(None, Settings()))
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)

    assert shell.welcome is None
