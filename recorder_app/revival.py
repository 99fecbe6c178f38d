"""Brings a recording back whose capture process died under it, and says so; gives up when it keeps dying.

Decides how often; the sessions know how. Knows nothing of windows.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
import threading
import time
from collections.abc import Callable

from recorder_app.errors import RecorderError, SoundError
from recorder_app.models import CaptureStatus

logger = logging.getLogger(__name__)

DEATHS, WITHIN_S = 5, 60.0
"""As many deaths in as many seconds are no accident any more."""
WAITS_S = (0.5, 1.0, 2.0, 4.0)
"""Between attempts that failed: the sound server may be on its way back as well."""
INTERRUPTED = "The recording was interrupted and is being started again"


class Revival:
    """`bring_back` on the watch's thread, it blocks; `showing` and `stop` from any."""

    def __init__(
        self,
        resume: Callable[[str], CaptureStatus | None],
        *,
        changed: Callable[[CaptureStatus], None],
        problem: Callable[[RecorderError], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`resume` goes on with a recording, or returns None when it is over. It may raise RecorderError."""
        self._resume = resume
        self._changed = changed
        self._problem = problem
        self._clock = clock
        self._deaths: dict[str, collections.deque[float]] = {}
        self._stopping = threading.Event()
        self.showing: CaptureStatus | None = None
        """What to say of the recording while nothing else can say it."""

    def stop(self) -> None:
        self._stopping.set()

    def bring_back(self, last: CaptureStatus) -> bool:
        """Tell whether the recording of this last status goes on; if not, it is over and may be settled."""
        recording_id = str(last.recording_id)
        self.showing = dataclasses.replace(last, state="starting", pid=None, problem=f"{INTERRUPTED}.")
        self._changed(self.showing)
        try:
            return self._try(recording_id)
        finally:
            self.showing = None

    def _try(self, recording_id: str) -> bool:
        reason = "Its capture process ended again and again"
        while (deaths := self._another_death(recording_id)) < DEATHS:
            try:
                status = self._resume(recording_id)
            except RecorderError as error:
                logger.info("recording %s does not go on yet: %s", recording_id, error.title)
                reason = error.title
                if self._stopping.wait(WAITS_S[deaths - 1]):
                    return False
                continue
            if status is None:
                return False
            self._problem(
                SoundError(
                    "The recording was interrupted and goes on",
                    detail="Its capture process ended unexpectedly; the gap is marked",
                    hint="Nothing is to be done",
                )
            )
            return True
        logger.info("recording %s is given up after %d deaths", recording_id, DEATHS)
        self._problem(
            SoundError(
                "The recording has ended",
                detail=f"{reason} ({DEATHS} times within a minute)",
                hint="What was heard is kept; logs/capture.log says more",
            )
        )
        return False

    def _another_death(self, recording_id: str) -> int:
        """Count it, and those of the last minute with it."""
        now = self._clock()
        deaths = self._deaths.setdefault(recording_id, collections.deque())
        deaths.append(now)
        while now - deaths[0] > WITHIN_S:
            deaths.popleft()
        return len(deaths)
