"""What settings pages are made of: a column with a heading, choices as cards, a field for a shortcut."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from recorder_app.ui.controls import Ground, Hairline, Label, icon_button
from recorder_app.ui.theme import Theme

LABEL_PX = 128
MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)


class SettingsPage(QScrollArea):
    """Heading, one sentence, then rows."""

    def __init__(self, theme: Theme, title: str, text: str) -> None:
        super().__init__()
        self.theme = theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(28, 22, 28, 24)
        self.column.setSpacing(12)
        head = QVBoxLayout()
        head.setSpacing(2)
        self.heading = Label(theme, title, style="heading", is_wrapped=True)
        self.intro = Label(theme, text, ink="secondary", is_wrapped=True)
        head.addWidget(self.heading)
        head.addWidget(self.intro)
        self.column.addLayout(head)
        self.column.addSpacing(4)
        self.setWidget(inside)
        for widget in (self.viewport(), inside):
            widget.setAutoFillBackground(False)

    def add_row(self, name: str, *parts: QWidget) -> None:
        """Add a labelled row; the first part takes the room."""
        row = QHBoxLayout()
        row.setSpacing(8)
        label = Label(self.theme, name)
        label.setFixedWidth(self.theme.px(LABEL_PX))
        row.addWidget(label)
        for number, part in enumerate(parts):
            row.addWidget(part, 1 if number == 0 else 0)
        self.column.addLayout(row)

    def add_note(self, part: QWidget) -> None:
        """Add what stands below a row's field: a sentence across, a button as wide as its words."""
        row = QHBoxLayout()
        row.addSpacing(self.theme.px(LABEL_PX) + 8)
        is_button = isinstance(part, QAbstractButton)
        row.addWidget(part, 0 if is_button else 1)
        if is_button:
            row.addStretch(1)
        self.column.addLayout(row)

    def add_fact(self, title: str, text: str) -> Label:
        """Add a title with a sentence below it; return the sentence."""
        box = QVBoxLayout()
        box.setSpacing(2)
        box.addWidget(Label(self.theme, title, weight=500))
        sentence = Label(self.theme, text, ink="secondary", is_wrapped=True)
        box.addWidget(sentence)
        self.column.addWidget(Hairline(self.theme))
        self.column.addLayout(box)
        return sentence


class ChoiceCard(QAbstractButton):
    """A radio button as a card: name and one line. Cards of one parent exclude each other."""

    def __init__(self, theme: Theme, name: str, text: str) -> None:
        super().__init__()
        self._theme, self._text = theme, text
        self.setText(name)
        self.setAccessibleDescription(text)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(200, self._theme.line("body") + self._theme.line("small") + 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(132, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        painter.setPen(QPen(theme.color("accent" if is_on else "edge"), 1))
        painter.setBrush(theme.color("accent_tint" if is_on else "hover" if self.underMouse() else "base"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        top, line = 9, theme.line("body")
        circle = QRectF(12.5, top + (line - 15) / 2, 15, 15)
        painter.setPen(QPen(theme.color("accent" if is_on else "secondary"), 5 if is_on else 1.5))
        painter.setBrush(theme.color("base"))
        painter.drawEllipse(circle.adjusted(2, 2, -2, -2) if is_on else circle)
        self._line(
            painter, QRectF(40, top, self.width() - 48, line), self.text(), theme.font("body", 500), "text"
        )
        below = QRectF(40, top + line, self.width() - 48, theme.line("small") + 2)
        self._line(painter, below, self._text, theme.font("small"), "secondary")

    def _line(self, painter: QPainter, box: QRectF, text: str, font: QFont, ink: str) -> None:
        painter.setFont(font)
        painter.setPen(self._theme.color(ink))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)


class ComboBox(QComboBox):
    """A combo with our chevron; long names end in dots rather than widening the page."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setMinimumContentsLength(12)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        icon = self._theme.icons.pixmap("chevron-down", "secondary", 12, self.devicePixelRatioF())
        QPainter(self).drawPixmap(self.width() - 22, (self.height() - 12) // 2, icon)


class ShortcutField(QLineEdit):
    """Takes the next combination of keys that is pressed in it; Escape leaves it as it was."""

    captured = Signal(str)

    def __init__(self, theme: Theme, keys: str) -> None:
        super().__init__(keys)
        self.setReadOnly(True)
        self.setAccessibleName(self.tr("Shortcut to start and stop"))
        self.setPlaceholderText(self.tr("Press the keys"))
        self._keys = keys
        self.setFont(theme.font("body", 500))

    def show_keys(self, keys: str) -> None:
        self._keys = keys
        self.setText(keys)

    def event(self, event: QEvent) -> bool:
        # The window's own shortcuts must not act on what is pressed here.
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            super().keyPressEvent(event)
        elif key == Qt.Key.Key_Escape:
            self.setText(self._keys)
        elif key not in MODIFIERS:
            keys = QKeySequence(QKeyCombination(event.modifiers(), key)).toString()
            self.setText(keys)
            self.captured.emit(keys)


class CommandBox(Ground):
    """A command to copy."""

    def __init__(self, theme: Theme, command: str) -> None:
        super().__init__(theme, "alternate", radius=6, border="line")
        words = Label(theme, command)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.setAccessibleName(command)
        fixed = QFont(theme.font("small"))
        fixed.setFamilies(["monospace"])
        fixed.setStyleHint(QFont.StyleHint.Monospace)
        words.setFont(fixed)
        self.copy = icon_button(theme, "copy", self.tr("Copy the command"), ink="secondary", size=14)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(command))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 4, 2)
        row.addWidget(words, 1)
        row.addWidget(self.copy)
