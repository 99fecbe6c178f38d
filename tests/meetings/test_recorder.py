"""The whole of it: real programs at a real sound server, the façade, and its capture process."""

from __future__ import annotations

import os
import re

import pytest

from recorder_app.capture.microphone_use.pulse import PulseMicrophoneUse
from recorder_app.errors import BusyError
from recorder_app.meeting_watch import MeetingWatch
from recorder_app.meetings.policy import Limits
from recorder_app.models import MeetingNotice, Platform
from recorder_app.recorder import Recorder
from recorder_app.settings import Settings, SettingsFile
from tests.meetings.conftest import until
from tests.support import command

pytestmark = [pytest.mark.sound]

SHORT = Limits(
    sustained_s=0.3, gap_s=0.1, debounce_s=0.05, release_s=0.3, cool_down_s=60, quiet_s=0.2, countdown_s=0.5
)
LONG_COUNTDOWN = Limits(
    sustained_s=0.3, gap_s=0.1, debounce_s=0.05, release_s=0.3, cool_down_s=60, quiet_s=0.2, countdown_s=60
)


@pytest.fixture
def start(home, sound):
    """Open a façade that watches meetings with short limits: `recorder, notices = start("suggest")`."""
    opened = []

    def make(mode: str, limits: Limits = SHORT, mic: str = "default", system: str = "default"):
        SettingsFile(home.settings).save(
            Settings(meeting_detection=mode, mic_source=mic, system_source=system)
        )
        recorder = Recorder(home, environment={})
        recorder.open()
        notices: list[MeetingNotice | None] = []
        recorder.meeting_changed.subscribe(notices.append)
        recorder._meetings = MeetingWatch(recorder, PulseMicrophoneUse(), limits=limits, interval_s=0.03)
        recorder._meetings.start()
        opened.append(recorder)
        return recorder, notices

    yield make
    for recorder in opened:
        try:
            recorder.stop_recording()
        except BusyError:
            pass
        recorder._capture.quit()
        recorder.close()


def test_a_call_is_suggested_recorded_and_offered_to_end(start, programs):
    recorder, notices = start("suggest")
    programs.listen("dictation")
    programs.listen("chrome", source="call.monitor")
    pid = programs.listen("zoom")
    until(lambda: notices, "the call is noticed")
    assert notices == [MeetingNotice("suggest_start", "Zoom", Platform.ZOOM)]

    recording = recorder.accept_meeting()

    assert recorder.capture_status().recording_id == recording.id
    assert recorder.detail(recording.id).recording.platform is Platform.ZOOM
    until(lambda: recorder.capture_status().elapsed_ms > 800, "it is recorded for a while")
    assert notices[1:] == [None], "our own capture is no call and the call goes on"
    programs.end(pid)
    until(lambda: len(notices) > 2, "the end is noticed")
    assert notices[2] == MeetingNotice("offer_stop", "Zoom", Platform.ZOOM, "call_ended")
    stopped = recorder.accept_meeting()
    assert stopped.is_on_disk
    assert recorder.capture_status().state == "idle"


def test_automatic_records_a_call_and_stops_after_it(start, programs):
    recorder, notices = start("automatic", system="call.monitor")
    pid = programs.listen("teams-for-linux")
    until(lambda: recorder.capture_status().state == "recording", "it records by itself")
    until(lambda: recorder.capture_status().elapsed_ms > 500, "the far side is heard to be silent")

    programs.end(pid)

    until(lambda: any(notice and notice.ends_at for notice in notices), "the end is announced")
    until(lambda: recorder.capture_status().state == "idle", "it stops by itself")
    until(lambda: recorder.recordings()[0].recording.is_on_disk, "it is settled")
    (row,) = recorder.recordings()
    assert row.recording.platform is Platform.TEAMS


def test_one_click_keeps_it_recording(start, programs):
    recorder, notices = start("automatic", LONG_COUNTDOWN, system="call.monitor")
    pid = programs.listen("zoom")
    until(lambda: recorder.capture_status().elapsed_ms > 500, "it records by itself")
    programs.end(pid)
    until(lambda: notices and notices[-1] and notices[-1].ends_at, "the end is announced")

    recorder.dismiss_meeting()

    assert notices[-1] is None
    before_ms = recorder.capture_status().elapsed_ms
    until(lambda: recorder.capture_status().elapsed_ms > before_ms + 700, "it goes on")
    assert notices[-1] is None


def test_the_app_watches_on_its_own_thread_and_only_when_asked(home, sound):
    import threading

    def names():
        return {thread.name for thread in threading.enumerate()}

    for watches in (False, True):
        recorder = Recorder(home, environment={})
        recorder.open(watches_meetings=watches)

        assert ("recorder-meetings" in names()) is watches

        recorder.accept_meeting()
        recorder.dismiss_meeting()
        recorder.close()
        assert "recorder-meetings" not in names()


def test_doctor_says_whether_calls_are_noticed(home, sound, tmp_path):
    here = command.run("doctor").stdout
    silent = command.run("doctor", environment={"PULSE_SERVER": f"unix:{tmp_path}/none"}).stdout

    assert re.search("✓ meetings +Calls are noticed", here)
    assert re.search("· meetings +Calls are not noticed: There is no sound server", silent)


@pytest.mark.slow
def test_watching_costs_next_to_nothing(sound, programs):
    programs.listen("dictation")
    use = PulseMicrophoneUse()
    use.users()
    before = os.times()

    for _ in range(200):
        use.users([os.getpid()])

    spent = os.times()
    use.close()
    # One look every two seconds: 10 ms each would be the whole idle budget of half a per cent of a core.
    assert (spent.user + spent.system - before.user - before.system) / 200 < 0.005
