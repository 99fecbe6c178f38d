"""Our own SVG icons, recoloured from the palette's tokens.

Owns the rendering and its cache; knows nothing of widgets but that buttons can take an icon.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton

TRAY_STATES = ("idle", "recording", "paused", "problem", "uploading")
TRAY_SIZES = (16, 22, 24, 32, 44)
RATIOS = (1.0, 2.0)
"""Device pixel ratios every icon is rendered for; Qt scales between them."""


class Icons:
    """Lives in the GUI thread. `colour` maps a token's name to its colour in the present theme."""

    def __init__(self, folder: Path, colour: Callable[[str], QColor]) -> None:
        self._folder = folder
        self._colour = colour
        self._texts: dict[str, str] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._attached: list[tuple[weakref.ref[QAbstractButton], str, str, int, int]] = []

    def pixmap(self, name: str, token: str, size: int = 16, ratio: float = 1.0) -> QPixmap:
        """Return the icon `name` in the colour of `token`, `size` px square."""
        colour = self._colour(token).name()
        key = (name, colour, size, ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = _render(
                self._text(name).replace("currentColor", colour), size=size, ratio=ratio
            )
        return self._pixmaps[key]

    def icon(self, name: str, token: str, size: int = 16, *, pad: int = 0) -> QIcon:
        """Return an icon for both device ratios; `pad` px of nothing follow it, before a button's words."""
        icon = QIcon()
        for ratio in RATIOS:
            icon.addPixmap(_padded(self.pixmap(name, token, size, ratio), pad), QIcon.Mode.Normal)
            icon.addPixmap(_padded(self.pixmap(name, "disabled", size, ratio), pad), QIcon.Mode.Disabled)
        return icon

    def attach(self, button: QAbstractButton, name: str, token: str, size: int = 16, *, pad: int = 0) -> None:
        """Give `button` an icon that follows the theme. Attaching again replaces the icon."""
        self._attached = [
            entry for entry in self._attached if entry[0]() is not None and entry[0]() is not button
        ]
        self._attached.append((weakref.ref(button), name, token, size, pad))
        _put(button, self.icon(name, token, size, pad=pad), size, pad)

    def refresh(self) -> None:
        """Recolour everything attached, after the theme changed."""
        self._attached = [entry for entry in self._attached if entry[0]() is not None]
        for reference, name, token, size, pad in self._attached:
            button = reference()
            if button is not None:
                _put(button, self.icon(name, token, size, pad=pad), size, pad)

    def tray(self, state: str, *, panel: QColor) -> QIcon:
        """Return the icon of one of TRAY_STATES; its ring is drawn in `panel`, the panel's text colour."""
        icon = QIcon()
        for size in TRAY_SIZES:
            icon.addPixmap(self.tray_pixmap(state, panel=panel, size=size))
        return icon

    def tray_pixmap(self, state: str, *, panel: QColor, size: int, ratio: float = 1.0) -> QPixmap:
        text = self._text(f"tray/{state}")
        ground = QColor("white") if panel.lightness() < 128 else QColor("black")
        for word, colour in (
            ("currentColor", panel),
            ("markColor", self._colour("red_mark")),
            ("warnColor", self._colour("amber_mark")),
            ("groundColor", ground),
        ):
            text = text.replace(word, colour.name())
        return _render(text, size=size, ratio=ratio)

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = (self._folder / f"{name}.svg").read_text(encoding="utf-8")
        return self._texts[name]


def _put(button: QAbstractButton, icon: QIcon, size: int, pad: int) -> None:
    button.setIcon(icon)
    button.setIconSize(QSize(size + pad, size))


def _padded(pixmap: QPixmap, pad: int) -> QPixmap:
    if not pad:
        return pixmap
    ratio = pixmap.devicePixelRatio()
    wide = QPixmap(round(pixmap.width() + pad * ratio), pixmap.height())
    wide.setDevicePixelRatio(ratio)
    wide.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wide)
    painter.drawPixmap(0, 0, pixmap)
    painter.end()
    return wide


def _render(svg: str, *, size: int, ratio: float) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg.encode("utf-8")))
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
