"""The badge that says where a recording is, and the details behind it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from recorder_app.models import Recording, State, StateKind
from recorder_app.ui.controls import Button, Label
from recorder_app.ui.safety import Cell, cells, facts
from recorder_app.ui.theme import Theme

MARKS = {"done": ("check", "accent"), "live": ("dot", "red_mark"), "needs_you": ("warning", "amber_mark")}
TONES = {
    "done": "done",
    "live": "happening now",
    "on_its_way": "on its way",
    "needs_you": "needs you",
}


class _BadgeCell(QAbstractButton):
    """One fact; a button, so that a screen reader and the keyboard reach it."""

    def __init__(self, theme: Theme, *, is_last: bool) -> None:
        super().__init__()
        self._theme, self._is_last = theme, is_last
        self._cell = Cell("", "on_its_way")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def set_cell(self, cell: Cell) -> None:
        self._cell = cell
        self.setAccessibleName(f"{cell.text}: {TONES[cell.tone]}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = self._theme.metrics("small").horizontalAdvance(self._cell.text)
        mark = 18 if self._cell.tone in MARKS else 0
        return QSize(width + mark + 21, self._theme.px(24))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        ink = "secondary" if self._cell.tone == "on_its_way" else "text"
        if self.underMouse():
            ink = "accent"
        painter.setPen(theme.color(ink))
        painter.setFont(theme.font("small"))
        painter.drawText(self.rect().adjusted(10, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self._cell.text)
        if self._cell.tone in MARKS:
            name, token = MARKS[self._cell.tone]
            icon = theme.icons.pixmap(name, token, 12, self.devicePixelRatioF())
            painter.drawPixmap(self.width() - 23, (self.height() - 12) // 2, icon)
        if not self._is_last:
            painter.fillRect(self.width() - 1, 1, 1, self.height() - 2, theme.color("line"))


class Details(QFrame):
    """The popover: path, size, checksum, reason, next step."""

    def __init__(self, theme: Theme, parent: QWidget, on_retry: Callable[[], None]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self._on_retry = on_retry
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 14, 16, 14)
        self._column.setSpacing(12)
        self.setAccessibleName(self.tr("Where this recording is"))

    def show_facts(self, recording: Recording, state: State, at: QPoint) -> None:
        """Fill and open below `at` (its right end), in global px."""
        heading = Label(self._theme, self.tr("Where this recording is"), weight=600)
        self._column.addWidget(heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        for row, (name, value) in enumerate(facts(recording, state)):
            label = Label(self._theme, name, style="small", ink="secondary")
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
            text = Label(self._theme, _breakable(value), style="small", is_wrapped=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setMinimumWidth(300)
            grid.addWidget(text, row, 1)
        grid.setColumnStretch(1, 1)
        self._column.addLayout(grid)
        if state.kind in (StateKind.FAILED, StateKind.NEEDS_SIGN_IN, StateKind.WAITING):
            retry = Button(self._theme, self.tr("Retry now"), is_small=True)
            retry.clicked.connect(self._retry)
            self._column.addWidget(retry, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFixedWidth(440)
        self.adjustSize()
        self.move(at.x() - self.width(), at.y() + 6)
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("base"))
        painter.setPen(QPen(self._theme.color("edge"), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _retry(self) -> None:
        self.close()
        self._on_retry()


class SafeBadge(QWidget):
    """Captured · On disk · On server · Transcribed."""

    def __init__(self, theme: Theme, *, on_retry: Callable[[], None]) -> None:
        super().__init__()
        self._theme, self._on_retry = theme, on_retry
        self._recording: Recording | None = None
        self._state = State(StateKind.WAITING)
        self._cells = [_BadgeCell(theme, is_last=number == 3) for number in range(4)]
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 0, 1, 0)
        row.setSpacing(0)
        for cell in self._cells:
            row.addWidget(cell)
            cell.clicked.connect(self.open_details)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Where this recording is"))

    def show_recording(self, recording: Recording, state: State) -> None:
        self._recording, self._state = recording, state
        for widget, cell in zip(self._cells, cells(recording, state), strict=True):
            widget.set_cell(cell)
            widget.setToolTip(state.reason or "" if cell.tone == "needs_you" else "")
        self.updateGeometry()

    def texts(self) -> list[str]:
        """Return what the cells say, for tests and screen readers."""
        return [cell.accessibleName() for cell in self._cells]

    def open_details(self) -> Details | None:
        if self._recording is None:
            return None
        details = Details(self._theme, self, self._on_retry)
        details.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        details.show_facts(
            self._recording, self._state, self.mapToGlobal(QPoint(self.width(), self.height()))
        )
        return details

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.color("line"), 1))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)


def _breakable(text: str) -> str:
    """Let long paths and checksums wrap: zero-width spaces after slashes and every 16 hex digits."""
    if len(text) == 64 and " " not in text:
        return "\u200b".join(text[i : i + 16] for i in range(0, 64, 16))
    return text.replace("/", "/\u200b")
