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
from recorder_app.sync.listing import newest
from recorder_app.sync.takeover import base_of
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)

TOLERANCE_S = 10.0
"""How far a row's time may lie before our request once the clocks were compared, which is to the second."""
SKEW_S = 300.0
"""The same where the server never told its time."""
LATE_S = 300.0
"""How long after our last request it may still make a row: the server waits for Recall without limit."""
SETTLE_S = 15.0
"""Lost rows are looked for this long after the request: by then another device has described its own."""
PAGE = 20


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    if recording.server_id is not None:
        return Done()
    asked = dict(job.payload)
    if "intent_at" in asked and not deps.workspace.repeats_creates:
        lost = _look_for(deps, recording, asked)
        if lost is not None:
            logger.info("recording %s: adopted the row of a create whose answer was lost", recording.id)
            _keep(deps, recording, lost, token="", endpoint=deps.workspace.upload_url or "")
            return Done()
    asked = {"intent_at": asked.get("intent_at", deps.clock()), "last_at": deps.clock()}
    deps.library.jobs.save_payload(job, asked)
    _post(job, deps, recording)
    return Done()


def _post(job: Job, deps: Deps, recording: Recording) -> None:
    try:
        created = deps.workspace.client.create(recording.platform, idempotency_key=recording.id)
    except RecorderError as error:
        if not may_have_happened(error) and "intent_at" not in job.payload:
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


def _look_for(deps: Deps, recording: Recording, asked: dict[str, float]) -> RemoteRecording | None:
    first = asked["intent_at"]
    last = max(first, asked.get("last_at", first))
    waited = deps.clock() - last
    if 0 <= waited < SETTLE_S:
        raise ServerFaultError(
            "The server's answer was lost",
            status=0,
            retry_after_s=SETTLE_S - waited,
            hint="It is looked up there before anything is sent again",
        )
    return find_lost(deps, recording, first_at=first, last_at=last)


def find_lost(deps: Deps, recording: Recording, *, first_at: float, last_at: float) -> RemoteRecording | None:
    """Return the untouched row that our create probably made: nearest to a request, claimed by nobody.

    `first_at` and `last_at` are the first and the latest request, by our clock; the server's `Date` header
    says how far that is from its own.
    """
    claimed = deps.library.server_ids(deps.workspace.name)
    creator = deps.library.ledger.known_creator(deps.workspace.name)
    listed = newest(deps.workspace.client, limit=PAGE, status=Status.RECORDING.value, user_id=creator)
    offset = deps.workspace.client.clock_offset_s
    slack = SKEW_S if offset is None else TOLERANCE_S
    begin, end = (dt.datetime.fromtimestamp(at + (offset or 0.0), dt.UTC) for at in (first_at, last_at))
    span = (begin - dt.timedelta(seconds=slack), end + dt.timedelta(seconds=slack + LATE_S))
    candidates = [row for row in listed.rows if row.id not in claimed and _may_be_ours(row, recording, *span)]
    return min(candidates, key=lambda row: _distance(row, end), default=None)


def _may_be_ours(row: RemoteRecording, recording: Recording, since: dt.datetime, until: dt.datetime) -> bool:
    # Another device describes its row within a moment of creating it; a lost one stays as it was born.
    is_untouched = not (row.meeting_title or row.participants or row.transcript_segments or row.notes)
    return (
        is_untouched
        and row.platform == recording.platform
        and row.created_at is not None
        and since <= row.created_at <= until
    )


def _distance(row: RemoteRecording, moment: dt.datetime) -> float:
    return abs(((row.created_at or moment) - moment).total_seconds())


def _keep(deps: Deps, recording: Recording, row: RemoteRecording, *, token: str, endpoint: str) -> None:
    """Write the row's id and the right to upload down in one commit: the token is given only once."""
    with deps.library.transaction():
        deps.library.update(recording.id, server_id=row.id)
        deps.library.ledger.set_base(recording.id, base_of(row))
        deps.library.ledger.keep_upload(
            recording.id, KeptUpload(server_id=row.id, token=token, endpoint=endpoint)
        )
