"""The transcript pane: heading, find bar, the lines, and what is said when there are none."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QMenu,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from recorder_app.models import RecordingDetail, StateKind
from recorder_app.ui.controls import Button, ElidedLabel, Label, icon_button
from recorder_app.ui.theme import Theme
from recorder_app.ui.transcript_delegate import TranscriptDelegate
from recorder_app.ui.transcript_model import LINE_ROLE, TranscriptModel, lines
from recorder_app.ui.words import is_live, weak_words

RELAYOUT_MS = 80
BATCHED_FROM = 2_000
"""Rows from which heights are found a batch at a time, so that the first screen comes at once."""


class TranscriptList(QListView):
    """Click a line to hear it; Ctrl+C copies the selected lines with their times."""

    play_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.rows = TranscriptModel()
        self.setModel(self.rows)
        self.delegate = TranscriptDelegate(theme, self)
        self.setItemDelegate(self.delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setBatchSize(200)
        self.setAccessibleName(self.tr("Transcript"))
        self.viewport().setAutoFillBackground(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self._relayout = QTimer(self, singleShot=True, interval=RELAYOUT_MS)
        self._relayout.timeout.connect(self._lay_out)
        self._pressed = QPoint()
        theme.changed.connect(self._lay_out_anew)

    def show_lines(self, detail: RecordingDetail) -> None:
        fresh = lines(detail.segments, detail.recording.gaps)
        if fresh == self.rows.lines:
            return
        self.delegate.set_width(self.viewport().width())
        self.delegate.forget(fresh[-1].start_ms if fresh else 0)
        is_long = len(fresh) > BATCHED_FROM
        self.setLayoutMode(QListView.LayoutMode.Batched if is_long else QListView.LayoutMode.SinglePass)
        self.rows.show_lines(fresh)

    def follow(self, ms: int, *, is_playing: bool) -> None:
        """Mark the line at `ms`; scroll to it when it changes and sound plays."""
        row = self.rows.row_at(ms)
        changed = row != self.delegate.playing_row
        self.delegate.playing_row = row
        self.delegate.playing_ms = ms if is_playing else -1
        if changed:
            self.viewport().update()
            if row is not None and is_playing:
                self.scrollTo(self.rows.index(row), QAbstractItemView.ScrollHint.EnsureVisible)
        elif row is not None:
            self.update(self.rows.index(row))

    def clear_playing(self) -> None:
        self.delegate.playing_row = None
        self.viewport().update()

    def go_to(self, ms: int) -> None:
        """Scroll to the line at `ms` and mark it."""
        row = self.rows.row_at(ms)
        if row is not None:
            self.delegate.playing_row = row
            self.scrollTo(self.rows.index(row), QAbstractItemView.ScrollHint.PositionAtCenter)
            self.viewport().update()

    def copy(self) -> None:
        chosen = sorted(index.row() for index in self.selectedIndexes())
        if chosen:
            QGuiApplication.clipboard().setText("\n".join(self.rows.lines[row].as_text for row in chosen))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.play_wanted.emit(self.currentIndex().data(LINE_ROLE).start_ms)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Space):
            # The window's: ten seconds, play and pause.
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        is_click = (place - self._pressed).manhattanLength() < 6
        index = self.indexAt(place)
        if (
            is_click
            and index.isValid()
            and event.button() == Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            self.play_wanted.emit(index.data(LINE_ROLE).start_ms)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.isVisible():
            self._relayout.start()
        else:
            self._lay_out()

    def _lay_out(self) -> None:
        top = self.indexAt(QPoint(4, 4))
        if self.delegate.set_width(self.viewport().width()):
            self.doItemsLayout()
            if top.isValid() and top.row() > 0:
                self.scrollTo(top, QAbstractItemView.ScrollHint.PositionAtTop)

    def _lay_out_anew(self) -> None:
        self.delegate.forget(self.rows.lines[-1].start_ms if self.rows.lines else 0)
        self.doItemsLayout()

    def _menu(self, at: QPoint) -> None:
        index = self.indexAt(at)
        if not index.isValid():
            return
        if not self.selectionModel().isSelected(index):
            self.selectionModel().select(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        menu = QMenu(self)
        start_ms = index.data(LINE_ROLE).start_ms
        menu.addAction(self.tr("Play from here")).triggered.connect(lambda: self.play_wanted.emit(start_ms))
        menu.addAction(self.tr("Copy with time")).triggered.connect(self.copy)
        menu.popup(self.viewport().mapToGlobal(at))


class FindBar(QWidget):
    """Find in this transcript: Enter and F3 go on, Escape closes."""

    def __init__(self, theme: Theme, target: TranscriptList) -> None:
        super().__init__()
        self._target = target
        self._rows: list[int] = []
        self._at = 0
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Find in this transcript"))
        self.field.setAccessibleName(self.tr("Find in this transcript"))
        self.count = Label(theme, style="small", ink="secondary")
        self._back = icon_button(theme, "chevron-up", self.tr("Previous match"))
        self._next = icon_button(theme, "chevron-down", self.tr("Next match"))
        self._close = icon_button(theme, "close", self.tr("Close"), size=14)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 16, 8)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addSpacing(4)
        for part in (self.count, self._back, self._next, self._close):
            row.addWidget(part)
        self.field.textChanged.connect(self._search)
        self.field.returnPressed.connect(lambda: self.step(1))
        self._back.clicked.connect(lambda: self.step(-1))
        self._next.clicked.connect(lambda: self.step(1))
        self._close.clicked.connect(self.close_bar)
        self.hide()

    def open_bar(self) -> None:
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def close_bar(self) -> None:
        self.field.clear()
        self.hide()
        self._target.setFocus(Qt.FocusReason.OtherFocusReason)

    def step(self, by: int) -> None:
        if self._rows:
            self._at = (self._at + by) % len(self._rows)
            self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        else:
            super().keyPressEvent(event)

    def _search(self, text: str) -> None:
        self._rows = self._target.rows.find(text)
        self._target.delegate.needle = text
        first = self._target.indexAt(QPoint(4, 4)).row()
        self._at = next((i for i, row in enumerate(self._rows) if row >= first), 0)
        self._show()

    def _show(self) -> None:
        has_text = bool(self.field.text())
        if self._rows:
            row = self._rows[self._at]
            self._target.delegate.found_row = row
            self._target.scrollTo(self._target.rows.index(row), QAbstractItemView.ScrollHint.PositionAtCenter)
            self.count.setText(self.tr("{at} of {count}").format(at=self._at + 1, count=len(self._rows)))
        else:
            self._target.delegate.found_row = None
            self.count.setText(self.tr("Nothing found") if has_text else "")
        for button in (self._back, self._next):
            button.setEnabled(len(self._rows) > 1)
        self._target.viewport().update()


class TranscriptPane(QWidget):
    """Everything right of the notes. Tells the page what to play and what to retry."""

    play_wanted = Signal(int)
    retry_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._heading = Label(theme, self.tr("Transcript"), weight=600)
        self._note = ElidedLabel(theme, style="caption", ink="secondary")
        self._to_check = Label(theme, style="small", ink="secondary")
        self.find_button = icon_button(theme, "search", self.tr("Find in this transcript"))
        self.list = TranscriptList(theme)
        self.list.play_wanted.connect(self.play_wanted)
        self.find_bar = FindBar(theme, self.list)
        self.find_button.clicked.connect(self.find_bar.open_bar)
        self._message = _Message(theme)
        self._message.button.clicked.connect(self.retry_wanted)
        self._body = QStackedWidget()
        self._body.addWidget(self.list)
        self._body.addWidget(self._message)
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        self._head.setMinimumHeight(theme.px(44))
        head.setContentsMargins(24, 4, 16, 4)
        head.setSpacing(8)
        head.addWidget(self._heading)
        head.addWidget(self._note, 1)
        head.addWidget(self._to_check)
        head.addSpacing(8)
        head.addWidget(self.find_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.find_bar)
        column.addWidget(self._body, 1)

    def show_detail(self, detail: RecordingDetail) -> None:
        recording, state = detail.recording, detail.state
        self.list.show_lines(detail)
        has_lines = bool(detail.segments)
        self.find_button.setVisible(has_lines)
        doubted = weak_words(detail.segments)
        words = self.tr("1 word to check") if doubted == 1 else self.tr("%n words to check", "", doubted)
        self._to_check.setText(words if doubted else "")
        notes = []
        if has_lines and recording.has_draft_transcript:
            notes.append(self.tr("draft"))
        if has_lines and recording.engine:
            notes.append(recording.engine)
        self._note.setText(", ".join(notes))
        self._body.setCurrentWidget(self.list if has_lines else self._message)
        if not has_lines:
            self._explain(detail)
        if is_live(state) and has_lines:
            self.list.scrollToBottom()

    def _explain(self, detail: RecordingDetail) -> None:
        kind, reason = detail.state.kind, detail.state.reason
        retry = self.tr("Retry now")
        if is_live(detail.state):
            self._message.say(
                self.tr("The transcript follows when you stop"), self.tr("Write notes meanwhile.")
            )
        elif kind is StateKind.TRANSCRIBING:
            self._message.say(
                self.tr("Writing the transcript"),
                self.tr("You can listen and write notes meanwhile."),
                percent=detail.state.percent,
            )
        elif kind is StateKind.FAILED and not detail.recording.is_uploaded:
            # Why, and the button, are above the page: there is one problem, not two.
            self._message.say(
                self.tr("There is no transcript yet"), self.tr("It follows once the upload is done.")
            )
        elif kind is StateKind.FAILED:
            self._message.say(self.tr("There is no transcript"), reason or "", button=retry)
        elif kind in (StateKind.WAITING, StateKind.UPLOADING, StateKind.SAVING, StateKind.NEEDS_SIGN_IN):
            self._message.say(self.tr("The transcript comes next"), reason or self.tr("It starts by itself."))
        else:
            self._message.say(
                self.tr("Nobody spoke, or nothing could be understood"),
                self.tr("The sound is there to listen to.") if detail.recording.media else "",
                button=self.tr("Transcribe again") if detail.recording.media else "",
            )


class _Message(QWidget):
    """A title, a sentence, perhaps progress, perhaps one button; centred."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._title = Label(theme, weight=600, is_wrapped=True)
        self._text = Label(theme, ink="secondary", is_wrapped=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedSize(240, 6)
        self._progress.setAccessibleName(self.tr("Progress"))
        self.button = Button(theme, "")
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 0, 32, 32)
        column.setSpacing(8)
        column.addStretch(2)
        for label in (self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addSpacing(8)
        column.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def say(self, title: str, text: str, *, percent: int | None = None, button: str = "") -> None:
        self._title.setText(title if percent is None else f"{title}, {percent} %")
        self._text.setText(text)
        self._progress.setVisible(percent is not None)
        self._progress.setValue(percent or 0)
        self.button.setText(button)
        self.button.setVisible(bool(button))
