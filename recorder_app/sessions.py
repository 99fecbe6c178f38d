"""From start to stop: in which order row, journal, device and jobs come to be, and recovery after a crash.

Owns the rules of a session; the capture process owns its sound, the library its row.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator

from recorder_app.capture.client import CaptureClient, Finished, StartRequest
from recorder_app.capture.disk import require_room, reserve_bytes
from recorder_app.capture.resume import resumable
from recorder_app.errors import (
    BusyError,
    RecorderError,
    SoundError,
    StorageError,
    UnknownSourceError,
)
from recorder_app.library.lockfile import FileLock
from recorder_app.library.store import Library
from recorder_app.media.join import WHOLE, join
from recorder_app.models import CaptureStatus, Platform, Recording, Status, Track
from recorder_app.paths import Paths
from recorder_app.settings import Settings
from recorder_app.sync.enqueue import enqueue
from recorder_app.watch import current_status

logger = logging.getLogger(__name__)

_FACTS = tuple(
    field.name for field in dataclasses.fields(Finished) if field.name not in {"recording_id", "title"}
)
"""What of `Finished` goes into the row under the same name; a title given meanwhile is the person's."""
PATIENCE_S = 10.0
"""Somebody else's start takes this long at most where devices do not answer."""
LOOK_S = 0.02


