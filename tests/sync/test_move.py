"""From this computer's workspace to a server: one at a time, oldest first, each exactly once."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest

from recorder_app.models import Status, Task
from recorder_app.sync.jobs import LANES, PURGE
from tests.sync.world import LINES, START, World, answers, refused_connection

SERVER = "https://posthog.example"


@pytest.fixture
def there(tmp_path):
    """The server that is moved to: another embedded backend, under another name."""
    made = World(tmp_path / "there", name=SERVER, honours=False)
    yield made
    made.close()


@pytest.fixture
def moved(world, there):
    """`world`'s library with an engine for the other server; three whole recordings wait to move."""
    for number in (2, 1, 3):
        name = f"r{number}"
        world.whole(name)
        world.library.update(name, started_at=START + dt.timedelta(days=number))
    world.settle()
    world.engine.stop()
    world.engine = world.new_engine(embedded=lambda: contextlib.nullcontext(world.client))
    world.engine.use_workspace(there.workspace)
    return world


def titles(there):
    return sorted(row.meeting_title for row in there.rows())


def test_everything_arrives_with_transcript_summary_notes_and_sound(moved, there):
    moved.library.update("r1", notes="mine\nall mine", tasks=(Task("t", "Corrected by me"),))
    moved.library.backlog.add_all(source="local", target=SERVER)
    heard = len(moved.speech.heard)

    moved.settle()

    assert titles(there) == ["Meeting r1", "Meeting r2", "Meeting r3"]
    here = moved.library.get("r1")
    row = there.client.retrieve(here.server_id)
    assert (here.workspace, here.status) == (SERVER, Status.READY)
    assert row.status == "ready"
    assert row.notes == "mine\nall mine"
    assert [task.title for task in row.extracted_tasks] == ["Corrected by me"]
    assert [segment.text for segment in row.transcript_segments] == [line.text for line in LINES]
    assert there.http.get(row.video_url).content == moved.media("r1").read_bytes()
    assert len(moved.speech.heard) == heard, "a transcript that is there is not made again"
    assert moved.library.backlog.waiting(SERVER) == moved.library.backlog.moving(SERVER) == []


def test_they_move_one_by_one_the_oldest_first(moved, there):
    moved.library.backlog.add_all(source="local", target=SERVER)
    order, at_once = [], 0

    for _ in range(200):
        ran = [moved.engine.run_one(lane) for lane in LANES]
        moving = moved.library.backlog.moving(SERVER)
        at_once = max(at_once, len(moving))
        order += [each for each in moving if each not in order]
        if True not in ran:
            break

    assert order == ["r1", "r2", "r3"]
    assert at_once == 1


def test_nothing_moves_unasked(moved, there):
    moved.settle()

    assert there.rows() == ()
    assert {each.workspace for each in moved.library.list()} == {"local"}


def test_a_server_that_is_away_holds_the_queue_and_says_why(moved, there):
    there.wire.spoil("POST", "desktop_recordings", refused_connection, times=99)
    moved.library.backlog.add_all(source="local", target=SERVER)

    moved.in_time(turns=4)

    assert moved.library.backlog.moving(SERVER) == ["r1"]
    assert moved.library.backlog.waiting(SERVER) == ["r2", "r3"]
    assert "cannot be reached" in moved.job("create", "r1").reason
    assert moved.library.get("r2").workspace == "local"


def test_one_that_is_refused_does_not_hold_the_others(moved, there):
    there.wire.spoil("POST", "desktop_recordings", answers(400, "invalid_choice"))
    moved.library.backlog.add_all(source="local", target=SERVER)

    moved.settle()

    assert titles(there) == ["Meeting r2", "Meeting r3"]
    assert moved.job("create", "r1").state == "blocked"


def test_what_is_thrown_away_meanwhile_stays(moved, there):
    moved.library.backlog.add_all(source="local", target=SERVER)
    moved.library.update("r2", trashed_at=dt.datetime.fromtimestamp(moved.now, dt.UTC))

    moved.settle()

    assert titles(there) == ["Meeting r1", "Meeting r3"]
    assert moved.library.get("r2").workspace == "local"


def test_one_still_being_recorded_moves_when_it_is_whole(moved, there):
    moved.begin("live", workspace="local")
    moved.library.backlog.add_all(source="local", target=SERVER)
    moved.settle()
    before = moved.library.get("live").workspace, moved.library.backlog.waiting(SERVER)
    moved.grow(b"x" * 100, "live")
    moved.end("live")
    moved.library.update("live", started_at=START + dt.timedelta(days=9))

    moved.settle()

    assert moved.library.get("live").workspace == SERVER
    assert "live" in before[1]
    assert len(there.rows()) == 4


def test_asking_twice_moves_once(moved, there):
    first = moved.library.backlog.add_all(source="local", target=SERVER)
    again = moved.library.backlog.add_all(source="local", target=SERVER)

    moved.settle()
    later = moved.library.backlog.add_all(source="local", target=SERVER)

    assert (first, again, later) == (3, 0, 0)
    assert len(there.rows()) == 3


def test_deleting_afterwards_also_removes_what_stayed_behind(moved, there):
    moved.library.backlog.add_all(source="local", target=SERVER)
    moved.settle()
    assert len(moved.rows()) == 3, "the embedded rows are kept"
    moved.library.update("r1", trashed_at=START)
    moved.library.jobs.request("r1", PURGE, now=moved.now)

    moved.settle()

    assert len(moved.rows()) == len(there.rows()) == 2
    assert moved.library.get("r1") is None


def test_waiting_for_idle_includes_the_queue(moved, there):
    moved.library.backlog.add_all(source="local", target=SERVER)

    assert moved.engine.start()
    idle = moved.engine.run_until_idle(timeout_s=30)

    assert idle.is_done, idle
    assert len(there.rows()) == 3
    moved.engine.stop(5)
