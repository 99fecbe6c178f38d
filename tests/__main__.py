"""`python3 -m tests [pytest arguments]`: everything offscreen, then what opens windows again on a real X server.

Stdlib only until the environment is right. `--fast` leaves out what is marked slow; `--screenshots DIR`
renders every screen instead. Ends with 0 only if all passed and no process was left behind.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from recorder_app import bootstrap

NO_TESTS = 5
"""pytest's exit code when it collected nothing."""
END_TIMEOUT_S = 10.0
PR_SET_CHILD_SUBREAPER = 36
# What belongs to the person who runs this: no test may reach their screen, sound, session or settings.
FOREIGN = (
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "PULSE_RUNTIME_PATH", "PULSE_SINK",
    "PULSE_SOURCE", "PYTHONPATH", "QT_QPA_PLATFORMTHEME", "QT_STYLE_OVERRIDE", "QT_SCALE_FACTOR",
)  # fmt: skip


def main() -> int:
    bootstrap.ensure("dev", bootstrap.APP + bootstrap.NO_SCREEN + bootstrap.TESTS)
    options, arguments = _parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="rt-", ignore_cleanup_errors=True) as runtime:
        environment = private_environment(os.environ, Path(runtime))
        try:
            if options.screenshots:
                return _screenshots(options.screenshots.absolute(), environment)
            return _both(arguments, environment, is_fast=options.fast)
        except KeyboardInterrupt:
            return 130
        finally:
            _end_children()


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python3 -m tests", description=__doc__, add_help=False)
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--screenshots", type=Path, metavar="DIR")
    return parser.parse_known_args(arguments)


def private_environment(environment: Mapping[str, str], runtime: Path) -> dict[str, str]:
    """The environment of a test run: nothing of the desktop it runs on, a runtime folder of its own."""
    kept = {name: value for name, value in environment.items() if name not in FOREIGN}
    # A server named here also keeps libpulse from starting one by itself.
    sound = f"unix:{runtime / 'no-pulseaudio'}"
    return {
        **kept,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_SERVER": sound,
        # With a display, libdbus would start a session bus of its own and leave it running.
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",
    }


def chosen(arguments: list[str], *, is_fast: bool, is_screen: bool) -> list[str]:
    """pytest's arguments: what the person gave, narrowed to what this run is for."""
    wanted = [arguments[at + 1] for at, word in enumerate(arguments[:-1]) if word == "-m"]
    rest = [
        word for at, word in enumerate(arguments) if word != "-m" and (at == 0 or arguments[at - 1] != "-m")
    ]
    marks = [f"({mark})" for mark in wanted]
    marks += ["not slow"] if is_fast else []
    marks += ["gui"] if is_screen else []
    marking = ["-m", " and ".join(marks)] if marks else []
    return ["-p", "tests.skips", "-W", "error", "--reruns", "1", *marking, *rest]


def _both(arguments: list[str], environment: Mapping[str, str], *, is_fast: bool) -> int:
    _say("Everything, offscreen")
    first = _pytest(chosen(arguments, is_fast=is_fast, is_screen=False), environment)
    second = 0
    if sys.platform.startswith("linux"):
        _say("What opens windows, on a real X server")
        second = _on_screen(chosen(arguments, is_fast=is_fast, is_screen=True), environment)
    # A choice of tests may hold none with a window; the whole suite always does.
    if second == NO_TESTS and arguments and first == 0:
        second = 0
    left = _end_children()
    for command in left:
        _say(f"Left running by the tests: {command}")
    return first or second or (1 if left else 0)


def _on_screen(arguments: list[str], environment: Mapping[str, str]) -> int:
    from recorder_app.demo.screen import PrivateScreen

    with PrivateScreen(window_manager="openbox") as screen:
        return _pytest(arguments, {**environment, **screen.environment})


def _say(text: str) -> None:
    print(f"== {text}", flush=True)


def _pytest(arguments: list[str], environment: Mapping[str, str]) -> int:
    return _wait(subprocess.Popen([sys.executable, "-m", "pytest", *arguments], env=environment))


def _screenshots(folder: Path, environment: Mapping[str, str]) -> int:
    script = (
        "import sys, pathlib\n"
        "from tests.screenshots import render\n"
        "for picture in render(pathlib.Path(sys.argv[1])):\n"
        "    print(picture)\n"
    )
    folder.mkdir(parents=True, exist_ok=True)
    return _wait(subprocess.Popen([sys.executable, "-c", script, str(folder)], env=environment))


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for it; when we are told to stop, so is it, with time to clean up after itself."""
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT_S)
        raise


# --- nothing stays behind ---


def _adopt_orphans() -> None:
    """Become the parent of whatever a test leaves running, even in a session of its own. Linux only."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _children() -> Iterator[int]:
    """Our children that still run, adopted ones included."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            # "pid (name) state ppid …": a name may hold anything, so read from its end.
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                yield int(folder.name)


def _end_children() -> list[str]:
    """End every process the tests left running, and their children in turn; return what they were."""
    left = []
    asked: dict[int, float] = {}
    while children := list(_children()):
        for pid in children:
            if pid not in asked:
                left.append(_command(pid))
                asked[pid] = time.monotonic()
            is_patient = time.monotonic() < asked[pid] + END_TIMEOUT_S
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if is_patient else signal.SIGKILL)
        time.sleep(0.1)
    return left


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()[:200]
    return f"process {pid}"


if __name__ == "__main__":
    sys.exit(main())
