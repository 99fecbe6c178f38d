"""The bytes of uploads: one append-only file each, locked while it is written. Knows no HTTP, no SQL.

The size of the file is the only truth about how much has arrived.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{32}")
_CHUNK = 1 << 20


class UploadFiles:
    """Files of one media folder. Thread-safe; two processes on one folder are kept apart as well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    def path(self, upload_id: str) -> Path:
        """Return where an upload's bytes are. ValueError for anything but an id of ours: it names a file."""
        if not _NAME.fullmatch(upload_id):
            raise ValueError("not an upload's id")
        return self.folder / upload_id

    def create(self, upload_id: str) -> None:
        """Make the empty file and sync its folder: an upload once announced survives a power cut."""
        os.close(os.open(self.path(upload_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        self._sync_folder()

    def size(self, upload_id: str) -> int | None:
        """Return how many bytes have arrived, None when there is no such file."""
        try:
            return self.path(upload_id).stat().st_size
        except FileNotFoundError:
            return None

    def append(self, upload_id: str, pieces: Iterable[bytes]) -> int:
        """Append and sync; return the new size. Call it inside `locked`.

        What was written before an OSError (a full disk) stays: it arrived, and `size` says so.
        """
        descriptor = os.open(self.path(upload_id), os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        try:
            for piece in pieces:
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def truncate(self, upload_id: str, size: int) -> None:
        """Take back bytes that should not have come. Call it inside `locked`."""
        os.truncate(self.path(upload_id), size)

    def sha256(self, upload_id: str) -> str:
        """Hash what is on disk, not what was received: this is what the client is told is safe."""
        digest = hashlib.sha256()
        with self.path(upload_id).open("rb") as file:
            while piece := file.read(_CHUNK):
                digest.update(piece)
        return digest.hexdigest()

    def remove(self, upload_id: str) -> None:
        self.path(upload_id).unlink(missing_ok=True)

    def names(self) -> list[str]:
        return [entry.name for entry in os.scandir(self.folder) if _NAME.fullmatch(entry.name)]

    def age_s(self, upload_id: str, now_s: float) -> float:
        """Return how long ago the last byte arrived; 0 when the file is gone."""
        try:
            return now_s - self.path(upload_id).stat().st_mtime
        except FileNotFoundError:
            return 0.0

    @contextlib.contextmanager
    def locked(self, upload_id: str) -> Iterator[None]:
        """Hold the upload against every other writer, here and in other processes.

        FileNotFoundError when there is no such upload.
        """
        with (
            self._thread_lock(upload_id),
            self.path(upload_id).open("rb+") as file,
            _process_lock(file.fileno()),
        ):
            yield

    @contextlib.contextmanager
    def _thread_lock(self, upload_id: str) -> Iterator[None]:
        # Locks are counted and dropped, so that a year of uploads leaves none behind.
        with self._guard:
            lock, users = self._locks.get(upload_id, (threading.Lock(), 0))
            self._locks[upload_id] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._locks[upload_id]
                if users == 1:
                    del self._locks[upload_id]
                else:
                    self._locks[upload_id] = (lock, users - 1)

    def _sync_folder(self) -> None:
        if sys.platform == "win32":
            return  # folders cannot be opened there; NTFS journals their entries
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _process_lock(descriptor: int) -> Iterator[None]:
    if sys.platform == "win32":
        import msvcrt

        # One byte far behind any upload's end: Windows locks forbid reading what they cover.
        os.lseek(descriptor, 1 << 62, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(descriptor, 1 << 62, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
