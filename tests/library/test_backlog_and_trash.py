from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3

import pytest

from recorder_app.library import schema
from recorder_app.library.jobs import LAST, JobSpec
from recorder_app.library.ledger import KeptUpload
from recorder_app.library.store import Library
from recorder_app.models import Recording

START = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
WORK = JobSpec("work", "records", 1)
END = JobSpec(LAST, "upkeep", 2)


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    yield opened
    opened.close()


def add(library, name, **fields):
    return library.add(Recording(id=name, started_at=START, **fields))


def test_the_moment_of_throwing_away_survives(library):
    add(library, "r1")
    library.update("r1", trashed_at=START)

    assert library.trash.listing() == [library.get("r1")]
    assert library.get("r1").trashed_at == START
    assert library.list() == []
    assert library.trash.thrown_before(START - dt.timedelta(seconds=1)) == []


def test_the_queue_is_in_the_order_of_the_meetings(library):
    for name, day in (("b", 2), ("a", 3), ("c", 1)):
        add(library, name)
        library.update(name, started_at=START + dt.timedelta(days=day))
    add(library, "elsewhere", workspace="https://x")

    assert library.backlog.add_all(source="local", target="https://x") == 3
    library.backlog.begin("b")

    assert library.backlog.waiting("https://x") == ["c", "a"]
    assert library.backlog.moving("https://x") == ["b"]
    assert library.backlog.waiting("https://y") == []
    assert library.backlog.clear_waiting("https://x") == 2
    library.backlog.remove("b")
    assert library.backlog.moving("https://x") == []


def test_a_queue_can_be_led_elsewhere_until_it_has_begun(library):
    for name in ("a", "b"):
        add(library, name)
    library.backlog.add_all(source="local", target="https://x")
    library.backlog.begin("a")

    assert library.backlog.add_all(source="local", target="https://y") == 1

    assert library.backlog.moving("https://x") == ["a"]
    assert library.backlog.waiting("https://y") == ["b"]


def test_deleting_a_recording_takes_its_place_in_the_queue(library):
    add(library, "a")
    library.backlog.add_all(source="local", target="https://x")

    library.delete("a")

    assert library.backlog.waiting("https://x") == []


def test_the_last_job_waits_for_the_running_and_lets_no_other_begin(library):
    add(library, "r1")
    library.jobs.ensure("r1", [WORK, dataclasses.replace(WORK, kind="more", lane="media")])
    running = library.jobs.claim("media", now=1)
    library.jobs.request("r1", END, now=1)

    assert library.jobs.claim("upkeep", now=1) is None
    assert library.jobs.claim("records", now=1) is None
    library.jobs.settle(running, state="pending")
    assert library.jobs.claim("media", now=1) is None
    assert library.jobs.claim("upkeep", now=1).kind == LAST


def test_a_cancelled_job_is_given_up_and_comes_back_when_asked_for(library):
    add(library, "r1")
    library.jobs.ensure("r1", [WORK])

    assert library.jobs.cancel("r1", ["work"], reason="You cancelled it.") == 1
    assert library.jobs.cancel("r1", ["work"], reason="again") == 0

    assert (library.jobs.one("r1", "work").state, library.jobs.one("r1", "work").reason) == (
        "blocked",
        "You cancelled it.",
    )
    library.jobs.hurry("r1", now=1, with_blocked=True)
    library.jobs.settle(library.jobs.claim("records", now=1), state="pending")
    assert library.jobs.one("r1", "work").state == "pending"


@pytest.mark.parametrize(("outcome", "then"), [("pending", "blocked"), ("done", "done")])
def test_one_that_runs_is_cancelled_when_its_turn_is_over(library, outcome, then):
    add(library, "r1")
    library.jobs.ensure("r1", [WORK])
    running = library.jobs.claim("records", now=1)

    library.jobs.cancel("r1", ["work"], reason="You cancelled it.")
    library.jobs.settle(running, state=outcome)

    assert library.jobs.one("r1", "work").state == then


def test_asking_for_a_cancelled_job_again_forgets_that_it_was(library):
    add(library, "r1")
    library.jobs.ensure("r1", [WORK])
    library.jobs.cancel("r1", ["work"], reason="You cancelled it.")

    library.jobs.request("r1", WORK, now=1)
    library.jobs.settle(library.jobs.claim("records", now=1), state="pending")

    assert library.jobs.one("r1", "work").state == "pending"


def test_what_a_move_leaves_behind_is_remembered(library):
    add(library, "r1", server_id="s-1")
    library.ledger.keep_upload("r1", KeptUpload("s-1", "token", "http://x"))
    library.ledger.set_base("r1", {"notes": "n"})

    library.ledger.leave_behind("r1", workspace="local", server_id="s-1")
    library.ledger.leave_behind("r1", workspace="local", server_id=None)

    assert library.ledger.left_behind("r1") == [("local", "s-1")]
    assert library.ledger.upload("r1") is None
    assert library.ledger.base("r1") is None


def test_a_library_of_the_version_before_is_taken_over(tmp_path):
    path = tmp_path / "library.sqlite"
    connection = sqlite3.connect(path)
    for step in schema.MIGRATIONS[:2]:
        step(connection)
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()

    library = Library(path)
    add(library, "r1")
    library.ledger.keep_upload("r1", KeptUpload("s-1", "token", "http://x"))

    assert library.ledger.is_sha256_confirmed("r1") is False
    assert library.backlog.add_all(source="local", target="https://x") == 1
    library.close()
