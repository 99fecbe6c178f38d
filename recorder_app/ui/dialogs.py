"""Questions: the verb on each button, the safe one default and focused, nothing destructive in red."""

from __future__ import annotations

import enum
import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from recorder_app.ui.controls import Button, Label
from recorder_app.ui.formats import clock
from recorder_app.ui.theme import Theme

WIDTH = 432


class QuitChoice(enum.Enum):
    KEEP_RECORDING = "keep"
    STOP_AND_SAVE = "stop"
    CANCEL = "cancel"


class Question(QDialog):
    """Question as title, consequence as text."""

    def __init__(self, theme: Theme, title: str, text: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.setWindowTitle(title)
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        heading = Label(theme, title, style="heading", is_wrapped=True)
        body = Label(theme, text, ink="secondary", is_wrapped=True)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        # Windows puts the main button first, everybody else last.
        self._row.setDirection(
            QHBoxLayout.Direction.RightToLeft
            if sys.platform == "win32"
            else QHBoxLayout.Direction.LeftToRight
        )
        self._row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 20)
        column.setSpacing(8)
        column.addWidget(heading)
        column.addWidget(body)
        column.addSpacing(16)
        column.addLayout(self._row)
        self.setFixedWidth(max(WIDTH, theme.px(WIDTH)))
        palette = self.palette()
        palette.setColor(self.backgroundRole(), theme.color("base"))
        self.setPalette(palette)
        self.setAccessibleDescription(text)

    def add(self, words: str, *, kind: str = "default") -> Button:
        """Add a button; the last one is the main one."""
        button = Button(self.theme, words, kind=kind)
        button.setAutoDefault(False)
        self._row.addWidget(button)
        return button

    def make_safe(self, button: Button) -> None:
        """Let Enter and the focus be this one's."""
        button.setAutoDefault(True)
        button.setDefault(True)
        button.setFocus(Qt.FocusReason.TabFocusReason)


class QuitDialog(Question):
    """Asked when somebody quits while sound is being recorded."""

    def __init__(self, theme: Theme, *, title: str, elapsed_ms: int, parent: QWidget | None = None) -> None:
        named = f"“{title}”, {clock(elapsed_ms)}." if title else f"{clock(elapsed_ms)}."
        super().__init__(
            theme,
            self.tr("You are still recording"),
            named + " " + self.tr("Recorder can go on in the background."),
            parent,
        )
        self.choice = QuitChoice.CANCEL
        self.cancel = self.add(self.tr("Cancel"), kind="flat")
        self.stop = self.add(self.tr("Stop and save"))
        self.keep = self.add(self.tr("Keep recording"), kind="primary")
        self.keep.clicked.connect(lambda: self._choose(QuitChoice.KEEP_RECORDING))
        self.stop.clicked.connect(lambda: self._choose(QuitChoice.STOP_AND_SAVE))
        self.cancel.clicked.connect(self.reject)
        self.make_safe(self.keep)

    def _choose(self, choice: QuitChoice) -> None:
        self.choice = choice
        self.accept()


class DeleteDialog(Question):
    """Asked before a recording goes to the trash."""

    def __init__(self, theme: Theme, *, title: str, parent: QWidget | None = None) -> None:
        super().__init__(
            theme,
            self.tr("Move this meeting to the trash?"),
            self.tr("“{title}” leaves the list. Its sound, transcript and notes are kept for now.").format(
                title=title
            ),
            parent,
        )
        self.delete = self.add(self.tr("Move to trash"))
        self.keep = self.add(self.tr("Keep it"), kind="primary")
        self.keep.clicked.connect(self.reject)
        self.delete.clicked.connect(self.accept)
        self.make_safe(self.keep)
