"""Colours, type and metrics of every window: the tokens of LOOK.md, for light and dark.

The only module with hex colours; painters ask it, and widgets listen to `changed`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from recorder_app.ui.icons import Icons
from recorder_app.ui.stylesheet import sheet

BASE_PX = 13
"""The application font's pixel size at which every number of LOOK.md is meant."""


@dataclasses.dataclass(frozen=True, slots=True)
class Tokens:
    """One theme's colours by their name in LOOK.md."""

    window: str
    base: str
    alternate: str
    button: str
    text: str
    secondary: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    line: str
    edge: str
    hover: str
    selected: str
    accent_tint: str
    neutral_tint: str
    red: str
    red_mark: str
    red_fill: str
    red_tint: str
    on_red: str
    amber: str
    amber_mark: str
    amber_tint: str
    speakers: tuple[str, ...]


# fmt: off
LIGHT = Tokens(
    window="#F3F5F5", base="#FFFFFF", alternate="#F6F8F8", button="#FFFFFF",
    text="#172022", secondary="#556265", disabled="#97A2A4",
    accent="#0A6873", accent_hover="#085761", on_accent="#FFFFFF",
    line="#E1E6E6", edge="#C6CFD0", hover="#E9EDED", selected="#DCECEE",
    accent_tint="#E6F2F3", neutral_tint="#E0E6E6",
    red="#C8202C", red_mark="#D92D38", red_fill="#D92D38", red_tint="#FCEBEC", on_red="#FFFFFF",
    amber="#875200", amber_mark="#BF7A06", amber_tint="#FDF2DC",
    speakers=("#0A7480", "#7659B6", "#3B70C0", "#55802A", "#A94E86", "#75695A"),
)
DARK = Tokens(
    window="#14181A", base="#1A1F21", alternate="#20272A", button="#2A3235",
    text="#E7EDED", secondary="#9FADB0", disabled="#66757A",
    accent="#62C3CE", accent_hover="#7FD3DC", on_accent="#06262B",
    line="#2B3437", edge="#445054", hover="#262E31", selected="#1C383D",
    accent_tint="#1B3236", neutral_tint="#313A3D",
    red="#FF7A7E", red_mark="#F2555A", red_fill="#D23F48", red_tint="#3B2023", on_red="#FFFFFF",
    amber="#F0BC62", amber_mark="#E0A03A", amber_tint="#352A16",
    speakers=("#4FB9C5", "#A78BE0", "#7AA7EA", "#97BD5F", "#DC8ABB", "#B8A994"),
)
# fmt: on


@dataclasses.dataclass(frozen=True, slots=True)
class TypeStyle:
    px: int
    line_px: int
    weight: int


STYLES = {
    "title": TypeStyle(22, 28, 600),
    "heading": TypeStyle(16, 24, 600),
    "reading": TypeStyle(14, 22, 400),
    "body": TypeStyle(13, 20, 400),
    "small": TypeStyle(12, 16, 400),
    "caption": TypeStyle(11, 16, 400),
}


def contrast(first: str, second: str) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1–21 (w3.org/TR/WCAG22, relative luminance)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class Theme(QObject):
    """Applies the tokens to the application; lives in the GUI thread.

    `changed` follows a change of scheme, appearance or application font: widgets then take their
    fonts and colours anew.
    """

    changed = Signal()

    def __init__(self, application: QApplication, icons: Path, *, appearance: str = "system") -> None:
        super().__init__()
        self._application = application
        self._appearance = appearance
        self._colours: dict[str, QColor] = {}
        self._fonts: dict[tuple[str, int | None], QFont] = {}
        self.tokens = LIGHT
        self.scale = 1.0
        self.icons = Icons(icons, self.color)
        self.apply()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    @property
    def is_dark(self) -> bool:
        return self.tokens is DARK

    def set_appearance(self, appearance: str) -> None:
        """Choose "system", "light" or "dark"."""
        self._appearance = appearance
        self.apply()

    def apply(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        is_dark = (
            scheme == Qt.ColorScheme.Dark if self._appearance == "system" else self._appearance == "dark"
        )
        self.tokens = DARK if is_dark else LIGHT
        self.scale = QFontInfo(self._application.font()).pixelSize() / BASE_PX
        self._colours.clear()
        self._fonts.clear()
        self._application.setPalette(palette(self.tokens))
        self._application.setStyleSheet(sheet(self.tokens, self.scale))
        self.icons.refresh()
        self.changed.emit()

    def color(self, token: str) -> QColor:
        """Return the colour of a token, or of "speaker 0" … (a seventh speaker starts again at 1)."""
        if token not in self._colours:
            if token.startswith("speaker "):
                value = self.tokens.speakers[speaker_slot(int(token.split()[1]))]
            else:
                value = getattr(self.tokens, token)
            self._colours[token] = QColor(value)
        return self._colours[token]

    def font(self, style: str, weight: int | None = None) -> QFont:
        """Return the font of a style of LOOK.md, scaled with the application font, figures tabular."""
        key = (style, weight)
        if key not in self._fonts:
            font = QFont(self._application.font())
            font.setPixelSize(max(8, round(STYLES[style].px * self.scale)))
            font.setWeight(QFont.Weight(weight or STYLES[style].weight))
            font.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = font
        return self._fonts[key]

    def metrics(self, style: str, weight: int | None = None) -> QFontMetrics:
        return QFontMetrics(self.font(style, weight))

    def line(self, style: str) -> int:
        """Return the line height of a style in px; never less than the font needs."""
        return max(round(STYLES[style].line_px * self.scale), self.metrics(style).height())

    def px(self, length: int) -> int:
        """Scale a height that holds text."""
        return max(length, round(length * self.scale))

    def font_may_have_changed(self) -> None:
        """Take up another application font; a window calls this on ApplicationFontChange.

        Not an event filter on the application: that would call Python for every event of every widget.
        """
        # Our style sheet makes Qt announce the font again although it is the same one.
        scale = QFontInfo(self._application.font()).pixelSize() / BASE_PX
        if abs(scale - self.scale) > 0.001:
            self.apply()

    def _follow(self, _scheme: Qt.ColorScheme) -> None:
        if self._appearance == "system":
            self.apply()


def speaker_slot(index: int) -> int:
    """Map a speaker's index to one of the six colours; 0 is always "You"."""
    return 0 if index == 0 else 1 + (index - 1) % 5


def palette(tokens: Tokens) -> QPalette:
    """Put the tokens into the palette's roles."""
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.window,
        role.Base: tokens.base,
        role.AlternateBase: tokens.alternate,
        role.Button: tokens.button,
        role.WindowText: tokens.text,
        role.Text: tokens.text,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.on_accent,
        role.PlaceholderText: tokens.secondary,
        role.Accent: tokens.accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Mid: tokens.line,
        role.Dark: tokens.edge,
        role.Midlight: tokens.hover,
        role.Light: tokens.base,
        role.Shadow: tokens.edge,
        role.ToolTipBase: tokens.text,
        role.ToolTipText: tokens.base,
    }
    result = QPalette()
    for name, value in colours.items():
        result.setColor(name, QColor(value))
    for name in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(tokens.disabled))
    return result
