"""The one state a person sees, from facts."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from recorder_app.models import CaptureStatus, JobView, Recording, StateKind, Status
from recorder_app.states import state_of

NOW = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
ON_DISK = Recording(id="a", started_at=NOW, is_on_disk=True, is_uploaded=True, status=Status.READY)


def job(kind: str, state: str, **changes: object) -> JobView:
    return JobView(
        **{
            "id": 1, "recording_id": "a", "kind": kind, "state": state, "attempts": 1,
            "reason": None, "next_attempt_at": None, **changes,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("capture_state", "kind"),
    [
        ("recording", StateKind.RECORDING),
        ("starting", StateKind.RECORDING),
        ("paused", StateKind.PAUSED),
        ("stopping", StateKind.SAVING),
    ],
)
def test_the_capture_process_has_the_first_word(capture_state, kind):
    capture = CaptureStatus(state=capture_state, recording_id="a")

    assert state_of(dataclasses.replace(ON_DISK, is_on_disk=False), [], capture).kind is kind


def test_another_recording_being_captured_changes_nothing():
    assert state_of(ON_DISK, [], CaptureStatus(state="recording", recording_id="b")).kind is StateKind.READY


def test_an_open_row_nobody_records_is_being_saved():
    assert state_of(dataclasses.replace(ON_DISK, is_on_disk=False), []).kind is StateKind.SAVING


def test_without_a_media_server_the_sound_is_kept_here():
    assert state_of(dataclasses.replace(ON_DISK, is_uploaded=False), []).kind is StateKind.KEPT_HERE


def test_a_blocked_step_is_a_failure_with_its_reason():
    state = state_of(ON_DISK, [job("transcribe", "running"), job("upload", "blocked", reason="No.")])

    assert (state.kind, state.reason) == (StateKind.FAILED, "No.")


def test_a_bad_key_never_makes_a_recording_a_failure():
    state = state_of(ON_DISK, [job("create", "pending")], paused_reason="The key is not known.")

    assert (state.kind, state.reason) == (StateKind.NEEDS_SIGN_IN, "The key is not known.")


def test_uploading_outranks_transcribing():
    jobs = [job("transcribe", "running", progress_percent=60), job("upload", "running", progress_percent=43)]

    state = state_of(ON_DISK, jobs)

    assert (state.kind, state.percent) == (StateKind.UPLOADING, 43)


def test_waiting_says_why_and_when():
    state = state_of(ON_DISK, [job("upload", "pending", reason="Down.", next_attempt_at=NOW)])

    assert (state.kind, state.reason, state.next_attempt_at) == (StateKind.WAITING, "Down.", NOW)


def test_a_row_marked_error_tells_its_error():
    state = state_of(dataclasses.replace(ON_DISK, status=Status.ERROR, error="Broken."), [])

    assert (state.kind, state.reason) == (StateKind.FAILED, "Broken.")
