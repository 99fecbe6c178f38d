"""Deleting for good, keeping times, and the upkeep lane's clock: against the real embedded backend."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt

import pytest

from recorder_app.errors import StorageError
from recorder_app.sync import enqueue, jobs, purge
from recorder_app.sync.jobs import PURGE
from recorder_app.sync.upkeep import EVERY_S, TRASH_DAYS
from tests.sync.world import World, bad_key, lost_answer, refused_connection

DAY_S = 86_400.0


def throw(world, name="r1"):
    world.library.update(name, trashed_at=dt.datetime.fromtimestamp(world.now, dt.UTC))


def end(world, name="r1"):
    throw(world, name)
    world.library.jobs.request(name, PURGE, now=world.now)


def server_bytes(world):
    return sum(path.stat().st_size for path in (world.folder / "server" / "media").iterdir())


@pytest.fixture
def elsewhere(tmp_path):
    """A world whose workspace is a server elsewhere, not this computer's."""
    made = World(tmp_path / "elsewhere", name="https://posthog.example")
    yield made
    made.close()


def test_thirty_days_in_the_trash_and_every_byte_is_gone(world):
    world.whole("r1")
    world.whole("r2")
    world.settle()
    throw(world, "r1")

    world.later((TRASH_DAYS - 1) * DAY_S)
    world.settle()
    before = world.library.get("r1"), (world.recordings / "r1").exists(), len(world.rows())
    world.later(1.1 * DAY_S)
    world.settle()

    assert before == (world.library.get("r1") or before[0], True, 2)
    assert world.library.get("r1") is None
    assert world.library.jobs.of("r1") == ()
    assert not (world.recordings / "r1").exists()
    assert [row.meeting_title for row in world.rows()] == ["Meeting r2"]
    assert server_bytes(world) == 20_000
    assert world.library.get("r2") is not None


