"""Recordings and segments as rows and back. Pure; tuples are JSON, times are ISO 8601 in UTC."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recorder_app.models import (
    Bookmark,
    Gap,
    Platform,
    Recording,
    Segment,
    Status,
    SummaryLine,
    Task,
    Track,
    Word,
)

COLUMNS = tuple(field.name for field in dataclasses.fields(Recording))
_TIMES = {
    "started_at",
    "completed_at",
    "summary_generated_at",
    "tasks_generated_at",
    "created_at",
    "updated_at",
    "trashed_at",
}
_FLAGS = {"is_on_disk", "is_uploaded", "is_transcribed", "has_draft_transcript", "was_recovered"}


def to_columns(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Encode fields of a Recording. Media below `base` is kept relative, so that a data folder may move."""
    return {name: _encode(name, value, base) for name, value in values.items()}


def to_recording(row: Mapping[str, Any], base: Path) -> Recording:
    return Recording(**{name: _decode(name, row[name], base) for name in COLUMNS})


def to_segment(row: Mapping[str, Any]) -> Segment:
    return Segment(
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        text=row["text"],
        speaker=row["speaker"],
        confidence=row["confidence"],
        track=Track(row["track"]),
        is_final=bool(row["is_final"]),
        words=tuple(Word(*word) for word in json.loads(row["words"])),
    )


def from_segment(recording_id: str, segment: Segment) -> tuple[Any, ...]:
    words = [[word.start_ms, word.end_ms, word.text, word.confidence] for word in segment.words]
    return (
        recording_id,
        segment.start_ms,
        segment.end_ms,
        segment.text,
        segment.speaker,
        segment.confidence,
        segment.track.value,
        int(segment.is_final),
        _json(words),
    )


def utc_text(moment: dt.datetime) -> str:
    """ISO 8601 with a fixed width, so that text order is time order. A naive time is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return aware.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _encode(name: str, value: Any, base: Path) -> Any:
    if name in _TIMES:
        return None if value is None else utc_text(value)
    if name in _FLAGS:
        return int(value)
    if name == "media":
        return _json([_relative(Path(path), base) for path in value])
    if name in _TUPLES:
        return _json([dataclasses.asdict(item) if name != "participants" else item for item in value])
    if name in {"status", "platform"}:
        return str(value)
    return value


def _decode(name: str, value: Any, base: Path) -> Any:
    if name in _TIMES:
        return None if value is None else dt.datetime.fromisoformat(value)
    if name in _FLAGS:
        return bool(value)
    if name == "status":
        return Status(value)
    if name == "platform":
        return Platform(value)
    if name == "media":
        return tuple(base / path for path in json.loads(value))
    if name in _TUPLES:
        return tuple(_TUPLES[name](item) for item in json.loads(value))
    return value


def _task(item: dict[str, Any]) -> Task:
    return Task(**item | {"evidence": tuple(item["evidence"])})


def _line(item: dict[str, Any]) -> SummaryLine:
    return SummaryLine(text=item["text"], evidence=tuple(item["evidence"]))


def _gap(item: dict[str, Any]) -> Gap:
    return Gap(**item | {"track": Track(item["track"]) if item["track"] else None})


_TUPLES: dict[str, Callable[[Any], Any]] = {
    "participants": str,
    "summary_lines": _line,
    "tasks": _task,
    "gaps": _gap,
    "bookmarks": lambda item: Bookmark(**item),
}


def _relative(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
