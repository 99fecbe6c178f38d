"""The meeting watch carries out what was decided, at a desk that only writes down what it was told."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from recorder_app.capture.base import Availability
from recorder_app.errors import BusyError, NoSoundServerError, SoundError
from recorder_app.events import Event
from recorder_app.meeting_watch import MeetingWatch
from recorder_app.models import MeetingNotice, Platform, Recording
from recorder_app.settings import Settings
from tests.meetings.conftest import until
from tests.meetings.script import IDLE, SILENCE, users

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


class ScriptedUse:
    """Says what the test put in: a list, or an error to raise."""

    name = "scripted"

    def __init__(self) -> None:
        self.now = []
        self.asked = 0
        self.own_pids = set()
        self.is_closed = False

    def probe(self) -> Availability:
        return Availability(is_ok=True)

    def users(self, own_pids=()):
        self.asked += 1
        self.own_pids = set(own_pids)
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    def close(self) -> None:
        self.is_closed = True


class Desk:
    """Records by saying so."""

    def __init__(self, mode: str = "suggest") -> None:
        self.settings = Settings(meeting_detection=mode)
        self.meeting_changed: Event[MeetingNotice | None] = Event()
        self.problem = Event()
        self.status = IDLE
        self.done = []
        self.refusal = None

    def capture_status(self):
        return self.status

    def start_recording(self, *, platform: Platform) -> Recording:
        return self._do(f"start {platform}")

    def stop_recording(self) -> Recording:
        return self._do("stop")

    def _do(self, what: str) -> Recording:
        self.done.append(what)
        if self.refusal:
            raise self.refusal
        return Recording(id="r1", started_at=NOON)


class Scene:
    def __init__(self, mode: str = "suggest") -> None:
        self.desk = Desk(mode)
        self.use = ScriptedUse()
        self.clock_s = 500.0
        self.notices = []
        self.problems = []
        self.desk.meeting_changed.subscribe(self.notices.append)
        self.desk.problem.subscribe(self.problems.append)
        self.watch = MeetingWatch(
            self.desk,
            self.use,
            clock=lambda: self.clock_s,
            now=lambda: NOON + dt.timedelta(seconds=self.clock_s - 500),
        )

    def go(self, seconds: int, *programs: str, status=None) -> Scene:
        self.use.now = users(*programs)
        self.desk.status = status or self.desk.status
        for _ in range(seconds):
            self.clock_s += 1
            self.watch.look()
        return self


def test_a_call_is_told_once_and_taken_back_when_it_is_over():
    scene = Scene().go(30, "zoom").go(20)

    assert scene.notices == [MeetingNotice("suggest_start", "Zoom", Platform.ZOOM), None]


def test_yes_to_a_suggestion_records_with_the_platform_of_the_call():
    scene = Scene().go(12, "slack")

    recording = scene.watch.accept()

    assert recording.id == "r1"
    assert scene.desk.done == ["start slack"]
    assert scene.notices[-1] is None


def test_yes_to_nothing_does_nothing():
    scene = Scene().go(5, "slack")

    assert scene.watch.accept() is None
    assert scene.desk.done == []


def test_yes_to_an_end_stops():
    scene = Scene().go(20, "zoom", status=SILENCE).go(20)
    assert scene.notices[-1].cause == "call_ended"

    scene.watch.accept()

    assert scene.desk.done == ["stop"]


def test_no_is_told_at_once_and_does_nothing():
    scene = Scene().go(12, "zoom")

    scene.watch.dismiss()

    assert scene.notices[-1] is None
    assert scene.desk.done == []


def test_the_end_of_the_countdown_is_told_by_the_clock_on_the_wall():
    scene = Scene("automatic").go(20, "zoom", status=SILENCE).go(20)

    ends_at = scene.notices[-1].ends_at
    said_at = [notice.ends_at for notice in scene.notices if notice and notice.ends_at]
    assert said_at == [ends_at]
    assert NOON < ends_at <= NOON + dt.timedelta(seconds=scene.clock_s - 500 + 30)
    scene.go(40)
    assert scene.desk.done == ["stop"]


def test_one_click_keeps_an_automatic_recording_going():
    scene = Scene("automatic").go(20, "zoom", status=SILENCE).go(40)
    assert scene.notices[-1].ends_at

    scene.watch.dismiss()

    scene.go(600)
    assert scene.desk.done == []


def test_a_recording_that_took_the_place_of_the_one_that_was_over_is_not_stopped():
    scene = Scene("automatic").go(20, "zoom", status=SILENCE).go(40)
    replaced = dataclasses.replace(SILENCE, recording_id="r2")
    second_looks = []

    for _ in range(30):
        # A look asks once, and again only when it is about to stop what it saw.
        answers = iter([SILENCE, replaced])
        scene.desk.capture_status = lambda answers=answers: next(answers)
        scene.go(1)
        second_looks += [] if next(answers, None) else [scene.clock_s]

    assert len(second_looks) == 1, "it was decided to stop, once"
    assert scene.desk.done == []


def test_automatic_records_by_itself():
    assert Scene("automatic").go(12, "teams").desk.done == ["start teams"]


def test_a_start_that_fails_is_a_problem_somebody_sees_and_is_tried_once():
    scene = Scene("automatic")
    scene.desk.refusal = SoundError("There is no microphone")

    scene.go(60, "teams")

    assert [problem.title for problem in scene.problems] == ["There is no microphone"]
    assert scene.desk.done == ["start teams"]


def test_somebody_who_was_faster_is_no_problem():
    scene = Scene("automatic")
    scene.desk.refusal = BusyError("A recording is running already")

    assert scene.go(12, "teams").problems == []


def test_with_detection_off_nobody_is_asked():
    assert Scene("off").go(60, "zoom").use.asked == 0


def test_a_changed_setting_counts_from_the_next_look():
    scene = Scene("off").go(60, "zoom")
    scene.desk.settings = Settings(meeting_detection="suggest", ignored_meeting_apps=("Slack",))

    scene.go(20, "zoom", "slack")

    assert [notice.name for notice in scene.notices] == ["Zoom"]


def test_the_capture_process_is_one_of_us():
    scene = Scene().go(1, status=dataclasses.replace(SILENCE, pid=4711))

    assert 4711 in scene.use.own_pids


def test_a_sound_server_that_is_away_ends_nothing():
    scene = Scene("automatic").go(20, "zoom", status=SILENCE)
    scene.use.now = NoSoundServerError("There is no sound server")

    for _ in range(300):
        scene.clock_s += 1
        scene.watch.look()

    assert scene.notices == []
    assert scene.desk.done == []


@pytest.mark.parametrize("trouble", [NoSoundServerError("gone"), RuntimeError("a bug of ours")])
def test_the_watch_outlives_trouble_and_lets_go_at_the_end(trouble, expected_logs):
    expected_logs.append("the meeting watch failed once")
    scene = Scene()
    scene.use.now = trouble
    watch = MeetingWatch(scene.desk, scene.use, interval_s=0.005)

    watch.start()
    until(lambda: scene.use.asked > 3, "it goes on asking")
    watch.stop()

    assert scene.use.is_closed
    asked = scene.use.asked
    assert not watch._thread.is_alive()
    assert scene.use.asked == asked
