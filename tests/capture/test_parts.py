"""The small parts: inlet, watchdog's judgement, levels, disk words, messages, fake sources, sessions in fast time."""

from __future__ import annotations

import errno
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from recorder_app.capture import fake, wire
from recorder_app.capture.backends import Backends
from recorder_app.capture.base import BLOCK_FRAMES, RATE, Block
from recorder_app.capture.facts import StartRequest
from recorder_app.capture.fake import FakeBackend, ScaledClock
from recorder_app.capture.inlet import Inlet
from recorder_app.capture.session import Session
from recorder_app.capture.watchdog import Verdict, back_off_s, judge
from recorder_app.capture.writer import disk_error, peak_dbfs
from recorder_app.errors import (
    BusyError,
    DiskFullError,
    MissingDependencyError,
    RecorderError,
    StorageError,
    UnknownSourceError,
    UsageError,
)
from recorder_app.models import CaptureStatus, Track, TrackStatus
from tests.capture.conftest import decode, until
from tests.support.sound import tone, tone_level, write_wav


def _block(arrived_at: float, frames: int = BLOCK_FRAMES) -> Block:
    return Block(Track.SYSTEM, b"\1\0" * frames, arrived_at)


def test_blocks_stay_inside_until_somebody_vouches_for_them():
    inlet = Inlet()
    for arrived_at in (1.0, 1.02, 1.04):
        inlet.put(_block(arrived_at))

    before = inlet.take()
    inlet.clear(1.02)
    after = inlet.take()

    assert before == []
    assert [block.arrived_at for block in after] == [1.0, 1.02]
    assert inlet.has_waiting


def test_a_full_inlet_drops_counts_and_never_blocks():
    inlet = Inlet(capacity_frames=3 * BLOCK_FRAMES)
    for number in range(5):
        inlet.put(_block(float(number)))
    inlet.clear(10.0)
    kept = inlet.take()

    inlet.put(_block(6.0))
    (next_one,) = inlet.take()

    assert len(kept) == 3
    assert next_one.lost_frames == 2 * BLOCK_FRAMES


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, Verdict.FINE),
        ({"is_active": False}, Verdict.DEAD),
        ({"wrong": "moved to the microphone"}, Verdict.DEAD),
        ({"quiet_s": 2.5}, Verdict.LATE),
        ({"quiet_s": 2.5, "is_other_heard": True}, Verdict.DEAD),
        ({"quiet_s": 2.5, "is_other_heard": True, "is_new": True}, Verdict.LATE),
        ({"quiet_s": 5.5}, Verdict.DEAD),
    ],
)
def test_the_judgement_of_a_stream(facts, verdict):
    usual = {"is_active": True, "wrong": None, "quiet_s": 0.1, "is_new": False, "is_other_heard": False}

    assert judge(**usual | facts) is verdict


def test_the_back_off_grows_to_ten_seconds_and_stays():
    assert [back_off_s(attempt) for attempt in (0, 1, 2, 3, 4, 50)] == [0.5, 1.0, 2.0, 4.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("samples", "level"), [([0, 0], -120.0), ([-32768], 0.0), ([16384, -100], -6.02), ([1], -90.3)]
)
def test_the_meter_shows_the_peak(samples, level):
    assert peak_dbfs(np.array(samples, "<i2").tobytes()) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        (errno.ENOSPC, DiskFullError, "full"),
        (errno.EFBIG, DiskFullError, "full"),
        (errno.EROFS, StorageError, "read-only"),
        (errno.EIO, StorageError, "refused"),
    ],
)
def test_the_disk_speaks_in_words(number, kind, word):
    error = disk_error(OSError(number, "x"), Path("part-001.ogg"))

    assert type(error) is kind
    assert word in error.title
    assert error.hint


def test_errors_cross_the_socket_as_themselves():
    sent = BusyError("A recording is running", detail="since noon", hint="Stop it first")

    got = wire.error_from_json(wire.unpack(wire.pack(wire.error_to_json(sent))))

    assert type(got) is BusyError
    assert got.sentence == sent.sentence


@pytest.mark.parametrize("name", ["os", "NetworkError", "Exception", None, "RecorderError"])
def test_an_unknown_error_becomes_a_plain_one(name):
    got = wire.error_from_json({"class": name, "title": "Trouble", "detail": "", "hint": ""})

    assert type(got) is RecorderError
    assert got.title == "Trouble"


def test_a_status_crosses_the_socket():
    status = CaptureStatus(
        "recording",
        "id",
        5,
        7,
        {Track.MIC: TrackStatus("Microphone", -12.5, is_ok=False, reason="x")},
        9,
        "x",
    )

    assert wire.status_from_json(wire.unpack(wire.pack(wire.status_to_json(status)))) == status


def test_a_test_source_and_its_faults_are_read():
    assert fake.parse("fake:tone:440?die_after_s=2.5&skew_ppm=-300") == (
        "tone:440",
        fake.Script(die_after_s=2.5, skew_ppm=-300.0),
    )
    for wrong in ("fake:tone?explode=1", "fake:tone?die_after_s=soon"):
        with pytest.raises(UsageError):
            fake.parse(wrong)


