"""The end of a recording: its bytes here, its rows on every server it was on, its row in the library.

Each part may be repeated, so a kill at any point is made good by running it again; the library's row goes
last, because a folder without one would be taken for a recording that a crash left behind.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from recorder_app.api.client import RecordingsClient
from recorder_app.errors import NotFoundError, StorageError
from recorder_app.library.jobs import Job
from recorder_app.models import Recording
from recorder_app.settings import LOCAL
from recorder_app.sync import jobs
from recorder_app.sync.jobs import Again, Done, Outcome
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)

LATER_S = 3600.0


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    remove_folder(deps.recordings, recording.id)
    places = rows_of(recording, deps)
    if not all(_can_reach(workspace, deps) for workspace, _ in places):
        return Again(LATER_S)
    for workspace, server_id in places:
        with _client(workspace, deps) as client, contextlib.suppress(NotFoundError):
            client.delete(server_id)
    deps.library.delete(recording.id)
    logger.info("recording %s: deleted for good", recording.id)
    return Done()


def rows_of(recording: Recording, deps: Deps) -> list[tuple[str, str]]:
    """Workspace and id of every server row that stands for this recording."""
    places = deps.library.ledger.left_behind(recording.id)
    if recording.server_id is not None:
        return [*places, (recording.workspace, recording.server_id)]
    created = deps.library.jobs.one(recording.id, jobs.CREATE.kind)
    if created is not None and created.payload.get("intent_at") is not None and recording.workspace == LOCAL:
        # The answer to its create was lost, and the same key gets the same row again. Elsewhere a row could
        # only be guessed at, and deleting by a guess could hit somebody else's.
        with _client(recording.workspace, deps) as client:
            again = client.create(recording.platform, idempotency_key=recording.id)
        return [*places, (recording.workspace, again.recording.id)]
    return places


def remove_folder(recordings: Path, recording_id: str) -> None:
    """Delete the folder with its parts, journal and caches. Harmless when it is gone. Raises StorageError."""
    folder = recordings / recording_id
    if folder.parent != recordings or folder.name != recording_id or recording_id in ("", ".", ".."):
        raise StorageError("This recording's folder is not one of ours", detail=recording_id[:60])
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(
            "The recording's folder cannot be deleted",
            detail=f"{folder}: {error.strerror or error}",
            hint="It is tried again",
        ) from error


def _can_reach(workspace: str, deps: Deps) -> bool:
    return workspace == deps.workspace.name or (workspace == LOCAL and deps.embedded is not None)


@contextlib.contextmanager
def _client(workspace: str, deps: Deps) -> Iterator[RecordingsClient]:
    if workspace == deps.workspace.name or deps.embedded is None:
        yield deps.workspace.client
        return
    with deps.embedded() as client:
        yield client
