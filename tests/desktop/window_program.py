"""The whole window with sample data on a real X server; says what happens to it on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QSocketNotifier

from recorder_app.desktop.hotkey import choose
from recorder_app.desktop.instance import claim
from recorder_app.ui.shell import Shell, application
from tests.support.fake_recorder import FakeRecorder
from tests.support.sample_week import NOW


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    application()
    folder = Path(sys.argv[1])
    instance = claim(folder)
    backend, _ = choose()
    shell = Shell(FakeRecorder(), hotkey=backend, instance=instance, clock=lambda: NOW)
    shell.bridge.capture_changed.connect(lambda status: say(status.state))
    shell.window.sidebar.loaded.connect(lambda: say("loaded"))

    def obey() -> None:
        word = sys.stdin.readline().strip()
        if word == "picture":
            shell.window.grab().save(str(folder / "window.png"))
            say("drawn")
        else:
            shell.quit_now()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(obey)
    return shell.run()


if __name__ == "__main__":
    raise SystemExit(main())
