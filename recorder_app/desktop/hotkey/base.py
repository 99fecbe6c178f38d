"""The seam of global shortcuts. Backends hear only the keys they registered, never the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class HotkeyBackend(Protocol):
    """Lives in the GUI thread. One shortcut at a time; registering again replaces it."""

    def probe(self) -> str | None:
        """None when usable here, else the reason in one sentence."""

    def register(self, keys: str, activated: Callable[[], None]) -> str | None:
        """Take `keys` ("Ctrl+Alt+R"). Return None, or in one sentence why not (taken, unknown key).

        `activated` is called on the GUI thread, once per press.
        """

    def unregister(self) -> None:
        """Give the shortcut back. Harmless when there is none."""
