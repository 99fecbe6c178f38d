"""The checkout's `.venv`: what is in it, making and repairing it, and one bootstrap at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from recorder_app.bootstrap.programs import CannotGoOnError, explain, is_terminal, run, say

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FOLDER = CHECKOUT / ".venv"
STAMP = FOLDER / "recorder-stamp.json"
"""Written last: which locks are in, by fingerprint."""
IS_WINDOWS = os.name == "nt"
DOWNLOAD_MB = {"run": 180, "dev": 210}
"""Measured on Linux x86-64; PySide6 is 80 of it."""


def python() -> Path:
    return FOLDER / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")


def lock_file(level: str) -> Path:
    return CHECKOUT / "resources" / "lock" / f"{level}.txt"


def fingerprint(level: str) -> str:
    """Lock and minor version. Python's full version string changes with every security update."""
    version = repr(tuple(sys.version_info[:2]))
    return hashlib.sha256(lock_file(level).read_bytes() + version.encode()).hexdigest()


def is_current(level: str) -> bool:
    """Whether `.venv` holds lock `level`. Everything in "run" is in "dev" too, pin for pin (tested)."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp.get(level) == fingerprint(level) and os.access(python(), os.X_OK)


def is_inside() -> bool:
    """Whether this process runs in `.venv`."""
    return Path(sys.prefix).resolve() == FOLDER.resolve()


def is_usable() -> bool:
    """Whether packages can be added to the `.venv` that is there: this Python's, with pip in it."""
    try:
        config = (FOLDER / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return False
    version = ".".join(map(str, sys.version_info[:2]))
    starts = (f"version={version}.", f"version_info={version}.")
    is_ours = any(line.replace(" ", "").startswith(starts) for line in config.splitlines())
    return is_ours and (_packages_folder() / "pip").is_dir() and os.access(python(), os.X_OK)


def build(level: str, lock: Lock) -> None:
    """Fill `.venv` from the lock. Whatever ends this early is repaired by the next start.

    Raise CannotGoOnError in words: no network, no wheel for this machine, no space.
    """
    started = time.monotonic()
    is_fresh = lock.was_interrupted or not is_usable()
    lock.mark_unfinished()
    with contextlib.suppress(FileNotFoundError):
        STAMP.unlink()
    if is_fresh:
        say(
            "Making .venv afresh: the last installation did not finish …"
            if lock.was_interrupted
            else "Making .venv …"
        )
        base = getattr(sys, "_base_executable", None) or sys.executable
        failure = run([base, "-m", "venv", "--clear", str(FOLDER)])
        if failure:
            raise CannotGoOnError(explain(failure, what="its parts", otherwise=".venv could not be made."))
    say(f"Installing the Python packages (the first time, about {DOWNLOAD_MB[level]} MB to download) …")
    failure = run(_pip(lock_file(level)), environment=_pip_environment())
    if failure:
        otherwise = "The Python packages could not be installed."
        raise CannotGoOnError(explain(failure, what="the Python packages", otherwise=otherwise))
    levels = ("run", "dev") if level == "dev" else ("run",)
    _write(STAMP, json.dumps({name: fingerprint(name) for name in levels}), mode=0o644)
    lock.mark_finished()
    say(f"Python packages are in ({time.monotonic() - started:.0f} s).")


def _pip(requirements: Path) -> list[str]:
    quiet = [] if is_terminal() else ["-q"]
    return [
        *(str(python()), "-m", "pip", "install", *quiet),
        *("--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--retries", "2"),
        *("--require-hashes", "--only-binary", ":all:", "-r", str(requirements)),
    ]


def _pip_environment() -> dict[str, str]:
    """This machine's mirrors, proxies and certificates hold; what would lead pip out of `.venv` does not."""
    away = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH", "PYTHONHOME")
    return {name: value for name, value in os.environ.items() if name not in away}


def write_launcher() -> None:
    """Put a `recorder` command into `.venv`, if it is not there as it should be.

    Not pip's editable install: that needs a build backend, and a checkout that was moved would break it.
    """
    _write(_packages_folder() / "recorder-checkout.pth", f"{CHECKOUT}\n", mode=0o644)
    if IS_WINDOWS:
        call = "from recorder_app.cli import main; raise SystemExit(main())"
        _write(FOLDER / "Scripts" / "recorder.cmd", f'@"%~dp0python.exe" -c "{call}" %*\n', mode=0o755)
        return
    # Both shell and Python: a #! line may hold neither a blank nor much more than 100 bytes.
    shell = """#!/bin/sh\n\'\'\':\'\nexec "$(dirname "$(readlink -f "$0")")/python" "$0" "$@"\n\'\'\'\n"""
    _write(FOLDER / "bin" / "recorder", f"{shell}{_LAUNCH}", mode=0o755)


_LAUNCH = """\
import sys

from recorder_app.cli import main

sys.exit(main())
"""


def _packages_folder() -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(FOLDER)}))


def _write(path: Path, text: str, *, mode: int) -> None:
    """Write atomically, and only when it differs: a checkout that is read-only now still starts."""
    with contextlib.suppress(OSError, ValueError):
        if path.read_text(encoding="utf-8") == text:
            return
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.chmod(mode)
    part.replace(path)


class Lock:
    """Held while something is installed. The kernel drops it with the process; the file's text tells the
    next holder whether this one was in the middle of something.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        file.seek(0)
        self.was_interrupted = bool(file.read())

    def mark_unfinished(self) -> None:
        self._write("unfinished\n")

    def mark_finished(self) -> None:
        self._write("")

    def _write(self, text: str) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()


@contextlib.contextmanager
def locked() -> Iterator[Lock]:
    """Let one bootstrap of this checkout through at a time; a second one waits and says so."""
    path = CHECKOUT / ".venv.lock"
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotGoOnError(f"{CHECKOUT} cannot be written to ({error.strerror}).") from None
    with file:
        if not _take(file, wait=False):
            say("Another start is installing what Recorder needs; waiting for it …")
            while not _take(file, wait=True):
                pass
        yield Lock(file)


def _take(file: IO[str], *, wait: bool) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            # LK_LOCK gives up after ten seconds. The byte locked lies beyond the text.
            file.seek(1 << 20)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
