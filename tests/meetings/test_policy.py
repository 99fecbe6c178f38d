"""What the policy suggests, starts and stops, and when it holds its tongue."""

from __future__ import annotations

import pytest

from recorder_app.meetings.policy import Limits, MeetingPolicy, Start, Stop
from recorder_app.models import Platform
from tests.meetings.script import LOUD, SILENCE, SILENT, Play, recording

LIMITS = Limits()


def play(mode: str = "suggest", **more) -> Play:
    return Play(MeetingPolicy(mode, **more))


@pytest.mark.parametrize(
    ("seconds", "programs", "shown"),
    [
        (9, ("zoom",), None),
        (12, ("zoom",), "suggest_start call Zoom"),
        (12, ("chrome",), "suggest_start call Chrome"),
        (12, ("Teams.exe",), "suggest_start call Teams"),
        (12, ("us.zoom.Zoom",), "suggest_start call Zoom"),
        (60, ("dictation", "zoomies", "obs"), None),
        (60, (), None),
        (60, ("",), None),
    ],
)
def test_ten_seconds_of_a_known_program_are_a_call(seconds, programs, shown):
    assert play().go(seconds, *programs).shown == shown


@pytest.mark.parametrize(
    ("program", "platform"),
    [
        ("zoom", Platform.ZOOM),
        ("teams-for-linux", Platform.TEAMS),
        ("MSTeams", Platform.TEAMS),
        ("slack", Platform.SLACK),
        ("CiscoCollabHost", Platform.DESKTOP_AUDIO),
        ("firefox", Platform.DESKTOP_AUDIO),
    ],
)
def test_a_call_has_the_platform_the_server_knows(program, platform):
    assert play().go(15, program).notice.app.platform is platform


def test_a_short_break_while_joining_is_the_same_call():
    assert play().go(7, "zoom").go(2).go(5, "zoom").shown == "suggest_start call Zoom"


def test_a_longer_break_begins_anew():
    assert play().go(7, "zoom").go(5).go(5, "zoom").shown is None


def test_off_says_nothing_and_takes_back_what_was_said():
    it = play().go(15, "zoom")

    it.policy.configure("off", ())

    assert it.go(1, "zoom").shown is None
    assert play("off").go(600, "zoom").notices == []


@pytest.mark.parametrize("ignored", ["zoom", "Zoom", "ZOOM.exe"])
def test_an_ignored_program_is_nobodys_business(ignored):
    assert play(ignored=(ignored,)).go(60, "zoom").notices == []


def test_a_suggestion_goes_with_its_call():
    it = play().go(12, "zoom").go(14)
    assert it.shown == "suggest_start call Zoom"

    assert it.go(2).shown is None


def test_a_program_that_holds_the_microphone_all_day_is_mentioned_once():
    it = play().go(15, "discord")
    it.dismiss()

    it.go(8 * 3600, "discord")

    assert len(it.notices) == 1


def test_the_next_call_of_the_same_program_is_mentioned_after_the_cool_down():
    it = play().go(15, "zoom")
    it.dismiss()
    it.go(20).go(60, "zoom")
    assert it.shown is None

    it.go(600, "zoom")

    assert it.shown == "suggest_start call Zoom"
    assert len(it.notices) == 2


def test_another_program_need_not_wait_for_the_first_ones_cool_down():
    it = play().go(15, "zoom")
    it.dismiss()

    assert it.go(15, "zoom", "slack").shown == "suggest_start call Slack"


def test_nothing_is_suggested_while_something_is_recorded_nor_for_that_call_afterwards():
    it = play().go(60, "zoom", status=recording())
    assert it.notices == []

    it.go(3600, "zoom")

    assert it.notices == []


def test_a_recording_that_begins_takes_the_suggestion_away():
    assert play().go(15, "zoom").go(1, "zoom", status=recording()).shown is None


def test_only_automatic_starts_by_itself():
    assert play("suggest").go(3600, "zoom").acts == []

    (_, act), *more = play("automatic").go(12, "zoom").acts

    assert isinstance(act, Start)
    assert act.app.name == "Zoom"
    assert more == []


def test_automatic_does_not_start_again_what_a_person_stopped():
    it = play("automatic").go(12, "zoom").go(30, "zoom", status=recording())

    it.go(3600, "zoom")

    assert len(it.acts) == 1


def test_automatic_records_the_next_call_at_once_when_the_last_one_ended_by_itself():
    it = play("automatic").go(12, "zoom").go(60, "zoom", status=recording())
    it.go(50, status=recording(system=SILENT)).go(5).go(15, "zoom")

    assert [type(act) for _, act in it.acts] == [Start, Stop, Start]


@pytest.mark.parametrize("mode", ["suggest", "automatic"])
def test_the_end_of_the_call_is_offered_fifteen_seconds_after_the_release(mode):
    it = play(mode).go(20, "zoom", status=recording())
    assert it.go(14, status=recording()).shown is None

    it.go(3, status=recording())

    assert it.shown == "offer_stop call_ended Zoom"
    assert it.notice.stops_at is None, "the far side is still heard"


