"""What the page shows when there is no recording to show: a motif, a sentence, one button."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from recorder_app.ui.controls import Button, Ground, Label, icon_button
from recorder_app.ui.theme import Theme


class Motif(QWidget):
    """Two sides taking turns, 264 × 64."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setFixedSize(264, 64)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(264, 64)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for lane, (first, last) in enumerate(((0, 96), (96, 264))):
            middle = 16 + lane * 32
            pen = QPen(
                self._theme.color("secondary"), 1.2, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap
            )
            pen.setDashPattern([1, 4])
            painter.setPen(pen)
            if lane == 0:
                painter.drawLine(QPointF(last + 4, middle), QPointF(264, middle))
            else:
                painter.drawLine(QPointF(0, middle), QPointF(first - 4, middle))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color(f"speaker {lane}"))
            for x in range(first, last, 6):
                height = 8 + 18 * abs(math.sin(x * 0.11) * math.cos(x * 0.031 + lane))
                painter.drawRoundedRect(QRectF(x, middle - height / 2, 3, height), 1.5, 1.5)


class EmptyPage(Ground):
    """Title, one sentence, one button, at most one small one."""

    start_wanted = Signal()
    import_wanted = Signal()
    sidebar_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "base")
        self.motif = Motif(theme)
        self.title = Label(theme, style="title", is_wrapped=True)
        self.text = Label(theme, ink="secondary", is_wrapped=True)
        self.text.setMaximumWidth(theme.px(380))
        self.button = Button(theme, "", icon="dot")
        self.hint = Label(theme, style="small", ink="secondary")
        self.import_button = Button(
            theme, self.tr("Import a file"), kind="flat", icon="folder", is_small=True
        )
        self.sidebar_button = icon_button(theme, "sidebar", self.tr("Show meetings"))
        self.button.clicked.connect(self.start_wanted)
        self.import_button.clicked.connect(self.import_wanted)
        self.sidebar_button.clicked.connect(self.sidebar_wanted)
        top = QHBoxLayout()
        top.addWidget(self.sidebar_button)
        top.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 24)
        column.setSpacing(8)
        column.addLayout(top)
        column.addStretch(5)
        column.addWidget(self.motif, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(12)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.title)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.text, 10)
        row.addStretch(1)
        column.addLayout(row)
        column.addSpacing(12)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.hint, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        column.addWidget(self.import_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(7)
        self._hotkey = ""
        self.set_has_sidebar(has_sidebar=True)

    def set_has_sidebar(self, *, has_sidebar: bool) -> None:
        self.sidebar_button.setVisible(not has_sidebar)

    def set_hotkey(self, keys: str) -> None:
        self._hotkey = keys
        self.hint.setText(self.tr("or press {keys}").format(keys=keys) if keys else "")

    def show_first(self) -> None:
        """Nothing has been recorded yet."""
        self._say(
            self.tr("Record your first meeting"),
            self.tr(
                "You and the other side, on this computer, even without a network. "
                "The transcript follows by itself."
            ),
        )

    def show_nothing_chosen(self) -> None:
        self._say(self.tr("Choose a meeting"), self.tr("Or start a new one."))

    def show_loading(self) -> None:
        self._say(self.tr("Loading…"), "", is_quiet=True)

    def show_no_library(self, sentence: str) -> None:
        """The list could not be read; recording works all the same."""
        self._say(self.tr("Your meetings cannot be shown"), sentence)

    def show_problem(self, sentence: str) -> None:
        self._say(self.tr("This meeting cannot be shown"), sentence, is_quiet=True)

    def _say(self, title: str, text: str, *, is_quiet: bool = False) -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.button.setText(self.tr("Start recording"))
        for part in (self.motif, self.button, self.hint, self.import_button):
            part.setVisible(not is_quiet)
        if not self._hotkey:
            self.hint.hide()
