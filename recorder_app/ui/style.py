"""The focus ring: shown round what has the focus, but only once the keyboard is in use.

Style sheets cannot draw it, and a style written in Python is called for every pixel metric of every
widget (measured: a window took seconds to lay out), so the ring is a small widget of its own.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QWindow
from PySide6.QtWidgets import QAbstractItemView, QAbstractScrollArea, QApplication, QLineEdit, QWidget
from shiboken6 import isValid

from recorder_app.ui.theme import Theme

RING_PX, GAP_PX = 2, 1
NAVIGATION = {
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_F6,
}


class _Ring(QWidget):
    """Lies over `target`, lets every click through."""

    def __init__(self, theme: Theme, target: QWidget, holder: QWidget) -> None:
        super().__init__(holder)
        self._theme, self.target = theme, target
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        target.installEventFilter(self)
        holder.installEventFilter(self)
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        elif event.type() == QEvent.Type.Hide and watched is self.target:
            self.hide()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.color("accent"), RING_PX))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)

    def _place(self) -> None:
        holder = self.parentWidget()
        if holder is not None:
            out = RING_PX + GAP_PX
            at = self.target.mapTo(holder, self.target.rect().topLeft())
            self.setGeometry(
                at.x() - out, at.y() - out, self.target.width() + 2 * out, self.target.height() + 2 * out
            )


class FocusRing(QObject):
    """One ring for the application; `watch` each window whose keys and clicks should count."""

    def __init__(self, application: QApplication, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._ring: _Ring | None = None
        self._windows: list[QWindow] = []
        self.is_keyboard_used = False
        application.focusChanged.connect(self._focus_changed)

    def watch(self, window: QWidget) -> None:
        """Count input of a shown window. Doing it twice is harmless."""
        handle = window.windowHandle()
        if handle is not None and handle not in self._windows:
            self._windows.append(handle)
            handle.installEventFilter(self)

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
        return self._ring.target if self._ring is not None and self._ring.isVisible() else None

    def close(self) -> None:
        self._show_at(None)
        for handle in self._windows:
            # A dialog that closed took its own window along.
            if isValid(handle):
                handle.removeEventFilter(self)
        self._windows.clear()

    def _focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        self._show_at(new if self.is_keyboard_used else None)

    def _show_at(self, widget: QWidget | None) -> None:
        if self._ring is not None:
            ring, self._ring = self._ring, None
            ring.target.removeEventFilter(ring)
            ring.hide()
            ring.deleteLater()
        # Lists draw an inset ring at the row, fields have their own border.
        if widget is None or isinstance(widget, QAbstractItemView | QLineEdit):
            return
        self._ring = _Ring(self._theme, widget, _holder(widget))


def _holder(widget: QWidget) -> QWidget:
    """Return what the ring lies in: the content of the nearest scroll area, else the window."""
    parent = widget.parentWidget()
    while parent is not None and not parent.isWindow():
        above = parent.parentWidget()
        if above is not None and isinstance(above.parentWidget(), QAbstractScrollArea):
            return parent
        parent = above
    return widget.window()
