"""`journal.jsonl`: what happened in a recording, one JSON line an event, readable after any crash.

Together with the media it is enough to rebuild the library's row.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

from recorder_app.capture.disk import Relieve, no_relief, sync, write_all

NAME = "journal.jsonl"


class Journal:
    """Appends lines; thread-safe. Raises OSError: the caller knows whether it can go on without the line."""

    def __init__(self, folder: Path, *, relieve: Relieve = no_relief) -> None:
        self.path = folder / NAME
        self._relieve = relieve
        self._lock = threading.Lock()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o600)
        self._is_torn = _has_torn_end(self._file)

    def append(self, event: str, *, is_important: bool = False, **fields: Any) -> None:
        """Write one line at once; an important one is on the disk when this returns."""
        line = {"event": event, "at": now_utc().isoformat(), "monotonic": time.monotonic(), **fields}
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            if self._file < 0:
                return
            # One write a line: a crash tears at most the last one. A full disk may take half of it.
            whole = b"\n" + data if self._is_torn else data
            self._is_torn = True
            write_all(self._file, whole, self._relieve)
            self._is_torn = False
            if is_important:
                sync(self._file, self._relieve)

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1


def write_imported(
    folder: Path,
    *,
    recording_id: str,
    title: str,
    started_at: dt.datetime,
    completed_at: dt.datetime,
    frames: int,
    size: int,
    sha256: str,
) -> None:
    """The journal of a file from elsewhere, as if part 1 had been recorded then. Raises OSError.

    Comes last, when the media is whole: a folder without "started" is nobody's recording.
    """
    book = Journal(folder)
    try:
        book.append("started", at=started_at.isoformat(), id=recording_id, title=title, is_import=True)
        book.append("part", at=started_at.isoformat(), part=1, offset_ms=0)
        facts = {"part": 1, "frames": frames, "bytes": size, "sha256": sha256}
        book.append("stopped", is_important=True, at=completed_at.isoformat(), **facts)
    finally:
        book.close()
    sync_folder(folder)


def read(folder: Path) -> list[dict[str, Any]]:
    """All whole lines, oldest first; torn or foreign ones are left out. Empty when there is no journal."""
    try:
        raw = (folder / NAME).read_bytes()
    except OSError:
        return []
    events = []
    for line in raw.split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            events.append(event)
    return events


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut (Windows has no such call and needs none)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def now_utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _has_torn_end(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    if not size:
        return False
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) != b"\n"
