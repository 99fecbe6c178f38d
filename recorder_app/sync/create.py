"""Step 1: the recording's row on the server. Create is not idempotent there, so it never guesses.

The intent is written down before the request. When an answer may have been lost, the row is looked for
first (posthog/README §8.3); only where the server repeats itself for the same key is it simply asked again.
"""

from __future__ import annotations

import datetime as dt
import logging

from recorder_app.api.wire import RemoteRecording
from recorder_app.errors import NetworkError, RecorderError, ServerFaultError
from recorder_app.library.jobs import Job
from recorder_app.library.ledger import KeptUpload
from recorder_app.models import Recording, Status
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps, base_of

logger = logging.getLogger(__name__)

SKEW_S = 300.0
"""How far the server's clock may be behind or ahead of ours for a row to be still ours."""
PAGE = 20


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    if recording.server_id is not None:
        return Done()
    intent_at = job.payload.get("intent_at")
    if intent_at is None:
        intent_at = deps.clock()
        deps.library.jobs.save_payload(job, {"intent_at": intent_at})
    elif not deps.workspace.honours_idempotency_key:
        lost = find_lost(deps, recording, intent_at)
        if lost is not None:
            logger.info("recording %s: adopted the row of a create whose answer was lost", recording.id)
            _keep(deps, recording, lost, token="", endpoint=deps.workspace.upload_url or "")
            return Done()
    _post(job, deps, recording)
    return Done()


def _post(job: Job, deps: Deps, recording: Recording) -> None:
    try:
        created = deps.workspace.client.create(recording.platform, idempotency_key=recording.id)
    except RecorderError as error:
        if not may_have_happened(error):
            deps.library.jobs.save_payload(job, {})
        raise
    endpoint, token = created.upload_endpoint or "", created.upload_token
    if not endpoint and deps.workspace.upload_url:
        # The person's own server has no business with another server's token.
        endpoint, token = deps.workspace.upload_url, ""
    _keep(deps, recording, created.recording, token=token, endpoint=endpoint)
    logger.info("recording %s: created on the server", recording.id)


def may_have_happened(error: RecorderError) -> bool:
    """Whether a create that failed like this may have left a row behind."""
    if isinstance(error, NetworkError):
        return error.was_sent
    return isinstance(error, ServerFaultError)


def find_lost(deps: Deps, recording: Recording, intent_at: float) -> RemoteRecording | None:
    """Return the untouched row that our create probably made: nearest to the intent, claimed by nobody."""
    claimed = deps.library.server_ids(deps.workspace.name)
    creator = deps.library.ledger.known_creator(deps.workspace.name)
    page = deps.workspace.client.list(limit=PAGE, status=Status.RECORDING.value, user_id=creator)
    intent = dt.datetime.fromtimestamp(intent_at, dt.UTC)
    candidates = [
        row for row in page.results if row.id not in claimed and _may_be_ours(row, recording, intent)
    ]
    return min(candidates, key=lambda row: _distance(row, intent), default=None)


def _may_be_ours(row: RemoteRecording, recording: Recording, intent: dt.datetime) -> bool:
    # Another device describes its row within a moment of creating it; a lost one stays as it was born.
    is_untouched = not (row.meeting_title or row.participants or row.transcript_segments or row.notes)
    return (
        is_untouched
        and row.platform == recording.platform
        and row.created_at is not None
        and row.created_at >= intent - dt.timedelta(seconds=SKEW_S)
    )


def _distance(row: RemoteRecording, intent: dt.datetime) -> float:
    return abs(((row.created_at or intent) - intent).total_seconds())


def _keep(deps: Deps, recording: Recording, row: RemoteRecording, *, token: str, endpoint: str) -> None:
    """Write the row's id and the right to upload down in one commit: the token is given only once."""
    with deps.library.transaction():
        deps.library.update(recording.id, server_id=row.id)
        deps.library.ledger.set_base(recording.id, base_of(row))
        deps.library.ledger.keep_upload(
            recording.id, KeptUpload(server_id=row.id, token=token, endpoint=endpoint)
        )
