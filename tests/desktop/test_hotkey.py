from __future__ import annotations

import pytest

from recorder_app.desktop.hotkey import choose
from recorder_app.desktop.hotkey.x11 import CONTROL, MOD1, MOD4, SHIFT, X11Hotkey, parse
from tests.desktop.conftest import wait_until


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ("Ctrl+Alt+R", (ord("r"), CONTROL | MOD1)),
        ("Ctrl+Shift+B", (ord("b"), CONTROL | SHIFT)),
        ("Meta+Space", (0x20, MOD4)),
        ("F9", (0xFFC6, 0)),
        ("Ctrl+Alt+Home", (0xFF50, CONTROL | MOD1)),
    ],
)
def test_shortcuts_are_keysym_and_modifiers(keys, wanted):
    assert parse(keys) == wanted


@pytest.mark.parametrize("keys", ["", "R", "Shift+R", "Ctrl+K, Ctrl+C", "nonsense"])
def test_what_would_take_a_letter_from_everybody_is_refused(keys):
    assert parse(keys) is None


def test_without_x11_there_is_a_reason(qapp):
    if qapp.platformName() == "xcb":
        pytest.skip("this run is on X11")

    backend, reason = choose()

    assert backend is None
    assert "X11" in reason
    assert X11Hotkey().register("Ctrl+Alt+R", lambda: None) == "Global shortcuts need X11 here."


def next_line(program):
    return program.stdout.readline().strip()


def test_the_shortcut_is_heard_while_another_window_has_the_focus(display):
    program = display.python("tests.desktop.hotkey_program", "Ctrl+Alt+R")
    assert next_line(program) == "ready"
    field = display.run("xdotool", "search", "--sync", "--name", "field of one")
    display.run("xdotool", "windowactivate", "--sync", field)

    display.run("xdotool", "type", "abc")
    display.run("xdotool", "key", "ctrl+alt+r")
    assert next_line(program) == "pressed"
    display.run("xdotool", "key", "Caps_Lock")
    display.run("xdotool", "key", "ctrl+alt+r")
    assert next_line(program) == "pressed"
    display.run("xdotool", "key", "Caps_Lock", "Num_Lock")
    display.run("xdotool", "key", "ctrl+alt+r")
    assert next_line(program) == "pressed"
    display.run("xdotool", "key", "Num_Lock")

    # One press each, and the field saw the letters but never the shortcut.
    program.stdin.write("text\n")
    program.stdin.flush()
    assert next_line(program) == "text='abc'"


def test_a_shortcut_somebody_else_has_is_refused_in_words_and_free_again_afterwards(display):
    first = display.python("tests.desktop.hotkey_program", "Ctrl+Alt+R")
    assert next_line(first) == "ready"

    second = display.python("tests.desktop.hotkey_program", "Ctrl+Alt+R", "two")
    assert next_line(second) == "refused Ctrl+Alt+R is taken by another program."

    first.stdin.write("end\n")
    first.stdin.flush()
    wait_until(lambda: first.poll() is not None, "the first program ends")
    third = display.python("tests.desktop.hotkey_program", "Ctrl+Alt+R", "three")
    assert next_line(third) == "ready"
