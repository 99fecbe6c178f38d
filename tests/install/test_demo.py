"""The demo's parts: a screen of its own, and judges that believe files, not words."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import shutil
import struct
import subprocess
import time
import zlib
from pathlib import Path

import pytest

from recorder_app.demo import stages
from recorder_app.demo.screen import PrivateScreen
from recorder_app.models import (
    Recording,
    RecordingDetail,
    Segment,
    State,
    StateKind,
    Status,
    SummaryLine,
    Task,
    Track,
)

LOUD = {Track.MIC: -8.0, Track.SYSTEM: -6.5}


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    return folder


@pytest.fixture
def detail(tmp_path, server) -> RecordingDetail:
    """A recording that went all the way."""
    media = tmp_path / "part-001.ogg"
    media.write_bytes(b"sound" * 1000)
    shutil.copy(media, server / "copy")
    said = (
        Segment(0, 900, "I will send the draft", "You", track=Track.MIC),
        Segment(1000, 2000, "Good", "Them", track=Track.SYSTEM),
    )
    recording = Recording(
        id="id",
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        status=Status.READY,
        server_id="s1",
        duration_ms=40_000,
        media=(media,),
        media_bytes=5000,
        media_sha256=hashlib.sha256(media.read_bytes()).hexdigest(),
        is_on_disk=True,
        is_uploaded=True,
        is_transcribed=True,
        engine="pocketsphinx",
        summary_lines=(SummaryLine("A draft is promised", (0,)),),
        summary_source="rules",
        tasks=(Task("t", "Send the draft", evidence=(0,)),),
    )
    return RecordingDetail(recording, State(StateKind.READY), said)


def changed(detail: RecordingDetail, **changes) -> RecordingDetail:
    return dataclasses.replace(detail, recording=dataclasses.replace(detail.recording, **changes))


def failed(detail: RecordingDetail, server: Path, **changes) -> dict[str, str]:
    facts = {"played_ms": 39_000, "peaks": LOUD, "server": server} | changes
    return {stage.name: stage.found for stage in stages.judge(detail, **facts) if not stage.is_done}


def test_a_recording_that_went_all_the_way_passes(detail, server):
    assert failed(detail, server) == {}


def test_hearing_nothing_fails_and_names_the_side(detail, server):
    found = failed(detail, server, peaks={Track.MIC: -8.0, Track.SYSTEM: -120.0})

    assert found == {"captured": "nothing was heard of the call"}


def test_sides_without_a_level_were_not_heard(detail, server):
    assert failed(detail, server, peaks={}) == {
        "captured": "nothing was heard of the microphone and the call"
    }


def test_lost_seconds_fail(detail, server):
    assert failed(detail, server, played_ms=41_001) == {"captured": "40.0 s of the 41.0 s that were played"}


@pytest.mark.parametrize(
    "changes", [{"is_on_disk": False}, {"media": ()}, {"media_bytes": 4999}, {"media_sha256": "0"}]
)
def test_a_file_that_is_not_the_one_described_fails(detail, server, changes):
    assert "on disk" in failed(changed(detail, **changes), server)


def test_an_upload_counts_only_with_the_same_bytes_on_the_server(detail, server):
    (server / "copy").write_bytes(b"noise" * 1000)

    assert failed(detail, server) == {"on server": "the server has no copy with the same sha256"}


def test_a_copy_the_library_knows_nothing_of_is_no_upload(detail, server):
    assert set(failed(changed(detail, is_uploaded=False), server)) == {"on server"}


def test_the_state_says_why_an_upload_is_missing(detail, server):
    waiting = dataclasses.replace(detail, state=State(StateKind.FAILED, reason="The server refused it."))

    assert failed(changed(waiting, is_uploaded=False), server)["on server"] == "The server refused it."


def test_words_from_one_side_only_are_no_transcript(detail, server):
    one_sided = dataclasses.replace(detail, segments=detail.segments[:1])

    assert failed(one_sided, server)["transcribed"] == "no words from the call"


def test_a_withheld_summary_fails_with_its_reason(detail, server):
    withheld = changed(detail, summary_lines=(), tasks=(), insights_withheld="too uncertain")

    assert failed(withheld, server) == {"summary": "too uncertain", "tasks": "too uncertain"}


def test_a_summary_line_must_rest_on_something_said(detail, server):
    invented = changed(detail, summary_lines=(SummaryLine("The deal is signed", (123,)),))

    assert failed(invented, server) == {"summary": "a line rests on nothing that was said"}


def png(path: Path, rows: list[bytes], width: int) -> Path:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, len(rows), 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )
    return path


def test_painted_windows_pass_and_blank_or_absent_ones_fail(tmp_path):
    drawn = png(tmp_path / "drawn.png", [os.urandom(80) for _ in range(80)], 80)
    blank = png(tmp_path / "blank.png", [bytes(80)] * 80, 80)
    (tmp_path / "cut.png").write_bytes(drawn.read_bytes()[:40])

    assert stages.pictured([drawn]).is_done
    assert not stages.pictured([]).is_done
    assert stages.pictured([drawn, blank, tmp_path / "cut.png"]).found == "blank: blank.png, cut.png"


@pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed")
def test_a_private_screen_takes_clients_and_leaves_nothing():
    with PrivateScreen(window_manager="openbox") as first, PrivateScreen() as second:
        assert first.display != second.display
        children = [*first._children, *second._children]
        environment = {**os.environ, **first.environment}
        answer = subprocess.run(
            ["xdotool", "getdisplaygeometry"], env=environment, capture_output=True, text=True, timeout=30
        )

    assert answer.stdout.strip() == "1600 1000", answer.stderr
    assert all(child.poll() is not None for child in children)


@pytest.mark.sound
def test_a_private_sound_server_is_heard_at_once(pulse):
    # Without the silent player and the restart of its sink, the first block takes two seconds.
    environment = {**os.environ, **pulse.environment}
    began = time.monotonic()
    with subprocess.Popen(
        ["parec", "--raw", "--latency-msec=20", "--device=call.monitor"],
        env=environment,
        stdout=subprocess.PIPE,
    ) as recording:
        heard = recording.stdout.read(1024)
        waited = time.monotonic() - began
        recording.kill()

    assert heard == bytes(1024)
    assert waited < 1.0


def test_a_screen_that_cannot_start_says_so(monkeypatch, tmp_path):
    broken = tmp_path / "Xvfb"
    broken.write_text("#!/bin/sh\necho no room for a screen >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RuntimeError, match="Xvfb did not start: no room for a screen"):
        PrivateScreen().__enter__()
