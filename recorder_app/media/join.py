"""Several parts of a recording into one seekable Ogg/Opus file: pages are copied, nothing is encoded again.

Never changes the parts. The same parts always give the same bytes, so that doing it twice does no harm.
"""

from __future__ import annotations

import collections
import dataclasses
import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from recorder_app.errors import DiskFullError, StorageError
from recorder_app.media.ogg import BEGIN, END, Page, channels, pre_skip, read_pages

WHOLE = "whole.ogg"
_PREFIX, _SUFFIX = ".whole-", ".partial"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_HELD = 4
"""Pages kept back: a seam takes at most two packets away, and each page holds one at least."""


def join(parts: Sequence[Path], target: Path) -> None:
    """Make `target` of the parts in order, at once: it never exists half-written.

    Its length is exactly the sum of the parts' lengths; in between, sound may lie up to 20 ms late (see
    `_Joined`). It begins with the bytes of the first part, up to that part's last page, so that what was
    uploaded of it while it grew stays right. A torn end of a part is left out; parts without sound are
    skipped. Blocking: half a second an hour. May run twice at once. Raises DiskFullError or StorageError;
    then there is no new target, and the parts are as they were.
    """
    try:
        _join(parts, target)
    except ValueError as error:
        raise StorageError(
            "The parts of this recording cannot be joined", detail=str(error), hint="They are safe on disk"
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                "The disk is too full to join the parts of this recording",
                hint="They are safe on disk; free some space",
            ) from error
        raise StorageError(
            "The parts of this recording cannot be joined",
            detail=f"{error.filename or target.parent}: {error.strerror or error}",
            hint="They are safe on disk",
        ) from error


def remove_parts(whole: Path) -> None:
    """Remove the parts beside `whole`, and what killed attempts to join left. OSError if one is in use."""
    for pattern in ("part-*.ogg", f"{_PREFIX}*{_SUFFIX}"):
        for path in sorted(whole.parent.glob(pattern)):
            path.unlink(missing_ok=True)


def _join(parts: Sequence[Path], target: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            joined = _Joined(file)
            for path in parts:
                with path.open("rb") as part:
                    joined.add(path.name, read_pages(part))
            joined.finish()
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


class _Joined:
    """The stream that is being written, in samples from its very beginning.

    A part brings its pre-skip along and may end in the middle of its last packet; neither can be cut out of
    the middle of an Opus stream. So the stream runs late (`_written` against `_due`); at a seam whole packets
    are taken away once it would be a packet late, and the rest is trimmed at the very end.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._held: collections.deque[Page] = collections.deque()
        self._head: Page | None = None
        self._number = 0
        self._written = 0
        self._due = 0

    def add(self, name: str, pages: Iterator[Page]) -> None:
        """Append a part. Raises ValueError for one that does not fit."""
        headers = _headers(pages)
        first = next(pages, None)
        if first is None:
            return
        skip = pre_skip(headers[0])
        if self._head is None:
            self._head = headers[0]
            self._due = skip
            for header in headers:
                self._put(header, granule=0)
        else:
            if channels(headers[0]) != channels(self._head):
                raise ValueError(f"{name} has another number of tracks")
            self._drop(self._written + skip - self._due)
        end = self._copy(name, first, pages)
        self._due += end - skip

    def finish(self) -> None:
        """Write what was kept back, with the stream's true end."""
        if self._head is None:
            raise ValueError("there is no sound in them")
        self._drop(self._written - self._due)
        last = self._held.pop()
        self._release(0)
        self._put(dataclasses.replace(last, flags=last.flags | END), granule=self._due)

    def _copy(self, name: str, first: Page, rest: Iterator[Page]) -> int:
        """Take over a part's sound; return where it truly ends, in its own samples."""
        base, page = self._written, first
        while True:
            if not page.is_closed:
                raise ValueError(f"a packet of {name} spans pages")
            self._written += page.samples()
            plain = page.flags & ~(BEGIN | END)
            self._held.append(dataclasses.replace(page, flags=plain, granule=self._written))
            self._release(_HELD)
            following = next(rest, None)
            if following is None:
                break
            page = following
        length = self._written - base
        return min(page.granule, length) if page.is_last else length

    def _drop(self, late: int) -> None:
        """Take packets off the end for as long as that leaves the stream late, and not early."""
        while self._held and late >= self._held[-1].last_samples():
            left, taken = self._held.pop().without_last_packet()
            late -= taken
            self._written -= taken
            if left is not None:
                self._held.append(dataclasses.replace(left, granule=self._written))

    def _release(self, keep: int) -> None:
        while len(self._held) > keep:
            page = self._held.popleft()
            self._put(page, granule=page.granule)

    def _put(self, page: Page, *, granule: int) -> None:
        serial = self._head.serial if self._head else page.serial
        placed = dataclasses.replace(page, serial=serial, number=self._number, granule=granule)
        self._file.write(placed.to_bytes())
        self._number += 1


def _headers(pages: Iterator[Page]) -> list[Page]:
    """Take the pages of the two header packets; what follows begins a page of its own (RFC 7845 §3)."""
    headers: list[Page] = []
    for page in pages:
        headers.append(page)
        if len(headers) > 1 and page.lacing[-1:] != b"\xff":
            break
    return headers


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, and need not be synced
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