class Sessions:
    """Starts, stops, resumes and recovers. From any thread, and in several processes at once: one at a time.

    Otherwise a scan could take a recording that is just being started, or resumed, for one that crashed.
    """

    def __init__(
        self, paths: Paths, library: Library, capture: CaptureClient, *, now: Callable[[], dt.datetime]
    ) -> None:
        self._paths = paths
        self._library = library
        self._capture = capture
        self._now = now
        self._turn = threading.RLock()
        self._lock = FileLock(paths.runtime / "sessions.lock")

    def start(
        self,
        settings: Settings,
        *,
        title: str,
        mic: str | None,
        system: str | None,
        platform: Platform = Platform.DESKTOP_AUDIO,
    ) -> Recording:
        """Return once the first sound was captured. Raises BusyError, SoundError, StorageError."""
        with self._alone() as is_alone:
            if not is_alone:
                raise BusyError("A recording is just being started or stopped", hint="Try again in a moment")
            return self._start(settings, title=title, mic=mic, system=system, platform=platform)

    def _start(
        self, settings: Settings, *, title: str, mic: str | None, system: str | None, platform: Platform
    ) -> Recording:
        self._capture.ensure()
        if current_status(self._capture).state != "idle":
            raise BusyError("A recording is running already", hint="Stop it first: recorder stop")
        # Before the row exists: on a disk that full the library could not take it back.
        require_room(self._paths.home, settings.bitrate, reserve_bytes=reserve_bytes(self._paths.home))
        self._check_named(Track.MIC, mic)
        self._check_named(Track.SYSTEM, system)
        recording = self._library.add(
            Recording(
                id=str(uuid.uuid4()),
                started_at=self._now(),
                platform=platform,
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
        """Close the file and hand it to the upload; an interrupted recording is put together instead.

        Raises BusyError when nothing is recorded.
        """
        nothing: RecorderError = BusyError("Nothing is being recorded", hint="Start with: recorder start")
        with self._alone():
            if self._capture.attach():
                try:
                    return self.settle(self._capture.stop(), settings)
                except (BusyError, SoundError) as error:
                    if isinstance(error, SoundError) and self._capture.attach():
                        raise
                    nothing = error
            # Nothing runs, or it has just died: whoever wants it stopped wants what there is of it.
            recovered = [each for each in self.recover(settings) if each.media]
            if recovered:
                return recovered[-1]
        raise nothing

    def resume_interrupted(self, recording_id: str) -> CaptureStatus | None:
        """Go on with a recording whose capture process died: same folder, same sources, a new part.

        None when there is nothing to go on with: it was stopped, is settled, or something else is recorded.
        Blocks until sound is captured again. Raises SoundError, StorageError: then it may be tried again.
        """
        with self._alone() as is_alone:
            known = self._library.get(recording_id)
            request = resumable(self._paths.recordings / recording_id)
            if not is_alone or known is None or known.is_on_disk or request is None:
                return None
            self._capture.ensure()
            status = current_status(self._capture)
            if status.state == "idle":
                status = self._capture.start(request)
                logger.info("recording %s goes on after its capture process died", recording_id)
            return status if status.recording_id == recording_id else None

    def recover(self, settings: Settings) -> list[Recording]:
        """Make every folder a recording again: without a row, or with a row a crash left open. Oldest first.

        What was never more than an intention (no sound, and nobody was told that it records) goes.
        """
        from recorder_app.capture import recovery

        with self._alone() as is_alone:
            if not is_alone:
                logger.info("a recording is just being started or stopped; recovery waits for the next start")
                return []
            capture = current_status(self._capture)
            live = capture.recording_id
            if live is not None:
                self._adopt(live, settings, elapsed_ms=capture.elapsed_ms)
            recovered = []
            for finished in recovery.scan(self._paths.recordings, live_id=live):
                known = self._library.get(finished.recording_id)
                if known is not None and known.is_on_disk:
                    continue
                if finished.media or not self._forget(finished.recording_id):
                    recovered.append(self.settle(finished, settings))
            left = [row for row in self._library.unsettled() if row.id != live]
            recovered += [each for row in left if (each := self._close(row, settings)) is not None]
            return recovered

    def _adopt(self, live: str, settings: Settings, *, elapsed_ms: int) -> None:
        """Give what is being recorded its row and jobs, should whoever started it have died before that."""
        if self._library.get(live) is None:
            began = self._now() - dt.timedelta(milliseconds=elapsed_ms)
            self._library.add(Recording(id=live, started_at=began, workspace=settings.workspace))
        if not self._library.jobs.of(live):
            enqueue(self._library, live, now=self._now().timestamp())

    def settle(self, finished: Finished, settings: Settings) -> Recording:
        """Write down what a session ended with. Safe to repeat: whoever comes second finds it done."""
        with self._alone():
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
            finished = self._in_one_file(finished)
            facts = {field: getattr(finished, field) for field in _FACTS}
            with self._library.transaction():
                recording = self._library.update(known.id, **facts, is_on_disk=True, status=Status.UPLOADING)
                enqueue(self._library, recording.id, now=self._now().timestamp())
        logger.info("recording %s is on disk: %d ms", known.id, finished.duration_ms)
        return recording

    def _in_one_file(self, finished: Finished) -> Finished:
        """Join several parts. What cannot be joined now (a full disk) is tried again by the upload."""
        if len(finished.media) < 2:
            return finished
        whole = finished.media[0].with_name(WHOLE)
        try:
            join(finished.media, whole)
            with whole.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = whole.stat().st_size
        except (StorageError, OSError) as error:
            logger.info("recording %s stays in parts: %s", finished.recording_id, type(error).__name__)
            return finished
        return dataclasses.replace(finished, media=(whole,), media_bytes=size, media_sha256=digest)

    def _forget(self, recording_id: str) -> bool:
        """Remove row and folder of a start that never came to sound. False: something speaks against it."""
        from recorder_app.capture.recovery import discard_silent

        if self._library.jobs.of(recording_id):
            # Its start was told, and the server may have heard of it.
            return False
        if not discard_silent(self._paths.recordings / recording_id):
            return False
        self._library.delete(recording_id)
        logger.info("recording %s never began", recording_id)
        return True

    def _close(self, row: Recording, settings: Settings) -> Recording | None:
        """Settle a row whose folder did not say that it is a recording. None: gone, or to be tried again."""
        from recorder_app.capture.recovery import examine_as_told

        if self._forget(row.id):
            return None
        folder = self._paths.recordings / row.id
        try:
            finished = examine_as_told(
                folder, recording_id=row.id, title=row.title, started_at=row.started_at
            )
        except OSError:
            # The scan has said so already. The next start may find the disk in better health.
            return None
        return self.settle(finished, settings) if finished else self._close_empty(row)

    def _close_empty(self, row: Recording) -> Recording:
        """The row alone tells that it was: its jobs will say that there is nothing to upload."""
        with self._library.transaction():
            closed = self._library.update(
                row.id, is_on_disk=True, completed_at=row.started_at, status=Status.UPLOADING
            )
            enqueue(self._library, row.id, now=self._now().timestamp())
        logger.info("recording %s has no sound on this disk", row.id)
        return closed

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        """Keep every other session change of this data folder out; False when that took too long.

        Reentrant. What must not fail (a stop, a settling) goes on without: it does no harm twice.
        """
        with self._turn:
            if self._lock.is_held:
                yield True
                return
            deadline = time.monotonic() + PATIENCE_S
            while not self._lock.acquire() and time.monotonic() < deadline:
                time.sleep(LOOK_S)
            try:
                yield self._lock.is_held
            finally:
                self._lock.release()
