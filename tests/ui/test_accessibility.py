from __future__ import annotations

import ast
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

UI = Path(__file__).parents[2] / "recorder_app" / "ui"
PAGES = [
    "Checkout weekly",
    "Vendor call",
    "Support escalations",
    "Interview: bike workshop, Ghent",
    "Nothing said",
]


def nameless(window):
    """Return the widgets that can have the focus but have no words for a screen reader."""
    found = []
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisible():
            continue
        words = widget.accessibleName()
        if not words and isinstance(widget, QAbstractButton | QLabel):
            words = widget.text()
        if not words:
            found.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    return found


@pytest.mark.parametrize("width", [700, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_everything_that_can_be_reached_has_a_name(make_shell, recorder, open_page, name, width):
    shell = make_shell(recorder, width=width)
    page = open_page(shell, name)
    for tab in range(4):
        page.choose_tab(tab)
        assert nameless(shell.window) == []


def test_everything_has_a_name_while_recording_and_when_empty(qtbot, make_shell, make_recorder):
    recorder = make_recorder([])
    shell = make_shell(recorder)
    assert nameless(shell.window) == []

    recorder.start_recording()
    qtbot.waitUntil(shell.window.page.recorder_bar.isVisible)

    assert nameless(shell.window) == []


def test_tab_goes_round_and_reaches_every_control(qtbot, shell, open_page):
    page = open_page(shell, "Checkout weekly")
    shell.window.activateWindow()
    qtbot.waitUntil(shell.window.isActiveWindow)
    start = shell.window.sidebar.start
    start.setFocus()
    seen = []
    for _ in range(80):
        seen.append(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if QApplication.focusWidget() is start:
            break

    assert QApplication.focusWidget() is start, "Tab never came back"
    must = [
        shell.window.sidebar.search, shell.window.sidebar.view, page.header.title.label, page.header.export,
        page.header.more, *page.header.badge._cells, page.notes.text, page.transcript.list, page.player.wave,
        page.player.play, page.player.speed, *[row.box for row in page.tasks.rows()],
    ]  # fmt: skip
    assert [type(widget).__name__ for widget in must if widget not in seen] == []
    order = [seen.index(widget) for widget in (shell.window.sidebar.search, page.header.export, page.notes.text,
                                               page.transcript.list, page.player.wave)]  # fmt: skip
    assert order == sorted(order)


def test_the_focus_ring_shows_only_after_the_keyboard_was_used(qtbot, shell, open_page):
    page = open_page(shell, "Checkout weekly")
    shell.window.activateWindow()
    qtbot.waitUntil(shell.window.isActiveWindow)
    handle = shell.window.windowHandle()
    page.header.export.setFocus()
    assert shell.ring.ring_widget() is None

    QTest.keyClick(handle, Qt.Key.Key_Tab)
    assert shell.ring.ring_widget() is QApplication.focusWidget()

    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, pos=page.mapTo(shell.window, page.rect().center()))
    assert shell.ring.ring_widget() is None


def test_f6_moves_through_the_panes(qtbot, shell, open_page):
    page = open_page(shell, "Checkout weekly")
    shell.window.sidebar.view.setFocus()
    seen = []

    for _ in range(4):
        shell.window._next_pane(1)
        seen.append(QApplication.focusWidget())

    assert seen == [page.notes.text, page.transcript.list, page.player.wave, shell.window.sidebar.view]


def test_rows_read_as_sentences(shell, open_page):
    page = open_page(shell, "Checkout weekly")
    model = page.transcript.list.rows
    row = model.row_at(761_000)

    assert model.index(row).data(Qt.ItemDataRole.AccessibleTextRole).startswith("12:41 Mira: Agreed.")


def test_the_position_is_told_in_words(shell, open_page):
    page = open_page(shell, "Checkout weekly")

    page.playback.seek(761_000)

    assert page.player.wave.accessibleDescription() == "12:41 of 48:06"


def test_every_icon_button_has_a_tool_tip(shell, open_page):
    open_page(shell, "Checkout weekly")

    silent = [
        button.accessibleName()
        for button in shell.window.findChildren(QAbstractButton)
        if not button.icon().isNull() and not button.text() and not button.toolTip()
    ]

    assert silent == []


def test_text_can_be_translated():
    """A tr() around an f-string or a variable cannot be extracted; fill in after translating."""
    wrong = []
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "tr" and not (
                isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
            ):
                wrong.append(f"{path.name}:{node.lineno}")

    assert wrong == []


def test_no_words_are_shown_without_tr():
    """Words given to setText, say, addAction, Button or setAccessibleName directly were never translated."""
    wrong = []
    showing = {
        "setText",
        "setToolTip",
        "setAccessibleName",
        "setPlaceholderText",
        "setWindowTitle",
        "addAction",
        "Button",
    }
    for path in UI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            words = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            if name in showing and any(
                any(c.isalpha() for c in word) and not word.startswith(("F2", "Ctrl")) for word in words
            ):
                wrong.append(f"{path.name}:{node.lineno} {words}")

    assert wrong == []
