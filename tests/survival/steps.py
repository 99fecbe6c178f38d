"""A recording's whole life in one process that counts what it does to the disk, and dies at a step on request.

A step is every file opened for writing, line or page written (and once more in its middle), sync, rename,
folder, removal and library commit: code that is new takes part without being told to.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from recorder_app.capture.host import Host
from recorder_app.library.database import Database
from recorder_app.library.store import Library
from recorder_app.media.encoder import AppendOnlyFile
from recorder_app.paths import Paths
from recorder_app.sessions import Sessions
from recorder_app.settings import Settings

SETTINGS = Settings(mic_source="fake:tone:440", system_source="fake:tone:1000")
TITLE = "Kept"


class Log:
    """Shared with the parent, survives the kill: when what happened (monotonic seconds; 0: not yet)."""

    def __init__(self, context) -> None:
        self.started = context.Value(ctypes.c_double, 0, lock=False)
        self.stopped = context.Value(ctypes.c_double, 0, lock=False)
        self.killed = context.Value(ctypes.c_double, 0, lock=False)
        self.paused_s = context.Value(ctypes.c_double, 0, lock=False)

    @property
    def heard_ms(self) -> float:
        """How much was heard, as far as anybody was told that it records."""
        if not self.started.value:
            return 0
        end = self.stopped.value or self.killed.value
        return (end - self.started.value - self.paused_s.value) * 1000


class Steps:
    """Counts; at `fatal` it is over. `names` tells what they were."""

    def __init__(self, fatal: int | None, log: Log) -> None:
        self.names: list[str] = []
        self._fatal = fatal
        self._log = log
        self._lock = threading.Lock()

    def __call__(self, name: str) -> None:
        with self._lock:
            self.names.append(name)
            if len(self.names) - 1 == self._fatal:
                self._log.killed.value = time.monotonic()
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(10)

    def watch_the_disk(self) -> None:
        """Put a step before everything that changes it."""
        for name in ("fsync", "mkdir", "rename", "replace", "unlink", "rmdir"):
            setattr(os, name, self._announced(name, getattr(os, name)))
        plain_open, plain_write = os.open, os.write

        def open_(path, flags, *more, **named):
            if flags & (os.O_WRONLY | os.O_RDWR):
                self(f"open {Path(path).name}" if isinstance(path, str | Path) else "open")
            return plain_open(path, flags, *more, **named)

        def write(descriptor, data):
            self("write")
            plain_write(descriptor, data[: len(data) // 2])
            self("write, half done")
            return len(data) // 2 + plain_write(descriptor, data[len(data) // 2 :])

        os.open, os.write = open_, write
        self._watch_the_media()
        self._watch_the_library()

    def _announced(self, name: str, plain):
        def act(*arguments, **named):
            self(name)
            return plain(*arguments, **named)

        return act

    def _watch_the_media(self) -> None:
        plain = AppendOnlyFile.write

        def write(file, data):
            self("media")
            half = len(data) // 2
            plain(file, bytes(data)[:half])
            self("media, half done")
            plain(file, bytes(data)[half:])
            return len(data)

        AppendOnlyFile.write = write

    def _watch_the_library(self) -> None:
        plain, announce = Database.writing, self

        @contextmanager
        def writing(database):
            announce("commit begins")
            with plain(database) as connection:
                yield connection
            announce("commit done")

        Database.writing = writing


class InProcess:
    """The capture client's calls without a second process: the kill takes both."""

    def __init__(self, home: Path) -> None:
        self._host = Host(home)

    def ensure(self) -> None:
        self._host.warm_up()

    def attach(self) -> bool:
        return True

    def status(self):
        return self._host.status()

    def start(self, request):
        return self._host.start(request)

    def stop(self):
        return self._host.stop()

    def change(self, command: str) -> None:
        self._host.handle({"do": command, "note": "here"})


def live(paths: Paths, resumed: str | None, fatal: int | None, log: Log, names) -> None:
    """Start (or go on with `resumed`), mark, pause, resume, stop, settle; send the steps' names at the end."""
    steps = Steps(fatal, log)
    library = Library(paths.library)
    capture = InProcess(paths.home)
    sessions = Sessions(paths, library, capture, now=_now)
    capture.ensure()
    steps.watch_the_disk()
    if resumed is None:
        sessions.start(SETTINGS, title=TITLE, mic=None, system=None)
    else:
        assert sessions.resume_interrupted(resumed) is not None
    log.started.value = time.monotonic()
    steps("told that it records")
    time.sleep(0.7)
    capture.change("bookmark")
    capture.change("pause")
    began = time.monotonic()
    time.sleep(0.25)
    capture.change("resume")
    log.paused_s.value = time.monotonic() - began
    time.sleep(0.5)
    log.stopped.value = time.monotonic()
    sessions.stop(SETTINGS)
    steps("told that it is saved")
    names.send(steps.names)
    names.close()


def _now():
    return dt.datetime.now(dt.UTC)
