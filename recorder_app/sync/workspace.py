"""Where recordings go, and everything a step may use. Built by the wiring; owns no resources."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from recorder_app.api.client import RecordingsClient
from recorder_app.api.wire import RecordingPatch, RemoteRecording
from recorder_app.errors import NotFoundError
from recorder_app.library.jobs import Job
from recorder_app.library.store import Library
from recorder_app.models import Insights, Recording, Segment
from recorder_app.transports.base import UploadTransport

logger = logging.getLogger(__name__)

GONE = "It was deleted on the server. Everything is kept on this computer."


@dataclasses.dataclass(frozen=True, slots=True)
class Workspace:
    """One server and project. `transport` must be usable with any endpoint named by it or by the person."""

    name: str
    """As in `Recording.workspace`: "local", or the server's origin."""
    client: RecordingsClient
    transport: UploadTransport
    upload_url: str | None = None
    """The person's own tus endpoint, for servers that take no media."""
    honours_idempotency_key: bool = False
    """True where a repeated create with the same key is known to answer the same row (embedded backend)."""


class Transcribed(Protocol):
    """What a transcription gives back (`speech.client.Transcript`)."""

    @property
    def segments(self) -> tuple[Segment, ...]: ...
    @property
    def engine(self) -> str: ...
    @property
    def is_draft(self) -> bool: ...


class Transcriber(Protocol):
    """Turns media into lines; blocks, ends early by raising once `cancelled` is set."""

    def transcribe(
        self,
        media: Path,
        *,
        me: str = "You",
        them: str = "Them",
        on_progress: Callable[[int], None],
        cancelled: threading.Event,
    ) -> Transcribed: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Deps:
    """What steps work with. The same object serves all lanes; everything in it is thread-safe."""

    library: Library
    workspace: Workspace
    recordings: Path
    """The folder with one folder a recording."""
    transcriber: Transcriber
    extract: Callable[[Sequence[Segment]], Insights]
    clock: Callable[[], float]
    """Seconds since the epoch."""
    stopping: threading.Event
    """Set when the engine ends: long steps give up at the next safe point."""
    progress: Callable[[Job, int], None]
    """Tell how far a job is, 0–100."""
    embedded: Callable[[], contextlib.AbstractContextManager[RecordingsClient]] | None = None
    """Opens the embedded backend while another workspace is in use: what lies there must be deletable."""
    keep_media_days: int | None = None
    """Days after which sound that a server holds is removed here; None keeps it."""
    join: Callable[[Sequence[Path], Path], None] | None = None
    """Make one file of several parts; None where nobody can yet."""
    speaker_name: str = "You"

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC)

    def recording(self, job: Job) -> Recording:
        found = self.library.get(job.recording_id)
        if found is None:
            raise NotFoundError("The recording was deleted meanwhile")
        return found

    def patch(self, recording: Recording, **fields: Any) -> RemoteRecording:
        """Send one checked PATCH and remember what the row says now. Safe to repeat.

        Raises what the client raises; a row that is gone is remembered as such.
        """
        patch = RecordingPatch(**fields)
        if patch.omitted:
            logger.info("recording %s: left out, would be refused: %s", recording.id, patch.omitted)
        with gone_noticed(self.library, recording):
            echo = self.workspace.client.patch(server_id(recording), patch)
        self.library.ledger.set_base(recording.id, base_of(echo))
        return echo


@contextlib.contextmanager
def gone_noticed(library: Library, recording: Recording) -> Iterator[None]:
    """Remember and say that the server deleted a recording's row when the block finds out."""
    try:
        yield
    except NotFoundError:
        library.ledger.set_gone(recording.id)
        library.update(recording.id, error=GONE)
        logger.info("recording %s: its row was deleted on the server", recording.id)
        raise


def server_id(recording: Recording) -> str:
    if recording.server_id is None:
        raise RuntimeError("a job that needs the server's row ran before it was created")
    return recording.server_id


def base_of(remote: RemoteRecording) -> dict[str, Any]:
    """What is kept of a row to tell a change made elsewhere from our own."""
    return {
        "title": remote.meeting_title or "",
        "notes": remote.notes or "",
        "summary": remote.summary or "",
        "participants": list(remote.participants),
        "status": remote.status,
        "created_by": remote.created_by,
        "updated_at": remote.updated_at.isoformat() if remote.updated_at else None,
    }
