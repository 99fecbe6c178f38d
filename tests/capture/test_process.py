"""The capture process from outside: socket, several clients, signals, kills, a full disk."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Client

import pytest

from recorder_app.capture import journal, recovery
from recorder_app.capture.client import CaptureClient
from recorder_app.errors import BusyError, UnknownSourceError, UsageError
from recorder_app.models import Track
from recorder_app.paths import child_command
from tests.capture.conftest import decode, is_running, until
from tests.support.sound import tone_level


def _elapsed(client, more_than_ms: int) -> None:
    until(lambda: client.status().elapsed_ms > more_than_ms, what=f"{more_than_ms} ms recorded")


def test_start_status_bookmark_pause_resume_stop(client, request_for):
    request = request_for(title="Weekly")
    started = client.start(request)
    _elapsed(client, 400)
    status = client.status()
    client.bookmark("decision")
    paused = client.pause()
    time_of_pause = client.status().elapsed_ms
    resumed = client.resume()
    _elapsed(client, time_of_pause + 400)

    finished = client.stop()

    assert [state.state for state in (started, status, paused, resumed)] == [
        "recording",
        "recording",
        "paused",
        "recording",
    ]
    assert status.recording_id == finished.recording_id == request.recording_id
    assert status.pid not in (None, os.getpid())
    assert status.tracks[Track.MIC].level_dbfs == pytest.approx(-12, abs=0.5)
    assert status.disk_minutes_left > 0
    assert [mark.note for mark in finished.bookmarks] == ["decision"]
    assert [gap.cause for gap in finished.gaps] == ["pause"]
    assert finished.title == "Weekly"
    assert not finished.was_recovered
    left, right = decode(finished.media[0])
    assert len(left) == pytest.approx(finished.duration_ms * 48, abs=48)
    # Until the pause: behind it the tones go on with another phase.
    assert tone_level(left[:16_800], 440) > 0.2
    assert tone_level(right[:16_800], 1000) > 0.2
    assert tone_level(right[:16_800], 440) < 0.01
    assert client.status().state == "idle"
    assert stat.S_IMODE(finished.media[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(request.folder.stat().st_mode) == 0o700


def test_nothing_to_stop_pause_or_mark_is_told(client):
    client.ensure()

    for action in (client.stop, client.pause, client.resume, client.bookmark):
        with pytest.raises(BusyError):
            action()


def test_starting_twice_is_refused_and_the_first_goes_on(client, request_for):
    client.start(request_for())
    second = request_for()

    with pytest.raises(BusyError):
        client.start(second)

    assert not second.folder.exists()
    assert client.status().state == "recording"
    client.stop()


def test_two_clients_see_the_same_recording(client, request_for, home):
    client.start(request_for())
    other = CaptureClient(home)

    assert other.attach()
    assert other.status().recording_id == client.status().recording_id
    _elapsed(other, 300)
    finished = other.stop()
    other.close()

    assert finished.duration_ms > 300
    assert client.status().state == "idle"


def test_both_sides_off_is_a_usage_error(client, request_for):
    with pytest.raises(UsageError):
        client.start(request_for("none", "none"))


def test_one_side_off_is_silence_on_that_side(client, request_for):
    client.start(request_for("none", "fake:tone:1000"))
    _elapsed(client, 400)
    status = client.status()

    finished = client.stop()

    left, _ = decode(finished.media[0])
    assert abs(left).max() < 10
    assert not status.tracks[Track.MIC].is_enabled


def test_an_unknown_test_source_leaves_nothing_behind(client, request_for):
    request = request_for("fake:missing.wav", "fake:missing.wav")

    with pytest.raises(UnknownSourceError):
        client.start(request)

    assert not request.folder.exists()
    client.start(request_for())
    client.stop()


def test_the_key_is_wanted_and_a_silent_client_holds_nobody_up(client, home):
    client.ensure()
    silent = multiprocessing.connection.SocketClient(str(home.control_socket))

    with pytest.raises(multiprocessing.AuthenticationError):
        Client(str(home.control_socket), "AF_UNIX", authkey=b"wrong")

    assert client.status().state == "idle"
    assert stat.S_IMODE(home.control_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.control_socket.stat().st_mode) == 0o600
    silent.close()


def test_nonsense_is_answered_with_an_error_and_nothing_breaks(client, home):
    client.ensure()
    nonsense = [b"", b"{", b"[1]", b'{"do": "dance"}', b'{"do": "start"}', b"\x80\x04N."]

    with Client(str(home.control_socket), "AF_UNIX", authkey=home.control_key.read_bytes()) as raw:
        for message in nonsense:
            raw.send_bytes(message)
            assert json.loads(raw.recv_bytes())["error"]["class"] == "UsageError", message

    assert client.status().state == "idle"


def test_a_second_process_for_the_same_home_steps_back(client, home):
    client.ensure()
    command, environment = child_command(
        "recorder_app.capture.process", f"--home={home.home}", f"--runtime={home.runtime}"
    )

    second = subprocess.run(command, env=environment, timeout=20)

    assert second.returncode == 9
    assert client.status().state == "idle"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_finalises_within_two_seconds(client, request_for, home, number):
    request = request_for()
    client.start(request)
    _elapsed(client, 400)
    pid = client.status().pid

    began = time.monotonic()
    os.kill(pid, number)
    until(lambda: not is_running(pid), what="ended")

    assert time.monotonic() - began < 2.0
    (found,) = recovery.scan(home.recordings, live_id=None)
    assert not found.was_recovered
    assert found.duration_ms > 400
    assert client.status().pid is None
    assert not home.control_socket.exists()


@pytest.mark.slow
def test_a_kill_at_any_moment_costs_at_most_a_second(client, request_for, home):
    chance = random.Random(7)
    for _ in range(3):
        request = request_for()
        client.start(request)
        began = time.monotonic()
        time.sleep(chance.uniform(0.9, 1.6))

        os.kill(client.status().pid, signal.SIGKILL)

        heard_ms = (time.monotonic() - began) * 1000
        found = {one.recording_id: one for one in recovery.scan(home.recordings, live_id=None)}
        assert heard_ms - found[request.recording_id].duration_ms < 1000
        assert found[request.recording_id].was_recovered
        assert decode(found[request.recording_id].media[0]).shape[1] > 0


def test_after_a_kill_the_same_recording_goes_on_in_a_new_part(client, request_for, home):
    request = request_for()
    client.start(request)
    _elapsed(client, 800)
    os.kill(client.status().pid, signal.SIGKILL)
    until(lambda: client.status().pid is None)

    client.start(request)
    (before,) = [one for one in journal.read(request.folder) if one["event"] == "recovered"]
    _elapsed(client, round(before["frames"] / 48) + 400)
    finished = client.stop()

    assert [path.name for path in finished.media] == ["part-001.ogg", "part-002.ogg"]
    (gap,) = finished.gaps
    assert (gap.cause, gap.start_ms) == ("restarted", round(before["frames"] / 48))
    assert gap.wall_ms > 0
    assert finished.duration_ms > gap.start_ms + 400


def test_recording_goes_on_when_the_starter_dies(request_for, home, client):
    request = request_for()
    script = (
        "import sys, pathlib; from recorder_app.paths import Paths;"
        "from recorder_app.capture.client import CaptureClient, StartRequest;"
        "client = CaptureClient(Paths.from_environment(), idle_s=20);"
        f"client.start(StartRequest({request.recording_id!r}, pathlib.Path({str(request.folder)!r}),"
        "'fake:tone', 'fake:silence')); print('started', flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert starter.stdout.readline() == b"started\n"

    starter.kill()
    starter.communicate()

    assert client.attach()
    before_ms = client.status().elapsed_ms
    _elapsed(client, before_ms + 300)
    assert client.stop().recording_id == request.recording_id


def test_without_work_and_clients_the_process_ends(home):
    client = CaptureClient(home, idle_s=0.5)
    client.ensure()
    pid = client.status().pid
    client.close()

    until(lambda: not is_running(pid), timeout_s=5, what="ended by itself")

    assert not client.attach()
    assert not home.control_socket.exists()


def test_a_full_disk_ends_the_recording_with_everything_kept(request_for, home, client):
    """A limit on file size is what a full disk looks like without being root."""
    command, environment = child_command(
        "recorder_app.capture.process", f"--home={home.home}", f"--runtime={home.runtime}"
    )
    process = subprocess.Popen(
        command,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000)),  # noqa: PLW1509
    )
    try:
        until(client.attach, what="it answers")
        client.start(request_for())
        until(lambda: client.status().state == "idle", what="it ended by itself")

        problem = client.status().problem
        finished = client.stop()
    finally:
        process.terminate()
        process.wait(10)

    assert "disk is full" in problem
    assert "kept" in problem
    assert finished.media_bytes == finished.media[0].stat().st_size <= 9_000
    decoded = decode(finished.media[0])
    assert decoded.shape[1] > 0.5 * 48_000
    assert finished.duration_ms == pytest.approx(decoded.shape[1] / 48, abs=1)


def test_rapid_start_and_stop(client, request_for):
    for _ in range(20):
        client.start(request_for())
        finished = client.stop()
        assert finished.duration_ms > 0
        assert finished.media[0].exists()


def test_many_callers_at_once_get_one_recording(client, request_for):
    client.ensure()
    outcomes = []

    def press() -> None:
        try:
            client.start(request_for())
            outcomes.append("started")
        except BusyError:
            outcomes.append("busy")

    presses = [threading.Thread(target=press) for _ in range(5)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join()

    assert sorted(outcomes) == ["busy"] * 4 + ["started"]
    client.stop()


def test_a_dead_device_is_told_reopened_and_marked(client, request_for):
    client.start(request_for("fake:tone:440", "fake:tone:1000?die_after_s=0.6"))

    until(lambda: not client.status().tracks[Track.SYSTEM].is_ok, what="told")
    reason = client.status().problem
    until(lambda: client.status().tracks[Track.SYSTEM].is_ok, what="reopened")
    _elapsed(client, client.status().elapsed_ms + 400)
    finished = client.stop()

    assert "call's sound" in reason
    assert finished.gaps[0].track is Track.SYSTEM
    assert finished.gaps[0].cause == "device_lost"
    left, _ = decode(finished.media[0])
    assert tone_level(left, 440) > 0.2


def test_a_misled_stream_brings_nothing_into_the_track(client, request_for):
    client.start(request_for("fake:tone:440", "fake:tone:1000?wrong_after_s=0.5"))

    until(lambda: not client.status().tracks[Track.SYSTEM].is_ok, what="told")
    until(lambda: client.status().tracks[Track.SYSTEM].is_ok, what="reopened")

    finished = client.stop()
    assert finished.gaps[0].cause == "device_lost"


def test_the_clients_import_is_light():
    script = (
        "import sys, recorder_app.capture.client;"
        "print([m for m in ('numpy', 'av', 'sounddevice', 'pulsectl', 'httpx', 'PySide6') if m in sys.modules])"
    )

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert result.stdout.strip() == "[]"


def test_status_answers_in_two_milliseconds(client, request_for):
    client.start(request_for())
    client.status()

    times = []
    for _ in range(50):
        began = time.perf_counter()
        client.status()
        times.append(time.perf_counter() - began)
    client.stop()

    assert sorted(times)[len(times) // 2] < 0.002
