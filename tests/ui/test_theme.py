from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QPalette

from recorder_app.paths import resources
from recorder_app.ui.icons import TRAY_SIZES, TRAY_STATES, Icons
from recorder_app.ui.shell import theme_for
from recorder_app.ui.theme import DARK, LIGHT, contrast, palette, speaker_slot

UI = Path(__file__).parents[2] / "recorder_app" / "ui"
THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
GROUNDS = ("window", "base", "alternate", "button")
TEXT_PAIRS = [
    *itertools.product(("text", "secondary", "accent"), GROUNDS),
    *itertools.product(("text", "secondary"), ("hover", "selected", "accent_tint")),
    ("on_accent", "accent"), ("on_accent", "accent_hover"), ("on_red", "red_fill"),
    ("text", "neutral_tint"), ("accent", "accent_tint"), ("text", "red_tint"), ("red", "red_tint"),
    ("red", "window"), ("red", "selected"), ("amber", "amber_tint"), ("text", "amber_tint"), ("base", "text"),
]  # fmt: skip
MARKS = ("accent", "red_mark", "amber_mark")


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize("pair", TEXT_PAIRS, ids="-on-".join)
def test_text_can_be_read(tokens, pair):
    ink, ground = (getattr(tokens, name) for name in pair)

    assert contrast(ink, ground) >= 4.5


@THEMES
def test_marks_can_be_seen(tokens):
    colours = [getattr(tokens, name) for name in MARKS] + list(tokens.speakers)

    assert all(contrast(colour, getattr(tokens, g)) >= 3 for colour in colours for g in ("window", "base"))
    assert contrast(tokens.amber_mark, tokens.amber_tint) >= 3


@THEMES
def test_the_palette_says_what_the_table_says(tokens):
    made = palette(tokens)

    assert made.color(QPalette.ColorRole.Base) == QColor(tokens.base)
    assert made.color(QPalette.ColorRole.PlaceholderText) == QColor(tokens.secondary)
    disabled = made.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
    assert disabled == QColor(tokens.disabled)


def test_a_seventh_speaker_starts_again_at_one():
    assert [speaker_slot(i) for i in range(8)] == [0, 1, 2, 3, 4, 5, 1, 2]


def test_colours_are_written_in_the_theme_alone():
    strangers = [
        path.name
        for path in UI.glob("*.py")
        if path.name != "theme.py" and re.search(r'"#[0-9A-Fa-f]{6}"', path.read_text(encoding="utf-8"))
    ]

    assert strangers == []


def test_a_larger_application_font_makes_everything_larger(qapp):
    before = qapp.font()
    try:
        font = QFont(before)
        font.setPixelSize(13)
        qapp.setFont(font)
        theme = theme_for(qapp, appearance="light")
        assert theme.font("title").pixelSize() == 22
        told = []
        theme.changed.connect(lambda: told.append(theme.scale))

        font.setPixelSize(26)
        qapp.setFont(font)
        theme.font_may_have_changed()

        assert told
        assert theme.font("title").pixelSize() == 44
        assert theme.px(36) == 72
        assert theme.line("body") >= 40
    finally:
        qapp.setFont(before)


def test_figures_are_tabular(qapp):
    theme = theme_for(qapp, appearance="light")

    assert theme.font("small").featureValue(QFont.Tag("tnum")) == 1


def test_appearance_changes_at_once(qapp):
    theme = theme_for(qapp, appearance="light")

    theme.set_appearance("dark")

    assert theme.is_dark
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)


@pytest.mark.parametrize("path", sorted((resources() / "icons").glob("*.svg")), ids=lambda path: path.stem)
def test_every_icon_draws_something_in_its_colour(qapp, path):
    icons = Icons(path.parent, lambda _: QColor("#112233"))

    image = icons.pixmap(path.stem, "text", 32).toImage()

    opaque = [
        image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 250
    ]
    assert len(opaque) > 12
    assert all(abs(c.red() - 0x11) + abs(c.green() - 0x22) + abs(c.blue() - 0x33) <= 6 for c in opaque)


def test_icons_named_in_the_code_exist():
    known = {path.stem for path in (resources() / "icons").glob("*.svg")}
    named = set()
    for path in UI.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(
            re.findall(r'(?:icon=|pixmap\(\s*|icon_button\(\s*(?:self\._)?theme, )"([a-z0-9-]+)"', text)
        )
        named |= set(re.findall(r'Chip\("([a-z-]+)"', text))

    assert len(named) > 20
    assert named <= known


def test_tray_states_differ_in_shape_not_only_in_colour(qapp):
    theme = theme_for(qapp, appearance="light")
    for size in TRAY_SIZES:
        shapes = {}
        for state in TRAY_STATES:
            image = theme.icons.tray_pixmap(state, panel=QColor("black"), size=size).toImage()
            dark = frozenset(
                (x, y)
                for x in range(size)
                for y in range(size)
                if image.pixelColor(x, y).alpha() > 128 and image.pixelColor(x, y).lightness() < 200
            )
            shapes[state] = dark
        for first, second in itertools.combinations(shapes.values(), 2):
            assert len(first ^ second) >= size, f"two states look alike at {size} px"
