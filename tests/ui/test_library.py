from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from recorder_app.errors import RecorderError
from recorder_app.models import State, StateKind
from recorder_app.ui.library_model import ROW_ROLE
from tests.support.sample_week import FOREIGN_TITLE, LONG_TITLE, ident


def heads(model):
    rows = [model.index(row).data(ROW_ROLE) for row in range(model.rowCount())]
    return [row for row in rows if isinstance(row, str)]


def titles(model):
    return [row.recording.title for row in model.recordings()]


def test_meetings_are_grouped_by_day_newest_first(shell):
    model = shell.window.sidebar.model

    assert heads(model) == [
        "Today",
        "Yesterday",
        "Friday 13 November",
        "Thursday 12 November",
        "Wednesday 11 November",
    ]
    assert titles(model)[0] == "Pricing page: launch review"
    assert len(model.recordings()) == 14


def test_the_first_meeting_is_opened_at_the_start(qtbot, shell):
    page = shell.window.page

    qtbot.waitUntil(lambda: page.detail is not None)
    assert page.detail.recording.title == "Pricing page: launch review"


def test_typing_in_the_search_field_asks_the_library(qtbot, shell):
    sidebar = shell.window.sidebar

    sidebar.search.insert("größen")  # QTest types ASCII only

    qtbot.waitUntil(lambda: titles(sidebar.model) == [FOREIGN_TITLE])
    QTest.keyClick(sidebar.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(sidebar.model.recordings()) == 14)
    assert sidebar.search.text() == ""


def test_a_search_without_a_hit_says_so(qtbot, shell):
    sidebar = shell.window.sidebar

    QTest.keyClicks(sidebar.search, "invoice")

    qtbot.waitUntil(sidebar._message.isVisible)
    assert sidebar._message.text() == "Nothing with “invoice”."


def test_an_empty_library_offers_the_first_recording(qtbot, make_shell, make_recorder):
    shell = make_shell(make_recorder([]))

    assert shell.window.empty.isVisible()
    assert shell.window.empty.title.text() == "Record your first meeting"
    shell.window.empty.button.click()

    qtbot.waitUntil(shell.window.page.recorder_bar.isVisible)


def test_a_library_that_cannot_be_read_says_why_and_tries_again(qtbot, make_shell, make_recorder):
    recorder = make_recorder()
    recorder.failures["recordings"] = RecorderError("The library is locked", hint="Close the other Recorder")
    # The tray's list of recent ones asks too; the window's question must be the one that fails.
    shell = make_shell(recorder)
    sidebar = shell.window.sidebar
    if not sidebar.error.isVisible():
        recorder.failures["recordings"] = RecorderError("The library is locked")
        sidebar.reload()
        qtbot.waitUntil(sidebar.error.isVisible)
    assert "The library is locked" in sidebar.error.label.text()

    sidebar.error.button.click()

    qtbot.waitUntil(lambda: not sidebar.error.isVisible())
    assert len(sidebar.model.recordings()) == 14


def test_arrow_keys_move_over_day_heads(qtbot, shell):
    view = shell.window.sidebar.view
    view.setFocus()
    view.setCurrentIndex(view.model().index(view._library.row_of(ident("Stand-up"))))

    QTest.keyClick(view, Qt.Key.Key_Down)

    assert view.currentIndex().data(ROW_ROLE).recording.id == ident("Interview: bike workshop, Ghent")
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert view.currentIndex().data(ROW_ROLE).recording.id == ident("Stand-up")


def test_choosing_a_row_opens_it(qtbot, shell):
    view = shell.window.sidebar.view
    index = view.model().index(view._library.row_of(ident("Retro")))
    view.scrollTo(index)

    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(index).center())

    qtbot.waitUntil(lambda: shell.window.page.detail.recording.id == ident("Retro"))


def test_a_new_state_keeps_selection_and_scroll(qtbot, shell, recorder, open_page):
    open_page(shell, "Mira and Ada")
    sidebar = shell.window.sidebar
    wanted = ident("Pricing page: launch review")

    recorder.set_state(wanted, State(StateKind.UPLOADING, 87))

    def percent():
        return next(row.state.percent for row in sidebar.model.recordings() if row.recording.id == wanted)

    qtbot.waitUntil(lambda: percent() == 87)
    selected = sidebar.view.selectionModel().selectedIndexes()
    assert [index.data(ROW_ROLE).recording.id for index in selected] == [ident("Mira and Ada")]


def test_a_long_title_is_whole_in_the_tool_tip_and_for_screen_readers(shell):
    view = shell.window.sidebar.view
    index = view.model().index(view._library.row_of(ident("Sprint 41 planning")))

    assert LONG_TITLE in index.data(Qt.ItemDataRole.ToolTipRole)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == f"{LONG_TITLE}, 09:30 · 1 h 04 min, Ready"


def test_the_footer_says_where_recordings_go(make_shell, make_recorder):
    from recorder_app.settings import Settings

    assert make_shell(make_recorder()).window.sidebar._footer.text() == "This computer"
    far = make_recorder(settings=Settings(workspace="https://eu.posthog.com"))
    assert make_shell(far).window.sidebar._footer.text() == "eu.posthog.com"
