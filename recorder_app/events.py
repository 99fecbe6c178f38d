"""Typed events without Qt: subscribe from any thread, emit from any thread.

Must not know who listens; the window's bridge turns these into queued signals.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Event(Generic[T]):
    """Listeners run in the emitting thread, in order of subscription, outside the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[T], None]] = []

    def subscribe(self, listener: Callable[[T], None]) -> Callable[[], None]:
        """Return the function that unsubscribes; calling it twice is harmless."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def emit(self, value: T) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(value)
            except Exception:
                # One broken listener must not silence the others or end the emitting thread.
                logger.exception("a listener failed")
