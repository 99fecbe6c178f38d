"""The seam of meeting detection: who, other than us, is using a microphone now.

A new system is one file with a class like `MicrophoneUse`, and a line in this folder's `__init__.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Protocol

from recorder_app.capture.base import Availability


@dataclasses.dataclass(frozen=True, slots=True)
class MicUser:
    """A program that hears a microphone."""

    app_id: str
    """What the program is called where it runs: "zoom", "us.zoom.Zoom", "chrome.exe". Case as found."""
    name: str
    """What it calls itself, as far as it says so."""
    pid: int | None = None
    """None where the system does not tell."""


class MicrophoneUse(Protocol):
    """Asked every second or two, from one thread at a time."""

    name: str

    def probe(self) -> Availability:
        """Whether `users` can tell anything here."""

    def users(self, own_pids: Collection[int] = ()) -> list[MicUser]:
        """Who hears a microphone now. `own_pids` and their children are us and left out.

        Raises SoundError when nobody can tell at the moment; that is not the same as nobody listening.
        """

    def close(self) -> None:
        """Let go of what `users` holds open; it may be asked again afterwards."""
