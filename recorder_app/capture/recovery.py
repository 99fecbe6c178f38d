"""What recording folders hold, rebuilt from journal and media; interrupted ones are closed here.

Never changes sound, and deletes none. Folders whose journal does not say "started" are somebody else's.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from pathlib import Path
from typing import Any

from recorder_app.capture import journal
from recorder_app.capture.facts import Finished
from recorder_app.capture.wire import gap_from_json
from recorder_app.media.encoder import RATE
from recorder_app.media.join import WHOLE
from recorder_app.media.tail import decodable_frames, sha256_of
from recorder_app.models import Bookmark, Gap

logger = logging.getLogger(__name__)

ENDINGS = ("stopped", "recovered")
JOINED = "joined"
"""The parts were made into one file and are gone; the line tells what that file holds."""
HOLES = ("pause", "restarted", "sleep")
"""Causes of gaps that take no media time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One closed media file."""

    path: Path
    frames: int
    size: int
    sha256: str


def scan(recordings: Path, *, live_id: str | None) -> list[Finished]:
    """Every recording that is not live, oldest first; an interrupted one gets its "recovered" line, once.

    Blocks: an interrupted hour takes about 0.1 s, a closed one only its journal. Unreadable folders are
    logged and left alone.
    """
    try:
        folders = sorted(folder for folder in recordings.iterdir() if folder.is_dir())
    except FileNotFoundError:
        return []
    found = []
    for folder in folders:
        if folder.name == live_id:
            continue
        try:
            finished = examine(folder)
        except OSError as error:
            logger.warning("recording %s cannot be read: %s", folder.name, error.strerror or error)
            continue
        if finished is not None:
            found.append(finished)
    return sorted(found, key=lambda finished: finished.started_at)


def examine(folder: Path) -> Finished | None:
    """One folder's facts, its unclosed parts measured and noted; None if it is not ours. Raises OSError."""
    events = journal.read(folder)
    if started_line(events) is None:
        return None
    parts, lines = close_parts(folder, events)
    if lines:
        note(folder, lines)
    if any(line["event"] in ENDINGS for line in lines):
        logger.info("recording %s was interrupted; %d ms recovered", folder.name, _ms(parts))
    return build(folder, [*events, *lines], parts)


def examine_as_told(
    folder: Path, *, recording_id: str, title: str, started_at: dt.datetime
) -> Finished | None:
    """As `examine`, for a journal that lost its first line: the library tells what it said. Raises OSError.

    None when there is nothing in the folder to examine.
    """
    if not any(folder.glob("part-*.ogg")):
        return None
    if started_line(journal.read(folder)) is None:
        known = {"id": recording_id, "title": title, "at": started_at.isoformat()}
        note(folder, [{"event": "started", **known}])
    return examine(folder)


def close_parts(folder: Path, events: list[dict[str, Any]]) -> tuple[tuple[Part, ...], list[dict[str, Any]]]:
    """All parts with their true length, and the journal lines that are missing. Raises OSError."""
    closed = {int(event.get("part", 0)): event for event in events if event["event"] in ENDINGS}
    parts, lines = [], []
    for path in sorted(folder.glob("part-*.ogg")):
        number = _number(path)
        size = path.stat().st_size
        known = closed.get(number)
        if known is not None and known.get("bytes") == size:
            parts.append(Part(path, int(known["frames"]), size, str(known["sha256"])))
            continue
        part = Part(path, decodable_frames(path), size, sha256_of((path,)))
        parts.append(part)
        lines.append(_recovered(number, part.frames, size, part.sha256))
    if not parts and (folder / WHOLE).exists():
        return _joined(folder / WHOLE, events)
    if not parts and not closed:
        lines.append(_recovered(0, 0, 0, ""))
    return tuple(parts), lines


def _joined(whole: Path, events: list[dict[str, Any]]) -> tuple[tuple[Part, ...], list[dict[str, Any]]]:
    """The one file that is left of several parts; measured once, then believed."""
    size = whole.stat().st_size
    for event in events:
        if event["event"] == JOINED and event.get("bytes") == size:
            return (Part(whole, int(event["frames"]), size, str(event["sha256"])),), []
    part = Part(whole, decodable_frames(whole), size, sha256_of((whole,)))
    line = {"event": JOINED, "frames": part.frames, "bytes": size, "sha256": part.sha256}
    return (part,), [line]


def build(folder: Path, events: list[dict[str, Any]], parts: tuple[Part, ...]) -> Finished:
    """Put the facts together. `events` begin with a "started" line."""
    started = started_line(events) or {}
    heard = tuple(part for part in parts if part.frames)
    media = tuple(part.path for part in heard)
    started_at = dt.datetime.fromisoformat(str(started["at"]))
    gaps = tuple(gap_from_json(event) for event in events if event["event"] == "gap")
    return Finished(
        recording_id=str(started.get("id") or folder.name),
        media=media,
        media_bytes=sum(part.size for part in heard),
        media_sha256=heard[0].sha256 if len(heard) == 1 else sha256_of(media) if media else "",
        duration_ms=_ms(heard),
        started_at=started_at,
        completed_at=_completed_at(events, heard, started_at, gaps),
        gaps=gaps,
        bookmarks=tuple(
            Bookmark(int(event["at_ms"]), str(event.get("note", "")))
            for event in events
            if event["event"] == "bookmark"
        ),
        title=str(started.get("title", "")),
        was_recovered=any(event["event"] == "recovered" for event in events),
    )


def discard_silent(folder: Path) -> bool:
    """Remove a folder in which nothing was ever heard; False when it holds sound or anything foreign."""
    ours = {folder / journal.NAME, *folder.glob("part-*.ogg")}
    try:
        if set(folder.iterdir()) - ours or any(decodable_frames(path) for path in folder.glob("part-*.ogg")):
            return False
        for path in sorted(ours, key=lambda path: path.name == journal.NAME):
            path.unlink(missing_ok=True)
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError as error:
        logger.info("the empty folder of %s stays: %s", folder.name, error.strerror)
        return False
    return True


def started_line(events: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((event for event in events if event["event"] == "started" and "at" in event), None)


def note(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Append lines to the journal; a disk that takes none only means measuring again next time."""
    try:
        book = journal.Journal(folder)
        try:
            for line in lines:
                book.append(is_important=True, **line)
        finally:
            book.close()
    except OSError as error:
        logger.info("the journal of %s takes no line: %s", folder.name, error.strerror)


def _completed_at(
    events: list[dict[str, Any]], parts: tuple[Part, ...], started_at: dt.datetime, gaps: tuple[Gap, ...]
) -> dt.datetime:
    last = next(event for event in reversed(events) if event["event"] != JOINED)
    if last["event"] == "stopped":
        return dt.datetime.fromisoformat(str(last["at"]))
    if parts and parts[0].path.name == WHOLE:
        # Its file is younger than its sound.
        holes_ms = sum(gap.wall_ms for gap in gaps if gap.cause in HOLES)
        return started_at + dt.timedelta(milliseconds=_ms(parts) + holes_ms)
    if parts:
        return dt.datetime.fromtimestamp(parts[-1].path.stat().st_mtime, dt.UTC)
    return started_at


def _recovered(part: int, frames: int, size: int, sha256: str) -> dict[str, Any]:
    return {"event": "recovered", "part": part, "frames": frames, "bytes": size, "sha256": sha256}


def _ms(parts: tuple[Part, ...]) -> int:
    return round(sum(part.frames for part in parts) * 1000 / RATE)


def _number(path: Path) -> int:
    digits = path.stem.removeprefix("part-")
    return int(digits) if digits.isdigit() else 0
