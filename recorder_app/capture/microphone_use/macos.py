"""macOS: the seam only.

Core Audio tells from macOS 14 on (kAudioHardwarePropertyProcessObjectList with IsRunningInput, no consent
needed); until a helper asks it, this says so instead of guessing.
"""

from __future__ import annotations

from collections.abc import Collection

from recorder_app.capture.base import Availability
from recorder_app.capture.microphone_use.base import MicUser


class MacMicrophoneUse:
    name = "macos"

    def probe(self) -> Availability:
        return Availability(
            is_ok=False,
            reason="Recorder cannot tell yet on macOS which program uses the microphone",
            hint="Start recordings yourself, with the shortcut or from the menu bar",
        )

    def users(self, own_pids: Collection[int] = ()) -> list[MicUser]:  # noqa: ARG002 — the seam's signature
        return []

    def close(self) -> None:
        pass
