"""The app's eye on the capture process."""

from __future__ import annotations

import dataclasses

import pytest

from recorder_app.errors import SoundError
from recorder_app.models import CaptureStatus, Track, TrackStatus
from recorder_app.watch import CaptureWatch, Listener, current_status

MIC = TrackStatus(source="Microphone", level_dbfs=-20.0, is_ok=True)
RECORDING = CaptureStatus(state="recording", recording_id="a", tracks={Track.MIC: MIC})


class ScriptedCapture:
    """Answers with one scripted status after the other; the last one stays."""

    def __init__(self, *script: CaptureStatus | None) -> None:
        self._script = list(script)

    def attach(self) -> bool:
        return self._script[0] is not None

    def status(self) -> CaptureStatus:
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]


@pytest.fixture
def seen():
    return []


def watch(seen, *script) -> CaptureWatch:
    return CaptureWatch(
        ScriptedCapture(*script),
        Listener(
            changed=lambda status: seen.append(status.state), ended=lambda name: seen.append(f"ended {name}")
        ),
    )


def test_a_session_started_by_somebody_else_is_noticed_once(seen):
    eye = watch(seen, RECORDING, RECORDING)

    eye.look()
    eye.look()

    assert seen == ["recording"]


def test_levels_alone_are_no_news(seen):
    louder = dataclasses.replace(RECORDING, tracks={Track.MIC: dataclasses.replace(MIC, level_dbfs=-3.0)})
    eye = watch(seen, RECORDING, louder)

    eye.look()
    eye.look()

    assert seen == ["recording"]


def test_a_lost_track_is_news(seen):
    lost = dataclasses.replace(
        RECORDING, tracks={Track.MIC: dataclasses.replace(MIC, is_ok=False, reason="Gone.")}
    )
    eye = watch(seen, RECORDING, lost)

    eye.look()
    eye.look()

    assert seen == ["recording", "recording"]


def test_the_end_of_a_session_names_the_recording(seen):
    eye = watch(seen, RECORDING, CaptureStatus(state="idle"))

    eye.look()
    eye.look()

    assert seen == ["recording", "ended a", "idle"]


def test_a_dead_capture_process_ends_its_session(seen):
    class Dying(ScriptedCapture):
        def status(self) -> CaptureStatus:
            if seen:
                raise SoundError("gone")
            return RECORDING

    eye = CaptureWatch(Dying(RECORDING), Listener(changed=lambda s: seen.append(s.state), ended=seen.append))

    eye.look()
    eye.look()

    assert seen == ["recording", "a", "idle"]


def _reviving(script, lost) -> tuple[CaptureWatch, list]:
    told: list = []
    listener = Listener(
        changed=lambda status: told.append((status.state, status.pid)),
        ended=lambda name: told.append(f"ended {name}"),
        lost=lambda last: told.append(f"lost {last.recording_id}") or lost(),
    )
    return CaptureWatch(ScriptedCapture(*script), listener), told


def test_a_process_that_is_gone_is_asked_back_and_one_that_is_alive_is_not():
    first, second = (dataclasses.replace(RECORDING, pid=pid) for pid in (1, 2))
    eye, told = _reviving([first, CaptureStatus(state="idle"), second, second], lambda: True)
    for _ in range(3):
        eye.look()
    assert told == [("recording", 1), "lost a"]

    eye, told = _reviving([first, CaptureStatus(state="idle", pid=1)], lambda: True)
    for _ in range(2):
        eye.look()
    assert told == [("recording", 1), "ended a", ("idle", 1)]


def test_one_that_dies_again_before_it_was_seen_is_noticed():
    first = dataclasses.replace(RECORDING, pid=1)
    eye, told = _reviving([first, CaptureStatus(state="idle")], lambda: told.count("lost a") < 3)

    for _ in range(5):
        eye.look()

    assert told.count("lost a") == 3
    assert told.count("ended a") == 1


def test_no_capture_process_is_idle():
    assert current_status(ScriptedCapture(None)).state == "idle"
