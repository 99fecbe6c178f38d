"""Step 1: the recording's row on the server. Create is not idempotent there, so it never guesses.

The intent is written down before the request. When an answer may have been lost, the row is looked for
first (posthog/README §8.3); only where the server repeats itself for the same key is it simply asked again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

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


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """When we asked for a row without hearing of one, in epoch seconds. Kept in the job's notebook."""

    first_at: float
    last_at: float
    first_there: float | None = None
    """The same moments by the server's clock, as soon as that is known: ours may be set meanwhile."""
    last_there: float | None = None

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Asked | None:
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: payload[name] for name in names}) if set(names) <= set(payload) else None

    def dated(self, offset_s: float | None) -> Asked:
        """Translate what is not yet in the server's time. `offset_s` is how far its clock is ahead."""
        if offset_s is None:
            return self
        first = self.first_at + offset_s if self.first_there is None else self.first_there
        last = self.last_at + offset_s if self.last_there is None else self.last_there
        return dataclasses.replace(self, first_there=first, last_there=last)

    def again(self, now: float) -> Asked:
        return dataclasses.replace(self, last_at=now, last_there=None)


def run(job: Job, deps: Deps) -> Outcome:
    recording = deps.recording(job)
    if recording.server_id is not None:
        return Done()
    before = Asked.of(job.payload)
    if before is not None and not deps.workspace.repeats_creates:
        lost = _look_for(job, deps, recording, before)
        if lost is not None:
            logger.info("recording %s: adopted the row of a create whose answer was lost", recording.id)
            _keep(deps, recording, lost, token="", endpoint=deps.workspace.upload_url or "")
            return Done()
    _post(job, deps, recording, before)
    return Done()


def _post(job: Job, deps: Deps, recording: Recording, before: Asked | None) -> None:
    now = deps.clock()
    asked = Asked(now, now) if before is None else before.again(now)
    deps.library.jobs.save_payload(job, dataclasses.asdict(asked))
    try:
        created = deps.workspace.client.create(recording.platform, idempotency_key=recording.id)
    except RecorderError as error:
        # An earlier request may still have made a row, whatever became of this one.
        kept = asked if may_have_happened(error) else before
        _write_down(job, deps, kept)
        raise
    endpoint, token = created.upload_endpoint or "", created.upload_token
    if not endpoint and deps.workspace.upload_url:
        # The person's own server has no business with another server's token.
        endpoint, token = deps.workspace.upload_url, ""
    _keep(deps, recording, created.recording, token=token, endpoint=endpoint)
    logger.info("recording %s: created on the server", recording.id)


def _write_down(job: Job, deps: Deps, asked: Asked | None) -> None:
    dated = None if asked is None else asked.dated(deps.workspace.client.clock_offset_s)
    deps.library.jobs.save_payload(job, {} if dated is None else dataclasses.asdict(dated))


def may_have_happened(error: RecorderError) -> bool:
    """Whether a create that failed like this may have left a row behind."""
    if isinstance(error, NetworkError):
        return error.was_sent
    return isinstance(error, ServerFaultError)


def _look_for(job: Job, deps: Deps, recording: Recording, asked: Asked) -> RemoteRecording | None:
    waited = deps.clock() - asked.last_at
    if 0 <= waited < SETTLE_S:
        raise ServerFaultError(
            "The server's answer was lost",
            status=0,
            retry_after_s=SETTLE_S - waited,
            hint="It is looked up there before anything is sent again",
        )
    try:
        return find_lost(deps, recording, asked)
    except RecorderError:
        _write_down(job, deps, asked)
        raise


def find_lost(deps: Deps, recording: Recording, asked: Asked) -> RemoteRecording | None:
    """Return the untouched row that our create probably made: nearest to a request, claimed by nobody."""
    claimed = deps.library.server_ids(deps.workspace.name)
    creator = deps.library.ledger.known_creator(deps.workspace.name)
    listed = newest(deps.workspace.client, limit=PAGE, status=Status.RECORDING.value, user_id=creator)
    dated = asked.dated(deps.workspace.client.clock_offset_s)
    slack_s = SKEW_S if dated.first_there is None else TOLERANCE_S
    first = _moment(dated.first_at if dated.first_there is None else dated.first_there)
    last = _moment(dated.last_at if dated.last_there is None else dated.last_there)
    since, until = first - dt.timedelta(seconds=slack_s), last + dt.timedelta(seconds=slack_s + LATE_S)
    candidates = [
        row
        for row in listed.rows
        if row.id not in claimed and _may_be_ours(row, recording, since=since, until=until)
    ]
    return min(candidates, key=lambda row: _distance(row, last), default=None)


def _moment(epoch_s: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch_s, dt.UTC)


def _may_be_ours(
    row: RemoteRecording, recording: Recording, *, since: dt.datetime, until: dt.datetime
) -> bool:
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
