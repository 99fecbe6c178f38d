"""The tray app: builds the Recorder and the shell, connects them to the machine, runs, shuts down.

Owns the order of start and end; every decision lives in the parts.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import logging.handlers
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from recorder_app.desktop import hotkey, instance
from recorder_app.errors import BusyError, RecorderError
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder
from recorder_app.ui.shell import Shell, application

logger = logging.getLogger(__name__)

PAINTED_S = 20.0
"""How long a window may take to show a recording with its waveform before a picture of it is a failure."""


def run(*, is_hidden: bool = False) -> int:
    """Run until somebody quits; return the exit code. A second start raises the first one's window."""
    paths = Paths.from_environment()
    paths.ensure()
    _log_to(paths.logs)
    application()
    first = instance.claim(paths.runtime)
    if first is None:
        return _raise_the_first(paths)
    recorder = Recorder(paths)
    recorder.open()
    # The capture process is started ahead, so that the first hotkey press records at once.
    threading.Thread(target=_warm, args=(recorder,), name="recorder-warm", daemon=True).start()
    backend, reason = hotkey.choose()
    if reason:
        logger.info("no global shortcut: %s", reason)
    shell = Shell(recorder, hotkey=backend, instance=first)
    _end_on_signals(recorder, shell)
    try:
        return shell.run(hidden=is_hidden)
    finally:
        recorder.close()


def _raise_the_first(paths: Paths) -> int:
    if instance.ask(paths.runtime, "show") is None:
        raise BusyError("Recorder runs already but does not answer", hint="End it, then start it again")
    return 0


def _warm(recorder: Recorder) -> None:
    try:
        recorder.warm_up()
    except RecorderError as error:
        recorder.problem.emit(error)


def _end_on_signals(recorder: Recorder, shell: Shell) -> None:
    """SIGTERM, SIGINT and SIGHUP (logout) stop and save what runs, then quit: nobody is asked."""
    ending = threading.Event()

    def end() -> None:
        if not ending.is_set():
            return
        timer.stop()
        try:
            if recorder.capture_status().state != "idle":
                recorder.stop_recording()
        except RecorderError as error:
            logger.warning("stopping on a signal failed: %s", error.title)
        shell.quit_now()

    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ending.set())
    # Python runs signal handlers only between bytecodes: without a timer an idle event loop never would.
    timer = QTimer(shell, interval=200)
    timer.timeout.connect(end)
    timer.start()


def _log_to(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(folder / "app.log", maxBytes=2_000_000, backupCount=2)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    ours = logging.getLogger("recorder_app")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    ours.propagate = False


def screenshots(recorder: Recorder, folder: Path) -> list[Path]:
    """Show the newest recording in the real window and take its picture: light, dark and narrow.

    Raises TimeoutError when the window does not show it in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    newest = recorder.recordings(limit=1)
    taken = []
    for name, appearance, size in (
        ("window-light.png", "light", (1280, 800)),
        ("window-dark.png", "dark", (1280, 800)),
        ("window-narrow.png", "light", (640, 800)),
    ):
        recorder.settings = dataclasses.replace(recorder.settings, appearance=appearance)
        shell = Shell(recorder)
        shell.window.resize(*size)
        shell.show()
        if newest:
            shell.window.open_recording(newest[0].recording.id)
            _wait(partial(_is_painted, shell), "the recording was not shown in time")
        shell.application.processEvents()
        shell.window.screen().grabWindow(shell.window.winId()).save(str(folder / name))
        taken.append(folder / name)
        shell.close()
    return taken


def _is_painted(shell: Shell) -> bool:
    page = shell.window.page
    return page.detail is not None and page.player.wave.has_peaks


def _wait(condition: Callable[[], bool], complaint: str) -> None:
    loop = QEventLoop()
    deadline = time.monotonic() + PAINTED_S

    def look() -> None:
        if condition() or time.monotonic() > deadline:
            loop.quit()

    timer = QTimer(interval=50)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()
    if not condition():
        raise TimeoutError(complaint)


def main(arguments: Sequence[str]) -> int:
    """`python -m recorder_app.app [--screenshots FOLDER]`."""
    parser = argparse.ArgumentParser(prog="recorder_app.app", description=main.__doc__)
    parser.add_argument("--screenshots", type=Path, metavar="FOLDER")
    options = parser.parse_args(list(arguments))
    if options.screenshots is None:
        return run()
    application()
    recorder = Recorder(Paths.from_environment())
    recorder.open(is_working=False)
    try:
        screenshots(recorder, options.screenshots)
    finally:
        recorder.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
