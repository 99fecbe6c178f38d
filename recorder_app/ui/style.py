"""Fusion with our check boxes and focus ring; a style sheet can draw neither.

Also keeps whether the keyboard is in use: rings show only then.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFocusFrame,
    QLineEdit,
    QProxyStyle,
    QStyle,
    QStyleOption,
    QWidget,
)

from recorder_app.ui.theme import Theme

BOX_PX = 16
RING_PX = 2
NAVIGATION = {
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_F6,
}


class Style(QProxyStyle):
    """Lives as long as the application; paints from the theme's tokens."""

    def __init__(self) -> None:
        super().__init__("Fusion")
        self.theme: Theme | None = None

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        if metric in (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin):
            return RING_PX + 1
        if metric in (QStyle.PixelMetric.PM_IndicatorWidth, QStyle.PixelMetric.PM_IndicatorHeight):
            return BOX_PX
        if metric == QStyle.PixelMetric.PM_CheckBoxLabelSpacing:
            return 10
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returned: object = None,
    ) -> int:
        if hint == QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returned)  # type: ignore[arg-type]  # passed through

    def drawPrimitive(
        self,
        element: QStyle.PrimitiveElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element == QStyle.PrimitiveElement.PE_IndicatorCheckBox and self.theme is not None:
            _draw_box(self.theme, option, painter, widget)
        elif element != QStyle.PrimitiveElement.PE_FrameFocusRect:
            super().drawPrimitive(element, option, painter, widget)

    def drawControl(
        self,
        element: QStyle.ControlElement,
        option: QStyleOption,
        painter: QPainter,
        widget: QWidget | None = None,
    ) -> None:
        if element == QStyle.ControlElement.CE_FocusFrame and self.theme is not None:
            rect = QRectF(option.rect).adjusted(1, 1, -1, -1)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.theme.color("accent"), RING_PX))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect, 8, 8)
            painter.restore()
            return
        super().drawControl(element, option, painter, widget)


def _draw_box(theme: Theme, option: QStyleOption, painter: QPainter, widget: QWidget | None) -> None:
    state: QStyle.StateFlag = option.state
    rect = QRectF(option.rect).adjusted(0.75, 0.75, -0.75, -0.75)
    is_on = bool(state & QStyle.StateFlag.State_On)
    is_enabled = bool(state & QStyle.StateFlag.State_Enabled)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme.color(("accent" if is_on else "secondary") if is_enabled else "disabled"), 1.5)
    if widget is not None and widget.property("possible"):
        pen.setDashPattern([2.0, 1.6])
    painter.setPen(pen)
    painter.setBrush(theme.color("accent") if is_on and is_enabled else theme.color("base"))
    painter.drawRoundedRect(rect, 4, 4)
    if is_on:
        token = "on_accent" if is_enabled else "disabled"
        painter.drawPixmap(rect.center().toPoint().x() - 6, rect.center().toPoint().y() - 5,
                           theme.icons.pixmap("check", token, 12))  # fmt: skip
    painter.restore()


class FocusRing(QObject):
    """Shows one ring round the widget that has the focus, once the keyboard has been used."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._frame: QFocusFrame | None = None
        self.is_keyboard_used = False
        application.installEventFilter(self)
        application.focusChanged.connect(self._focus_changed)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in NAVIGATION:
            if not self.is_keyboard_used:
                self.is_keyboard_used = True
                self._show_at(QApplication.focusWidget())
        elif kind == QEvent.Type.MouseButtonPress and self.is_keyboard_used:
            self.is_keyboard_used = False
            self._show_at(None)
        return super().eventFilter(watched, event)

    def ring_widget(self) -> QWidget | None:
        """Return the widget that wears the ring, None when no ring is shown."""
        return self._frame.widget() if self._frame is not None and self._frame.isVisible() else None

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._show_at(new if self.is_keyboard_used else None)

    def _show_at(self, widget: QWidget | None) -> None:
        # Lists draw an inset ring at the row, fields have their own border.
        if isinstance(widget, QAbstractItemView | QLineEdit):
            widget = None
        if self._frame is None:
            if widget is None:
                return
            self._frame = QFocusFrame(widget)
            self._frame.destroyed.connect(self._forget)
        self._frame.setWidget(widget)  # type: ignore[arg-type]  # None hides it

    def _forget(self) -> None:
        self._frame = None
