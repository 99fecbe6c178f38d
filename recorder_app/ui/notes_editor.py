"""The person's own page: plain text beside a teal edge, a time for each line, saved as it is typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QHBoxLayout, QTextEdit, QVBoxLayout, QWidget

from recorder_app.errors import RecorderError
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, ElidedLabel, Label
from recorder_app.ui.formats import clock
from recorder_app.ui.note_times import NoteLine, join, parse
from recorder_app.ui.theme import Theme

SAVE_MS = 500
GUTTER = 44
EDGE = 3
NO_TIME = -1
ERASING = {Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Enter}


class NotesText(QTextEdit):
    """The editor. A block's userState is the second at which its line was begun, or NO_TIME."""

    play_wanted = Signal(int)
    left = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.elapsed_s: Callable[[], int | None] = lambda: None
        """Asked when a line is begun; None while nothing is recorded."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Your notes"))
        self.setTabChangesFocus(True)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setAcceptRichText(False)
        self.document().setDocumentMargin(0)
        self._gutter = _Gutter(self)
        self.verticalScrollBar().valueChanged.connect(self._gutter.update)
        self.textChanged.connect(self._stamp)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_notes(self, notes: str) -> None:
        """Replace the text, times apart."""
        lines = parse(notes)
        self.setPlainText("\n".join(line.text for line in lines))
        self._space_lines()
        self.document().clearUndoRedoStacks()
        block = self.document().begin()
        for line in lines:
            block.setUserState(NO_TIME if line.at_s is None else line.at_s)
            block = block.next()
        self._show_gutter()

    def notes(self) -> str:
        lines, block = [], self.document().begin()
        while block.isValid():
            state = block.userState()
            lines.append(NoteLine(block.text(), None if state == NO_TIME else state))
            block = block.next()
        return join(lines)

    def gutter_width(self) -> int:
        widest = self._theme.metrics("small").horizontalAdvance("00:00") + 12
        return max(GUTTER, widest) if self._has_times() or self.elapsed_s() is not None else 0

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() and (event.text().isprintable() or event.key() in ERASING):
            self._forget_time_of_replaced_lines()
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.left(), area.top(), self.gutter_width(), area.height()))

    def blocks_in_view(self) -> list[tuple[QTextBlock, QRectF]]:
        """Return the visible lines with their place in the viewport."""
        found, block = [], self.document().begin()
        layout, top = self.document().documentLayout(), self.verticalScrollBar().value()
        while block.isValid():
            box = layout.blockBoundingRect(block).translated(0, -top)
            if box.top() > self.viewport().height():
                break
            if box.bottom() >= 0:
                found.append((block, box))
            block = block.next()
        return found

    def paint_gutter(self, gutter: QWidget) -> None:
        painter = QPainter(gutter)
        painter.setPen(self._theme.color("accent"))
        painter.setFont(self._theme.font("small"))
        height = self._theme.line("body")
        for block, box in self.blocks_in_view():
            if block.userState() != NO_TIME:
                painter.drawText(
                    QRectF(0, box.top() + 2, gutter.width(), height),
                    Qt.AlignmentFlag.AlignVCenter,
                    clock(block.userState() * 1000),
                )

    def click_gutter(self, y: float) -> None:
        for block, box in self.blocks_in_view():
            if box.top() <= y < box.bottom() and block.userState() != NO_TIME:
                self.play_wanted.emit(block.userState() * 1000)

    def _has_times(self) -> bool:
        block = self.document().begin()
        while block.isValid():
            if block.userState() != NO_TIME:
                return True
            block = block.next()
        return False

    def _forget_time_of_replaced_lines(self) -> None:
        """When whole lines are typed over, the new one was not begun when the last of them was."""
        cursor = self.textCursor()
        start = self.document().findBlock(cursor.selectionStart())
        end = self.document().findBlock(cursor.selectionEnd())
        is_whole = (
            cursor.selectionStart() == start.position()
            and cursor.selectionEnd() == end.position() + end.length() - 1
        )
        if cursor.hasSelection() and is_whole:
            cursor.removeSelectedText()
            self.textCursor().block().setUserState(NO_TIME)

    def _stamp(self) -> None:
        block = self.textCursor().block()
        elapsed_s = self.elapsed_s()
        if elapsed_s is not None and block.userState() == NO_TIME and block.text():
            block.setUserState(elapsed_s)
        elif not block.text():
            block.setUserState(NO_TIME)
        self._show_gutter()

    def _show_gutter(self) -> None:
        width = self.gutter_width()
        self.setViewportMargins(width, 0, 0, 0)
        area = self.contentsRect()
        self._gutter.setGeometry(QRect(area.left(), area.top(), width, area.height()))
        self._gutter.update()

    def _restyle(self) -> None:
        self.setFont(self._theme.font("body"))
        self._space_lines()
        self._gutter.update()

    def _space_lines(self) -> None:
        """Give every line the pitch of the body style; new lines inherit it."""
        pitch = QTextBlockFormat()
        fixed = QTextBlockFormat.LineHeightTypes.FixedHeight.value
        pitch.setLineHeight(self._theme.line("body"), fixed)
        pitch.setBottomMargin(4)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        is_blocked = self.blockSignals(True)
        cursor.mergeBlockFormat(pitch)
        self.blockSignals(is_blocked)


class _Gutter(QWidget):
    """Times of the lines; a click plays."""

    def __init__(self, notes: NotesText) -> None:
        super().__init__(notes)
        self._notes = notes
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(self._notes.gutter_width(), 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        self._notes.paint_gutter(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._notes.click_gutter(event.position().y())


class NotesEditor(QWidget):
    """Saves 500 ms after the last key, when left and when the page closes. Only failure is shown."""

    play_wanted = Signal(int)
    saved = Signal(str)
    """Id of the recording whose notes are now written."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__()
        self._theme, self._bridge = theme, bridge
        self._recording_id: str | None = None
        self._written = ""
        self._unsaved: dict[str, str] = {}
        """Notes that could not be written, by recording, until they are."""
        heading = Label(theme, self.tr("Your notes"), weight=600)
        self._hint = ElidedLabel(theme, style="caption", ink="secondary")
        self.text = NotesText(theme)
        self.text.setPlaceholderText(self.tr("Write here"))
        self.text.textChanged.connect(self._typed)
        self.text.left.connect(self.flush)
        self.text.play_wanted.connect(self.play_wanted)
        self.failure = Banner(theme)
        self.failure.button.clicked.connect(self.flush)
        self.failure.hide()
        self._timer = QTimer(self, singleShot=True, interval=SAVE_MS)
        self._timer.timeout.connect(self.flush)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(heading)
        head.addWidget(self._hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.failure)
        column.addWidget(self.text, 1)
        theme.changed.connect(self.update)

    def show_notes(self, recording_id: str, notes: str, *, is_live: bool) -> None:
        """Show a recording's notes; what is being typed is never replaced."""
        self._hint.setText(self.tr("each line keeps its time") if is_live else self.tr("only you write here"))
        if recording_id != self._recording_id:
            self.flush()
            self.failure.hide()
            self._recording_id = recording_id
            self._put(notes)
            if recording_id in self._unsaved:
                self.text.show_notes(self._unsaved[recording_id])
                self._say_unsaved("")
        elif self.text.notes() == self._written and notes != self._written:
            self._put(notes)

    def flush(self) -> None:
        """Write what is not written yet, in order, off the GUI thread."""
        self._timer.stop()
        recording_id, notes = self._recording_id, self.text.notes()
        if recording_id is None or notes == self._written:
            return
        before, self._written = self._written, notes
        self._bridge.run(
            lambda: self._bridge.recorder.set_notes(recording_id, notes, was=before),
            lambda _: self._done(recording_id),
            lambda error: self._fail(recording_id, before, notes, error),
            lane="writes",
        )

    def line_count(self) -> int:
        return sum(1 for line in self.text.toPlainText().split("\n") if line.strip())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        painter.drawRoundedRect(QRectF(10, 12, EDGE, self.height() - 24), 1.5, 1.5)

    def _put(self, notes: str) -> None:
        self._written = notes
        self.text.blockSignals(True)
        self.text.show_notes(notes)
        self.text.blockSignals(False)
        self._written = self.text.notes()

    def _typed(self) -> None:
        self._timer.start()

    def _done(self, recording_id: str) -> None:
        self._unsaved.pop(recording_id, None)
        if recording_id == self._recording_id:
            self.failure.hide()
        self.saved.emit(recording_id)

    def _fail(self, recording_id: str, before: str, notes: str, error: RecorderError) -> None:
        self._unsaved[recording_id] = notes
        if recording_id == self._recording_id:
            self._written = before
            self._say_unsaved(error.title)
        else:
            self._bridge.problem.emit(error)

    def _say_unsaved(self, why: str) -> None:
        words = (
            self.tr("Your notes are not saved yet: {why}.")
            if why
            else self.tr("These notes are not saved yet.")
        )
        self.failure.say(words.format(why=why), self.tr("Save again"))
        self.failure.show()
