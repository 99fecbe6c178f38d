from __future__ import annotations

import dataclasses
import time

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

from recorder_app.models import Segment, State, StateKind, Track
from recorder_app.ui.controls import ElidedLabel, Label
from tests.support.sample_week import LONG_TITLE, ident, recording

WIDTHS = [560, 600, 799, 800, 959, 960, 1000, 1280, 1600]


def settle():
    for _ in range(4):
        QApplication.processEvents()


def cut_off(window):
    """Return the visible labels and buttons that do not get the room they ask for, or stick out."""
    wrong = []
    for kind in (QLabel, QAbstractButton):
        for widget in window.findChildren(kind):
            if not widget.isVisible() or isinstance(widget, ElidedLabel) or widget.width() == 0:
                continue
            needs = widget.minimumSizeHint().width() if isinstance(widget, QAbstractButton) else 0
            if isinstance(widget, Label) and not widget.wordWrap() and widget.text():
                needs = widget.fontMetrics().horizontalAdvance(widget.text())
            parent = widget.parentWidget()
            place = QRect(widget.mapTo(parent, QPoint()), widget.size())
            if widget.width() < needs or place.right() > parent.width() or place.left() < 0:
                wrong.append((type(widget).__name__, getattr(widget, "text", str)(), widget.width(), needs))
    return wrong


@pytest.mark.parametrize("px", [13, 17])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_at_any_width(qapp, make_shell, recorder, open_page, width, px):  # noqa: PLR0917
    before = qapp.font()
    font = QFont(before)
    font.setPixelSize(px)
    qapp.setFont(font)
    try:
        shell = make_shell(recorder, width=width, height=700)
        for name in ("Checkout weekly", "Vendor call"):
            page = open_page(shell, name)
            for tab in range(4):
                page.choose_tab(tab)
                settle()
                assert shell.window.width() == width, "the content does not let the window be this narrow"
                assert cut_off(shell.window) == []
    finally:
        qapp.setFont(before)


@pytest.mark.parametrize("width", [560, 1000, 1280])
def test_nothing_is_cut_off_while_recording(qtbot, make_shell, recorder, width):
    shell = make_shell(recorder, width=width, height=600)
    recorder.start_recording(title=LONG_TITLE)
    qtbot.waitUntil(shell.window.page.recorder_bar.isVisible)
    settle()

    assert shell.window.width() == width
    assert cut_off(shell.window) == []


def test_the_sidebar_lies_over_the_page_when_there_is_no_room(qtbot, make_shell, recorder, open_page):
    shell = make_shell(recorder, width=900)
    page, sidebar = open_page(shell, "Checkout weekly"), shell.window.sidebar
    assert not sidebar.isVisible()

    page.header.sidebar_button.click()
    assert sidebar.isVisible()
    assert page.width() == 900
    index = sidebar.model.index(sidebar.model.row_of(ident("Retro")))
    sidebar.view.scrollTo(index)
    QTest.mouseClick(
        sidebar.view.viewport(), Qt.MouseButton.LeftButton, pos=sidebar.view.visualRect(index).center()
    )

    qtbot.waitUntil(lambda: page.detail.recording.id == ident("Retro"))
    assert not sidebar.isVisible()


def test_tabs_come_and_go_with_the_width_and_lose_nothing(qtbot, make_shell, recorder, open_page):
    shell = make_shell(recorder, width=700)
    page = open_page(shell, "Checkout weekly")
    assert page.header.tabs.isVisible()
    page.choose_tab(2)
    settle()
    assert page.notes.isVisible()
    assert not page.transcript.isVisible()
    page.notes.text.insertPlainText("typed narrow. ")

    shell.window.resize(1280, 800)
    settle()

    assert not page.header.tabs.isVisible()
    assert all(pane.isVisible() for pane in (page.notes, page.transcript, page.summary))
    assert "typed narrow." in page.notes.text.notes()
    shell.window.resize(700, 800)
    settle()
    assert page.header.tabs.isVisible()
    assert page.notes.isVisible()
    assert not page.summary.isVisible()


def test_a_long_title_ends_in_dots_and_has_a_tool_tip(shell, open_page):
    label = open_page(shell, "Sprint 41 planning").header.title.label
    shell.window.resize(960, 700)
    settle()
    label.grab()

    assert label.text() == LONG_TITLE
    assert label.toolTip() == LONG_TITLE
    assert label.geometry().right() <= label.parentWidget().width()


def test_the_theme_changes_under_an_open_page(shell, open_page):
    page = open_page(shell, "Checkout weekly")
    light = page.grab().toImage().pixelColor(page.width() - 30, 60)

    shell.theme.set_appearance("dark")
    settle()
    dark = page.grab().toImage().pixelColor(page.width() - 30, page.height() - 4)

    assert light.lightness() > 200
    assert dark.lightness() < 60


def test_ten_thousand_lines_open_without_a_wait(qtbot, make_shell, make_recorder):
    recorder = make_recorder()
    count = 10_000
    segments = tuple(
        Segment(i * 3_000, i * 3_000 + 2_900, "Every line is about this long, give or take a word or two. " * (1 + i % 3),
                ("You", "Mira", "Jonas")[i % 3], 0.9, Track.MIC if i % 3 == 0 else Track.SYSTEM)
        for i in range(count)
    )  # fmt: skip
    row = recording("long", recorder.detail(ident("Retro")).recording.started_at, 500)
    detail = dataclasses.replace(
        recorder.detail(ident("Retro")), recording=row, state=State(StateKind.READY), segments=segments
    )
    recorder._details[row.id] = detail
    shell = make_shell(recorder)
    view = shell.window.page.transcript

    # CPU time: what other programs do meanwhile is not our slowness.
    started = time.process_time()
    view.show_detail(detail)
    shell.window.page.transcript.list.viewport().repaint()
    took_ms = (time.process_time() - started) * 1000

    print(f"10,000 lines: {took_ms:.0f} ms to the first frame")
    assert view.list.rows.rowCount() == count
    assert took_ms < 1_000, "generous: this machine is shared; the benchmark holds the real number"
    view.list.go_to(segments[-1].start_ms)
    qtbot.waitUntil(lambda: view.list.visualRect(view.list.rows.index(count - 1)).isValid())
