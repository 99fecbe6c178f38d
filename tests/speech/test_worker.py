"""Whatever happens to the worker, the transcript is complete or a sentence says why it is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import jiwer
import numpy as np
import pytest

from recorder_app.errors import RecorderError, UsageError
from recorder_app.paths import child_command
from recorder_app.speech.client import TranscriptionCancelledError
from recorder_app.speech.process import WorkerGoneError, WorkerProcess
from tests.speech.conftest import SAMPLE, SHORT_MS, plain, said
from tests.support.sound import write_wav


def eventually(is_so, timeout_s: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


def assert_complete(transcript):
    """Three turns, each once, with the right words."""
    assert [one.speaker for one in transcript.segments] == ["You", "Them", "You"]
    words = " ".join(one.text for one in transcript.segments)
    assert jiwer.wer(said(until_ms=SHORT_MS), plain(words)) <= 0.25


def strike_once(client, number: int, *, at_percent: int = 20):
    """An `on_progress` that sends a signal to the worker the first time it is that far."""
    struck = []

    def on_progress(percent: int) -> None:
        if percent >= at_percent and not struck:
            struck.append(client.worker_pid)
            os.kill(client.worker_pid, number)

    on_progress.struck = struck
    return on_progress


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_nothing_is_lost_or_doubled(
    make_client, short_meeting, expected_logs
):
    expected_logs.append("the speech worker stopped")
    client = make_client()
    strike = strike_once(client, signal.SIGKILL)

    transcript = client.transcribe(short_meeting, on_progress=strike)

    assert_complete(transcript)
    assert [client.worker_pid] != strike.struck != []


@pytest.mark.slow
def test_a_hanging_worker_is_replaced(make_client, short_meeting, expected_logs):
    expected_logs.append("the speech worker stopped (it did not answer)")
    client = make_client(heartbeat_timeout_s=5.0)
    strike = strike_once(client, signal.SIGSTOP)

    transcript = client.transcribe(short_meeting, on_progress=strike)

    assert_complete(transcript)
    assert [client.worker_pid] != strike.struck != []


def test_a_worker_that_keeps_dying_ends_in_one_clear_sentence(make_client, short_meeting, expected_logs):
    expected_logs.append("the speech worker stopped")
    dying = [sys.executable, "-c", "import sys; sys.stdin.readline(); sys.exit(3)"]
    client = make_client(command=(dying, dict(os.environ)))

    with pytest.raises(RecorderError, match="The transcription failed") as raised:
        client.transcribe(short_meeting)

    assert "2 times (exit code 3)" in raised.value.detail
    assert raised.value.hint


def test_a_worker_that_lives_but_does_not_move_is_given_up(make_client, short_meeting, expected_logs):
    expected_logs.append("the speech worker stopped")
    idling = 'import time\nwhile True: print("{\\"event\\":\\"alive\\"}", flush=True); time.sleep(0.1)'
    client = make_client(command=([sys.executable, "-c", idling], dict(os.environ)), stall_s=0.4)

    with pytest.raises(RecorderError, match="The transcription failed") as raised:
        client.transcribe(short_meeting)

    assert "did not answer" in raised.value.detail


def test_cancelling_ends_the_worker_within_a_second(make_client, short_meeting):
    client = make_client()
    cancelled = threading.Event()
    asked_at = []

    def cancel(_percent: int) -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
        cancelled.set()

    with pytest.raises(TranscriptionCancelledError):
        client.transcribe(short_meeting, on_progress=cancel, cancelled=cancelled)

    assert time.monotonic() - asked_at[0] < 1.0
    assert client.worker_pid is None


def test_closing_the_client_ends_a_transcription_under_way(make_client, short_meeting):
    client = make_client()
    is_under_way = threading.Event()
    raised = []

    def work() -> None:
        try:
            client.transcribe(short_meeting, on_progress=lambda _: is_under_way.set())
        except RecorderError as error:
            raised.append(error)

    thread = threading.Thread(target=work, name="recorder-speech-lane")
    thread.start()
    assert is_under_way.wait(20)
    client.close()
    thread.join(5)

    assert not thread.is_alive()
    assert isinstance(raised[0], TranscriptionCancelledError)
    assert client.worker_pid is None


@pytest.mark.parametrize(
    ("content", "title"),
    [(b"", "not an audio"), (b"OggS" + bytes(range(256)) * 40, "not an audio"), (None, "no such file")],
    ids=["zero length", "junk", "missing"],
)
def test_what_is_no_recording_is_refused_in_words(client, tmp_path, content, title):
    path = tmp_path / "part-001.ogg"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=title):
        client.transcribe(path)


def test_an_unknown_engine_is_refused_in_words(make_client, short_meeting):
    with pytest.raises(UsageError, match="no such speech engine"):
        make_client(engine="telepathy").transcribe(short_meeting)


def test_a_truncated_recording_gives_what_is_there(client, short_meeting, tmp_path):
    path = tmp_path / "part-001.ogg"
    whole = short_meeting.read_bytes()
    path.write_bytes(whole[: len(whole) * 45 // 100])

    transcript = client.transcribe(path)

    assert transcript.segments[0].speaker == "You"
    assert "today I want to talk" in transcript.segments[0].text
    assert transcript.segments[-1].end_ms < SHORT_MS * 0.5


def test_one_channel_is_the_other_side(client, tmp_path):
    from recorder_app.media.decode import read_pcm

    samples = np.concatenate(list(read_pcm(SAMPLE / "meeting.ogg", rate=16_000, channel=0, end_ms=4400)))

    transcript = client.transcribe(write_wav(tmp_path / "mono.wav", samples, rate=16_000), them="Anna")

    assert [one.speaker for one in transcript.segments] == ["Anna"]
    assert "our new office" in transcript.segments[0].text


@pytest.mark.parametrize("frames", [0, 1, 800], ids=["no sample", "one sample", "50 ms"])
def test_next_to_nothing_gives_no_words(client, tmp_path, frames):
    path = write_wav(tmp_path / "short.wav", np.full((frames, 2), 9000, np.int16), rate=16_000)

    assert client.transcribe(path).segments == ()


def test_an_idle_worker_is_let_go(make_client, tmp_path):
    client = make_client(idle_s=0.05)

    client.transcribe(write_wav(tmp_path / "short.wav", np.zeros((1600, 2), np.int16), rate=16_000))

    assert eventually(lambda: client.worker_pid is None)


def test_the_worker_is_niced_and_ends_with_its_parent():
    worker = WorkerProcess(*child_command("recorder_app.speech.worker"))
    try:
        assert worker.receive(20) == {"event": "alive"}
        if hasattr(os, "getpriority"):
            assert os.getpriority(os.PRIO_PROCESS, worker.pid) >= 10

        os.kill(worker.pid, signal.SIGINT)
        assert worker.receive(5) == {"event": "alive"}, "Ctrl+C is the parent's to answer"

        worker._process.stdin.close()

        with pytest.raises(WorkerGoneError):
            while True:
                worker.receive(10)
        assert eventually(lambda: not worker.is_running)
    finally:
        worker.end()


def test_what_native_code_prints_does_not_break_the_protocol():
    script = (
        "import os; from recorder_app.speech.worker import Lines, take_stdout\n"
        "lines = Lines(take_stdout())\n"
        "os.system('echo native noise'); print('more noise'); lines.send({'event': 'alive'})"
    )
    command, environment = child_command("unused")

    result = subprocess.run([command[0], "-c", script], env=environment, capture_output=True, timeout=30)

    assert result.stdout == b'{"event":"alive"}\n'
    assert b"native noise" in result.stderr


def test_a_line_that_is_not_ours_is_passed_over():
    worker = WorkerProcess(["printf", 'oops\\n{"event":"alive"}\\n'], dict(os.environ))
    try:
        assert worker.receive(5) == {"event": "alive"}
        with pytest.raises(WorkerGoneError):
            worker.receive(5)
    finally:
        worker.end()
