"""Any audio or video file into a recording's folder, in our layout: left = You, right = Them.

Never touches the source; leaves nothing behind when it fails. Memory stays flat however long the file is.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from recorder_app.errors import DiskFullError, StorageError, UsageError
from recorder_app.media.decode import OpenMedia, probe, read_pcm
from recorder_app.media.encoder import PAGE_US, RATE, TRACKS, TRACKS_TAG, AppendOnlyFile, OpusWriter
from recorder_app.media.sides import has_two_sides

PART = "part-001.ogg"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Progress = Callable[[int], None]


class ImportCancelledError(UsageError):
    """Somebody wanted it so: nothing to report, nothing to repair."""


@dataclasses.dataclass(frozen=True, slots=True)
class Imported:
    """What is now in the folder. `media_bytes` and `media_sha256` are of the bytes on disk."""

    media: tuple[Path, ...]
    """The parts in order; one, so far."""
    media_bytes: int
    media_sha256: str
    duration_ms: int
    started_at: dt.datetime
    """When it began: as the file says, else its date of change less its length. Aware, UTC."""
    has_two_sides: bool
    """False: everything is on the call's side, and the left one is silent."""
    was_copied: bool
    """True: one of our own files, not encoded again."""


def import_file(
    source: Path,
    folder: Path,
    *,
    bitrate: int,
    on_progress: Progress | None = None,
    cancelled: threading.Event | None = None,
) -> Imported:
    """Make `folder/part-001.ogg` of any file with sound. Blocking: about 30 s an hour of sound.

    `on_progress` gets 0–100 in the calling thread. Raises ImportCancelledError once `cancelled` is
    set, UsageError (no sound in it), DiskFullError or StorageError; then the folder is as it was.
    """
    two_sides, is_ours, started_at = _look_at(source)
    target = folder / PART
    partial = folder / f".{PART}.partial"
    was_there = folder.is_dir()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if target.exists():
            raise StorageError("This folder holds a recording already", detail=str(folder))
        writer = _copy if is_ours else _encode
        is_done = writer(_Work(source, partial, bitrate, two_sides, on_progress or _ignore, cancelled))
        if is_done:
            partial.rename(target)
            _sync_folder(folder)
    except OSError as error:
        raise _in_words(error) from error
    finally:
        # Whatever ended it: nothing half-done stays. On success the partial file is gone already.
        partial.unlink(missing_ok=True)
        if not was_there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    if not is_done:
        raise ImportCancelledError("The import was cancelled")
    return _facts(target, started_at, two_sides=two_sides, was_copied=is_ours)


@dataclasses.dataclass(frozen=True, slots=True)
class _Work:
    source: Path
    partial: Path
    bitrate: int
    has_two_sides: bool
    on_progress: Progress
    cancelled: threading.Event | None

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled is not None and self.cancelled.is_set()


def _ignore(percent: int) -> None:
    """Nobody watches."""


def _look_at(source: Path) -> tuple[bool, bool, dt.datetime]:
    """Tell (two sides?, one of ours, to be copied?, when it was recorded)."""
    with OpenMedia(source) as media:
        tags = media.metadata
        is_marked = tags.get(TRACKS_TAG.lower()) == TRACKS and media.channels == 2
        is_ours = is_marked and media.container.format.name == "ogg" and media.rate == RATE
        is_ours = is_ours and media.stream.codec_context.name == "opus"
        duration_ms = media.duration_ms()
    if not duration_ms:
        raise UsageError("There is no sound in this file", detail=source.name, hint="Choose another file")
    return is_marked or has_two_sides(source), is_ours, _started_at(source, tags, duration_ms)


def _started_at(source: Path, tags: dict[str, str], duration_ms: int) -> dt.datetime:
    try:
        told = dt.datetime.fromisoformat(tags.get("creation_time", ""))
        if told.year > 1980:  # cameras without a clock say 1904 or 1970
            return told.astimezone(dt.UTC) if told.tzinfo else told.replace(tzinfo=dt.UTC)
    except ValueError:
        pass  # no such tag, or one that is no time
    changed = dt.datetime.fromtimestamp(source.stat().st_mtime, dt.UTC)
    return changed - dt.timedelta(milliseconds=duration_ms)


def _create(partial: Path) -> AppendOnlyFile:
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    return AppendOnlyFile(os.open(partial, flags, 0o600))


def _encode(work: _Work) -> bool:
    """Decode, lay out, encode; False when cancelled."""
    whole_ms = max(probe(work.source).duration_ms, 1)
    file = _create(work.partial)
    try:
        writer = OpusWriter(file, bitrate=work.bitrate)
        for stereo in _laid_out(work.source, has_two_sides=work.has_two_sides):
            if work.is_cancelled:
                return False
            writer.write(stereo.tobytes())
            work.on_progress(min(writer.frames * 100_000 // RATE // whole_ms, 100))
        if not writer.frames:
            raise UsageError("There is no sound in this file", detail=work.source.name)
        writer.close()
        os.fsync(file.fileno())
    finally:
        file.close()
    work.on_progress(100)
    return True


def _laid_out(source: Path, *, has_two_sides: bool) -> Iterator[NDArray[np.int16]]:
    if has_two_sides:
        yield from read_pcm(source, rate=RATE)
        return
    for mono in read_pcm(source, rate=RATE, channel="mix"):
        # We do not know who speaks: on the call's side it is "Them"; both sides would be a guess.
        yield np.column_stack([np.zeros_like(mono), mono])


def _copy(work: _Work) -> bool:
    """Copy the packets of one of our own files, which also mends an end cut off; False when cancelled."""
    file = _create(work.partial)
    try:
        with OpenMedia(work.source) as media:
            whole_ms = max(media.duration_ms(), 1)
        with av.open(str(work.source.absolute())) as source:
            stream = source.streams.audio[0]
            output = av.open(
                file, "w", format="ogg", options={"page_duration": str(PAGE_US), "flush_packets": "1"}
            )
            copied = output.add_stream_from_template(stream)
            copied.metadata.update(stream.metadata)
            for packet in source.demux(stream):
                if work.is_cancelled:
                    return False
                if packet.size:
                    at = packet.pts or 0
                    packet.stream = copied
                    output.mux(packet)
                    work.on_progress(min(max(at, 0) * 100_000 // RATE // whole_ms, 100))
            output.close()
        os.fsync(file.fileno())
    except av.error.FFmpegError as error:
        raise file.error or OSError(errno.EIO, str(error)) from error
    finally:
        file.close()
    work.on_progress(100)
    return True


def _facts(target: Path, started_at: dt.datetime, *, two_sides: bool, was_copied: bool) -> Imported:
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Imported(
        media=(target,),
        media_bytes=target.stat().st_size,
        media_sha256=digest,
        duration_ms=probe(target).duration_ms,
        started_at=started_at,
        has_two_sides=two_sides,
        was_copied=was_copied,
    )


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # a folder cannot be opened there, and need not be synced
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_words(error: OSError) -> StorageError:
    if error.errno in _FULL:
        return DiskFullError(
            "The disk is full, so the file was not imported", hint="Free some space, then try again"
        )
    return StorageError(
        "The file could not be imported",
        detail=error.strerror or str(error),
        hint="Check that the data folder can be written",
    )
