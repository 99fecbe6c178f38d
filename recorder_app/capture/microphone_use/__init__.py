"""Who uses a microphone. A new system is one new file and its line in USES.

Must not decide what a call is: that is the policy's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from recorder_app.capture.microphone_use.base import MicrophoneUse
from recorder_app.capture.microphone_use.macos import MacMicrophoneUse
from recorder_app.capture.microphone_use.windows import WindowsMicrophoneUse


def _pulse() -> MicrophoneUse:
    from recorder_app.capture.microphone_use.pulse import PulseMicrophoneUse

    return PulseMicrophoneUse()


USES: tuple[tuple[str, Callable[[], MicrophoneUse]], ...] = (
    ("linux", _pulse),
    ("win32", WindowsMicrophoneUse),
    ("darwin", MacMicrophoneUse),
)
"""`sys.platform` and what can tell there."""


def for_this_machine(platform: str = sys.platform) -> MicrophoneUse | None:
    """None on a system nobody has written this for."""
    return next((make() for known, make in USES if platform.startswith(known)), None)
