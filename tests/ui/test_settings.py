from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from recorder_app.errors import NetworkError
from recorder_app.models import Track
from tests.ui.test_accessibility import nameless
from tests.ui.test_layout import cut_off
from tests.ui.test_shell import Keys


class OneTaken(Keys):
    """A desktop on which Ctrl+Alt+T is somebody else's."""

    def register(self, keys, activated):
        if keys == "Ctrl+Alt+T":
            return "Another program holds Ctrl+Alt+T."
        return super().register(keys, activated)


@pytest.fixture
def settings(qtbot, make_shell, recorder):
    shell = make_shell(recorder, hotkey=OneTaken())
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)
    shell.actions["settings"].trigger()
    window = shell.settings
    window.shell = shell
    qtbot.waitUntil(lambda: window.workspace.view is not None and window.sound.boxes[Track.MIC].count() > 2)
    return window


def calls(recorder, name):
    return [thread for method, thread in recorder.calls if method == name]


def test_a_good_key_is_tested_off_the_gui_thread_and_kept(qtbot, settings, recorder):
    page = settings.workspace
    page.cards["eu"].click()
    page.key.setText(recorder.workspaces.GOOD_KEY)

    page.test.click()
    assert page.test.text() == "Testing…"
    qtbot.waitUntil(lambda: page.told.text() == "Signed in as Ada. The key can read and write recordings.")
    assert page.test.text() == "Test connection"
    assert all(name.startswith("recorder-ui") for name in calls(recorder, "check"))

    page.use.click()
    qtbot.waitUntil(lambda: page.told.text() == "Recordings go to PostHog EU from now on.")
    assert recorder.workspaces.keys == {"eu": recorder.workspaces.GOOD_KEY}
    assert page.key.text() == "", "a key is never shown again"
    assert settings.shell.window.sidebar._footer.text() == "eu.posthog.com"


def test_a_wrong_key_is_said_in_a_sentence(qtbot, settings, recorder):
    page = settings.workspace
    page.cards["us"].click()
    page.key.setText("phx_wrong")

    page.test.click()

    qtbot.waitUntil(
        lambda: page.told.text() == "The server does not know this key. Make a new one in PostHog."
    )
    assert page.key.echoMode() == QLineEdit.EchoMode.Password
    page.key.setFocus()
    QTest.keyClick(page.key, Qt.Key.Key_A)
    assert page.told.text() == "", "the sentence was about another key"


def test_a_workspace_that_cannot_be_used_leaves_the_old_one(qtbot, settings, recorder):
    recorder.failures["use"] = NetworkError("The server cannot be reached", was_sent=False)
    settings.workspace.cards["eu"].click()

    settings.workspace.use.click()

    qtbot.waitUntil(lambda: settings.workspace.told.text() == "The server cannot be reached.")
    assert recorder.settings.workspace == "local"
    assert settings.workspace.use.isEnabled()


def test_what_is_only_here_can_be_sent(qtbot, settings, recorder):
    page = settings.workspace
    page.cards["eu"].click()
    page.use.click()
    qtbot.waitUntil(page.backlog.isVisible)
    assert page.backlog.label.text() == "12 recordings are only on this computer."

    page.backlog.button.click()

    qtbot.waitUntil(lambda: calls(recorder, "push_backlog") != [] and not page.backlog.isVisible())


def test_this_computer_is_one_click_away(qtbot, settings, recorder):
    page = settings.workspace
    page.cards["eu"].click()
    page.use.click()
    qtbot.waitUntil(lambda: recorder.settings.workspace != "local" and page.view.workspace != "local")

    page.cards["local"].click()

    qtbot.waitUntil(lambda: recorder.settings.workspace == "local")
    assert not page.key.isEnabled()


def test_a_source_is_chosen_and_stored(qtbot, settings, recorder):
    settings.show_page("sound")
    box = settings.sound.boxes[Track.MIC]
    assert [box.itemText(i) for i in range(box.count())] == [
        "Default: Built-in microphone", "Built-in microphone", "Headset", "Nothing"
    ]  # fmt: skip

    box.setCurrentIndex(2)
    box.activated.emit(2)

    qtbot.waitUntil(lambda: recorder.settings.mic_source == "headset")


def test_levels_show_while_recording(qtbot, settings, recorder):
    settings.show_page("sound")
    assert "while you record" in settings.sound.note.text()

    recorder.start_recording()

    qtbot.waitUntil(lambda: settings.sound.words[Track.MIC].text() == "ok")


def test_a_shortcut_is_captured_and_works_at_once(qtbot, settings, recorder):
    settings.show_page("shortcut")
    field = settings.shortcut.field
    field.setFocus()

    QTest.keyClick(field, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)

    qtbot.waitUntil(lambda: recorder.settings.hotkey == "Ctrl+Alt+M")
    assert settings.shortcut.told.text() == "Works on this desktop"
    assert settings.shell._hotkey.taken == "Ctrl+Alt+M"
    assert settings.shell.window.sidebar._hotkey == "Ctrl+Alt+M"


def test_a_taken_shortcut_is_said_and_the_old_one_goes_on(settings, recorder):
    field = settings.shortcut.field

    QTest.keyClick(field, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)

    assert settings.shortcut.told.text() == "Another program holds Ctrl+Alt+T."
    assert settings.shell._hotkey.taken == "Ctrl+Alt+R"
    assert recorder.settings.hotkey == "Ctrl+Alt+R"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "Ctrl+Alt+R"


def test_the_command_that_works_everywhere_can_be_copied(settings):
    settings.shortcut.command.copy.click()

    assert QApplication.clipboard().text() == "recorder toggle"


def test_appearance_changes_at_once(qtbot, settings, recorder):
    settings.appearance.cards["dark"].click()

    assert settings.shell.theme.is_dark
    qtbot.waitUntil(lambda: recorder.settings.appearance == "dark")


def test_storage_says_where_and_how_much(settings, recorder):
    assert settings.storage.used.text() == "230.5 MB in 14 recordings"
    assert settings.storage.folder == recorder.paths.recordings


def test_sign_in_again_leads_to_the_workspace(qtbot, settings):
    settings.show_page("about")
    settings.shell.window.side.sign_in_wanted.emit()

    assert settings.rows["workspace"].isChecked()
    assert settings.workspace.isVisible()


def test_closed_settings_open_anew(qtbot, settings):
    shell = settings.shell
    settings.close()
    qtbot.waitUntil(lambda: shell.settings is None)

    shell.open_settings("storage")

    assert shell.settings.storage.isVisible()


@pytest.mark.parametrize("width", [560, 800])
def test_nothing_is_cut_off_and_everything_has_a_name(settings, width):
    settings.resize(width, 520)
    for name in settings.pages:
        settings.show_page(name)
        for _ in range(3):
            QApplication.processEvents()
        assert settings.width() == width
        assert cut_off(settings) == []
        assert nameless(settings) == []
