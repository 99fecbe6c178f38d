"""A program that takes a global shortcut: says "ready", "refused …" and "pressed" on stdout."""

from __future__ import annotations

import sys

from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication, QLineEdit

from recorder_app.desktop.hotkey import choose


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    app = QApplication([])
    backend, reason = choose()
    if backend is None:
        say(f"none {reason}")
        return 1
    refused = backend.register(sys.argv[1], lambda: say("pressed"))
    # A field with the focus: the shortcut must neither need nor reach it.
    field = QLineEdit()
    field.setWindowTitle("field of " + (sys.argv[2] if len(sys.argv) > 2 else "one"))
    field.show()
    say(f"refused {refused}" if refused else "ready")

    def obey() -> None:
        word = sys.stdin.readline().strip()
        if word == "text":
            say(f"text={field.text()!r}")
        else:
            backend.unregister()
            app.quit()

    notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(obey)
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main())
