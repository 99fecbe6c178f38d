"""What runs while the app (or a foreground command) works: the sync engine, the watch, and who revives.

Started and ended by the façade; decides nothing itself.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping

from recorder_app.capture.client import CaptureClient
from recorder_app.errors import RecorderError
from recorder_app.library.store import Library
from recorder_app.models import CaptureStatus
from recorder_app.paths import Paths
from recorder_app.revival import Revival
from recorder_app.sessions import Sessions
from recorder_app.settings import Settings
from recorder_app.watch import CaptureWatch, Listener
from recorder_app.wiring import build_engine

logger = logging.getLogger(__name__)


class Work:
    """The threads of a working Recorder. `stop` once; a recording that runs goes on."""

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        library: Library,
        environment: Mapping[str, str],
        *,
        changed: Callable[[str], None],
    ) -> None:
        self.engine, self._resources = build_engine(paths, settings, library, environment)
        self.engine.changed.subscribe(changed)
        if self.engine.start():
            # A start is a fresh try: the key may be another one now. A wrong one pauses it again at once.
            self.engine.resume_workspace()
        else:
            logger.info("another process does the uploads of this data folder")
        self.revival: Revival | None = None
        self._watch: CaptureWatch | None = None

    def watch(
        self,
        capture: CaptureClient,
        sessions: Sessions,
        *,
        changed: Callable[[CaptureStatus], None],
        ended: Callable[[str], None],
        problem: Callable[[RecorderError], None],
    ) -> None:
        """Follow the capture process, and bring back a recording whose process died."""
        self.revival = Revival(sessions.resume_interrupted, changed=changed, problem=problem)
        self._watch = CaptureWatch(capture, Listener(changed, ended, self.revival.bring_back))
        self._watch.start()

    def stop(self) -> None:
        with contextlib.ExitStack() as last:
            last.callback(self._resources.close)
            if self._watch and self.revival:
                self.revival.stop()
                self._watch.stop()
            self.engine.stop()
