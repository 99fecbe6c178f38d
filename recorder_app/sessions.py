"""From start to stop: in which order row, journal, device and jobs come to be, and recovery after a crash.

Owns the rules of a session; the capture process owns its sound, the library its row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from recorder_app.capture.client import CaptureClient, Finished, StartRequest
from recorder_app.errors import BusyError, RecorderError, UnknownSourceError, UsageError
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status, Track
from recorder_app.paths import Paths
from recorder_app.settings import Settings
from recorder_app.sync.enqueue import enqueue
from recorder_app.watch import current_status

logger = logging.getLogger(__name__)

_FACTS = tuple(
    field.name for field in dataclasses.fields(Finished) if field.name not in {"recording_id", "title"}
)
"""What of `Finished` goes into the row under the same name; a title given meanwhile is the person's."""


class Sessions:
    """Starts, stops and recovers. From any thread; settling is done by one at a time."""

    def __init__(
        self, paths: Paths, library: Library, capture: CaptureClient, *, now: Callable[[], dt.datetime]
    ) -> None:
        self._paths = paths
        self._library = library
        self._capture = capture
        self._now = now
        self._settling = threading.Lock()

    def start(self, settings: Settings, *, title: str, mic: str | None, system: str | None) -> Recording:
        """Return once the first sound was captured. Raises BusyError, SoundError, StorageError."""
        self._capture.ensure()
        if current_status(self._capture).state != "idle":
            raise BusyError("A recording is running already", hint="Stop it first: recorder stop")
        self._check_named(Track.MIC, mic)
        self._check_named(Track.SYSTEM, system)
        recording = self._library.add(
            Recording(
                id=str(uuid.uuid4()),
                started_at=self._now(),
                title=title.strip(),
                workspace=settings.workspace,
            )
        )
        request = StartRequest(
            recording_id=recording.id,
            folder=self._paths.recordings / recording.id,
            mic=mic or settings.mic_source,
            system=system or settings.system_source,
            bitrate=settings.bitrate,
            title=recording.title,
        )
        try:
            self._capture.start(request)
        except RecorderError:
            # Nothing was heard, so there is nothing to keep; a ghost row would only worry people.
            self._library.delete(recording.id)
            raise
        enqueue(self._library, recording.id, now=self._now().timestamp())
        logger.info("recording %s started", recording.id)
        return recording

    def _check_named(self, track: Track, source: str | None) -> None:
        """Refuse a source that was just named and is not there: one side alone is not what was asked for.

        One from the settings may be unplugged today; then the other side is recorded, and that is said.
        """
        if source in (None, "default", "none") or str(source).startswith("fake:"):
            return
        known = {each.id for each in self._capture.sources() if each.track is track}
        if known and source not in known:
            raise UnknownSourceError(
                f"There is no source called {source}", hint="recorder doctor lists the sources"
            )

    def stop(self, settings: Settings) -> Recording:
        """Close the file and hand it to the upload. Raises BusyError when nothing is recorded."""
        if not self._capture.attach():
            raise BusyError("Nothing is being recorded", hint="Start with: recorder start")
        return self.settle(self._capture.stop(), settings)

    def import_file(
        self, path: Path, settings: Settings, *, title: str, on_progress: Callable[[int], None] | None
    ) -> Recording:
        """Copy a file's sound into the library and queue what follows. UsageError when it was cancelled."""
        from recorder_app.media.importer import import_file

        recording_id = str(uuid.uuid4())
        folder = self._paths.recordings / recording_id
        imported = import_file(path, folder, bitrate=settings.bitrate, on_progress=on_progress)
        if imported is None:
            raise UsageError("The import was cancelled")
        recording = self._library.add(
            Recording(
                id=recording_id,
                started_at=imported.started_at,
                completed_at=imported.started_at + dt.timedelta(milliseconds=imported.duration_ms),
                title=title.strip() or path.stem,
                workspace=settings.workspace,
                status=Status.UPLOADING,
                duration_ms=imported.duration_ms,
                media=imported.media,
                media_bytes=imported.media_bytes,
                media_sha256=imported.media_sha256,
                is_on_disk=True,
            )
        )
        enqueue(self._library, recording.id, now=self._now().timestamp())
        return recording

    def recover(self, settings: Settings) -> list[Recording]:
        """Make every folder a recording again: without a row, or with a row a crash left open."""
        from recorder_app.capture.recovery import scan

        live = current_status(self._capture).recording_id
        recovered = []
        for finished in scan(self._paths.recordings, live_id=live):
            known = self._library.get(finished.recording_id)
            if known is None or not known.is_on_disk:
                recovered.append(self.settle(finished, settings))
        return recovered

    def settle(self, finished: Finished, settings: Settings) -> Recording:
        """Write down what a session ended with. Safe to repeat: whoever comes second finds it done."""
        facts = {field: getattr(finished, field) for field in _FACTS}
        with self._settling:
            known = self._library.get(finished.recording_id) or self._library.add(
                Recording(
                    id=finished.recording_id,
                    started_at=finished.started_at,
                    title=finished.title,
                    workspace=settings.workspace,
                )
            )
            if known.is_on_disk:
                return known
            recording = self._library.update(known.id, **facts, is_on_disk=True, status=Status.UPLOADING)
            enqueue(self._library, recording.id, now=self._now().timestamp())
        logger.info("recording %s is on disk: %d ms", known.id, finished.duration_ms)
        return recording
