"""Room on the disk: the ballast, a disk that is full, read-only, broken or slow, and what is said about it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
import threading
import time

import pytest

from recorder_app.capture import journal
from recorder_app.capture.backends import Backends
from recorder_app.capture.disk import (
    BALLAST,
    LAST_WORDS,
    Reserve,
    disk_minutes,
    require_room,
    reserve_bytes,
    with_room,
    write_all,
)
from recorder_app.capture.facts import StartRequest
from recorder_app.capture.fake import ScaledClock
from recorder_app.capture.journal import Journal
from recorder_app.capture.session import Session
from recorder_app.errors import DiskFullError
from recorder_app.models import CaptureStatus
from tests.capture.conftest import decode, until

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", str(place)])
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def leave(place, free: int) -> None:
    """Fill a disk up until only so many bytes are free."""
    with (place / "filler").open("ab") as file:
        os.posix_fallocate(file.fileno(), file.tell(), _free(place) - free)


def _free(place) -> int:
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def _session(folder, *, reserve=None, clock=time.monotonic) -> Session:
    request = StartRequest("x", folder / "x", "fake:tone:440", "fake:tone:1000")
    session = Session(request, Backends(clock), clock=clock, reserve=reserve)
    session.prepare()
    session.start()
    return session


def _ended(session) -> str:
    until(lambda: session.state == "idle", timeout_s=30, what="ended by itself")
    return session.status(pid=1).problem or ""


def test_the_ballast_is_real_private_and_there_once(tmp_path):
    reserve = Reserve(tmp_path, ballast_bytes=3 << 20)

    assert reserve.build()
    assert reserve.build()

    found = (tmp_path / BALLAST).stat()
    assert found.st_size == 3 << 20
    assert found.st_blocks * 512 >= 3 << 20
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [BALLAST]
    assert reserve_bytes(tmp_path) == 3 << 20


def test_the_ballast_is_not_made_where_it_would_take_the_room_itself(small_disk):
    reserve = Reserve(small_disk, ballast_bytes=1 << 20)

    assert not reserve.build()
    assert list(small_disk.iterdir()) == []


def test_a_ballast_that_does_not_fit_leaves_nothing_behind(tmp_path):
    """Its size limit ends the file in the middle, as a disk does that fills up meanwhile."""
    script = (
        "import resource, pathlib, sys; from recorder_app.capture.disk import Reserve;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20));"
        "print(Reserve(pathlib.Path(sys.argv[1]), ballast_bytes=4 << 20).build())"
    )

    result = subprocess.run(["python3", "-c", script, str(tmp_path)], capture_output=True, text=True)

    assert result.stdout.strip() == "False", result.stderr
    assert list(tmp_path.iterdir()) == []


def test_each_file_may_try_again_once_after_each_release(tmp_path):
    reserve = Reserve(tmp_path, ballast_bytes=4096)
    reserve.begin()
    reserve.build()
    media, book = reserve.relief(), reserve.relief()

    # The first failure frees the ballast; the other file, which failed too, profits from the same release.
    assert media(FULL)
    assert reserve.is_in_use
    assert not (tmp_path / BALLAST).exists()
    assert book(FULL)
    assert (tmp_path / LAST_WORDS).exists()
    assert not reserve.is_spent

    assert book(FULL)
    assert reserve.is_spent
    assert media(FULL)
    assert not media(FULL)
    assert not book(FULL)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EIO, errno.EFBIG])
def test_the_reserve_is_kept_where_it_would_not_help(tmp_path, number):
    reserve = Reserve(tmp_path, ballast_bytes=4096)
    reserve.begin()
    reserve.build()

    assert not reserve.relief()(OSError(number, "no"))
    assert (tmp_path / BALLAST).exists()
    assert (tmp_path / LAST_WORDS).exists()


def test_with_room_again_the_ballast_comes_back(tmp_path):
    reserve = Reserve(tmp_path, ballast_bytes=4096)
    reserve.build()
    reserve.relief()(FULL)

    assert reserve.is_in_use
    assert reserve.build()
    assert not reserve.is_in_use


def test_minutes_are_counted_on_the_nearest_folder_that_exists(tmp_path, small_disk):
    minutes = disk_minutes(small_disk / "not" / "yet", 64_000)

    assert minutes == disk_minutes(small_disk, 64_000) == pytest.approx(3 * 2**20 / 8000 / 60 / 1.05, abs=1)
    assert disk_minutes(tmp_path, 64_000) > minutes
    assert with_room(CaptureStatus("idle"), small_disk, 64_000).disk_minutes_left == minutes
    assert (
        with_room(CaptureStatus("recording", disk_minutes_left=1), small_disk, 64_000).disk_minutes_left == 1
    )


def test_a_start_on_a_full_disk_is_refused_in_words(small_disk):
    leave(small_disk, 500_000)

    with pytest.raises(DiskFullError) as told:
        require_room(small_disk / "x", 64_000)

    assert told.value.sentence == (
        "The disk is full. Less than 2 minutes of recording fit on it. Free some space, then start again."
    )
    require_room(small_disk / "x", 64_000, reserve_bytes=1 << 20)


def test_a_start_on_a_full_disk_uses_the_ballast_before_it_is_refused(small_disk):
    reserve = Reserve(small_disk, ballast_bytes=700_000)
    assert reserve.build()
    leave(small_disk, 500_000)

    reserve.require_room(small_disk / "x", 64_000)

    assert reserve.is_in_use
    leave(small_disk, 500_000)
    with pytest.raises(DiskFullError):
        reserve.require_room(small_disk / "x", 64_000)


def test_half_a_line_on_a_full_disk_costs_one_line_only(small_disk):
    folder = small_disk / "x"
    folder.mkdir()
    book = Journal(folder)
    book.append("started")
    leave(small_disk, 0)

    with pytest.raises(OSError, match="No space"):
        book.append("note", text="long " * 2000)
    (small_disk / "filler").unlink()
    book.append("stopped")
    book.close()

    assert [event["event"] for event in journal.read(folder)] == ["started", "stopped"]


def test_every_byte_is_written_where_the_disk_takes_some_at_a_time(small_disk):
    ballast = small_disk / "b"
    ballast.write_bytes(bytes(1 << 20))
    leave(small_disk, 40_960)
    descriptor = os.open(small_disk / "out", os.O_CREAT | os.O_WRONLY)

    def relieve(_error) -> bool:
        if not ballast.exists():
            return False
        ballast.unlink()
        return True

    data = os.urandom(300_000)
    write_all(descriptor, data, relieve)
    with pytest.raises(OSError, match="No space"):
        write_all(descriptor, bytes(2 << 20), relieve)
    os.close(descriptor)

    assert (small_disk / "out").read_bytes()[: len(data)] == data


@pytest.mark.parametrize("ballast_bytes", [0, 200_000])
def test_a_full_disk_gives_up_the_ballast_then_ends_cleanly_with_everything_kept(small_disk, ballast_bytes):
    """Forty times as fast as a real recording: 200 kB of ballast are 25 s of sound."""
    reserve = Reserve(small_disk, ballast_bytes=ballast_bytes)
    if ballast_bytes:
        assert reserve.build()
    clock = ScaledClock(40.0)
    session = _session(small_disk, reserve=reserve, clock=clock)
    leave(small_disk, 80_000)
    began_ms = session.status(pid=1).elapsed_ms

    problem = _ended(session)

    finished = session.stop()
    assert "disk is full" in problem
    assert "kept" in problem
    assert reserve.is_in_use is bool(ballast_bytes)
    # About 64 kbit/s: what was free, and the ballast, became sound.
    assert finished.duration_ms - began_ms > (80_000 + ballast_bytes) / 8000 * 1000 * 0.7
    decoded = decode(finished.media[0])
    assert decoded.shape[1] == pytest.approx(finished.duration_ms * 48, abs=960)
    assert finished.media_bytes == finished.media[0].stat().st_size
    # Closed as any other: the journal says so, recovery has nothing to do.
    last = journal.read(small_disk / "x")[-1]
    assert last["event"] == "stopped"
    assert not finished.was_recovered
    assert _is_whole(finished.media[0])


def _is_whole(path) -> bool:
    """The last Ogg page says that the stream ends."""
    raw = path.read_bytes()
    return bool(raw[raw.rindex(b"OggS") + 5] & 4)


@pytest.mark.parametrize(
    ("number", "word"), [(errno.EIO, "refused"), (errno.EROFS, "read-only"), (errno.ENOSPC, "full")]
)
def test_a_disk_that_fails_at_sync_ends_the_recording_with_everything_kept(
    tmp_path, monkeypatch, number, word, expected_logs
):
    real = os.fsync
    session = _session(tmp_path)
    until(lambda: session.status(pid=1).elapsed_ms > 600, what="something recorded")

    def broken(descriptor: int) -> None:
        if threading.current_thread().name == "recorder-writer":
            raise OSError(number, os.strerror(number))
        real(descriptor)

    expected_logs.append("closing part-001.ogg failed")
    monkeypatch.setattr(os, "fsync", broken)
    problem = _ended(session)
    finished = session.stop()

    assert word in problem
    assert finished.duration_ms > 600
    assert decode(finished.media[0]).shape[1] == pytest.approx(finished.duration_ms * 48, abs=960)


@pytest.mark.slow
def test_an_fsync_of_five_seconds_drops_no_sound(tmp_path, monkeypatch):
    real, slow_ones = os.fsync, []

    def slow(descriptor: int) -> None:
        if threading.current_thread().name == "recorder-writer" and not slow_ones:
            slow_ones.append(descriptor)
            time.sleep(5)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    session = _session(tmp_path)
    began = time.monotonic()
    until(lambda: session.status(pid=1).problem, what="told")
    told = session.status(pid=1).problem
    until(lambda: session.status(pid=1).elapsed_ms > 5500, timeout_s=15, what="caught up")
    finished = session.stop()

    assert "slow" in told
    assert finished.gaps == ()
    assert finished.duration_ms <= (time.monotonic() - began) * 1000 + 300
    left, _ = decode(finished.media[0])
    assert min(abs(left[start : start + 480]).max() for start in range(4800, len(left) - 4800, 480)) > 5000


@pytest.mark.slow
def test_the_capture_process_makes_the_ballast_and_lives_on_it(client, request_for, home):
    """The real thing: its process, its 32 MB, a disk with room for both and not much more."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=140m,mode=700", "tmpfs", str(home.home)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        home.ensure()
        request = request_for()
        client.start(request)
        until((home.home / BALLAST).exists, timeout_s=20, what="the ballast")
        assert (home.home / BALLAST).stat().st_size == 32 << 20
        leave(home.home, 0)
        size = (request.folder / "part-001.ogg").stat().st_size

        until(lambda: not (home.home / BALLAST).exists(), what="given up")

        until(lambda: (request.folder / "part-001.ogg").stat().st_size > size + 20_000, what="it goes on")
        assert client.status().state == "recording"
        finished = client.stop()
        assert decode(finished.media[0]).shape[1] == pytest.approx(finished.duration_ms * 48, abs=960)
        client.quit()
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            subprocess.run(["umount", "--lazy", str(home.home)], check=True)
