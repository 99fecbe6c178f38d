from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from recorder_app.errors import NotFoundError
from recorder_app.library.jobs import JobSpec
from recorder_app.library.store import Library
from recorder_app.models import Recording

START = dt.datetime(2026, 3, 4, tzinfo=dt.UTC)
FIRST = JobSpec("first", "records", 10)
SECOND = JobSpec("second", "records", 20, needs=("first",))
THIRD = JobSpec("third", "records", 30, follows=("second", "bytes"))
BYTES = JobSpec("bytes", "media", 15, needs=("first",))
SPECS = (FIRST, SECOND, THIRD, BYTES)


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    for name in ("a", "b"):
        opened.add(Recording(id=name, started_at=START, workspace="local" if name == "a" else "w"))
    yield opened
    opened.close()


def test_a_job_waits_for_the_kinds_it_needs(library):
    library.jobs.ensure("a", SPECS)

    first = library.jobs.claim("records", now=1)

    assert first.kind == "first"
    assert library.jobs.claim("records", now=1) is None
    assert library.jobs.claim("media", now=1) is None
    library.jobs.settle(first, state="done")
    assert library.jobs.claim("records", now=1).kind == "second"
    assert library.jobs.claim("media", now=1).kind == "bytes"


def test_a_needed_kind_that_does_not_exist_yet_holds_back_too(library):
    library.jobs.ensure("a", (SECOND,))

    assert library.jobs.claim("records", now=1) is None


def test_a_blocked_kind_holds_back_who_needs_it_but_not_who_follows_it(library):
    library.jobs.ensure("a", SPECS)
    library.jobs.settle(library.jobs.claim("records", now=1), state="done")
    library.jobs.settle(library.jobs.claim("media", now=1), state="blocked", reason="no")
    second = library.jobs.claim("records", now=1)
    assert second.kind == "second"

    library.jobs.settle(second, state="blocked", reason="no")

    assert library.jobs.claim("records", now=1).kind == "third"


def test_only_the_workspaces_own_jobs_are_claimed(library):
    library.jobs.ensure("b", (FIRST,))

    assert library.jobs.claim("records", now=1, workspace="local") is None
    assert library.jobs.claim("records", now=1, workspace="w").recording_id == "b"


def test_a_job_is_not_due_before_its_time(library):
    library.jobs.ensure("a", (FIRST,))
    job = library.jobs.claim("records", now=100)
    library.jobs.settle(job, state="pending", attempts=1, next_attempt_at=130, delay_s=30, reason="later")

    assert library.jobs.claim("records", now=129.9) is None
    assert library.jobs.next_due("records", after=129.9) == 130
    assert library.jobs.next_due("records", after=130) is None
    again = library.jobs.claim("records", now=130)
    assert (again.attempts, again.reason) == (1, "later")


def test_a_clock_set_back_does_not_make_a_job_wait_for_days(library):
    library.jobs.ensure("a", (FIRST,))
    job = library.jobs.claim("records", now=1_000_000)
    library.jobs.settle(job, state="pending", next_attempt_at=1_000_030, delay_s=30)

    assert library.jobs.claim("records", now=1_000) is not None


def test_jobs_for_a_deleted_recording_say_so(library):
    library.delete("a")

    with pytest.raises(NotFoundError):
        library.jobs.ensure("a", SPECS)


def test_ensuring_again_changes_nothing(library):
    library.jobs.ensure("a", SPECS)
    library.jobs.settle(library.jobs.claim("records", now=1), state="done", reason="well")
    before = library.jobs.of("a")

    library.jobs.ensure("a", SPECS)

    assert library.jobs.of("a") == before


def test_a_job_asked_for_while_it_runs_runs_once_more(library):
    library.jobs.request("a", FIRST, now=1, fields=("notes",))
    running = library.jobs.claim("records", now=1)
    library.jobs.request("a", FIRST, now=2, fields=("title",))
    assert library.jobs.claim("records", now=2) is None

    library.jobs.settle(running, state="done")

    again = library.jobs.claim("records", now=2)
    assert again.payload["fields"] == ["notes", "title"]
    library.jobs.settle(again, state="done")
    assert library.jobs.claim("records", now=3) is None


def test_asking_for_a_done_job_starts_with_a_clean_notebook(library):
    library.jobs.request("a", FIRST, now=1, fields=("notes",))
    library.jobs.settle(library.jobs.claim("records", now=1), state="done")

    library.jobs.request("a", FIRST, now=2, fields=("title",))

    assert library.jobs.claim("records", now=2).payload["fields"] == ["title"]


