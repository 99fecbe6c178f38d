from __future__ import annotations

import threading
import time

import pytest

from recorder_app.errors import NotFoundError, RecorderError
from recorder_app.models import JobView
from tests.sync.world import World, answers, bad_key, refused_connection, until

CREATE = "desktop_recordings/"


def test_three_lanes_bring_a_recording_to_ready_and_tell_of_it(world):
    changed = []
    world.engine.changed.subscribe(changed.append)
    assert world.engine.start()
    world.whole()

    idle = world.engine.run_until_idle("r1", timeout_s=20)

    assert idle.is_done
    assert idle.reason is None
    assert set(changed) == {"r1"}
    assert world.row().status == "ready"


def test_a_second_engine_on_the_same_folder_stands_back(world, tmp_path):
    other = World(tmp_path)
    world.engine, other.engine = (one.new_engine(clock=time.time) for one in (world, other))
    assert world.engine.start()

    assert other.engine.start() is False
    assert not other.engine.is_running
    other.whole("from-the-other")
    idle = other.engine.run_until_idle("from-the-other", timeout_s=20)

    assert idle.is_done
    assert world.wire.count("POST", CREATE) >= 1
    assert other.wire.requests == []
    world.engine.stop()
    assert other.engine.start()
    other.close()


def test_stop_ends_a_transcription_within_a_second_and_it_goes_on_later(world):
    world.speech.is_slow = True
    world.speech.errors = [RecorderError("cancelled")]
    world.engine.start()
    world.whole()
    until(lambda: world.speech.heard)

    began = time.monotonic()
    world.engine.stop()

    assert time.monotonic() - began < 1.0
    job = world.job("transcribe")
    assert (job.state, job.attempts) == ("pending", 0)
    world.speech.is_slow = False
    again = world.new_engine()
    assert again.start()
    assert again.run_until_idle("r1", timeout_s=20).is_done
    again.stop()


def test_a_request_under_way_keeps_the_lock_until_it_has_ended(world, tmp_path):
    entered, let_go = threading.Event(), threading.Event()

    def hanging(request, pass_on):
        entered.set()
        let_go.wait(20)
        return pass_on(request)

    world.wire.spoil("POST", CREATE, hanging)
    world.engine.start()
    world.whole()
    assert entered.wait(10)
    other = World(tmp_path)

    began = time.monotonic()
    world.engine.stop(0.2)

    assert time.monotonic() - began < 1.0
    assert world.engine.start() is False
    assert other.engine.start() is False
    let_go.set()
    until(world.engine.start)
    assert world.engine.run_until_idle("r1", timeout_s=20).is_done
    assert len(world.rows()) == 1
    other.close()


def test_stop_between_chunks_keeps_the_upload_where_it_was(world):
    import recorder_app.sync.upload as upload_step

    world.begin()
    world.grow(b"x" * (3 * upload_step.MAX_CHUNK))
    sent = threading.Event()

    def first_chunk(request, pass_on):
        sent.set()
        world.engine._stopping.wait(5)
        return pass_on(request)

    world.wire.spoil("PATCH", "/uploads/", first_chunk)
    world.end()
    world.engine.start()
    assert sent.wait(10)

    world.engine.stop(5)

    assert world.job("upload").state == "pending"
    assert world.wire.count("PATCH", "/uploads/") == 1
    again = world.new_engine()
    again.start()
    assert again.run_until_idle(timeout_s=30).is_done
    again.stop()
    assert world.uploaded() == world.media().read_bytes()


def test_jobs_left_running_by_a_dead_process_go_on_at_the_start(world):
    world.whole()
    claimed = world.library.jobs.claim("records", now=world.now)
    assert claimed.kind == "create"

    assert world.engine.start()

    assert world.engine.run_until_idle("r1", timeout_s=20).is_done


