"""`recorder record` and its kin, as processes, on a private PulseAudio: the promise of the first version."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import jiwer
import numpy as np
import pytest

from recorder_app.demo.pulse import MIC_FEED
from recorder_app.media.decode import probe, read_pcm
from recorder_app.paths import resources
from tests.support import command
from tests.support.sound import tone, write_wav

pytestmark = [pytest.mark.sound]

SAMPLE = resources() / "sample" / "meeting.ogg"
TRUTH = resources() / "sample" / "truth.json"


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]+", " ", text.lower()).split())


def wait_for(condition, what: str, timeout_s: float = 20):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"never happened: {what}")


@pytest.fixture
def tones(pulse, tmp_path):
    """440 Hz on the microphone, 1 kHz on the call, for half a minute."""
    pulse.play(write_wav(tmp_path / "mic.wav", tone(440, 60)), MIC_FEED)
    pulse.play(write_wav(tmp_path / "call.wav", tone(1000, 60)))
    return pulse


@pytest.fixture
def serve(tmp_path):
    """`recorder serve` on a free port with its own data folder: (facts, environment for a client)."""
    process = command.start("serve", "--data", str(tmp_path / "served"))
    facts = json.loads(process.stdout.readline())
    yield facts
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()
    process.stderr.close()


def client_environment(facts: dict, **changes: str) -> dict[str, str]:
    return {
        "POSTHOG_HOST": facts["url"],
        "POSTHOG_PROJECT_ID": str(facts["project_id"]),
        "POSTHOG_PERSONAL_API_KEY": facts["key"],
        **changes,
    }


def media_of(recording: dict) -> Path:
    (path,) = recording["local"]["media"]
    return Path(path)


@pytest.mark.slow
@pytest.mark.spoken
def test_twelve_spoken_seconds_become_a_ready_recording(home, pulse, tmp_path):
    left = np.concatenate(list(read_pcm(SAMPLE, rate=48_000, channel=0)))
    right = np.concatenate(list(read_pcm(SAMPLE, rate=48_000, channel=1)))
    pulse.play(write_wav(tmp_path / "mic.wav", left), MIC_FEED)
    pulse.play(write_wav(tmp_path / "call.wav", right))

    recording = command.run_json("record", "--for", "12", "--title", "Spoken")

    assert recording["status"] == "ready"
    assert abs(probe(media_of(recording)).duration_ms - 12_000) <= 500
    assert recording["local"]["is_uploaded"]
    assert recording["local"]["is_transcribed"]
    lines = recording["transcript_segments"]
    turns = json.loads(TRUTH.read_text())
    # The player began a little before the recording: move the truth by what the first line tells.
    early_ms = turns[0]["start_ms"] - lines[0]["timestamp"]
    said = [
        {**turn, "start": turn["start_ms"] - early_ms, "end": turn["end_ms"] - early_ms} for turn in turns
    ]
    said = [turn for turn in said if turn["end"] <= 11_500]
    heard = [line for line in lines if line["timestamp"] <= said[-1]["end"]]
    spoken = plain(" ".join(turn["text"] for turn in said))
    assert jiwer.wer(spoken, plain(" ".join(line["text"] for line in heard))) <= 0.25
    for line in heard:
        turn = max(
            said, key=lambda turn: min(turn["end"], line["end"]) - max(turn["start"], line["timestamp"])
        )
        assert line["speaker"] == ("You" if turn["speaker"] == "me" else "Them")
    assert command.run_json("show", "last")["status"] == "ready"


def test_another_machines_server_gets_exactly_one_recording_with_the_same_bytes(home, tones, serve, tmp_path):
    environment = client_environment(serve)

    recording = command.run_json("record", "--for", "3", "--title", "There", environment=environment)

    assert (recording["status"], recording["local"]["is_uploaded"]) == ("ready", True)
    served = [
        path for path in (tmp_path / "served").rglob("*") if path.is_file() and path.stat().st_size > 5000
    ]
    same = [
        path
        for path in served
        if hashlib.sha256(path.read_bytes()).hexdigest() == recording["local"]["media_sha256"]
    ]
    assert len(same) == 1
    import httpx

    listed = httpx.get(
        f"{serve['url']}/api/projects/{serve['project_id']}/desktop_recordings/",
        headers={"Authorization": f"Bearer {serve['key']}"},
    ).json()
    assert listed["count"] == 1
    (there,) = listed["results"]
    assert (there["status"], there["meeting_title"], there["duration_seconds"]) == ("ready", "There", 3)
    assert there["video_size_bytes"] == recording["local"]["media_bytes"]


def test_a_wrong_key_keeps_the_recording_and_says_so(home, tones, serve):
    wrong = client_environment(serve, POSTHOG_PERSONAL_API_KEY="phx_wrong")

    result = command.run("record", "--for", "2", "--json", environment=wrong)

    recording = json.loads(result.stdout)
    assert result.returncode == 7, result.stderr
    assert recording["local"]["state"] == "needs_sign_in"
    assert media_of(recording).exists()
    assert len(result.stderr.strip().splitlines()) == 1
    assert "phx_wrong" not in result.stderr + result.stdout
    assert command.run("sync", "--once", environment=client_environment(serve)).returncode == 0
    assert command.run_json("show", "last")["status"] == "ready"


def test_no_network_keeps_the_recording_and_says_so(home, tones):
    nowhere = {"POSTHOG_HOST": "http://127.0.0.1:9", "POSTHOG_PERSONAL_API_KEY": "phx_any"}

    result = command.run("record", "--for", "2", "--json", environment=nowhere)

    recording = json.loads(result.stdout)
    assert result.returncode == 6, result.stderr
    assert recording["local"]["is_on_disk"]
    assert media_of(recording).exists()
    assert len(result.stderr.strip().splitlines()) == 1


def one_sentence(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, (result.returncode, result.stderr)
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith("recorder: ")
    return line


def test_no_sound_server_is_said_in_one_sentence(home, tmp_path):
    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/nothing", "PULSE_RUNTIME_PATH": str(tmp_path / "pr")}

    line = one_sentence(command.run("record", "--for", "2", environment=nowhere), 4)

    assert "sound" in line
    assert command.run_json("list") == []


def test_an_unknown_source_is_said_in_one_sentence_and_leaves_no_ghost(home, pulse):
    line = one_sentence(command.run("record", "--for", "2", "--mic", "nonsense"), 4)

    assert "nonsense" in line
    assert "recorder doctor" in line
    assert command.run_json("list") == []


def test_an_unusable_data_folder_is_said_in_one_sentence(home, tones):
    # /proc refuses new folders even to root, as a read-only disk refuses them to everybody.
    line = one_sentence(
        command.run("record", "--for", "2", environment={"RECORDER_HOME": "/proc/recorder"}), 5
    )

    assert "RECORDER_HOME" in line


def test_stopping_nothing_is_said_in_one_sentence(home):
    one_sentence(command.run("stop"), 9)


def test_starting_twice_is_said_in_one_sentence_and_the_first_goes_on(home, tones):
    first = command.run_json("start")

    one_sentence(command.run("start"), 9)

    assert command.run_json("status")["recording_id"] == first["local"]["id"]
    assert command.run("stop").returncode == 0


def test_ctrl_c_stops_and_saves(home, tones):
    process = command.start("record", "--json")
    wait_for(lambda: command.run_json("status")["elapsed_ms"] > 1000, "a second of sound")

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert process.returncode == 0, err
    assert json.loads(out)["status"] == "ready"
