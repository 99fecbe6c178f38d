"""The media to the server: while it grows, and the rest after the stop. HEAD is the only truth.

The file only ever grows at its end (it is Ogg), so that what was sent early stays right. A recording counts
as uploaded only once the server has confirmed size and, where it tells, sha256.
"""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from pathlib import Path

from recorder_app.errors import NotFoundError, RejectedError, ServerFaultError, StorageError, UsageError
from recorder_app.library.jobs import Job
from recorder_app.library.ledger import KeptUpload
from recorder_app.media.join import WHOLE
from recorder_app.models import Recording
from recorder_app.sync.jobs import Again, Done, Outcome
from recorder_app.sync.workspace import Deps
from recorder_app.transports.base import Confirmation, UploadTarget
from recorder_app.transports.tus import MAX_CHUNK

logger = logging.getLogger(__name__)

LIVE_S = 2.0
"""How often a growing file is looked at: 16 KB at 64 kbit/s."""
SLICE_S = 10.0
"""After this long a large upload lets others have the lane."""
LIVE_PART = "part-001.ogg"
_AGAIN = "It is begun again from the start"
TAKES_NO_MEDIA = "The server takes no media; it is kept on this computer."
RIGHT_WAS_LOST = "The server's answer with the right to upload was lost; the media is kept on this computer."


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    if recording.is_uploaded:
        return Done()
    kept = deps.library.ledger.upload(recording.id)
    if kept is None or not kept.endpoint:
        # An adopted row came without the token that only the answer to its create had.
        return Done(TAKES_NO_MEDIA if kept is not None and kept.token else RIGHT_WAS_LOST)
    media = whole_file(recording, deps) if recording.is_on_disk else _growing_file(recording, deps)
    if media is None:
        if recording.is_on_disk:
            raise UsageError("There is nothing to upload", hint="The recording has no sound on this computer")
        return Again(LIVE_S)
    # Making one file of several parts has changed size and sha256.
    return _send(job, deps, deps.recording(job), kept, media)


def whole_file(recording: Recording, deps: Deps) -> Path | None:
    """Return the one file of a closed recording; several parts are made into one first. None: no sound."""
    if len(recording.media) <= 1:
        return recording.media[0] if recording.media else None
    if deps.join is None:
        raise UsageError("The parts of this recording cannot be joined yet", hint="They are safe on disk")
    whole = deps.recordings / recording.id / WHOLE
    deps.join(recording.media, whole)
    digest, size = _measured(whole)
    deps.library.update(recording.id, media=(whole,), media_bytes=size, media_sha256=digest)
    return whole


def _growing_file(recording: Recording, deps: Deps) -> Path | None:
    path = recording.media[0] if recording.media else deps.recordings / recording.id / LIVE_PART
    return path if path.exists() else None


def _send(job: Job, deps: Deps, recording: Recording, kept: KeptUpload, media: Path) -> Outcome:
    target = UploadTarget(endpoint=kept.endpoint, token=kept.token, server_id=kept.server_id)
    handle = kept.handle
    if handle is None:
        handle = deps.workspace.transport.begin(target, filename=f"{recording.id}{media.suffix}")
        deps.library.ledger.set_handle(recording.id, handle)
    sending = _Sending(job, deps, recording, target=target, handle=handle, media=media)
    try:
        return sending.run()
    except NotFoundError as error:
        deps.library.ledger.set_handle(recording.id, None)
        raise ServerFaultError("The upload has expired on the server", status=404, hint=_AGAIN) from error
    except RejectedError as error:
        if error.code == "checksum_mismatch":
            raise sending.begun_again(error.title) from error
        if error.code == "offset_mismatch":
            raise ServerFaultError(error.title, status=error.status, hint="It is looked up again") from error
        raise


@dataclasses.dataclass(frozen=True, slots=True)
class _Sending:
    """One turn of one upload."""

    job: Job
    deps: Deps
    recording: Recording
    target: UploadTarget
    handle: str
    media: Path

    def run(self) -> Outcome:
        transport, is_closed = self.deps.workspace.transport, self.recording.is_on_disk
        size = _size(self.media)
        reached = transport.offset(self.handle, self.target)
        if reached > size and is_closed:
            # A recovered file may be shorter than what was sent of it before the crash.
            raise self.begun_again("The server holds more than the file")
        if is_closed and not self._fits(reached):
            raise self.begun_again("The server holds the torn end of a part")
        reached = self._append(reached, size)
        if not is_closed:
            return Again(LIVE_S)
        if reached < size:
            return Again(0, progress=_percent(reached, size))
        digest = self.recording.media_sha256 or _measured(self.media)[0]
        confirmed = transport.finish(self.handle, self.target, size=size, sha256=digest)
        if confirmed.size != size or confirmed.sha256 not in (None, digest):
            raise self.begun_again("The server holds other bytes than we sent")
        self._mark_safe(confirmed, digest)
        return Done()

    def _fits(self, reached: int) -> bool:
        """Whether what was sent of the first part, while it grew, is also how the joined file begins."""
        part = self.media.with_name(LIVE_PART)
        if self.media.name != WHOLE or not reached or not part.exists() or reached > _size(part):
            return True
        try:
            with part.open("rb") as sent, self.media.open("rb") as whole:
                return all(
                    sent.read(min(MAX_CHUNK, reached - at)) == whole.read(min(MAX_CHUNK, reached - at))
                    for at in range(0, reached, MAX_CHUNK)
                )
        except OSError as error:
            raise _unreadable(self.media, error) from error

    def begun_again(self, title: str) -> ServerFaultError:
        """Drop what the server holds and return the error that makes the job start from nothing."""
        self.deps.workspace.transport.abort(self.handle, self.target)
        self.deps.library.ledger.set_handle(self.recording.id, None)
        return ServerFaultError(title, status=409, hint=_AGAIN)

    def _append(self, start: int, size: int) -> int:
        """Send what lies between; return where it got to before its time was over or the engine ended."""
        deps, at = self.deps, start
        until = deps.clock() + SLICE_S
        try:
            with self.media.open("rb") as file:
                while at < size and not deps.stopping.is_set() and deps.clock() < until:
                    file.seek(at)
                    data = file.read(min(MAX_CHUNK, size - at))
                    at = deps.workspace.transport.append(self.handle, self.target, at, data)
                    if self.recording.is_on_disk:
                        deps.progress(self.job, _percent(at, size))
        except OSError as error:
            raise _unreadable(self.media, error) from error
        return at

    def _mark_safe(self, confirmed: Confirmation, digest: str) -> None:
        library, recording_id = self.deps.library, self.recording.id
        with library.transaction():
            library.update(recording_id, is_uploaded=True, media_bytes=confirmed.size, media_sha256=digest)
            library.ledger.close_upload(recording_id, media_url=confirmed.media_url)
        logger.info("recording %s: %d bytes confirmed by the server", recording_id, confirmed.size)


def _percent(at: int, size: int) -> int:
    return min(99, at * 100 // max(1, size))


def _size(media: Path) -> int:
    try:
        return media.stat().st_size
    except OSError as error:
        raise _unreadable(media, error) from error


def _measured(media: Path) -> tuple[str, int]:
    try:
        with media.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), media.stat().st_size
    except OSError as error:
        raise _unreadable(media, error) from error


def _unreadable(media: Path, error: OSError) -> StorageError:
    return StorageError(
        "The recording's file cannot be read",
        detail=f"{media}: {error.strerror or error}",
        hint="Is its disk connected? It is tried again",
    )
