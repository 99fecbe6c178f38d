"""The small parts every window is made of: labels, buttons, hairlines, chips, banners, the toast."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from recorder_app.ui.theme import Theme
from recorder_app.ui.words import Chip

CHIP_COLOURS = {
    "plain": ("", "secondary"),
    "recording": ("", "red"),
    "busy": ("accent_tint", "accent"),
    "waiting": ("neutral_tint", "secondary"),
    "needs_you": ("amber_tint", "amber"),
}
TOAST_MS, TOAST_PX = 6_000, 420
BOX_PX = 16


class Label(QLabel):
    """Text in one of LOOK's styles; plain text always, so that titles are never read as markup."""

    def __init__(
        self,
        theme: Theme,
        text: str = "",
        *,
        style: str = "body",
        ink: str = "text",
        weight: int | None = None,
        is_wrapped: bool = False,
    ) -> None:
        super().__init__(text)
        self._theme, self._style, self._ink, self._weight = theme, style, ink, weight
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(is_wrapped)
        if is_wrapped:
            # Its own idea of a least width would push narrow panes wider than they are.
            self.setMinimumWidth(40)
        theme.changed.connect(self.restyle)
        self.restyle()

    def set_ink(self, ink: str) -> None:
        self._ink = ink
        self.restyle()

    def restyle(self) -> None:
        self.setFont(self._theme.font(self._style, self._weight))
        shades = QPalette(self.palette())
        for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
            shades.setColor(role, self._theme.color(self._ink))
        self.setPalette(shades)


class ElidedLabel(Label):
    """One line that ends in … when there is no room; the tool tip then has it all."""

    def __init__(self, theme: Theme, text: str = "", **style: str | int | bool | None) -> None:
        super().__init__(theme, text, **style)  # type: ignore[arg-type]  # same keywords
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(self.text() if shown != self.text() else "")
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


class Button(QPushButton):
    """`kind`: default | primary | danger | flat."""

    def __init__(
        self, theme: Theme, text: str, *, kind: str = "default", icon: str = "", is_small: bool = False
    ) -> None:
        super().__init__(text)
        self._theme, self._icon, self._is_small = theme, icon, is_small
        self.setProperty("kind", kind)
        self.setProperty("small", is_small)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.set_icon(icon)

    def set_icon(self, icon: str) -> None:
        if icon:
            kind = self.property("kind")
            token = {"primary": "on_accent", "danger": "on_red"}.get(kind, "text")
            if icon == "dot":
                token = "red_mark"  # noqa: S105 — a colour
            self._theme.icons.attach(self, icon, token, 14 if self._is_small else 16, pad=4)

    def set_kind(self, kind: str) -> None:
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)


def icon_button(
    theme: Theme, icon: str, name: str, *, ink: str = "text", size: int = 16, kind: str = ""
) -> QToolButton:
    """Return a flat button with an icon only; `name` is its tool tip and its name for screen readers."""
    button = QToolButton()
    button.setProperty("kind", kind)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(name)
    button.setToolTip(name)
    theme.icons.attach(button, icon, ink, size)
    return button


def text_button(theme: Theme, text: str, *, icon: str = "", kind: str = "") -> QToolButton:
    """Return a flat button with words and perhaps an icon before them."""
    button = QToolButton()
    button.setText(text)
    button.setProperty("kind", kind)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if icon:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.icons.attach(button, icon, "text")
    return button


class Hairline(QWidget):
    """A line of one pixel."""

    def __init__(self, theme: Theme, *, is_vertical: bool = False) -> None:
        super().__init__()
        self._theme = theme
        if is_vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)
        theme.changed.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), self._theme.color("line"))


class Ground(QFrame):
    """A panel of one token's colour with rounded corners; radius 0 for plain grounds."""

    def __init__(self, theme: Theme, token: str, *, radius: int = 0, border: str = "") -> None:
        super().__init__()
        self._theme, self._token, self._radius, self._border = theme, token, radius, border
        theme.changed.connect(self.update)

    def set_token(self, token: str) -> None:
        self._token = token
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color(self._token))
        painter.setPen(QPen(self._theme.color(self._border), 1) if self._border else Qt.PenStyle.NoPen)
        rect = QRectF(self.rect())
        if self._border:
            rect = rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(rect, self._radius, self._radius)


def chip_size(theme: Theme, chip: Chip) -> QSize:
    """Return the px a chip takes."""
    metrics = theme.metrics("caption", 500)
    pads = 8 if chip.tone in ("plain", "recording") else 14
    return QSize(
        12 + 5 + metrics.horizontalAdvance(chip.text) + pads, max(theme.px(20), metrics.height() + 4)
    )


