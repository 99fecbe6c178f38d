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


def test_no_capture_process_is_idle():
    assert current_status(ScriptedCapture(None)).state == "idle"
