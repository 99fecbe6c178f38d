"""What the façade lends to its parts: folders, clock, settings, the library once open, its voice."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping

from recorder_app.library.store import Library
from recorder_app.paths import Paths
from recorder_app.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """Everything in it may be used from any thread."""

    paths: Paths
    environment: Mapping[str, str]
    now: Callable[[], dt.datetime]
    library: Callable[[], Library]
    """RuntimeError before the façade was opened."""
    settings: Callable[[], Settings]
    """As they hold: the environment's words included."""
    stored: Callable[[], Settings]
    """As the person stored them. Raises StorageError."""
    update_settings: Callable[[Settings], None]
    """Store, and let a running engine follow. Raises StorageError."""
    reconnect: Callable[[], None]
    """Let a running engine use the workspace with the key it has now."""
    changed: Callable[[str], None]
    """Tell that a recording changed, and wake the engine."""
