"""How often a recording is brought back, and what is said of it."""

from __future__ import annotations

import pytest

from recorder_app.errors import NoSoundServerError
from recorder_app.models import CaptureStatus
from recorder_app.revival import DEATHS, Revival

LAST = CaptureStatus(state="recording", recording_id="a", elapsed_ms=61_000, pid=7)


class World:
    """`outcomes` are what each attempt gives: a status, None, or an error; the last one stays."""

    def __init__(self, *outcomes) -> None:
        self.outcomes = list(outcomes)
        self.now = 1000.0
        self.attempts = 0
        self.said: list[str] = []
        self.shown: list[CaptureStatus | None] = []
        self.revival = Revival(
            self.resume,
            changed=self.shown.append,
            problem=lambda error: self.said.append(error.title),
            clock=lambda: self.now,
        )

    def resume(self, recording_id: str):
        self.attempts += 1
        assert self.revival.showing is not None
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def test_while_it_is_away_the_status_says_so_with_its_time():
    world = World(LAST)

    assert world.revival.bring_back(LAST)

    (shown,) = world.shown
    assert (shown.state, shown.recording_id, shown.elapsed_ms) == ("starting", "a", 61_000)
    assert "interrupted" in shown.problem
    assert world.revival.showing is None
    assert world.said == ["The recording was interrupted and goes on"]


def test_what_was_stopped_is_over_without_a_word():
    world = World(None)

    assert not world.revival.bring_back(LAST)
    assert world.said == []


@pytest.mark.parametrize(("seconds", "deaths_to_the_end"), [(1, DEATHS), (14, DEATHS), (16, None)])
def test_five_deaths_within_a_minute_are_the_end(seconds, deaths_to_the_end):
    world = World(LAST)
    survived = 0

    while survived < 20 and world.revival.bring_back(LAST):
        survived += 1
        world.now += seconds

    assert survived == (20 if deaths_to_the_end is None else deaths_to_the_end - 1)
    assert world.said.count("The recording has ended") == (deaths_to_the_end is not None)


def test_deaths_of_another_recording_do_not_count():
    world = World(LAST)
    for _ in range(DEATHS - 1):
        world.revival.bring_back(LAST)

    assert world.revival.bring_back(CaptureStatus(state="recording", recording_id="b"))


def test_a_sound_server_that_comes_back_late_is_waited_for():
    world = World(NoSoundServerError("No sound server"), LAST)

    assert world.revival.bring_back(LAST)
    assert world.attempts == 2


def test_the_end_of_the_app_ends_the_waiting():
    world = World(NoSoundServerError("No sound server"))
    world.revival.stop()

    assert not world.revival.bring_back(LAST)
    assert world.attempts == 1
    assert world.said == []
