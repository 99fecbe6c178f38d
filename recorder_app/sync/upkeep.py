"""What time alone asks for: the trash is emptied after thirty days, old sound leaves when its time is over.

Looks rarely and by an injected clock; never removes the only copy of anything.
"""

from __future__ import annotations

import datetime as dt
import logging

from recorder_app.errors import StorageError
from recorder_app.library.jobs import DONE
from recorder_app.models import Recording
from recorder_app.settings import LOCAL
from recorder_app.sync import jobs, move
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)

TRASH_DAYS = 30
EVERY_S = 3600.0
JOURNAL = "journal.jsonl"


class Upkeep:
    """Lives on the upkeep thread. What it remembers may be lost: everything is looked at again."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def turn(self, deps: Deps, *, is_paused: bool) -> list[str]:
        """Do what is due, and lead the queue of those that move; return the ids of what changed.

        May raise LibraryError, StorageError.
        """
        now, changed = deps.clock(), []
        if not now < self._next_at <= now + EVERY_S:
            changed = [*purge_old_trash(deps), *remove_old_media(deps)]
            self._next_at = now + EVERY_S
        moved = None if is_paused else move.turn(deps)
        return changed if moved is None else [*changed, moved]


def purge_old_trash(deps: Deps) -> list[str]:
    """Ask for the end of what has been in the trash for TRASH_DAYS."""
    due = deps.library.trash.thrown_before(deps.now() - dt.timedelta(days=TRASH_DAYS))
    asked = []
    for recording in due:
        if deps.library.jobs.one(recording.id, jobs.PURGE.kind) is None:
            deps.library.jobs.request(recording.id, jobs.PURGE, now=deps.clock())
            asked.append(recording.id)
    return asked


def remove_old_media(deps: Deps) -> list[str]:
    """Remove sound from this computer that is old enough and that its server holds, byte for byte."""
    if deps.keep_media_days is None:
        return []
    before = deps.now() - dt.timedelta(days=deps.keep_media_days)
    removed = []
    # The embedded backend is this computer: there the copy would not be one.
    for recording in deps.library.trash.uploaded_before(before, except_workspace=LOCAL):
        if may_leave(recording, deps):
            _remove_media(recording, deps)
            removed.append(recording.id)
    return removed


def may_leave(recording: Recording, deps: Deps) -> bool:
    """Size and sha256 were confirmed, the row is still there, and nothing is left to do."""
    library = deps.library
    return (
        recording.is_uploaded
        and library.ledger.is_sha256_confirmed(recording.id)
        and not library.ledger.is_gone(recording.id)
        and all(job.state == DONE for job in library.jobs.of(recording.id))
    )


def _remove_media(recording: Recording, deps: Deps) -> None:
    """Files first, then the row: a kill in between only means finding them gone the next time."""
    folder = deps.recordings / recording.id
    try:
        for path in list(folder.iterdir()) if folder.is_dir() else []:
            # The journal stays: what was marked and missed belongs to the recording, not to its sound.
            if path.name != JOURNAL and path.is_file():
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            "Old sound cannot be removed", detail=f"{folder}: {error.strerror or error}"
        ) from error
    deps.library.update(recording.id, media=())
    logger.info("recording %s: its sound left this computer after its time", recording.id)
