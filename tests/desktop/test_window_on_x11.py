"""The whole window on a real X server: what offscreen cannot show (a missing xcb library, focus, grabs)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PySide6.QtGui import QImage

from tests.desktop.conftest import wait_until

ASK = "import sys, json; from pathlib import Path; from recorder_app.desktop.instance import ask; print(json.dumps(ask(Path(sys.argv[1]), sys.argv[2])))"


@pytest.mark.gui
def test_the_window_opens_draws_hears_its_hotkey_and_a_second_start(display, tmp_path):
    program = display.python("tests.desktop.window_program", str(tmp_path))
    lines = iter(program.stdout.readline, "")

    def until(word):
        seen = []
        for line in lines:
            seen.append(line.strip())
            if line.strip() == word:
                return
        pytest.fail(f"never said {word!r}: {seen[-5:]} {program.stderr.read()}")

    until("loaded")
    window = display.run("xdotool", "search", "--sync", "--onlyvisible", "--name", "Recorder").split()[0]
    display.run("xdotool", "key", "ctrl+alt+r")
    until("recording")
    program.stdin.write("picture\n")
    program.stdin.flush()
    until("drawn")
    picture = QImage(str(tmp_path / "window.png"))
    assert (picture.width(), picture.height()) == (1280, 800)
    assert len({picture.pixel(x, y) for x in range(0, 1280, 3) for y in range(0, 800, 9)}) > 20

    # A second start brings a minimised window back.
    display.run("xdotool", "windowminimize", window)
    answer = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path), "show"],
        env=display.environment,
        text=True,
        capture_output=True,
    )
    assert json.loads(answer.stdout) == {"ok": True, "state": "recording"}
    display.run("xdotool", "search", "--sync", "--onlyvisible", "--name", "Recorder")
    display.run("xdotool", "key", "ctrl+alt+r")
    until("idle")

    program.stdin.write("quit\n")
    program.stdin.flush()
    wait_until(lambda: program.poll() is not None, "the program ends")
    assert program.returncode == 0, program.stderr.read()
    assert "Traceback" not in program.stderr.read()
