from __future__ import annotations

import dataclasses

import pytest

from recorder_app.api.wire import RecordingPatch
from recorder_app.errors import NotFoundError
from recorder_app.models import Task
from recorder_app.sync.edits import unsent
from recorder_app.sync.insights import merged
from recorder_app.sync.merge import merge_notes
from recorder_app.sync.poll import DETAIL_S, Poll
from tests.sync.world import refused_connection

ROW = "desktop_recordings/"


def elsewhere(world, **fields):
    """Another device writes to the row."""
    return world.client.patch(world.library.get("r1").server_id, RecordingPatch(**fields))


@pytest.fixture
def ready(world):
    world.whole()
    world.settle()
    return world


@pytest.fixture
def poll(ready):
    changed = []
    made = Poll(changed.append)
    made.changed = changed
    made.is_watched = True
    made.look = lambda: (ready.later(61), made.turn(ready.engine._deps))
    return made


def test_an_edit_reaches_the_server(ready):
    ready.engine.edit("r1", notes="mine", title="Better", participants=("Ana",), tasks=(Task("t", "Do it"),))

    ready.settle()

    row = ready.row()
    assert (row.notes, row.meeting_title, row.participants) == ("mine", "Better", ("Ana",))
    assert [task.title for task in row.extracted_tasks] == ["Do it"]
    assert unsent(ready.library, "r1") == frozenset()


def test_many_edits_while_offline_become_one_request(ready):
    ready.wire.spoil("GET", ROW, refused_connection)
    ready.engine.edit("r1", notes="a")
    ready.settle()
    for text in ("ab", "abc"):
        ready.engine.edit("r1", notes=text)
    ready.engine.edit("r1", title="T")
    before = ready.wire.count("PATCH", ROW)

    ready.in_time(5, turns=2)

    assert ready.wire.count("PATCH", ROW) == before + 1
    assert (ready.row().notes, ready.row().meeting_title) == ("abc", "T")


def test_an_edit_while_its_request_is_under_way_is_sent_too(ready):
    def edit_again(request, pass_on):
        ready.engine.edit("r1", notes="second")
        return pass_on(request)

    ready.wire.spoil("PATCH", ROW, edit_again)
    ready.engine.edit("r1", notes="first")

    ready.settle()

    assert ready.row().notes == "second"


def test_only_what_people_write_can_be_edited(ready):
    with pytest.raises(TypeError):
        ready.engine.edit("r1", status="ready")
    with pytest.raises(NotFoundError):
        ready.engine.edit("nobody", notes="x")
    assert ready.library.jobs.one("r1", "edits") is None


def test_notes_written_on_two_devices_are_both_kept(ready):
    ready.engine.edit("r1", notes="base")
    ready.settle()
    elsewhere(ready, notes="base\ntheirs")
    ready.engine.edit("r1", notes="base\nours")

    ready.settle()

    assert ready.row().notes == ready.library.get("r1").notes == "base\nours\ntheirs"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("", "ours", "", "ours"),
        ("b", "b", "theirs", "theirs"),
        ("b", "ours", "b", "ours"),
        ("b", "same", "same", "same"),
        ("b", "b\nours", "b\ntheirs", "b\nours\ntheirs"),
        ("b", "B", "b\ntheirs", "B\ntheirs"),
        ("b", "b\nours", "B", "B\nours"),
        ("b", "x", "y", "x\ny"),
        ("", "x", "y", "x\ny"),
        ("b", "ours ", "b ", "ours "),
        ("b", "", "b", ""),
    ],
)
def test_merging_loses_nobodys_words(base, ours, theirs, expected):
    assert merge_notes(base, ours, theirs.strip()) == expected


def test_what_was_changed_elsewhere_is_taken_over(ready, poll):
    elsewhere(ready, notes="theirs", meeting_title="Their title", summary="One line.\nTwo.")

    poll.look()

    here = ready.library.get("r1")
    assert (here.notes, here.title) == ("theirs", "Their title")
    assert [line.text for line in here.summary_lines] == ["One line.", "Two."]
    assert here.summary_source == "server"
    assert poll.changed == ["r1"]
    assert ready.library.jobs.open() == ()


def test_looking_when_nothing_changed_changes_nothing(ready, poll):
    before = ready.library.get("r1")

    poll.look()
    poll.look()

    assert ready.library.get("r1") == before
    assert poll.changed == []


def test_trailing_blanks_the_server_trims_are_not_a_change(ready, poll):
    ready.engine.edit("r1", notes="typing \n")
    ready.settle()

    poll.look()

    assert ready.library.get("r1").notes == "typing \n"


def test_an_unsent_edit_is_not_overwritten_and_merges_when_sent(ready, poll):
    ready.engine.edit("r1", notes="ours")
    elsewhere(ready, notes="theirs", meeting_title="Their title")

    poll.look()

    assert ready.library.get("r1").notes == "ours"
    assert ready.library.get("r1").title == "Their title"
    ready.settle()
    assert ready.row().notes == "ours\ntheirs"


def test_a_row_deleted_elsewhere_is_noticed_and_kept_here(ready, poll):
    ready.client.delete(ready.library.get("r1").server_id)

    poll.look()
    poll.look()

    assert "deleted on the server" in ready.library.get("r1").error
    assert ready.media().exists()
    assert poll.changed == ["r1"]


def test_a_moving_row_is_looked_at_ever_more_rarely_and_a_change_starts_over(world):
    world.begin()
    world.grow(b"x")
    world.end()
    while world.job("finish").state != "done":
        world.engine.run_one("records")
    poll = Poll(lambda _: None)
    poll.turn(world.engine._deps)
    one = f"{ROW}{world.library.get('r1').server_id}/"

    waits = []
    for _ in range(5):
        before, began = world.wire.count("GET", one), world.now
        while world.wire.count("GET", one) == before:
            world.later(0.5)
            poll.turn(world.engine._deps)
        waits.append(world.now - began)

    assert waits == pytest.approx([2.0, 5.0, 15.0, 30.0, 30.0], abs=0.6)
    elsewhere(world, notes="x")
    world.later(31)
    poll.turn(world.engine._deps)
    before = world.wire.count("GET", one)
    world.later(DETAIL_S[0] + 0.1)
    poll.turn(world.engine._deps)
    assert world.wire.count("GET", one) == before + 1


def test_a_server_that_fails_is_not_polled_harder(world):
    world.engine = world.new_engine(is_polling=True)
    world.wire.spoil("GET", ROW, refused_connection, times=1000)

    for _ in range(60):
        world.engine._turn("records")
        world.later(1)

    # The client repeats a failed read once by itself.
    assert world.wire.count("GET", ROW) <= 2 * 8


def test_a_live_recording_is_not_polled(world):
    world.begin()
    world.settle()
    poll = Poll(lambda _: None)
    poll.turn(world.engine._deps)
    before = len(world.wire.requests)

    for _ in range(50):
        world.later(1)
        poll.turn(world.engine._deps)

    assert len(world.wire.requests) == before


def test_tasks_a_person_touched_survive_a_new_extraction():
    kept = Task("1", "Send it", is_done=True)
    dropped = Task("2", "Old guess")
    again = Task("3", "SEND IT")
    new = Task("4", "New")

    assert merged((kept, dropped), (again, new)) == (kept, new)
    assert merged((), ()) == ()
    assert merged((dataclasses.replace(dropped, is_confirmed=True),), ())[0].title == "Old guess"
