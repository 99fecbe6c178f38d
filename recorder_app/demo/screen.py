"""A private X server, so that windows open where there is no display.

Stdlib only. Ends only the processes it started.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import IO, Self

SIZE = "1600x1000x24"
START_TIMEOUT_S = 30.0
"""Xvfb answers in 0.2 s; a busy machine with a cold disk took 4 s."""


class PrivateScreen:
    """One Xvfb on a display number that it picks itself, with a window manager if asked for."""

    def __init__(self, *, window_manager: str | None = None, size: str = SIZE) -> None:
        self._size = size
        self._window_manager = window_manager
        self._children: list[subprocess.Popen[bytes]] = []
        self.display = ""
        """":17" once it runs."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to open its windows here."""
        return {"DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}

    def __enter__(self) -> Self:
        try:
            self._start_server()
            if self._window_manager:
                self._start_window_manager(self._window_manager)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what was started, the server last: its clients would complain about a lost display."""
        while self._children:
            child = self._children.pop()
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(5)

    def _start_server(self) -> None:
        """Start Xvfb and wait for its number. Raises RuntimeError with its last words."""
        if not shutil.which("Xvfb"):
            raise RuntimeError("Xvfb is not installed")
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as words, os.fdopen(reading, "rb") as answer:
            try:
                # -displayfd: Xvfb picks a free number and tells it once clients can connect. No guessing.
                command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", self._size, "-nolisten", "tcp"]
                server = subprocess.Popen(
                    command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=words, stderr=words
                )
            finally:
                os.close(writing)
            self._children.append(server)
            number = _first_line(answer, START_TIMEOUT_S)
            if not number:
                words.seek(0)
                raise RuntimeError(f"Xvfb did not start: {words.read().decode(errors='replace')[-500:]}")
        self.display = f":{number}"

    def _start_window_manager(self, program: str) -> None:
        """Windows get focus and a desktop's sizes from it; without one, neither happens."""
        environment = {**os.environ, "DISPLAY": self.display}
        quiet = subprocess.DEVNULL
        child = subprocess.Popen([program], env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
        self._children.append(child)


def _first_line(answer: IO[bytes], timeout_s: float) -> str:
    """Read one line from a pipe; "" when its writer ended or took too long."""
    deadline = time.monotonic() + timeout_s
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([answer], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(answer.fileno(), 64) if ready else b""
        if not piece:
            return ""
        line += piece
    return line.decode().strip()
