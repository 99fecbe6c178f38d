"""Room on the disk: how many minutes fit, and a reserve that is given up when the disk is full.

Two files in the data folder: a ballast of 32 MB (an hour of sound), made when there is plenty of room, and
256 KB of last words, so that the file is closed and the journal says so even on a full disk.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from recorder_app.errors import DiskFullError, StorageError
from recorder_app.models import CaptureStatus

logger = logging.getLogger(__name__)

BALLAST = "ballast"
LAST_WORDS = "ballast-last"
BALLAST_BYTES = 32 << 20
LAST_WORDS_BYTES = 256 << 10
"""More than the 30 s that may have waited in memory for a slow disk."""
ROOM_FACTOR = 4
"""The ballast is made only where it takes at most a quarter of what is free."""
FIRST_KEEP_S = 5.0
"""The start of a recording comes first."""
KEEP_S = 30.0
CHUNK_BYTES = 1 << 20
LEAST_MINUTES = 2
"""With less a recording is refused: it would end before the meeting has begun."""
FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
RELIEVED_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
"""A limit on the file's own size is not helped by free space."""

Relieve = Callable[[OSError], bool]
"""Make room after a failed write; True when the same write is worth another try."""


def no_relief(_error: OSError) -> bool:
    return False


class Reserve:
    """What can be given up. Thread-safe; one capture process uses a folder at a time.

    `is_in_use`: the ballast is gone and the disk is (or was a moment ago) full.
    `is_spent`: the last words are gone too; whoever records closes now.
    """

    def __init__(self, folder: Path | None, *, ballast_bytes: int = BALLAST_BYTES) -> None:
        """`folder` None: there is no reserve."""
        self._folder = folder
        self._ballast_bytes = ballast_bytes
        self._lock = threading.Lock()
        self._releases = 0
        self.is_in_use = False
        self.is_spent = False

    def begin(self) -> None:
        """Before a recording: have the last words ready. Never raises."""
        self.is_spent = False
        if self._folder is not None:
            _fill(self._folder / LAST_WORDS, LAST_WORDS_BYTES)

    def relief(self) -> Relieve:
        """For one file: lets it try again once after each release, whoever caused that."""
        seen = self._releases

        def relieve(error: OSError) -> bool:
            nonlocal seen
            if error.errno not in RELIEVED_ERRNOS:
                return False
            with self._lock:
                if seen == self._releases and not self._release():
                    return False
                seen = self._releases
            return True

        return relieve

    def require_room(self, folder: Path, bitrate: int) -> None:
        """Give up the ballast if nothing else makes room for a recording. Raise DiskFullError."""
        minutes = disk_minutes(folder, bitrate)
        if minutes is None or minutes >= LEAST_MINUTES:
            return
        with self._lock:
            if self._give_up(BALLAST):
                self._has_released_ballast()
        require_room(folder, bitrate)

    def keep(self, ended: threading.Event) -> None:
        """The keeper's thread: make the ballast once there is room, also again after it was given up."""
        wait_s = FIRST_KEEP_S
        while not ended.wait(wait_s):
            wait_s = KEEP_S
            self.build()

    def minutes(self, bitrate: int) -> int:
        """How long the ballast lasts."""
        return _minutes(self._ballast_bytes, bitrate)

    def build(self) -> bool:
        """Make the ballast unless it is there. False when there is no room or the disk refuses. Blocks."""
        if self._folder is None:
            return False
        path = self._folder / BALLAST
        if not path.exists():
            room = _free_bytes(self._folder)
            if room is None or room < ROOM_FACTOR * self._ballast_bytes:
                return False
            if not _fill(path, self._ballast_bytes):
                return False
            logger.info("a ballast of %d bytes was made", self._ballast_bytes)
        self.is_in_use = False
        return True

    def _release(self) -> bool:
        if self._give_up(BALLAST):
            self._has_released_ballast()
            return True
        if self._give_up(LAST_WORDS):
            logger.info("the disk is full; the recording is closed")
            self.is_spent = True
            self._releases += 1
            return True
        return False

    def _has_released_ballast(self) -> None:
        logger.info("the disk is full; the ballast was given up")
        self.is_in_use = True
        self._releases += 1

    def _give_up(self, name: str) -> bool:
        if self._folder is None:
            return False
        path = self._folder / name
        with contextlib.suppress(OSError):
            # Half made when its process was killed, or just being made: its maker then fails quietly.
            path.with_name(f"{name}.part").unlink()
        try:
            path.unlink()
        except OSError:
            return False
        return True


def require_room(folder: Path, bitrate: int, *, reserve_bytes: int = 0) -> None:
    """Raise DiskFullError when less than two minutes would fit, `reserve_bytes` counted as free."""
    minutes = disk_minutes(folder, bitrate, reserve_bytes=reserve_bytes)
    if minutes is not None and minutes < LEAST_MINUTES:
        raise DiskFullError(
            "The disk is full",
            detail=f"Less than {LEAST_MINUTES} minutes of recording fit on it",
            hint="Free some space, then start again",
        )


def reserve_bytes(home: Path) -> int:
    """What the ballast of this data folder would bring; 0 when there is none."""
    try:
        return (home / BALLAST).stat().st_size
    except OSError:
        return 0


def disk_minutes(folder: Path, bitrate: int, *, reserve_bytes: int = 0) -> int | None:
    """Minutes of recording that still fit on the disk, the ballast not counted; None when unknown.

    A folder that is not there yet lies on its parent's disk.
    """
    free = _free_bytes(folder)
    return None if free is None else _minutes(free + reserve_bytes, bitrate)


def with_room(status: CaptureStatus, home: Path, bitrate: int) -> CaptureStatus:
    """Say how much fits on the disk also while nothing is recorded and no capture process runs."""
    if status.disk_minutes_left is not None:
        return status
    return dataclasses.replace(status, disk_minutes_left=disk_minutes(home, bitrate))


def write_all(descriptor: int, data: bytes, relieve: Relieve) -> None:
    """Write every byte, also where a nearly full disk takes only some at a time. Raises OSError."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError as error:
            if not relieve(error):
                raise


def sync(descriptor: int, relieve: Relieve = no_relief) -> None:
    """fsync; some disks (btrfs, NFS) find out only here that they are full. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if not relieve(error):
            raise
        os.fsync(descriptor)


def disk_error(error: OSError, path: Path) -> StorageError:
    """What the disk said, in words."""
    if error.errno in FULL_ERRNOS:
        return DiskFullError(
            "The disk is full",
            detail=f"{path.name} cannot grow any more; what was recorded until now is kept",
            hint="Free some space, then start a new recording",
        )
    if error.errno == errno.EROFS:
        return StorageError(
            "The disk became read-only",
            detail=f"{path.name} cannot grow any more; what was recorded until now is kept",
            hint="Check the disk, then start a new recording",
        )
    return StorageError(
        "The disk refused to write",
        detail=f"{path.name}: {error.strerror or error}",
        hint="What was recorded until now is kept; check the disk",
    )


def _minutes(size: int, bitrate: int) -> int:
    # A twentieth more than the bitrate: pages and headers.
    return int(size / (bitrate / 8 * 60 * 1.05))


def _free_bytes(folder: Path) -> int | None:
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def _fill(path: Path, size: int) -> bool:
    """Make a file of real blocks: random bytes, because compressing disks store zeros as nothing."""
    if path.exists():
        return True
    temporary = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            for start in range(0, size, CHUNK_BYTES):
                write_all(descriptor, os.urandom(min(CHUNK_BYTES, size - start)), no_relief)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except OSError as error:
        logger.info("no room for %s: %s", path.name, error.strerror)
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True