def test_an_unfinished_recording_without_jobs_gets_them_at_the_start(world):
    import hashlib

    from recorder_app.models import Recording
    from tests.sync.world import START

    (world.recordings / "r1").mkdir()
    world.media().write_bytes(b"sound")
    world.library.add(
        Recording(
            id="r1",
            started_at=START,
            is_on_disk=True,
            media=(world.media(),),
            media_bytes=5,
            media_sha256=hashlib.sha256(b"sound").hexdigest(),
        )
    )

    world.engine.start()

    assert world.engine.run_until_idle("r1", timeout_s=20).is_done
    assert world.row().status == "ready"


def test_a_lane_that_dies_says_so_and_comes_back(world, expected_logs):
    expected_logs.append("lane failed")
    problems = []
    world.engine.problem.subscribe(problems.append)
    real, died = world.library.jobs.claim, threading.Event()

    def broken(lane, **values):
        if lane == "records" and not died.is_set():
            died.set()
            raise RuntimeError("boom")
        return real(lane, **values)

    world.library.jobs.claim = broken
    world.engine.start()
    until(lambda: problems)
    assert "boom" in problems[0]

    world.whole()
    world.engine.wake()

    assert world.engine.run_until_idle("r1", timeout_s=20).is_done
    assert problems[-1] is None


def test_waiting_for_idle_gives_the_reason_when_the_network_is_away(world):
    world.wire.spoil("POST", CREATE, refused_connection, times=1000)
    world.engine = world.new_engine(clock=time.time, chance=lambda: 0.0)
    world.engine.start()
    world.whole()

    idle = world.engine.run_until_idle("r1", timeout_s=20)

    assert not idle.is_done
    assert not idle.has_timed_out
    assert "cannot be reached" in idle.reason
    assert world.library.get("r1").is_transcribed


def test_waiting_for_idle_gives_the_reason_when_a_sign_in_is_needed(world):
    world.wire.spoil("POST", CREATE, bad_key)
    world.engine.start()
    world.whole()

    idle = world.engine.run_until_idle("r1", timeout_s=20)

    assert not idle.is_done
    assert idle.reason == world.engine.paused_reason()


def test_waiting_for_idle_gives_the_reason_when_something_was_given_up(world):
    world.wire.spoil("POST", CREATE, answers(400, "invalid", "Nonsense."))
    world.engine.start()
    world.whole()

    idle = world.engine.run_until_idle("r1", timeout_s=20)

    assert not idle.is_done
    assert "Nonsense" in idle.reason


def test_waiting_for_idle_ends_when_time_is_over(world):
    world.begin()  # still recording: its upload goes on for as long as that lasts

    idle = world.engine.run_until_idle("r1", timeout_s=0.1)

    assert idle.has_timed_out
    assert not idle.is_done


def test_jobs_are_shown_with_their_progress(world):
    world.whole()
    world.settle()

    views = world.library.jobs.views("r1")

    assert all(isinstance(view, JobView) for view in views)
    assert [view.kind for view in views][:3] == ["create", "describe", "finish"]
    assert {view.progress_percent for view in views} == {100}
    assert world.library.jobs.views() == []


def test_recordings_are_counted_not_jobs(world):
    world.whole("a")
    world.whole("b")
    assert world.engine.uploads_status().waiting == 2

    world.settle()

    status = world.engine.uploads_status()
    assert (status.waiting, status.failing, status.paused_reason) == (0, 0, None)


def test_a_recording_deleted_while_its_job_runs_leaves_nothing_behind(world):
    def delete_meanwhile(request, pass_on):
        world.library.delete("r1")
        return pass_on(request)

    world.wire.spoil("PATCH", CREATE, delete_meanwhile)
    world.whole()

    world.settle()

    assert world.library.list() == []
    assert world.library.jobs.open() == ()


def test_another_workspaces_recordings_wait_for_theirs(world):
    world.whole(workspace="https://eu.posthog.com")

    world.settle()

    assert world.library.get("r1").server_id is None
    assert world.library.get("r1").is_transcribed
    assert world.rows() == ()


def test_planning_an_unknown_recording_says_so(world):
    with pytest.raises(NotFoundError):
        world.engine.plan("nobody")
    with pytest.raises(NotFoundError):
        world.engine.retry("nobody")
