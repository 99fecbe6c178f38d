from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from recorder_app.errors import StorageError
from recorder_app.ui.task_list import BY_DUE, DONE, MINE, Choice, Entry, Head, as_text, grouped, shown
from recorder_app.ui.task_view import parts_of
from tests.support.sample_week import NOW, ident
from tests.ui.test_accessibility import nameless
from tests.ui.test_layout import cut_off


@pytest.fixture
def inbox(qtbot, shell):
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)
    shell.actions["tasks"].trigger()
    qtbot.waitUntil(shell.window.side.tasks.view.isVisible)
    return shell.window.side.tasks


def titles(page):
    return [item.task.title for item in page.model.items if isinstance(item, Entry)]


def stored(recorder, meeting, task):
    tasks = recorder.detail(ident(meeting)).recording.tasks
    return next((each for each in tasks if each.id == ident(task)), None)


def choose(page, task):
    page.view.choose(page.model.row_of(ident(task)))
    return page.view.entry()


def click(page, entry, part):
    rect = page.view.visualRect(page.model.index(page.model.row_of(entry.task.id)))
    at = getattr(parts_of(page.theme, rect, entry), part).center()
    QTest.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_open_tasks_of_all_meetings_stand_under_their_meeting(inbox, shell):
    heads = [item for item in inbox.model.items if isinstance(item, Head)]

    assert [head.title for head in heads] == ["Checkout weekly", "Stand-up", "Mira and Ada"]
    assert heads[0].meta == "today, 10:02"
    assert heads[2].meta == "Friday 13 November · possible tasks, nobody has confirmed them"
    assert titles(inbox)[0] == "Set the switch so the old flow stays until January"
    assert shell.window.sidebar.pages["tasks"].count() == 3, "possible ones are not counted"
    assert shell.window.sidebar.pages["tasks"].isChecked()


def test_a_ticked_task_is_stored_at_once_and_leaves_after_a_while(qtbot, inbox, recorder, shell):
    inbox.leave_ms = 150
    entry = choose(inbox, "t2")

    click(inbox, entry, "box")

    qtbot.waitUntil(lambda: stored(recorder, "Checkout weekly", "t2").is_done)
    assert entry.task.title in titles(inbox), "it stays for a moment"
    qtbot.waitUntil(lambda: entry.task.title not in titles(inbox))
    assert shell.window.toast.label.text() == "Done: Rewrite the retry message with support"
    inbox.choose(tab=DONE)
    assert entry.task.title in titles(inbox)


def test_undo_brings_a_task_back(qtbot, inbox, recorder, shell):
    inbox.leave_ms = 50
    entry = choose(inbox, "t2")
    QTest.keyClick(inbox.view, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: entry.task.title not in titles(inbox))

    shell.window.toast.button.click()

    qtbot.waitUntil(lambda: not stored(recorder, "Checkout weekly", "t2").is_done)
    assert entry.task.title in titles(inbox)


def test_possible_tasks_are_kept_or_dismissed(qtbot, inbox, recorder, shell):
    click(inbox, choose(inbox, "t6"), "keep")
    qtbot.waitUntil(lambda: stored(recorder, "Mira and Ada", "t6").is_confirmed)

    click(inbox, choose(inbox, "t7"), "dismiss")
    qtbot.waitUntil(lambda: stored(recorder, "Mira and Ada", "t7") is None)

    shell.window.toast.button.click()
    qtbot.waitUntil(lambda: stored(recorder, "Mira and Ada", "t7") is not None)
    assert not stored(recorder, "Mira and Ada", "t7").is_confirmed


