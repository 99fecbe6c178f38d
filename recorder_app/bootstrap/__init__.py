"""From a bare checkout to a running program: system packages, `.venv`, the locked packages, and on in it.

Stdlib only; imports nothing else of ours. Keeps to the syntax of Python 3.8: an old one gets a sentence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import NoReturn

from recorder_app.bootstrap import environment, system
from recorder_app.bootstrap.programs import CannotGoOnError, say
from recorder_app.bootstrap.system import APP, NO_SCREEN, TESTS, Need

__all__ = ["APP", "NO_SCREEN", "TESTS", "Need", "ensure", "explain_old_python", "has_display"]

MINIMUM = (3, 11)
NEWEST_NAMED = 15
CANNOT_GO_ON = 3
"""Exit code: something has to be installed first (errors.MissingDependencyError has the same)."""
RESTARTED = "RECORDER_BOOTSTRAPPED"
"""Set for the process we restart as, so that one odd environment cannot restart for ever."""


def ensure(level: str, needs: tuple[Need, ...]) -> None:
    """Return only once this process has everything of lock `level` ("run" or "dev") and `needs`.

    Installs what is missing and becomes the same command in `.venv`, which never returns. Does nothing in an
    installed or frozen program. Ends the process with a sentence and exit code 3 where it cannot go on.
    """
    if os.environ.pop(RESTARTED, None) == str(environment.FOLDER):
        return
    if getattr(sys, "frozen", False) or not (environment.CHECKOUT / "pyproject.toml").is_file():
        return
    try:
        _refuse_an_old_python()
        if system.find_missing(needs) or not environment.is_current(level):
            with environment.locked() as lock:
                system.install(needs, is_venv_needed=not environment.is_usable())
                if not environment.is_current(level):
                    environment.build(level, lock)
        environment.write_launcher()
        if not environment.is_inside():
            _restart()
    except CannotGoOnError as problem:
        say(str(problem))
        raise SystemExit(CANNOT_GO_ON) from None
    except KeyboardInterrupt:
        say("Stopped. The next start goes on from here.")
        raise SystemExit(130) from None


def has_display() -> bool:
    """Whether a window could be opened; only Linux can be without."""
    return not sys.platform.startswith("linux") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def explain_old_python(version: tuple[int, ...], newer: str | None, module: str) -> str:
    """Return one sentence with the fix by name, or "" when `version` will do.

    `newer` is a command on this machine that would do, `module` what the person ran with `-m`.
    """
    if tuple(version[:2]) >= MINIMUM:
        return ""
    wanted = ".".join(map(str, MINIMUM))
    here = ".".join(map(str, version[:3]))
    how = "It is here already: run" if newer else "Install one from your system or python.org, then run"
    command = newer or f"python{wanted}"
    return f"Recorder needs Python {wanted} or newer; this is {here}. {how} `{command} -m {module}`."


def _refuse_an_old_python() -> None:
    names = [f"python3.{minor}" for minor in range(NEWEST_NAMED, MINIMUM[1] - 1, -1)]
    newer = next((name for name in names if shutil.which(name) and _answers(name)), None)
    sentence = explain_old_python(sys.version_info[:3], newer, _module())
    if sentence:
        raise CannotGoOnError(sentence)


def _answers(python: str) -> bool:
    """A name on PATH is not a Python yet: version managers leave shims that only print an error."""
    if tuple(sys.version_info[:2]) >= MINIMUM:
        return True
    quiet = subprocess.DEVNULL
    return subprocess.run([python, "-c", ""], stdout=quiet, stderr=quiet, check=False).returncode == 0


def _module() -> str:
    """What came after `-m`: the package whose `__main__` is running."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec.name.partition(".")[0] if spec else "recorder_app"


def _restart() -> NoReturn:
    """Become the same command under `.venv`'s Python, with Python's own options (`-X`, `-W`) kept."""
    command = [str(environment.python()), *sys.orig_argv[1:]]
    os.environ[RESTARTED] = str(environment.FOLDER)
    if environment.IS_WINDOWS:
        # exec on Windows gives the shell back at once and loses the exit code.
        raise SystemExit(subprocess.run(command, check=False).returncode)
    os.execv(command[0], command)  # noqa: S606 — no shell is meant
