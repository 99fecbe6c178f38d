"""An app in a process of its own, and the end of whatever a test has started."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from recorder_app.capture.client import CaptureClient
from recorder_app.recorder import Recorder

ROOT = Path(__file__).resolve().parents[2]


def until(condition, *, timeout_s: float = 10.0, what: str = "condition"):
    """Poll until `condition()` is true and return its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.01)
    return value


class App:
    """A running app; `told` collects what it says."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.survival.app"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.told: list[list[str]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        until(lambda: ["ready", ""] in self.told, what="the app is open")

    def _read(self) -> None:
        for line in self.process.stdout:
            self.told.append(json.loads(line))

    def problems(self) -> list[str]:
        return [words for kind, words in self.told if kind == "problem"]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(15)
        self._end()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._end()

    def _end(self) -> None:
        self._reader.join(5)
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def app(home):
    """Start an app: `app()`."""
    apps = []

    def start() -> App:
        apps.append(App())
        return apps[-1]

    yield start
    for each in apps:
        each.close()


@pytest.fixture
def capture(home):
    """A client; whatever capture process there is at the end of the test is ended."""
    client = CaptureClient(home, idle_s=20)
    yield client
    client.quit()


@pytest.fixture
def recorder(home, capture):
    """Short commands' view: it works at nothing by itself."""
    recorder = Recorder(home)
    recorder.open(is_working=False)
    yield recorder
    recorder.close()


def kill_capture(client: CaptureClient) -> float:
    """SIGKILL the capture process; return when (monotonic)."""
    pid = client.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return time.monotonic()


def hear(client: CaptureClient, more_ms: int) -> None:
    """Wait until so much more has been recorded."""
    goal = client.status().elapsed_ms + more_ms
    until(lambda: client.status().elapsed_ms > goal, what=f"{more_ms} ms more")


@pytest.fixture(scope="module")
def context():
    """Children are forked from a process that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.survival.steps"])
    return context
