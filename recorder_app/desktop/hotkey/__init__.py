"""Global shortcuts: one backend per kind of desktop, in order of preference.

A new backend is one file with a class like `base.HotkeyBackend`, and its name in BACKENDS.
"""

from __future__ import annotations

from recorder_app.desktop.hotkey.base import HotkeyBackend
from recorder_app.desktop.hotkey.x11 import X11Hotkey

BACKENDS: tuple[type[HotkeyBackend], ...] = (X11Hotkey,)


def choose() -> tuple[HotkeyBackend | None, str]:
    """Return the first backend usable here, and "" or why there is none. Needs a QApplication."""
    reason = "This desktop has no global shortcuts we can use."
    for kind in BACKENDS:
        backend = kind()
        why = backend.probe()
        if why is None:
            return backend, ""
        reason = why
    return None, reason