def test_what_a_dead_process_left_running_becomes_pending(library, tmp_path):
    library.jobs.ensure("a", (FIRST,))
    library.jobs.claim("records", now=1)

    another = Library(tmp_path / "library.sqlite")

    assert another.jobs.requeue_running() == 1
    assert another.jobs.claim("records", now=1).kind == "first"
    another.close()


def test_hurrying_makes_waiting_jobs_due_and_revives_blocked_ones_only_when_told(library):
    library.jobs.ensure("a", (FIRST,))
    library.jobs.ensure("b", (FIRST,))
    one, two = library.jobs.claim("records", now=1), library.jobs.claim("records", now=1)
    library.jobs.settle(one, state="pending", attempts=9, next_attempt_at=900, delay_s=900, reason="later")
    library.jobs.settle(two, state="blocked", reason="refused")

    library.jobs.hurry(None, now=5)

    assert library.jobs.claim("records", now=5).recording_id == one.recording_id
    assert library.jobs.claim("records", now=5) is None
    library.jobs.hurry(two.recording_id, now=5, with_blocked=True)
    revived = library.jobs.claim("records", now=5)
    assert (revived.recording_id, revived.reason, revived.attempts) == (two.recording_id, None, 0)


def test_views_tell_state_reason_and_next_try(library):
    library.jobs.ensure("a", (FIRST, SECOND))
    job = library.jobs.claim("records", now=1)
    library.jobs.set_progress(job, 43)
    library.jobs.settle(job, state="pending", attempts=2, next_attempt_at=60, delay_s=5, reason="No network.")

    first, second = library.jobs.views("a")

    assert (first.kind, first.state, first.attempts, first.reason) == ("first", "pending", 2, "No network.")
    assert first.next_attempt_at == dt.datetime.fromtimestamp(60, dt.UTC)
    assert second.next_attempt_at is None
    assert [view.kind for view in library.jobs.views()] == ["first", "second"]


class JobMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order: exclusion, order and no lost job."""

    def __init__(self):
        super().__init__()
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.library = Library(Path(self.folder.name) / "library.sqlite")
        self.other = Library(Path(self.folder.name) / "library.sqlite")
        self.now = 1000.0
        self.running = []
        self.runs = 0

    @initialize()
    def two_recordings(self):
        for name in ("a", "b"):
            self.library.add(Recording(id=name, started_at=START))
            self.library.jobs.ensure(name, SPECS)

    def teardown(self):
        # No lost job: with nothing failing any more, everything ends.
        for job in self.running:
            self.library.jobs.settle(job, state="pending")
        self.library.jobs.hurry(None, now=self.now, with_blocked=True)
        for _ in range(50):
            for lane in ("records", "media"):
                while job := self.library.jobs.claim(lane, now=self.now):
                    self.library.jobs.settle(job, state="done")
        assert self.library.jobs.open() == ()
        self.library.close()
        self.other.close()
        self.folder.cleanup()

    @rule(lane=st.sampled_from(["records", "media"]), is_other=st.booleans())
    def claim(self, lane, is_other):
        before = {job.kind: job.state for name in "ab" for job in self.library.jobs.of(name)}
        assert before
        job = (self.other if is_other else self.library).jobs.claim(lane, now=self.now)
        if job is None:
            return
        states = {other.kind: other.state for other in self.library.jobs.of(job.recording_id)}
        spec = next(spec for spec in SPECS if spec.kind == job.kind)
        assert all(states[kind] == "done" for kind in spec.needs)
        assert all(states[kind] in ("done", "blocked") for kind in spec.follows)
        assert job.next_attempt_at <= self.now
        self.running.append(job)

    @rule(data=st.data(), state=st.sampled_from(["done", "blocked", "pending"]), wait=st.integers(0, 60))
    def settle(self, data, state, wait):
        if self.running:
            job = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
            self.other.jobs.settle(job, state=state, next_attempt_at=self.now + wait, delay_s=wait)

    @rule(name=st.sampled_from(["a", "b"]), spec=st.sampled_from(SPECS))
    def request(self, name, spec):
        self.library.jobs.request(name, spec, now=self.now, fields=("x",))

    @rule(seconds=st.integers(1, 100))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def process_dies_and_starts_again(self):
        self.library.jobs.requeue_running()
        self.running.clear()

    @invariant()
    def one_runs_at_most_per_recording_and_lane(self):
        seen = [
            (job.recording_id, job.lane)
            for name in "ab"
            for job in self.library.jobs.of(name)
            if job.state == "running"
        ]
        assert len(seen) == len(set(seen))
        assert len(seen) == len(self.running)


JobMachine.TestCase.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
test_jobs_keep_order_and_exclusion_whatever_happens = JobMachine.TestCase
