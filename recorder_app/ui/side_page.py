"""The frame of the pages beside the recordings: header with title and buttons, then the page itself."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from recorder_app.ui.controls import Button, Ground, Hairline, Label, icon_button
from recorder_app.ui.theme import Theme


class SidePage(Ground):
    """A page with LOOK's header; what stands below the title goes into `below`, the rest into `body`."""

    sidebar_wanted = Signal()

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__(theme, "base")
        self.theme = theme
        self.sidebar_button = icon_button(theme, "sidebar", self.tr("Show meetings"))
        self.sidebar_button.clicked.connect(self.sidebar_wanted)
        self.heading = Label(theme, title, style="title")
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.sidebar_button)
        first.addWidget(self.heading)
        first.addStretch(1)
        first.addLayout(self.buttons)
        self.below = QHBoxLayout()
        self.below.setSpacing(24)
        self.head = QVBoxLayout()
        self.head.setSpacing(4)
        self.head.addLayout(first)
        self.head.addLayout(self.below)
        self.body = QVBoxLayout()
        self.body.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.head)
        column.addWidget(Hairline(theme))
        column.addLayout(self.body, 1)
        self.set_layout(has_sidebar=True)

    def set_layout(self, *, has_sidebar: bool) -> None:
        self.sidebar_button.setVisible(not has_sidebar)
        self.below.setContentsMargins(0 if has_sidebar else 8, 0, 0, 0)
        self.head.setContentsMargins(24 if has_sidebar else 16, 16, 24, 0 if self.is_tabbed() else 16)

    def is_tabbed(self) -> bool:
        """Tabs stand on the hairline."""
        return False


class Nothing(QWidget):
    """An empty state in the middle of a page: title, one sentence, one button or none."""

    wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.title = Label(theme, style="heading", is_wrapped=True)
        self.text = Label(theme, ink="secondary", is_wrapped=True)
        self.button = Button(theme, "")
        self.button.clicked.connect(self.wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(6)
        column.addStretch(4)
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setMaximumWidth(theme.px(420))
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(label, 20)
            row.addStretch(1)
            column.addLayout(row)
        column.addSpacing(10)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(6)

    def say(self, title: str, text: str, button: str = "") -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.button.setText(button)
        self.button.setVisible(bool(button))


class KeyHints(QWidget):
    """Keys and what they do, in one quiet line; keys that find no room are left out."""

    def __init__(self, theme: Theme, hints: list[tuple[str, str]]) -> None:
        super().__init__()
        self._theme, self._hints = theme, hints
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(", ".join(f"{keys}: {words}" for keys, words in hints))
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(0, self._theme.px(40))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        caps, words = theme.metrics("caption", 500), theme.metrics("small")
        left, height = 24.0, theme.px(18)
        top = (self.height() - height) / 2
        for keys, text in self._hints:
            widths = [max(height, caps.horizontalAdvance(key) + 10) for key in keys.split()]
            total = sum(widths) + 6 * len(widths) + words.horizontalAdvance(text)
            if left + total > self.width() - 16:
                return
            for key, width in zip(keys.split(), widths, strict=True):
                box = QRectF(left + 0.5, top + 0.5, width - 1, height - 1)
                painter.setPen(QPen(theme.color("edge"), 1))
                painter.drawRoundedRect(box, 4, 4)
                painter.setFont(theme.font("caption", 500))
                painter.setPen(theme.color("text"))
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)
                left += width + 6
            painter.setFont(theme.font("small"))
            painter.setPen(theme.color("secondary"))
            place = QRectF(left, 0, words.horizontalAdvance(text) + 2, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            left += words.horizontalAdvance(text) + 18
