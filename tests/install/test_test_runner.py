"""`python3 -m tests` itself: its arguments, what it keeps away from tests, skips, and what tests leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import __main__ as runner
from tests import skips

ROOT = Path(__file__).parents[2]
ALWAYS = ["-p", "tests.skips", "-W", "error", "--reruns", "1"]


@pytest.mark.parametrize(
    ("arguments", "is_fast", "is_screen", "expected"),
    [
        ([], False, False, []),
        ([], True, False, ["-m", "not slow"]),
        ([], False, True, ["-m", "gui"]),
        ([], True, True, ["-m", "not slow and gui"]),
        (["tests/ui", "-k", "row"], False, True, ["-m", "gui", "tests/ui", "-k", "row"]),
        (["-m", "sound or slow", "-x"], True, True, ["-m", "(sound or slow) and not slow and gui", "-x"]),
        (["-x", "-m", "sound"], False, False, ["-m", "(sound)", "-x"]),
    ],
)
def test_a_run_is_narrowed_by_marks_and_keeps_what_the_person_asked(arguments, is_fast, is_screen, expected):
    assert runner.chosen(arguments, is_fast=is_fast, is_screen=is_screen) == [*ALWAYS, *expected]


def test_nothing_of_the_desktop_reaches_a_test(tmp_path):
    desktop = {
        "DISPLAY": ":0",
        "DBUS_SESSION_BUS_ADDRESS": "unix:x",
        "PULSE_SERVER": "real",
        "HOME": "/h",
        "CI": "true",
    }

    environment = runner.private_environment(desktop, tmp_path)

    assert environment == {
        "HOME": "/h",
        "CI": "true",
        "QT_QPA_PLATFORM": "offscreen",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PULSE_SERVER": f"unix:{tmp_path}/no-pulseaudio",
    }


SUITE = """
import pytest
def test_passes(): pass
def test_needs_node(): pytest.skip("node is not installed")
def test_needs_sound(): pytest.skip("pulseaudio is not installed")
@pytest.mark.xfail
def test_known(): assert False
"""
WHOLE_FILE = "import pytest\npytest.skip('pulseaudio is not installed', allow_module_level=True)\n"


@pytest.mark.parametrize(
    ("text", "ci", "code", "words"),
    [
        (SUITE, "true", 1, "1 failed, 1 passed, 1 skipped, 1 xfailed"),
        (SUITE, "", 0, "1 passed, 2 skipped, 1 xfailed"),
        (
            WHOLE_FILE,
            "true",
            2,
            "skipped, which CI does not allow (tests/skips.py): pulseaudio is not installed",
        ),
    ],
    ids=["ci", "at-home", "whole-file"],
)
def test_a_skip_fails_in_ci_unless_a_reason_allows_it(tmp_path, text, ci, code, words):
    (tmp_path / "test_it.py").write_text(text, encoding="utf-8")

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.skips", "-p", "no:cacheprovider", "-q", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert result.returncode == code, result.stdout
    assert words in result.stdout


def test_each_allowed_skip_says_why():
    assert all(len(reason) > 5 for reason in skips.ALLOWED.values())


LEAVE = """
import subprocess, sys
subprocess.Popen(["sleep", "600"], start_new_session=True)
ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", ignoring], start_new_session=True, stdout=subprocess.PIPE).stdout.readline()
"""
COLLECT = """
import subprocess, sys
from tests import __main__ as runner
runner.END_TIMEOUT_S = 0.5
runner._adopt_orphans()
subprocess.run([sys.executable, "-c", sys.argv[1]], check=True)
for command in runner._end_children():
    print(command[:9])
print(list(runner._children()))
"""


def test_processes_left_behind_are_found_ended_and_named():
    began = time.monotonic()

    result = subprocess.run(
        [sys.executable, "-c", COLLECT, LEAVE], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    lines = result.stdout.splitlines()
    assert "sleep 600" in lines, result.stderr
    assert len(lines) == 3
    assert lines[-1] == "[]"
    assert time.monotonic() - began < 30