def _heard(source: str, seconds: float, *, speed: float = 20.0) -> list[Block]:
    blocks: list[Block] = []
    stream = FakeBackend(ScaledClock(speed)).open(source, Track.MIC, blocks.append)
    try:
        until(lambda: len(blocks) >= seconds * 50, what=f"{seconds} s of {source}")
    finally:
        stream.close()
    return blocks


def test_a_wav_file_of_any_rate_and_channels_is_heard_once_then_silence(tmp_path):
    stereo = np.column_stack([tone(440, 1.5, rate=16_000), tone(440, 1.5, rate=16_000)])
    path = write_wav(tmp_path / "speech.wav", stereo, rate=16_000)

    blocks = _heard(f"fake:{path}", 3.0)

    samples = np.frombuffer(b"".join(block.pcm for block in blocks), "<i2")
    assert {block.frames for block in blocks} == {BLOCK_FRAMES}
    assert tone_level(samples[: int(1.4 * RATE)], 440) > 0.45
    assert not samples[int(1.55 * RATE) : int(2.9 * RATE)].any()


def test_what_is_no_wav_file_is_told(tmp_path):
    (tmp_path / "x.wav").write_bytes(b"no sound")

    for source in (f"fake:{tmp_path}/x.wav", "fake:nowhere.wav"):
        with pytest.raises(UnknownSourceError):
            FakeBackend().open(source, Track.MIC, lambda _: None)


def test_blocks_come_in_real_time_by_the_clock():
    blocks = _heard("fake:silence", 1.0)

    arrivals = [block.arrived_at for block in blocks]
    assert arrivals[-1] - arrivals[0] == pytest.approx(len(blocks) * 0.02, rel=0.25)


def _session(tmp_path, mic: str, system: str, clock=time.monotonic) -> Session:
    session = Session(StartRequest("x", tmp_path / "x", mic, system), Backends(clock), clock=clock)
    session.prepare()
    return session


def test_folder_and_journal_exist_before_the_first_device_opens(tmp_path):
    session = _session(tmp_path, "fake:tone", "none")

    assert (tmp_path / "x" / "journal.jsonl").read_text().startswith('{"event": "started"')
    assert (tmp_path / "x" / "part-001.ogg").exists()
    session.start()
    session.stop()


def test_a_disk_that_refuses_from_the_start_leaves_no_ghost_and_touches_nothing_foreign(tmp_path):
    foreign = tmp_path / "x" / "part-001.ogg"
    foreign.parent.mkdir()
    foreign.write_bytes(b"somebody's sound")
    readable = tmp_path / "file"
    readable.write_bytes(b"")

    with pytest.raises(StorageError):
        _session(tmp_path, "fake:tone", "none")
    with pytest.raises(StorageError):
        _session(readable, "fake:tone", "none")

    assert foreign.read_bytes() == b"somebody's sound"


def test_sound_of_a_stream_that_was_led_elsewhere_never_enters_the_track(tmp_path):
    """From one second on the "system" stream brings what must not be in it."""
    samples = np.concatenate([tone(1000, 1.0), tone(440, 60.0)])
    path = write_wav(tmp_path / "misled.wav", samples)
    session = _session(tmp_path, "fake:silence", f"fake:{path}?wrong_after_s=1.0")
    session.start()
    until(lambda: session.status(pid=1).problem, what="told")

    finished = session.stop()

    _, right = decode(finished.media[0])
    windows = [right[start : start + 2400] for start in range(0, len(right) - 2400, 2400)]
    assert max(tone_level(window, 1000) for window in windows) > 0.4
    assert max(tone_level(window, 440) for window in windows) < 0.05


def test_a_minute_in_fast_time_keeps_its_length_and_sides(tmp_path):
    clock = ScaledClock(40.0)
    session = _session(tmp_path, "fake:tone:440", "fake:tone:1000", clock)
    began = clock()
    session.start()
    until(lambda: session.status(pid=1).elapsed_ms > 60_000, timeout_s=30, what="one minute")

    finished = session.stop()

    assert 60_000 < finished.duration_ms <= (clock() - began) * 1000 + 20
    assert finished.gaps == ()
    left, right = decode(finished.media[0])
    assert tone_level(left[:480_000], 440) > 0.2
    assert tone_level(right[:480_000], 440) < 0.01


@pytest.mark.slow
def test_a_disk_that_stands_still_loses_nothing(tmp_path, monkeypatch):
    """fsync hangs for a while: blocks wait in the inlet, the status says why."""
    import os

    real, hang = os.fsync, threading.Event()
    session = _session(tmp_path, "fake:tone", "fake:tone")
    session.start()
    until(lambda: session.status(pid=1).elapsed_ms > 200)

    def slow(descriptor: int) -> None:
        if threading.current_thread().name == "recorder-writer":
            hang.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    until(lambda: "slow" in (session.status(pid=1).problem or ""), what="told")
    hang.set()
    until(lambda: session.status(pid=1).elapsed_ms > 3000, what="caught up")
    finished = session.stop()

    assert finished.gaps == ()
    left, _ = decode(finished.media[0])
    assert min(abs(left[start : start + 480]).max() for start in range(4800, len(left) - 4800, 480)) > 5000


def test_a_missing_portaudio_is_told_with_what_to_install(monkeypatch):
    from recorder_app.capture import pulse

    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])

    with pytest.raises(MissingDependencyError) as told:
        pulse.PulseBackend().open("default", Track.MIC, lambda _: None)
    assert "libportaudio2" in told.value.hint
