from __future__ import annotations

import pytest

from recorder_app.errors import UsageError
from recorder_app.models import StateKind
from recorder_app.sync.jobs import KINDS
from recorder_app.uploads import CANCELLED, job_words
from tests.facade.conftest import KEY, whole


def test_each_waiting_recording_tells_its_steps_its_reason_and_its_next_try(recorder):
    whole(recorder)
    create = recorder.library.jobs.claim("records", now=1.0)
    recorder.library.jobs.settle(
        create, state="pending", attempts=1, next_attempt_at=4e9, delay_s=30, reason="It is away."
    )

    (row,) = recorder.uploads.rows()

    assert (row.recording_id, row.title, row.reason) == ("r1", "Weekly", "It is away.")
    assert row.next_attempt_at.timestamp() == 4e9
    assert [job.kind for job in row.jobs][:2] == ["create", "describe"]
    assert row.can_cancel
    assert recorder.uploads_status().waiting == 1


def test_every_kind_of_work_has_words():
    assert [spec.kind for spec in KINDS if job_words(spec.kind) == spec.kind] == []


def test_cancelling_and_trying_again_gets_it_there_once(opened):
    recorder = opened(is_working=False)
    whole(recorder)

    recorder.uploads.cancel("r1")

    detail = recorder.detail("r1")
    assert (detail.state.kind, detail.state.reason) == (StateKind.FAILED, CANCELLED)
    assert not recorder.uploads.rows()[0].can_cancel
    with pytest.raises(UsageError):
        recorder.uploads.cancel("r1")
    working = opened(is_working=True)
    working.work_until_idle(timeout_s=30)
    assert working.library.get("r1").server_id is None
    working.retry("r1")
    working.work_until_idle(timeout_s=30)
    assert working.detail("r1").state.kind is StateKind.READY
    assert working.uploads.rows() == []


def test_cancelling_the_sound_alone_lets_the_rest_arrive(opened, served):
    recorder = opened(is_working=False, POSTHOG_HOST=served.url, POSTHOG_PERSONAL_API_KEY=KEY)
    whole(recorder)
    create = recorder.library.jobs.claim("records", now=1.0)
    from recorder_app.wiring import build_clients

    with build_clients(recorder.paths, recorder.settings, {"POSTHOG_PERSONAL_API_KEY": KEY}) as clients:
        made = clients.recordings.create("desktop_audio")
        recorder.library.update("r1", server_id=made.recording.id)
        recorder.library.jobs.settle(create, state="done")

        recorder.uploads.cancel("r1")
        working = opened(is_working=True, POSTHOG_HOST=served.url, POSTHOG_PERSONAL_API_KEY=KEY)
        working.work_until_idle(timeout_s=30)

        row = clients.recordings.retrieve(made.recording.id)
    assert row.meeting_title == "Weekly"
    assert row.transcript_segments
    assert (row.status, row.error_message) == ("error", CANCELLED)
    assert row.video_size_bytes is None