def test_a_program_that_only_looked_at_the_microphone_does_not_put_off_the_end():
    it = play().go(20, "zoom", status=recording()).go(10, status=recording())
    it.go(1, "zoom", status=recording())

    assert it.go(6, status=recording()).shown == "offer_stop call_ended Zoom"


def test_a_program_that_takes_the_microphone_back_takes_the_offer_away():
    it = play().go(20, "zoom", status=recording()).go(20, status=recording())
    assert it.shown == "offer_stop call_ended Zoom"

    assert it.go(12, "zoom", status=recording()).shown is None


def test_suggest_never_counts_down():
    it = play("suggest").go(20, "zoom", status=recording()).go(3600, status=SILENCE)

    assert it.acts == []
    assert all(notice.stops_at is None for _, notice in it.notices)


def test_automatic_stops_thirty_seconds_after_it_said_so():
    it = play("automatic").go(20, "zoom", status=recording()).go(17, status=SILENCE)
    assert it.notice.stops_at is not None
    said_at = it.now

    it.go(60, status=SILENCE)

    (stopped_at, act), *more = it.acts
    assert act == Stop("r1")
    assert said_at + 28 <= stopped_at <= said_at + 30
    assert more == []


def test_one_no_cancels_the_countdown_for_the_whole_recording():
    it = play("automatic").go(20, "zoom", status=recording()).go(20, status=SILENCE)
    assert it.notice.stops_at is not None

    it.dismiss()

    it.go(3600, status=SILENCE).go(60, "zoom", status=recording()).go(3600, status=SILENCE)
    assert it.acts == []
    assert all(notice.stops_at is None for _, notice in it.notices[1:])


@pytest.mark.parametrize(
    ("why", "programs", "status"),
    [
        ("the far side is heard", (), recording(mic=SILENT, system=LOUD)),
        ("the far side is lost", (), recording(mic=SILENT, system=None)),
        ("it is paused", (), recording(mic=SILENT, system=SILENT, state="paused")),
        ("another call began", ("teams",), SILENCE),
    ],
)
def test_nothing_stops_by_itself_while(why, programs, status):
    it = play("automatic").go(20, "zoom", status=recording()).go(20, status=SILENCE)
    assert it.notice.stops_at is not None

    it.go(200, *programs, status=status)

    assert it.acts == [], why


def test_nothing_ends_while_nobody_can_tell():
    it = play("automatic").go(20, "zoom", status=recording())

    it.go(600, status=SILENCE, can_tell=False)

    assert it.acts == []
    assert it.notices == []
    assert it.go(10, status=SILENCE).shown is None, "the release counts from when it was seen"


def test_a_countdown_nobody_could_see_begins_anew_after_sleep():
    it = play("automatic").go(20, "zoom", status=recording()).go(20, status=SILENCE)
    assert it.notice.stops_at is not None
    it.now += 3600

    it.go(20, status=SILENCE)

    assert it.acts == []
    assert it.notice.stops_at > it.now


def test_silence_of_both_sides_for_a_quarter_of_an_hour_is_an_offer_only():
    it = play("automatic").go(895, status=SILENCE)
    assert it.shown is None

    it.go(10, status=SILENCE)

    assert it.shown == "offer_stop silence -"
    assert it.go(3600, status=SILENCE).acts == []


@pytest.mark.parametrize("heard", [recording(mic=LOUD, system=SILENT), recording(mic=SILENT, system=LOUD),
                                   recording(mic=None, system=SILENT)])  # fmt: skip
def test_one_side_that_speaks_or_is_lost_is_not_silence(heard):
    it = play()
    for _ in range(4):
        it.go(600, status=SILENCE).go(1, status=heard)

    assert it.notices == []


def test_silence_that_was_waved_off_is_not_mentioned_again():
    it = play().go(920, status=SILENCE)
    it.dismiss()

    it.go(3600, status=SILENCE)

    assert len(it.notices) == 1


def test_the_end_of_the_call_counts_although_another_program_holds_the_microphone_all_day():
    it = play().go(60, "discord").go(60, "discord", "zoom", status=recording())

    assert it.go(20, "discord", status=recording()).shown == "offer_stop call_ended Zoom"


def test_a_recording_that_goes_on_into_the_next_call_ends_with_that_one():
    it = play().go(20, "zoom", status=recording()).go(30, "teams", status=recording())
    assert it.shown is None

    assert it.go(20, status=recording()).shown == "offer_stop call_ended Teams"


def test_a_recording_without_a_call_is_never_offered_an_end_of_call():
    assert play().go(300, "dictation", status=recording()).go(300, status=recording()).notices == []


def test_turning_detection_off_during_a_call_is_not_the_end_of_it():
    it = play("automatic").go(20, "zoom", status=recording())
    it.policy.configure("off", ())
    it.go(2000, status=SILENCE)

    it.policy.configure("automatic", ())

    it.go(300, status=SILENCE)
    assert it.notices == []
    assert it.acts == []


def test_yes_is_answered_with_what_it_was_about_and_only_once():
    it = play().go(15, "zoom")

    assert it.policy.accept(it.now).app.name == "Zoom"
    assert it.policy.accept(it.now) is None
