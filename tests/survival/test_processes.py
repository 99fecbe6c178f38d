"""Real processes, killed: the capture process, the app, both. What was heard stays one recording."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest

from recorder_app.capture import journal
from recorder_app.media.decode import probe, read_pcm
from recorder_app.media.tail import decodable_frames
from recorder_app.models import StateKind
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder
from tests.support import command
from tests.support.sound import RATE, tone_level
from tests.survival.conftest import hear, kill_capture, until

PROMISE_S = 2.0


def _loudness(path) -> np.ndarray:
    """Level of 440 Hz on the left, each 50 ms."""
    left = np.concatenate(list(read_pcm(path, rate=RATE, channel=0)))
    windows = [left[start : start + 2400] for start in range(0, len(left) - 2399, 2400)]
    return np.array([tone_level(window, 440) for window in windows])


def _check_the_file(recording) -> None:
    """Row and file agree, and the tone goes on before and after the seam."""
    (whole,) = recording.media
    data = whole.read_bytes()
    assert (recording.media_bytes, recording.media_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert abs(decodable_frames(whole) / 48 - recording.duration_ms) <= 1
    levels = _loudness(whole)
    # Each seam may break the tone's phase within one window.
    seams = sum(gap.cause == "restarted" for gap in recording.gaps)
    assert (levels < 0.2).sum() <= 1 + 2 * seams, levels


def test_a_killed_capture_process_is_back_in_two_seconds_and_it_stays_one_recording(
    home, app, capture, recorder
):
    window = app()
    started = command.run_json("start", "--mic", "fake:tone:440", "--system", "fake:tone:1000")
    hear(capture, 1200)

    killed_at = kill_capture(capture)
    until(lambda: capture.status().state == "recording", what="recording again")
    took_s = time.monotonic() - killed_at
    assert command.run_json("status")["state"] == "recording"
    hear(capture, 1000)
    command.run_json("stop")

    assert took_s < PROMISE_S
    (row,) = recorder.recordings()
    recording = row.recording
    assert recording.id == started["local"]["id"]
    (gap,) = recording.gaps
    assert (gap.cause, gap.track, gap.start_ms) == ("restarted", None, gap.end_ms)
    assert 0 < gap.wall_ms < 3000
    _check_the_file(recording)
    (told,) = window.problems()
    assert "interrupted and goes on" in told
    assert any(words.startswith("starting The recording was interrupted") for _, words in window.told)
    window.close()
    assert command.run("sync", "--once").returncode == 0
    after = recorder.detail(recording.id).recording
    assert after.is_uploaded
    served = [path for path in home.server.rglob("*") if path.is_file()]
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in served]
    assert digests.count(recording.media_sha256) == 1
    # The parts have done their duty; the joined file is all that is left beside the journal.
    names = {path.name for path in after.media[0].parent.iterdir()}
    assert names >= {"whole.ogg", journal.NAME}
    assert not any(name.startswith("part-") for name in names)
    assert recorder.recover() == []
    assert probe(after.media[0]).duration_ms == pytest.approx(recording.duration_ms, abs=1)


def test_what_somebody_stopped_is_not_started_again(home, app, capture, recorder):
    window = app()
    command.run_json("start", "--mic", "fake:tone:440", "--system", "none")
    until(lambda: any(words.startswith("recording") for _, words in window.told), what="seen by the app")

    command.run_json("stop")
    capture.quit()
    until(lambda: any(words.startswith("idle") for _, words in window.told), what="its end was seen")
    hear_nothing_until = time.monotonic() + 0.6
    while time.monotonic() < hear_nothing_until:
        assert capture.status().recording_id is None
        time.sleep(0.05)

    assert window.problems() == []
    assert len(recorder.recordings()) == 1


def test_a_capture_process_that_ends_in_good_order_is_no_death(home, app, capture, recorder):
    """SIGTERM or `quit` finalises; whoever did that wanted it to end."""
    window = app()
    command.run_json("start", "--mic", "fake:tone:440", "--system", "none")
    until(lambda: any(words.startswith("recording") for _, words in window.told), what="seen by the app")
    hear(capture, 500)

    capture.quit()

    row = until(
        lambda: next((row for row in recorder.recordings() if row.recording.is_on_disk), None), what="settled"
    )
    assert window.problems() == []
    assert row.recording.gaps == ()
    assert not row.recording.was_recovered


def test_a_paused_recording_stays_paused_when_its_process_dies(home, app, capture, recorder):
    app()
    recorder.start_recording(mic="fake:tone:440", system="none")
    hear(capture, 800)
    recorder.pause()
    time.sleep(0.3)

    kill_capture(capture)
    until(lambda: capture.status().state == "paused", what="paused again")
    before_ms = capture.status().elapsed_ms
    time.sleep(0.5)
    assert capture.status().elapsed_ms == before_ms
    recorder.resume()
    hear(capture, 500)
    recording = recorder.stop_recording()

    assert before_ms + 400 < recording.duration_ms < before_ms + 3000
    assert "pause" in [gap.cause for gap in recording.gaps]


def test_one_that_keeps_dying_is_given_up_and_settled(home, app, capture, recorder):
    window = app()
    recorder.start_recording(mic="fake:tone:440", system="none")
    for _ in range(5):
        hear(capture, 700)
        kill_capture(capture)
        until(lambda: capture.status().pid is None, what="dead")
        until(
            lambda: capture.status().state == "recording" or any("has ended" in w for w in window.problems()),
            what="restarted or given up",
        )

    row = until(
        lambda: next((row for row in recorder.recordings() if row.recording.is_on_disk), None), what="settled"
    )
    assert [("goes on" in words, "has ended" in words) for words in window.problems()] == [
        (True, False),
        (True, False),
        (True, False),
        (True, False),
        (False, True),
    ]
    assert capture.status().state == "idle"
    assert [gap.cause for gap in row.recording.gaps] == ["restarted"] * 4
    _check_the_file(row.recording)


def test_an_app_that_is_killed_costs_nothing_and_the_next_one_shows_the_recording(home, app, capture):
    first = app()
    command.run_json("start", "--title", "Kept", "--mic", "fake:tone:440", "--system", "fake:tone:1000")
    hear(capture, 500)

    first.kill()
    began = time.monotonic()
    second = Recorder(Paths.from_environment())
    second.open()
    status, rows = second.capture_status(), second.recordings()
    took_s = time.monotonic() - began
    hear(capture, 500)
    recording = second.stop_recording()
    second.close()

    assert took_s < PROMISE_S
    assert (status.state, status.recording_id) == ("recording", recording.id)
    assert [(row.recording.title, row.state.kind) for row in rows] == [("Kept", StateKind.RECORDING)]
    assert recording.gaps == ()
    assert not recording.was_recovered
    _check_the_file(recording)


def test_app_and_capture_killed_together_are_recovered_by_the_next_start(home, app, capture):
    first = app()
    command.run_json("start", "--mic", "fake:tone:440", "--system", "fake:tone:1000")
    hear(capture, 1500)
    heard_ms = capture.status().elapsed_ms

    first.kill()
    kill_capture(capture)
    second = Recorder(Paths.from_environment())
    second.open()
    rows = second.recordings()
    status = second.capture_status()
    (row,) = rows
    jobs = {job.kind for job in second.library.jobs.of(row.recording.id)}
    second.close()

    assert status.state == "idle"
    assert row.recording.was_recovered
    assert row.recording.is_on_disk
    assert heard_ms - row.recording.duration_ms < 1000
    assert jobs >= {"create", "upload", "transcribe"}
    _check_the_file(row.recording)


def test_without_an_app_stop_saves_what_there_is(home, capture):
    command.run_json("start", "--mic", "fake:tone:440", "--system", "none")
    hear(capture, 1200)

    kill_capture(capture)
    stopped = command.run_json("stop")

    assert stopped["local"]["is_on_disk"]
    assert stopped["local"]["duration_ms"] > 200


@pytest.mark.sound
def test_with_a_real_sound_server_it_goes_on_with_the_same_sources(app, pulse, tmp_path, capture, recorder):
    from recorder_app.demo.pulse import MIC_FEED
    from tests.support.sound import tone, write_wav

    pulse.play(write_wav(tmp_path / "mic.wav", tone(440, 60)), MIC_FEED)
    pulse.play(write_wav(tmp_path / "call.wav", tone(1000, 60)))
    app()
    recorder.start_recording()
    hear(capture, 3500)

    killed_at = kill_capture(capture)
    until(lambda: capture.status().state == "recording", what="recording again")
    took_s = time.monotonic() - killed_at
    hear(capture, 1500)
    recording = recorder.stop_recording()

    assert took_s < PROMISE_S
    stereo = np.concatenate(list(read_pcm(recording.media[0], rate=RATE)))
    seam = recording.gaps[0].start_ms * 48
    for start in (seam - 24_000, seam + 24_000):
        for side, hertz in enumerate((440, 1000)):
            heard = stereo[start : start + 9600, side]
            levels = [tone_level(heard[at : at + 2400], hertz) for at in range(0, 9600, 2400)]
            assert np.median(levels) > 0.2, (start, side)
