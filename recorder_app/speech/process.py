"""One speech worker process and its pipes: start, send, receive, end. Knows nothing of transcripts.

Threads: two daemon readers (lines, last words); everything else runs in the caller's thread.
"""

from __future__ import annotations

import collections
import contextlib
import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

from recorder_app.errors import RecorderError

logger = logging.getLogger(__name__)

LAST_LINES = 20
END_TIMEOUT_S = 5.0


class WorkerGoneError(Exception):
    """The worker ended, or its pipe broke. The caller restarts it or gives up."""


class WorkerProcess:
    """A running worker. `silent_s` tells how long it has not said anything, not even that it is alive."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=_creation_flags(),
            )
        except OSError as error:
            raise RecorderError(
                "The speech worker cannot be started",
                detail=str(error.strerror or error),
                hint="Close other programs and retry the transcript",
            ) from error
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._last_words: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
        self._heard_at = time.monotonic()
        self._readers = [
            threading.Thread(target=self._read_lines, name="recorder-speech-lines", daemon=True),
            threading.Thread(target=self._read_last_words, name="recorder-speech-stderr", daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def silent_s(self) -> float:
        return time.monotonic() - self._heard_at

    @property
    def returncode(self) -> int | None:
        """Negative: the signal that ended it."""
        return self._process.poll()

    def send(self, message: dict[str, Any]) -> None:
        """Raise WorkerGoneError when nobody reads any more."""
        assert self._process.stdin is not None  # noqa: S101 — opened as a pipe above
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerGoneError from error

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """Return the next message, or None after `timeout_s`. Raise WorkerGoneError after the last one."""
        try:
            message = self._lines.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            raise WorkerGoneError
        return message

    def end(self) -> None:
        """Kill it: it keeps nothing that would need a goodbye. Idempotent; returns when it is gone."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_TIMEOUT_S)
        for reader in self._readers:
            reader.join(END_TIMEOUT_S)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def log_last_words(self) -> None:
        """Native messages and tracebacks from stderr; they carry no transcript text."""
        for line in self._last_words:
            logger.info("speech worker: %s", line)

    def _read_lines(self) -> None:
        for line in _until_closed(self._process.stdout):
            self._heard_at = time.monotonic()
            try:
                message = json.loads(line)
            except ValueError:
                logger.debug("the speech worker wrote a line that is not ours")
                continue
            self._lines.put(message)
        self._lines.put(None)

    def _read_last_words(self) -> None:
        for line in _until_closed(self._process.stderr):
            self._last_words.append(line.decode(errors="replace").rstrip())


def _creation_flags() -> int:
    if sys.platform == "win32":
        return subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
    return 0


def _until_closed(pipe: IO[bytes] | None) -> Sequence[bytes] | IO[bytes]:
    return pipe or ()
