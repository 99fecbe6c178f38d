"""A row that somebody deleted on the server: noticed once, said plainly, and decided by the person.

Nothing here is deleted for it. Imports neither HTTP nor speech, so that the façade may use it at any time.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from recorder_app.errors import NotFoundError, UsageError
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status
from recorder_app.sync import jobs, plan

logger = logging.getLogger(__name__)

GONE = "It was deleted on the server. Everything is kept on this computer."
_SERVER_LANES = (jobs.RECORDS, jobs.MEDIA)


@contextlib.contextmanager
def gone_noticed(library: Library, recording: Recording) -> Iterator[None]:
    """Remember and say that the server deleted a recording's row when the block finds out."""
    try:
        yield
    except NotFoundError:
        with library.transaction():
            library.ledger.set_gone(recording.id)
            library.jobs.close(recording.id, _SERVER_LANES, reason=GONE)
            # No longer confirmed by anybody: the only copy may be the one here.
            library.update(recording.id, error=GONE, is_uploaded=False)
        logger.info("recording %s: its row was deleted on the server", recording.id)
        raise


def keep_local(library: Library, recording_id: str) -> None:
    """The person's choice: it stays here and is not synced any more. NotFoundError, UsageError."""
    recording = _gone(library, recording_id)
    with library.transaction():
        library.ledger.settle_gone(recording_id)
        library.jobs.close(recording_id, _SERVER_LANES, reason=GONE)
        status = Status.READY if recording.is_on_disk else recording.status
        library.update(recording_id, error=None, status=status, is_uploaded=False)


def upload_again(library: Library, recording_id: str, *, now: float) -> None:
    """The person's choice: a new row on the server, with everything there is. NotFoundError, UsageError."""
    recording = _gone(library, recording_id)
    status = Status.UPLOADING if recording.is_on_disk else Status.RECORDING
    kinds = [spec.kind for spec in jobs.KINDS if spec.lane in _SERVER_LANES]
    with library.transaction():
        library.ledger.forget_row(recording_id)
        library.update(recording_id, server_id=None, error=None, status=status, is_uploaded=False)
        library.jobs.ensure(recording_id, plan.wanted(recording))
        library.jobs.reset(recording_id, kinds, now=now)
        # Summary, people and title have steps of their own.
        library.jobs.request(recording_id, jobs.EDITS, now=now, fields=("notes", "tasks", "participants"))


def _gone(library: Library, recording_id: str) -> Recording:
    recording = library.get(recording_id)
    if recording is None:
        raise NotFoundError("There is no such recording", hint="See them all with: recorder list")
    if not library.ledger.is_gone(recording_id):
        raise UsageError("It was not deleted on the server", hint="Nothing has to be decided")
    return recording
