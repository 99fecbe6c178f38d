"""A real X server of one's own with a window manager, and programs on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class Display:
    def __init__(self, name: str) -> None:
        self.name = name
        self._children: list[subprocess.Popen] = []

    @property
    def environment(self) -> dict[str, str]:
        known = {key: value for key, value in os.environ.items() if key != "WAYLAND_DISPLAY"}
        return known | {
            "DISPLAY": self.name,
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
        }

    def start(self, *command: str, **options) -> subprocess.Popen:
        child = subprocess.Popen(list(command), env=self.environment, text=True, cwd=ROOT, **options)
        self._children.append(child)
        return child

    def python(self, module: str, *arguments: str) -> subprocess.Popen:
        """Start a program of the tests; it speaks in lines on stdout and hears them on stdin."""
        return self.start(
            sys.executable, "-m", module, *arguments,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *command: str) -> str:
        done = subprocess.run(list(command), env=self.environment, text=True, capture_output=True, timeout=20)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    def close(self) -> None:
        for child in reversed(self._children):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(5)
            for pipe in (child.stdin, child.stdout, child.stderr):
                if pipe is not None:
                    pipe.close()


@pytest.fixture(scope="module")
def _xvfb():
    missing = [tool for tool in ("Xvfb", "openbox", "xdotool") if shutil.which(tool) is None]
    if missing:
        reason = f"needs {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(5)


@pytest.fixture
def display(_xvfb):
    made = Display(_xvfb)
    try:
        made.start("openbox", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: _has_window_manager(made), "the window manager")
        yield made
    finally:
        made.close()


def _has_window_manager(display: Display) -> bool:
    asked = subprocess.run(["xdotool", "get_num_desktops"], env=display.environment, capture_output=True)
    return asked.returncode == 0


def wait_until(condition, what: str, *, timeout_s: float = 10.0) -> None:
    """Poll a condition of another process."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.02)