def paint_chip(theme: Theme, painter: QPainter, right: int, center_y: int, chip: Chip) -> QRect:
    """Paint a chip that ends at `right`, centred on `center_y`; return its rectangle."""
    ground, ink = CHIP_COLOURS[chip.tone]
    size = chip_size(theme, chip)
    rect = QRect(right - size.width(), center_y - size.height() // 2, size.width(), size.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pad = 0
    if ground:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(ground))
        painter.drawRoundedRect(rect, size.height() / 2, size.height() / 2)
        pad = 6
    else:
        pad = 8
    ratio = painter.device().devicePixelRatioF()
    mark = "red_mark" if chip.tone == "recording" else ink
    painter.drawPixmap(rect.left() + pad, center_y - 6, theme.icons.pixmap(chip.icon, mark, 12, ratio))
    painter.setPen(theme.color(ink))
    painter.setFont(theme.font("caption", 500 if ground else 400))
    painter.drawText(
        rect.adjusted(pad + 17, 0, 0, 0),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        chip.text,
    )
    painter.restore()
    return rect


class StatusChip(QWidget):
    """A chip as a widget."""

    def __init__(self, theme: Theme, chip: Chip) -> None:
        super().__init__()
        self._theme, self._chip = theme, chip
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)
        self.set_chip(chip)

    def set_chip(self, chip: Chip) -> None:
        self._chip = chip
        self.setAccessibleName(chip.text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return chip_size(self._theme, self._chip)

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_chip(self._theme, QPainter(self), self.width(), self.height() // 2, self._chip)


class Banner(Ground):
    """One sentence and one button. `tone`: neutral | amber."""

    def __init__(self, theme: Theme, *, tone: str = "amber") -> None:
        super().__init__(theme, "amber_tint" if tone == "amber" else "alternate", radius=6)
        ink = "amber" if tone == "amber" else "text"
        self._theme = theme
        self._icon = QLabel()
        self._icon_name, self._ink = ("warning" if tone == "amber" else "info"), ink
        self.label = Label(theme, style="body", is_wrapped=True)
        self.button = Button(theme, "", kind="default" if tone == "amber" else "flat", is_small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)
        self.setMinimumHeight(theme.px(40))
        theme.changed.connect(self._restyle)
        self._restyle()

    def say(self, sentence: str, button: str) -> None:
        self.label.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setAccessibleName(sentence)

    def _restyle(self) -> None:
        self._icon.setPixmap(self._theme.icons.pixmap(self._icon_name, self._ink, 16))


class Toast(QFrame):
    """One sentence at the bottom left of its parent; stays for as long as it has pointer or focus."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.label = Label(theme, ink="base", is_wrapped=True)
        self.label.setMaximumWidth(TOAST_PX)
        self.button = QPushButton()
        self.button.setProperty("kind", "toast")
        self.button.setProperty("small", True)
        self.button.clicked.connect(self._act)
        self._action: Callable[[], object] | None = None
        box = QHBoxLayout(self)
        box.setContentsMargins(14, 6, 8, 6)
        box.setSpacing(14)
        box.addWidget(self.label)
        box.addWidget(self.button)
        self.setMinimumHeight(theme.px(40))
        self._timer = QTimer(self, singleShot=True, interval=TOAST_MS)
        self._timer.timeout.connect(self.hide)
        self.setAccessibleName(self.tr("Message"))
        self.hide()

    def say(self, sentence: str, button: str = "", act: Callable[[], object] | None = None) -> None:
        """Show a sentence, with `button` also something to do about it."""
        self.label.setText(sentence)
        self._action = act
        self.label.setMinimumWidth(min(TOAST_PX, self.label.fontMetrics().horizontalAdvance(sentence) + 2))
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setAccessibleDescription(sentence)
        self.adjustSize()
        parent = self.parentWidget()
        if parent is not None:
            self.move(16, parent.height() - self.height() - 16)
        self.show()
        self.raise_()
        self._timer.start()

    def _act(self) -> None:
        action, self._action = self._action, None
        self.hide()
        if action is not None:
            action()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._timer.stop()
        super().focusInEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("text"))
        painter.drawRoundedRect(self.rect(), 6, 6)


class CheckBox(QCheckBox):
    """A box without words, 16 px; dashed while `is_possible`."""

    def __init__(self, theme: Theme, *, is_possible: bool = False) -> None:
        super().__init__()
        self._theme, self._is_possible = theme, is_possible
        self.setFixedSize(BOX_PX + 2, max(BOX_PX + 2, theme.line("body")))

    def hitButton(self, _at: QPoint) -> bool:
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        pen = QPen(theme.color("accent" if is_on else "secondary"), 1.5)
        if self._is_possible and not is_on:
            pen.setDashPattern([2.0, 1.6])
        painter.setPen(pen)
        painter.setBrush(theme.color("accent" if is_on else "base"))
        top = (self.height() - BOX_PX) / 2
        painter.drawRoundedRect(QRectF(1.5, top + 0.5, BOX_PX - 1, BOX_PX - 1), 4, 4)
        if is_on:
            mark = theme.icons.pixmap("check", "on_accent", 12, self.devicePixelRatioF())
            painter.drawPixmap(3, round(top) + 2, mark)
