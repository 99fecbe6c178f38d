"""One named thread that takes turns for ever and survives its own death by saying so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""Longest sleep: other processes add jobs to the same library without being able to wake us."""
AFTER_DEATH_S = 5.0


class Lane:
    """`turn` does at most one thing and returns the seconds until it wants the next turn."""

    def __init__(
        self,
        name: str,
        turn: Callable[[], float],
        *,
        stopping: threading.Event,
        on_problem: Callable[[str | None], None],
    ) -> None:
        self.name = name
        self._turn = turn
        self._stopping = stopping
        self._on_problem = on_problem
        self._wake = threading.Event()
        # A request under way cannot be interrupted; it must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"recorder-sync-{name}", daemon=True)
        self.problem: str | None = None
        """What the last turn died of, in a sentence; None while all is well."""

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread's end; False when it is still in the middle of something."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            # Cleared first: a wake during the turn must lead to another turn.
            self._wake.clear()
            wait_s = self._guarded_turn()
            if wait_s > 0 and not self._stopping.is_set():
                self._wake.wait(min(wait_s, AFTER_DEATH_S if self.problem else LOOK_S))

    def _guarded_turn(self) -> float:
        try:
            wait_s = self._turn()
        except Exception as error:
            if self._stopping.is_set():
                return 0.0
            logger.exception("the %s lane failed; it goes on in %.0f s", self.name, AFTER_DEATH_S)
            self._tell(f"Background work stopped: {error}. It goes on in a few seconds.")
            return AFTER_DEATH_S
        self._tell(None)
        return wait_s

    def _tell(self, problem: str | None) -> None:
        if problem != self.problem:
            self.problem = problem
            self._on_problem(problem)
