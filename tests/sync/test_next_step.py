from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from recorder_app.errors import (
    LibraryError,
    MissingDependencyError,
    NetworkError,
    NoRecallError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    ServerFaultError,
    SignInError,
    UsageError,
)
from recorder_app.library.jobs import Job
from recorder_app.sync import plan
from recorder_app.sync.jobs import (
    CAP_S,
    FLOOR_S,
    KINDS,
    LANES,
    Again,
    Broke,
    Done,
    Failed,
    NextStep,
    backoff_s,
    next_step,
)


def job(lane: str = "records", attempts: int = 0, state: str = "running", **fields) -> Job:
    values = {
        "id": 1,
        "recording_id": "r",
        "kind": "finish",
        "lane": lane,
        "state": state,
        "attempts": attempts,
        "revision": 0,
        "next_attempt_at": 0.0,
        "reason": None,
        "payload": {},
        "progress": 7,
    }
    return Job(**(values | fields))


NETWORK = NetworkError("No network", was_sent=True)
FAULT = ServerFaultError("Down", status=500)
BUSY = ServerFaultError("Busy", status=503, retry_after_s=42)
SLOW = RateLimitedError("Slow down", retry_after_s=60)
SLOW_UNSAID = RateLimitedError("Slow down", retry_after_s=None)
KEY = SignInError("Bad key", code="authentication_failed")
RECALL = NoRecallError("No Recall")
REFUSED = RejectedError("Refused", status=400, code="invalid")


@pytest.mark.parametrize(
    ("given_job", "outcome", "expected"),
    [
        (job(attempts=4), Done(), NextStep("done", progress=100)),
        (job(), Done("kept here"), NextStep("done", reason="kept here", progress=100)),
        (job(attempts=4), Again(2.0, 43), NextStep("pending", 0, 2.0, None, 43)),
        (job(attempts=2), Failed(NETWORK), NextStep("pending", 3, 2.0, "No network.", 7)),
        (job(), Failed(FAULT), NextStep("pending", 1, 0.5, "Down.", 7)),
        (job(attempts=50), Failed(FAULT), NextStep("pending", 51, CAP_S / 2, "Down.", 7)),
        (job(attempts=9), Failed(BUSY), NextStep("pending", 10, 42, "Busy.", 7)),
        (job(attempts=9), Failed(SLOW), NextStep("pending", 10, 60, "Slow down.", 7)),
        (job(), Failed(SLOW_UNSAID), NextStep("pending", 1, 0.5, "Slow down.", 7)),
        (job(attempts=3), Failed(KEY), NextStep("pending", 3, 0, "Bad key.", 7, is_pausing=True)),
        (job(), Failed(RECALL), NextStep("pending", 1, 3600, "No Recall.", 7)),
        (job(), Failed(REFUSED), NextStep("blocked", 1, reason="Refused.")),
        (job(), Failed(NotFoundError("Gone")), NextStep("blocked", 1, reason="Gone.")),
        (job(), Failed(UsageError("No")), NextStep("blocked", 1, reason="No.")),
        (job(attempts=70), Failed(LibraryError("Locked")), NextStep("pending", 71, 150, "Locked.", 7)),
        (job("speech"), Failed(MissingDependencyError("None")), NextStep("blocked", 1, reason="None.")),
        (job("speech", 1), Failed(NETWORK), NextStep("pending", 2, 1.0, "No network.", 7)),
        (job("speech", 2), Failed(NETWORK), NextStep("blocked", 3, reason="No network.")),
    ],
)
def test_the_table(given_job, outcome, expected):
    assert next_step(given_job, outcome, chance=0.5) == expected


def test_our_own_fault_is_tried_three_times_and_named():
    first, last = (
        next_step(job(), Broke("KeyError"), chance=0),
        next_step(job(attempts=2), Broke("KeyError"), chance=0),
    )

    assert (first.state, last.state) == ("pending", "blocked")
    assert "KeyError" in last.reason


@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_back_off_stays_between_its_floor_and_five_minutes(attempts, chance):
    assert FLOOR_S <= backoff_s(attempts, chance) <= CAP_S
    assert backoff_s(attempts, chance) <= backoff_s(attempts + 1, chance)


def test_no_delay_ever_is_longer_than_an_hour_and_a_quarter_unless_the_server_asked_for_it():
    for error in (NETWORK, FAULT, SLOW_UNSAID, RECALL, LibraryError("x")):
        assert next_step(job(attempts=99), Failed(error), chance=0.999).delay_s <= 4500


def test_kinds_are_listed_in_the_order_of_their_needs_and_every_need_exists():
    seen: set[str] = set()
    for spec in KINDS:
        assert set(spec.needs) <= seen or spec.kind == "media"
        assert spec.lane in LANES
        seen.add(spec.kind)
    assert {need for spec in KINDS for need in (*spec.needs, *spec.follows)} <= seen
    assert [spec.position for spec in KINDS] == sorted({spec.position for spec in KINDS})


def test_what_a_lost_step_takes_along():
    assert plan.dependents("transcribe") == ("insights", "transcript", "summary")
    assert plan.dependents("upload") == ("media",)
    assert set(plan.dependents("create")) == {
        "describe",
        "finish",
        "edits",
        "upload",
        "media",
        "transcript",
        "summary",
        "done",
    }
    assert plan.dependents("done") == ()


def test_what_counts_as_moving():
    create = job(kind="create", state="done")
    waiting = job(state="pending", attempts=1)

    assert plan.is_moving(job(), (), is_paused=True, now=0.0)
    assert plan.is_moving(waiting, (create,), is_paused=False, now=0.0)
    assert not plan.is_moving(waiting, (create,), is_paused=True, now=0.0)
    assert not plan.is_moving(waiting, (), is_paused=False, now=0.0)
    assert not plan.is_moving(job(state="pending", attempts=3), (create,), is_paused=False, now=0.0)
    assert not plan.is_moving(job(state="blocked"), (create,), is_paused=False, now=0.0)
    assert not plan.is_moving(job(state="done"), (create,), is_paused=False, now=0.0)
    heard = job(kind="transcribe", lane="speech", state="pending")
    assert plan.is_moving(heard, (), is_paused=True, now=0.0)
