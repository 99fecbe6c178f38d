"""When an alarm is raised, when it goes, and that it is never raised twice or for ordinary silence."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_app.capture import journal, wire
from recorder_app.capture.alarms import Alarms, Hearing, Observed
from recorder_app.capture.backends import Backends
from recorder_app.capture.facts import StartRequest
from recorder_app.capture.fake import ScaledClock
from recorder_app.capture.session import Session
from recorder_app.models import Alarm, CaptureStatus, Track
from tests.capture.conftest import until, until_heard
from tests.support.sound import tone, write_wav

MIC, SYSTEM = Track.MIC, Track.SYSTEM
FINE = Hearing()
PLENTY = 6000


def _observed(mic=FINE, system=FINE, minutes=PLENTY, **more) -> Observed:
    return Observed({MIC: mic, SYSTEM: system}, minutes, **more)


def _run(script, alarms=None):
    """Play `(seconds, observed)` four times a second; return `(time, kind, action)` of what was raised."""
    alarms = alarms or Alarms()
    now, raised = 0.0, []
    for seconds, observed in script:
        for _ in range(round(seconds * 4)):
            raised += [(now, alarm.kind, alarm.action) for alarm in alarms.look(now, observed)]
            now += 0.25
    return raised, {alarm.kind for alarm in alarms.active}


SILENT = Hearing(is_zero=True)
MUTED = Hearing(is_zero=True, is_muted=True)
UNHEARD = Hearing(is_zero=True, playing="Firefox")
GONE = Hearing(is_arriving=False, reason="Headset has gone")
MISLED = Hearing(is_arriving=False, reason="Headset has gone; Speakers in its place", is_misled=True)

CASES = {
    "all is well": ([(60, _observed())], [], set()),
    "nothing plays": ([(600, _observed(system=SILENT))], [], set()),
    "a muted far side, but nothing plays": ([(60, _observed(system=MUTED))], [], set()),
    "something plays for less than 20 s": (
        [(19.5, _observed(system=UNHEARD)), (5, _observed()), (19.5, _observed(system=UNHEARD))],
        [],
        set(),
    ),
    "something plays unheard": (
        [(90, _observed(system=UNHEARD))],
        [(20.0, "far_side_silent", "check_sound")],
        {"far_side_silent"},
    ),
    "… and is heard again": (
        [(30, _observed(system=UNHEARD)), (1, _observed())],
        [(20.0, "far_side_silent", "check_sound")],
        set(),
    ),
    "… and stops playing": (
        [(30, _observed(system=UNHEARD)), (1, _observed(system=SILENT))],
        [(20.0, "far_side_silent", "check_sound")],
        set(),
    ),
    "two episodes": (
        [(25, _observed(system=UNHEARD)), (5, _observed()), (25, _observed(system=UNHEARD))],
        [(20.0, "far_side_silent", "check_sound"), (50.0, "far_side_silent", "check_sound")],
        {"far_side_silent"},
    ),
    "a dead microphone": (
        [(60, _observed(mic=SILENT))],
        [(20.0, "microphone_silent", "choose_microphone")],
        {"microphone_silent"},
    ),
    "a muted microphone": (
        [(60, _observed(mic=MUTED))],
        [(20.0, "microphone_muted", "check_sound")],
        {"microphone_muted"},
    ),
    "a muted microphone while paused": ([(60, _observed(mic=MUTED, is_paused=True))], [], set()),
    "a pause in the middle is no second episode": (
        [(25, _observed(mic=MUTED)), (60, _observed(mic=MUTED, is_paused=True)), (60, _observed(mic=MUTED))],
        [(20.0, "microphone_muted", "check_sound")],
        {"microphone_muted"},
    ),
    "a device that goes": (
        [(1, _observed()), (30, _observed(mic=GONE))],
        [(1.0, "device_gone", "choose_microphone")],
        {"device_gone"},
    ),
    "a device that flutters is one episode, and over after five good seconds": (
        [(1, _observed(system=GONE)), (3, _observed()), (1, _observed(system=GONE)), (5.5, _observed())],
        [(0.0, "device_gone", "choose_call_sound")],
        set(),
    ),
    "a stream that was led elsewhere": (
        [(1, _observed(system=MISLED)), (4, _observed())],
        [(0.0, "wrong_source", "choose_call_sound")],
        {"wrong_source"},
    ),
    "a disk that fills up": (
        [(1, _observed(minutes=minutes)) for minutes in (31, 30, 29, 31, 29, 10, 9, 12, 3)]
        + [(1, _observed(minutes=60, reserve_minutes=66))],
        [
            (2.0, "disk_low", "free_disk"),
            (6.0, "disk_very_low", "free_disk"),
            (9.0, "disk_reserve", "free_disk"),
        ],
        {"disk_reserve"},
    ),
    "a disk that gets room again": (
        [(1, _observed(minutes=minutes)) for minutes in (5, 14, 16, 34, 36)],
        [(0.0, "disk_very_low", "free_disk")],
        set(),
    ),
    "… partly": (
        [(1, _observed(minutes=minutes)) for minutes in (5, 20)],
        [(0.0, "disk_very_low", "free_disk")],
        {"disk_low"},
    ),
    "a disk nobody can measure": ([(9, _observed(minutes=None))], [], set()),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_raised_and_what_stays(case):
    script, raised, active = CASES[case]

    assert _run(script) == (raised, active)


def test_each_sentence_names_the_cause():
    def sentence(**tracks):
        alarms = Alarms(silent_s=0)
        (alarm,) = alarms.look(0.0, _observed(**tracks))
        return alarm.sentence

    assert "Firefox is playing" in sentence(system=UNHEARD)
    assert "muted in the sound settings" in sentence(system=Hearing(is_zero=True, is_muted=True, playing="X"))
    assert "microphone is muted" in sentence(mic=MUTED)
    assert "nothing but silence" in sentence(mic=SILENT)
    assert sentence(mic=GONE) == "Headset has gone"


def test_alarms_cross_the_socket():
    status = CaptureStatus(
        "recording",
        alarms=(
            Alarm("device_gone", MIC, "Gone", "choose_microphone"),
            Alarm("disk_low", None, "Low", "free_disk"),
        ),
    )

    assert wire.status_from_json(wire.unpack(wire.pack(wire.status_to_json(status)))) == status


hearings = st.builds(
    Hearing,
    is_arriving=st.booleans(),
    is_zero=st.booleans(),
    reason=st.sampled_from([None, None, "has gone", "has stopped"]),
    is_misled=st.booleans(),
    is_muted=st.booleans(),
    playing=st.sampled_from([None, "A", "B"]),
)
observations = st.builds(
    lambda mic, system, minutes, reserve, paused: Observed(
        {MIC: mic, SYSTEM: system}, minutes, reserve, paused
    ),
    hearings,
    hearings,
    st.one_of(st.none(), st.integers(0, 50)),
    st.sampled_from([None, None, None, 66]),
    st.booleans(),
)
scripts = st.lists(st.tuples(st.sampled_from([0.25, 3.0, 12.0, 25.0]), observations), max_size=25)


@given(scripts)
@settings(max_examples=300, deadline=None)
def test_no_alarm_is_raised_twice_within_an_episode(script):
    alarms, now = Alarms(), 0.0
    for step_s, observed in script:
        before = set(alarms.active)
        raised = alarms.look(now, observed)

        # New ones were not there before, are there now, and at most one a subject.
        assert not before & set(raised)
        assert set(raised) <= set(alarms.active)
        subjects = [(alarm.kind.startswith(("microphone", "far")), alarm.track) for alarm in alarms.active]
        assert len(subjects) == len(set(subjects))
        assert all(alarm.sentence and alarm.action for alarm in alarms.active)
        now += step_s


@given(
    st.lists(
        st.builds(
            lambda zero, muted, minutes, paused: _observed(
                FINE, Hearing(is_zero=zero, is_muted=muted), minutes, is_paused=paused
            ),
            st.booleans(),
            st.booleans(),
            st.integers(36, 10_000),
            st.booleans(),
        ),
        max_size=40,
    ),
    st.floats(0.1, 60),
)
def test_ordinary_silence_never_alarms(script, step_s):
    alarms = Alarms()
    for number, observed in enumerate(script):
        assert alarms.look(number * step_s, observed) == ()


def _session(tmp_path, mic, system, *, clock=time.monotonic, silent_s=20.0) -> Session:
    request = StartRequest("x", tmp_path / "x", mic, system)
    session = Session(request, Backends(clock), clock=clock, alarms=Alarms(silent_s=silent_s))
    session.prepare()
    session.start()
    return session


def _kinds(session) -> list[str]:
    return [alarm.kind for alarm in session.status(pid=1).alarms]


def _told(tmp_path) -> list[tuple[str, str]]:
    return [
        (event["event"], event["kind"])
        for event in journal.read(tmp_path / "x")
        if event["event"].startswith("alarm")
    ]


def test_a_session_says_it_once_in_status_and_journal(tmp_path):
    clock = ScaledClock(20.0)
    session = _session(tmp_path, "fake:silence?muted=1", "fake:silence?playing=1", clock=clock)
    until(lambda: len(_kinds(session)) == 2, what="both alarms")
    until(lambda: session.status(pid=1).elapsed_ms > 50_000, what="much later")
    status = session.status(pid=1)

    finished = session.stop()

    assert {alarm.kind for alarm in status.alarms} == {"microphone_muted", "far_side_silent"}
    assert status.problem in {alarm.sentence for alarm in status.alarms}
    assert sorted(_told(tmp_path)) == [("alarm", "far_side_silent"), ("alarm", "microphone_muted")]
    assert finished.gaps == ()


def test_an_alarm_goes_when_sound_comes(tmp_path):
    clock = ScaledClock(20.0)
    path = write_wav(tmp_path / "late.wav", np.concatenate([np.zeros(25 * 48_000, "<i2"), tone(440, 60.0)]))
    session = _session(tmp_path, f"fake:{path}", "none", clock=clock)

    until(lambda: _kinds(session) == ["microphone_silent"], what="the alarm")
    until(lambda: not _kinds(session), what="it is gone")
    session.stop()

    assert _told(tmp_path) == [("alarm", "microphone_silent"), ("alarm_over", "microphone_silent")]


def test_quiet_noise_is_no_dead_microphone_and_an_idle_far_side_no_alarm(tmp_path):
    noise = (np.random.default_rng(1).integers(-1, 2, 60 * 48_000)).astype("<i2")
    clock = ScaledClock(20.0)
    session = _session(tmp_path, f"fake:{write_wav(tmp_path / 'n.wav', noise)}", "fake:silence", clock=clock)
    until(lambda: session.status(pid=1).elapsed_ms > 40_000, what="forty seconds")

    assert _kinds(session) == []
    session.stop()


@pytest.mark.parametrize(
    ("fault", "kind"), [("die_after_s=0.3", "device_gone"), ("wrong_after_s=0.3", "wrong_source")]
)
def test_a_lost_stream_is_an_alarm_of_its_own(tmp_path, fault, kind):
    session = _session(tmp_path, "fake:tone", f"fake:tone?{fault}")
    until(lambda: _kinds(session), what="told")
    (alarm,) = session.status(pid=1).alarms

    session.stop()

    assert (alarm.kind, alarm.track, alarm.action) == (kind, SYSTEM, "choose_call_sound")


@pytest.mark.sound
def test_a_muted_microphone_is_told_by_its_name(shared_call, tmp_path):
    session = _session(tmp_path, "default", "none", silent_s=1.0)
    until(lambda: session.status(pid=1).elapsed_ms > 500, what="recording")
    shared_call.pactl("set-source-mute", "mic", "1")
    try:
        until(lambda: _kinds(session) == ["microphone_muted"], what="told")
        shared_call.pactl("set-source-mute", "mic", "0")
        until(lambda: not _kinds(session), what="over")
        shared_call.pactl("set-source-volume", "mic", "0")
        until(lambda: _kinds(session) == ["microphone_muted"], what="told again")
    finally:
        shared_call.pactl("set-source-mute", "mic", "0")
        shared_call.pactl("set-source-volume", "mic", "100%")
        session.stop()


@pytest.mark.sound
def test_a_far_side_that_plays_unheard_is_told(shared_call, tmp_path):
    session = _session(tmp_path, "none", "default", silent_s=1.0)
    until(lambda: session.status(pid=1).elapsed_ms > 500, what="recording")
    shared_call.pactl("set-sink-mute", "call", "1")
    try:
        until(lambda: _kinds(session) == ["far_side_silent"], what="told")
        assert "playing" in session.status(pid=1).alarms[0].sentence
        shared_call.pactl("set-sink-mute", "call", "0")
        until(lambda: not _kinds(session), what="over")
    finally:
        shared_call.pactl("set-sink-mute", "call", "0")
        session.stop()


@pytest.mark.sound
def test_a_sink_into_which_nobody_plays_is_ordinary_silence_and_silent_playing_is_not(shared_call, tmp_path):
    module = shared_call.pactl("load-module", "module-null-sink", "sink_name=quiet", "rate=48000")
    session = _session(tmp_path, "none", "quiet.monitor", silent_s=1.0)
    try:
        until(lambda: session.status(pid=1).elapsed_ms > 3000, what="silence recorded")
        assert _kinds(session) == []

        player = shared_call.play(write_wav(tmp_path / "silent.wav", tone(440, 60, level=0)), "quiet")
        until(lambda: _kinds(session) == ["far_side_silent"], what="told")
        player.terminate()
        until(lambda: not _kinds(session), what="over")
    finally:
        session.stop()
        shared_call.pactl("unload-module", module)


@pytest.mark.sound
def test_a_removed_sink_is_told_as_the_wrong_source(shared_call, headset, tmp_path):
    shared_call.pactl("set-default-sink", "headset")
    session = _session(tmp_path, "none", "default")
    until_heard("headset.monitor", SYSTEM, 2500)
    until(lambda: session.status(pid=1).elapsed_ms > 500, what="recording")

    shared_call.pactl("unload-module", headset)
    until(lambda: _kinds(session), what="told")
    (alarm,) = session.status(pid=1).alarms
    session.stop()

    assert alarm.kind in {"wrong_source", "device_gone"}
    assert "gone" in alarm.sentence
    assert alarm.action == "choose_call_sound"
