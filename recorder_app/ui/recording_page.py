"""One recording: header, machine's summary and tasks, your notes, transcript, player or recorder bar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QMenu,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from recorder_app.models import CaptureStatus, RecordingDetail, StateKind, Task
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, Ground
from recorder_app.ui.notes_editor import NotesEditor
from recorder_app.ui.page_header import PageHeader
from recorder_app.ui.playback import Playback
from recorder_app.ui.player_bar import PlayerBar
from recorder_app.ui.recorder_bar import RecorderBar
from recorder_app.ui.summary_panel import SummaryPanel
from recorder_app.ui.tasks_panel import TasksPanel
from recorder_app.ui.theme import Theme
from recorder_app.ui.transcript_view import TranscriptPane
from recorder_app.ui.words import is_live

LEFT_MAX, LEFT_SHARE = 424, 0.43
SUMMARY, TASKS, NOTES, TRANSCRIPT = range(4)


class RecordingPage(Ground):
    """Shows a RecordingDetail and sends what a person does to the façade through the bridge."""

    export_wanted = Signal(str)
    """Id of the recording to save as Markdown."""
    delete_wanted = Signal(str)
    said = Signal(str)
    """A sentence for the toast."""

    def __init__(self, theme: Theme, bridge: Bridge, *, now: Callable[[], dt.datetime]) -> None:
        super().__init__(theme, "base")
        self._theme, self._bridge = theme, bridge
        self.detail: RecordingDetail | None = None
        self._is_narrow = False
        self._tab = TRANSCRIPT
        self._split_by_hand = False
        self._was_live = False
        self.playback = Playback(bridge)
        self.header = PageHeader(
            theme, now=now, menu=self._menu(), export_menu=self._export_menu(), on_retry=self.retry
        )
        self.header.title.renamed.connect(self._rename)
        self.header.tab_chosen.connect(self.choose_tab)
        self.summary = SummaryPanel(theme)
        self.tasks = TasksPanel(theme)
        self.notes = NotesEditor(theme, bridge)
        self.notes.text.elapsed_s = self._elapsed_s
        self.transcript = TranscriptPane(theme)
        self.player = PlayerBar(theme, bridge, self.playback)
        self.recorder_bar = RecorderBar(theme, bridge)
        self.trouble = Banner(theme)
        self.trouble.button.clicked.connect(self.retry)
        self.reminder = self._make_reminder()
        self._lay_out()
        self._connect()

    def _connect(self) -> None:
        for part in (self.summary, self.tasks, self.notes, self.transcript):
            part.play_wanted.connect(self.play_from)
        self.summary.retry_wanted.connect(self.retry)
        self.summary.said.connect(self.said)
        self.transcript.retry_wanted.connect(self.retry)
        self.tasks.task_changed.connect(self._set_task)
        self.tasks.task_dismissed.connect(self._dismiss_task)
        self.playback.moved.connect(
            lambda ms: self.transcript.list.follow(ms, is_playing=self.playback.is_playing)
        )
        self._bridge.capture_changed.connect(self._capture_changed)
        self._across.splitterMoved.connect(self._moved_by_hand)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Rename"), "F2", self._edit_title)
        menu.addAction(self.tr("Copy transcript"), self._copy_transcript)
        menu.addAction(self.tr("Save as Markdown…"), self._export)
        menu.addSeparator()
        menu.addAction(self.tr("Where this recording is"), self._open_details)
        menu.addAction(self.tr("Retry now"), self.retry)
        menu.addSeparator()
        menu.addAction(self.tr("Move to trash…"), self._delete)
        return menu

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction(self.tr("Save as Markdown…"), "Ctrl+E", self._export)
        menu.addAction(self.tr("Copy as Markdown"), self._copy_markdown)
        return menu

    def _make_reminder(self) -> Banner:
        reminder = Banner(self._theme, tone="neutral")
        reminder.say(self.tr("Tell people you’re recording"), self.tr("Copy chat text"))
        reminder.button.clicked.connect(self._copy_consent)
        return reminder

    def _lay_out(self) -> None:
        self._left = QWidget()
        self._left_column = QVBoxLayout(self._left)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.viewport().setAutoFillBackground(False)
        inside = QWidget()
        self._machine = QVBoxLayout(inside)
        self._machine.setContentsMargins(8, 12, 8, 12)
        self._machine.setSpacing(14)
        self._scroll.setWidget(inside)
        inside.setAutoFillBackground(False)  # setWidget turns it on
        self._down = _splitter(Qt.Orientation.Vertical)
        self._down.addWidget(self._scroll)
        self._down.addWidget(self.notes)
        self._down.setStretchFactor(0, 1)
        self.notes.setMinimumHeight(120)
        self._left_column.setContentsMargins(0, 0, 0, 0)
        self._left_column.setSpacing(0)
        self._reminder_row = QWidget()
        reminder = QVBoxLayout(self._reminder_row)
        reminder.setContentsMargins(12, 12, 12, 0)
        reminder.addWidget(self.reminder)
        self._left_column.addWidget(self._reminder_row)
        self._left_column.addWidget(self._down, 1)
        self._across = _splitter(Qt.Orientation.Horizontal)
        self._across.addWidget(self._left)
        self._across.addWidget(self.transcript)
        self._tabs = QStackedWidget()
        self._tab_pages = [self._tab_page() for _ in range(4)]
        self._bars = QStackedWidget()
        self._bars.addWidget(self.player)
        self._bars.addWidget(self.recorder_bar)
        warn = QVBoxLayout()
        warn.setContentsMargins(16, 12, 16, 0)
        warn.addWidget(self.trouble)
        self._warn = QWidget()
        self._warn.setLayout(warn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._warn)
        column.addWidget(self._across, 1)
        column.addWidget(self._tabs, 1)
        column.addWidget(self._bars)
        self._arrange()

    def _tab_page(self) -> QVBoxLayout:
        page = QScrollArea()
        page.setWidgetResizable(True)
        page.setFrameShape(QFrame.Shape.NoFrame)
        page.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        page.setWidget(inside)
        for widget in (page.viewport(), inside):
            widget.setAutoFillBackground(False)
        layout = QVBoxLayout(inside)
        self._tabs.addWidget(page)
        return layout

    def set_layout(self, *, is_narrow: bool, has_sidebar: bool) -> None:
        """Arrange for the window's width; tabs below 800 px."""
        self.header.set_layout(is_narrow=is_narrow, has_sidebar=has_sidebar)
        self.recorder_bar.set_narrow(is_narrow=is_narrow)
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._arrange()
        self._split()

    def _arrange(self) -> None:
        """Put the panes where this width wants them: columns or tabs."""
        if self._is_narrow:
            for layout, pane in zip(
                self._tab_pages, (self.summary, self.tasks, self.notes, self.transcript), strict=True
            ):
                is_framed = pane in (self.summary, self.tasks)
                layout.setContentsMargins(*((12, 16, 12, 16) if is_framed else (0, 0, 0, 0)))
                layout.addWidget(pane)
                if is_framed and layout.count() == 1:
                    layout.addStretch(1)
        else:
            for layout in self._tab_pages:
                while layout.takeAt(0) is not None:
                    pass
            while self._machine.takeAt(0) is not None:
                pass
            self._machine.addWidget(self.summary)
            self._machine.addWidget(self.tasks)
            self._machine.addStretch(1)
            self._down.insertWidget(1, self.notes)
            self._across.insertWidget(1, self.transcript)
        for pane in (self.summary, self.tasks, self.notes, self.transcript):
            pane.show()
        self._tabs.setVisible(self._is_narrow)
        self._across.setVisible(not self._is_narrow)
        self.choose_tab(self._tab)
        self._show_kind()

    def _split(self) -> None:
        if not self._split_by_hand and not self._is_narrow:
            left = min(self._theme.px(LEFT_MAX), int(self.width() * LEFT_SHARE))
            self._across.setSizes([left, max(1, self.width() - left)])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._split()

    def _moved_by_hand(self, *_: int) -> None:
        self._split_by_hand = True

    def show_detail(self, detail: RecordingDetail) -> None:
        """Show a recording, or newer facts of the one that is shown."""
        is_new = self.detail is None or self.detail.recording.id != detail.recording.id
        self.detail = detail
        recording, live = detail.recording, is_live(detail.state)
        is_other_layout = is_new or live is not self._was_live
        self._was_live = live
        self.playback.take(None if live else recording.id, recording.duration_ms)
        self.header.show_detail(detail)
        self.summary.show_detail(detail)
        self.tasks.show_detail(detail)
        self.notes.show_notes(recording.id, recording.notes, is_live=live)
        if is_new:
            self.transcript.find_bar.hide()
            self.transcript.list.clear_playing()
        self.transcript.show_detail(detail)
        if not live:
            self.player.show_detail(detail)
        self._show_kind()
        self._show_trouble(detail)
        open_tasks = sum(not task.is_done for task in recording.tasks)
        self.header.set_counts(tasks=open_tasks, notes=self.notes.line_count())
        if is_new and live:
            self.choose_tab(NOTES)
        if is_other_layout:
            # While recording the notes have the room; afterwards what the machine made of it.
            self._down.setSizes([1000, 150] if not live else [0, 1000])
        if is_new:
            self._scroll.verticalScrollBar().setValue(0)
            self.transcript.list.scrollToTop()

    def leave(self) -> None:
        """Write the notes and let go of the sound, before another page or the end."""
        self.notes.flush()
        self.playback.release()

    def play_from(self, ms: int) -> None:
        if self.detail is None or is_live(self.detail.state):
            return
        self.transcript.list.go_to(ms)
        self.playback.play_from(ms)

    def choose_tab(self, number: int) -> None:
        self._tab = number
        self.header.choose_tab(number)
        self._tabs.setCurrentIndex(number)

    def panes(self) -> list[QWidget]:
        """Return what F6 moves through, in order."""
        found: list[QWidget] = [
            self.notes.text,
            self.transcript.list,
            self.player.wave,
            self.recorder_bar.stop,
        ]
        return [pane for pane in found if pane.isVisible()]

    def retry(self) -> None:
        if self.detail is not None:
            recording_id = self.detail.recording.id
            self._bridge.run(lambda: self._bridge.recorder.retry(recording_id), lane="writes")

    def _show_kind(self) -> None:
        live = self.detail is not None and is_live(self.detail.state)
        self._bars.setCurrentWidget(self.recorder_bar if live else self.player)
        self._bars.setFixedHeight(
            (self.recorder_bar if live else self.player).sizeHint().height()
            if not live
            else self._theme.px(100)
        )
        self._scroll.setVisible(not live and not self._is_narrow)
        self._reminder_row.setVisible(live and not self._is_narrow and not self._reminded)
        self.header.show_tabs_for(is_live=live)
        if live and self._tab in (SUMMARY, TASKS):
            self.choose_tab(NOTES)

    _reminded = False

    def _show_trouble(self, detail: RecordingDetail) -> None:
        state = detail.state
        is_here = state.kind is StateKind.NEEDS_SIGN_IN or (
            state.kind is StateKind.FAILED and (bool(detail.segments) or not detail.recording.is_uploaded)
        )
        self._warn.setVisible(is_here)
        if is_here:
            self.trouble.say(state.reason or self.tr("The upload failed."), self.tr("Retry now"))

    def _capture_changed(self, status: CaptureStatus) -> None:
        self.header.show_capture(is_idle=status.state == "idle")

    def _elapsed_s(self) -> int | None:
        if self.detail is None or not is_live(self.detail.state):
            return None
        return self._bridge.capture.elapsed_ms // 1000

    def _rename(self, text: str) -> None:
        if self.detail is not None:
            recording_id = self.detail.recording.id
            self._bridge.run(lambda: self._bridge.recorder.rename(recording_id, text), lane="writes")

    def _set_task(self, task: Task) -> None:
        if self.detail is not None:
            recording_id = self.detail.recording.id
            self._bridge.run(lambda: self._bridge.recorder.set_task(recording_id, task), lane="writes")

    def _dismiss_task(self, task_id: str) -> None:
        if self.detail is not None:
            recording_id = self.detail.recording.id
            self._bridge.run(lambda: self._bridge.recorder.dismiss_task(recording_id, task_id), lane="writes")

    def _edit_title(self) -> None:
        self.header.title.edit()

    def _open_details(self) -> None:
        self.header.badge.open_details()

    def _export(self) -> None:
        if self.detail is not None:
            self.export_wanted.emit(self.detail.recording.id)

    def _delete(self) -> None:
        if self.detail is not None:
            self.delete_wanted.emit(self.detail.recording.id)

    def _copy_transcript(self) -> None:
        text = "\n".join(line.as_text for line in self.transcript.list.rows.lines)
        QGuiApplication.clipboard().setText(text)
        self.said.emit(self.tr("The transcript is on the clipboard"))

    def _copy_markdown(self) -> None:
        if self.detail is None:
            return
        recording_id = self.detail.recording.id

        def copied(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self.said.emit(self.tr("Markdown is on the clipboard"))

        self._bridge.run(lambda: self._bridge.recorder.export(recording_id, "markdown"), copied)

    def _copy_consent(self) -> None:
        QGuiApplication.clipboard().setText(
            self.tr("I’m recording this meeting so that we get notes. Tell me if you’d rather not.")
        )
        self._reminded = True
        self._reminder_row.hide()
        self.said.emit(self.tr("Paste it into the meeting’s chat"))


def _splitter(orientation: Qt.Orientation) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(1)
    splitter.setChildrenCollapsible(False)
    return splitter