def test_the_time_in_the_trash_is_looked_at_rarely(world):
    world.whole()
    world.settle()
    throw(world)

    # Aged without the clock having moved: nobody looks before the hour is over.
    world.library.update("r1", trashed_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    world.settle()
    first = world.library.get("r1")
    world.later(EVERY_S + 1)
    world.settle()

    assert first is not None
    assert world.library.get("r1") is None


@pytest.mark.parametrize("fault", [refused_connection, lost_answer])
def test_the_servers_row_goes_even_if_it_takes_several_tries(world, fault):
    world.whole()
    world.settle()
    world.wire.spoil("DELETE", "desktop_recordings", fault, times=2)
    end(world)

    world.in_time(turns=5)

    assert world.rows() == ()
    assert world.library.get("r1") is None


def test_a_row_somebody_else_deleted_is_no_trouble(world):
    world.whole()
    world.settle()
    world.client.delete(world.library.get("r1").server_id)
    end(world)

    world.settle()

    assert world.library.get("r1") is None


def test_while_the_server_is_away_the_bytes_here_are_gone_already(world):
    world.whole()
    world.settle()
    world.wire.spoil("DELETE", "desktop_recordings", refused_connection, times=99)
    end(world)

    world.settle()

    assert not (world.recordings / "r1").exists()
    assert world.library.get("r1") is not None
    assert "cannot be reached" in world.job("purge").reason


def test_nothing_else_of_it_begins_once_it_is_ending(world):
    world.whole()
    end(world)
    asked = len(world.wire.requests)

    enqueue.retry(world.library, "r1", now=world.now)
    world.engine.edit("r1", title="Too late")
    world.settle()

    assert world.library.get("r1") is None
    assert world.wire.requests[asked:] == []
    assert world.rows() == ()
    assert world.speech.heard == []


def test_it_waits_for_what_is_running(world):
    world.whole()
    running = world.library.jobs.claim(jobs.SPEECH, now=world.now)
    end(world)

    world.settle()
    kept = (world.recordings / "r1").exists()
    world.library.jobs.settle(running, state="pending")
    world.settle()

    assert kept
    assert world.library.get("r1") is None
    assert not (world.recordings / "r1").exists()


def test_the_row_of_a_create_whose_answer_was_lost_is_deleted_too(world):
    world.wire.spoil("POST", "desktop_recordings", lost_answer)
    world.whole()
    world.engine.run_one(jobs.RECORDS)
    assert len(world.rows()) == 1
    end(world)

    world.settle()

    assert world.rows() == ()


def test_a_kill_before_the_last_step_is_made_good(world):
    world.whole()
    world.settle()
    end(world)
    job = world.library.jobs.claim(jobs.UPKEEP, now=world.now, workspace="local")
    purge.remove_folder(world.recordings, "r1")
    world.client.delete(world.library.get("r1").server_id)

    assert job.kind == "purge"
    world.library.jobs.requeue_running()
    world.settle()

    assert world.library.get("r1") is None


def test_what_lies_on_this_computer_can_be_deleted_while_another_server_is_in_use(world):
    world.whole()
    world.settle()
    there = dataclasses.replace(world.workspace, name="https://posthog.example")
    engine = world.new_engine(embedded=lambda: contextlib.nullcontext(world.client))
    engine.use_workspace(there)
    world.library.ledger.pause("https://posthog.example", "sign in")
    end(world)

    world.settle(engine)

    assert world.library.get("r1") is None
    assert world.rows() == ()


def test_a_refused_key_pauses_and_does_not_spin(elsewhere):
    elsewhere.whole()
    elsewhere.settle()
    elsewhere.wire.spoil("DELETE", "desktop_recordings", bad_key, times=99)
    end(elsewhere)

    elsewhere.settle()

    assert elsewhere.wire.count("DELETE", "desktop_recordings") == 1
    assert elsewhere.engine.paused_reason()


@pytest.mark.parametrize("name", ["..", ".", "", "../r1", "a/b"])
def test_only_a_recordings_own_folder_is_ever_removed(world, name):
    (world.recordings / "a" / "b").mkdir(parents=True)

    with pytest.raises(StorageError):
        purge.remove_folder(world.recordings, name)

    assert (world.recordings / "a" / "b").exists()


# ---- keeping times --------------------------------------------------------------------------------


def keeping(world, days):
    world.engine = world.new_engine(keep_media_days=days)


def aged(world, days, **fields):
    """A recording, whole on the server, that ended so many days ago."""
    world.whole(**fields)
    moment = dt.datetime.fromtimestamp(world.now, dt.UTC) - dt.timedelta(days=days)
    world.library.update("r1", completed_at=moment)
    (world.recordings / "r1" / "journal.jsonl").write_text("{}\n")
    world.settle()


def test_sound_stays_for_ever_unless_the_person_said_otherwise(elsewhere):
    aged(elsewhere, 3650)

    elsewhere.later(EVERY_S + 1)
    elsewhere.settle()

    assert elsewhere.media().exists()


def test_old_sound_leaves_once_the_server_confirmed_every_byte(elsewhere):
    keeping(elsewhere, 30)
    aged(elsewhere, 31)

    elsewhere.later(EVERY_S + 1)
    elsewhere.settle()

    here = elsewhere.library.get("r1")
    assert not elsewhere.media().exists()
    assert here.media == ()
    assert (elsewhere.recordings / "r1" / "journal.jsonl").exists()
    assert elsewhere.library.segments("r1")
    assert elsewhere.uploaded() == b"OggS" * 5000


@pytest.mark.parametrize(
    "why", ["young", "sha256 unknown", "row gone", "not uploaded", "work left", "this computer's own"]
)
def test_sound_that_may_be_the_only_copy_stays(why, elsewhere, world):
    made = world if why == "this computer's own" else elsewhere
    keeping(made, 30)
    aged(made, 29 if why == "young" else 31)
    if why == "sha256 unknown":
        made.library.ledger.close_upload("r1", media_url=None, is_sha256_confirmed=False)
    elif why == "row gone":
        made.library.ledger.set_gone("r1")
    elif why == "not uploaded":
        made.library.update("r1", is_uploaded=False)
    elif why == "work left":
        made.library.jobs.reset("r1", ["transcribe"], now=made.now + 1e6)

    made.engine._upkeep.turn(made.engine._deps, is_paused=True)

    assert made.media().exists()
    assert made.library.get("r1").media