def test_keys_move_open_and_play(qtbot, inbox, recorder, shell):
    choose(inbox, "t1")
    QTest.keyClick(inbox.view, Qt.Key.Key_J)
    assert inbox.view.entry().task.id == ident("t2")
    QTest.keyClick(inbox.view, Qt.Key.Key_J)
    QTest.keyClick(inbox.view, Qt.Key.Key_J)
    assert inbox.view.entry().task.id == ident("t4"), "heads are passed over"
    QTest.keyClick(inbox.view, Qt.Key.Key_K)
    assert inbox.view.entry().task.id == ident("t3")

    QTest.keyClick(inbox.view, Qt.Key.Key_Space)

    qtbot.waitUntil(lambda: shell.window.page.playback.is_playing)
    assert shell.window.page.detail.recording.title == "Checkout weekly"
    assert shell.window.page.playback.position_ms >= 821_000
    assert not shell.window.sidebar.pages["tasks"].isChecked()


def test_enter_opens_the_meeting(qtbot, inbox, shell):
    choose(inbox, "t4")

    QTest.keyClick(inbox.view, Qt.Key.Key_Return)

    qtbot.waitUntil(shell.window.page.isVisible)
    assert shell.window.page.detail.recording.title == "Stand-up"
    assert not shell.window.page.playback.is_playing


def test_nothing_that_arrives_later_takes_the_pages_place(qtbot, inbox, recorder, shell):
    recorder.rename(ident("Pricing page: launch review"), "Renamed meanwhile")

    qtbot.waitUntil(
        lambda: "Renamed meanwhile" in [row.recording.title for row in shell.window.side.overview.rows()]
    )
    assert inbox.isVisible()


def test_a_change_that_fails_is_said_and_taken_back(qtbot, inbox, recorder, shell):
    recorder.failures["set_task"] = StorageError("The disk is full")
    entry = choose(inbox, "t4")

    inbox.view.toggled.emit(entry)

    qtbot.waitUntil(lambda: shell.window.toast.label.text() == "The disk is full.")
    qtbot.waitUntil(lambda: not choose(inbox, "t4").task.is_done)


def test_mine_are_those_that_name_me_and_a_person_can_be_chosen(inbox):
    inbox.choose(tab=MINE)
    assert titles(inbox) == ["Tell support about the change before Thursday"]

    inbox.choose(tab=0, assignee="Priya")
    assert titles(inbox) == ["Rewrite the retry message with support"]


def test_by_due_the_dateless_come_last(recorder):
    items = grouped(shown(recorder.recordings(), Choice(grouping=BY_DUE)), BY_DUE, NOW)

    heads = [item.title for item in items if isinstance(item, Head)]
    assert heads[-1] == "No date"
    assert heads[0] == "Thu 19 Nov"
    assert next(item for item in items if isinstance(item, Entry)).when == "Checkout weekly"


def test_the_list_is_copied_as_markdown(inbox, recorder):
    inbox.copy.click()

    text = QApplication.clipboard().text()
    assert text == as_text(inbox.model.items)
    assert "## Stand-up\n\n- [ ] Tell support about the change before Thursday (You, before Thursday)" in text


def test_a_library_without_tasks_says_what_will_be_here(qtbot, make_shell, make_recorder):
    shell = make_shell(make_recorder([]))
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)

    shell.window.side.show("tasks")

    assert shell.window.side.tasks.nothing.title.text() == "No tasks yet"
    assert nameless(shell.window) == []


@pytest.mark.parametrize("width", [560, 800, 960, 1280])
def test_nothing_is_cut_off_and_everything_has_a_name(qtbot, make_shell, recorder, width):
    shell = make_shell(recorder, width=width, height=600)
    qtbot.waitUntil(lambda: shell.window.side.overview.is_loaded)
    shell.window.side.show("tasks")
    QApplication.processEvents()

    assert shell.window.width() == width
    assert cut_off(shell.window) == []
    assert nameless(shell.window) == []


def test_rows_read_as_sentences(inbox):
    row = inbox.model.row_of(ident("t2"))

    words = inbox.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
    assert (
        words
        == "Rewrite the retry message with support, open, Priya, Fri 20 Nov, said at 13:20, Checkout weekly"
    )
