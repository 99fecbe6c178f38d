"""The server's objects as typed data, and our own as the server's JSON.

Owns every rule of what may be sent (posthog/README §4.2); sends nothing itself.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from recorder_app.api import reading
from recorder_app.errors import UsageError
from recorder_app.models import Platform, Segment, Status, Task

MAX_TITLE = 255
MAX_URL = 200
INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)

_NEVER_STORED = re.compile("[\x00\ud800-\udfff]")
# Django's URLValidator: localhost, an IPv4 address, or labels ending in a top-level domain.
_HOST = re.compile(
    r"localhost|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:.]+\]|(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]\.?",
    re.IGNORECASE,
)


class Unset(enum.Enum):
    """Tells "leave this field alone" from None, which clears it."""

    UNSET = enum.auto()


UNSET: Final = Unset.UNSET
_Unset = Literal[Unset.UNSET]


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteSegment:
    """A transcript line as the server keeps it; None where the server has null."""

    text: str
    timestamp_ms: float | None = None
    speaker: str | None = None
    confidence: float | None = None
    is_final: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteTask:
    title: str
    description: str | None = None
    assignee: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class RemoteRecording:
    """One desktop recording as the server answered it.

    `platform` and `status` are plain strings, so that a newer server's words survive; they compare equal
    to the members of `Platform` and `Status`.
    """

    id: str
    platform: str = Platform.DESKTOP_AUDIO.value
    status: str = Status.RECORDING.value
    team: int | None = None
    created_by: int | None = None
    sdk_upload_id: str | None = None
    recall_recording_id: str | None = None
    meeting_title: str | None = None
    meeting_url: str | None = None
    duration_seconds: int | None = None
    notes: str | None = None
    error_message: str | None = None
    video_url: str | None = None
    video_size_bytes: int | None = None
    participants: tuple[str, ...] = ()
    transcript_text: str = ""
    transcript_segments: tuple[RemoteSegment, ...] = ()
    summary: str | None = None
    extracted_tasks: tuple[RemoteTask, ...] = ()
    tasks_generated_at: dt.datetime | None = None
    summary_generated_at: dt.datetime | None = None
    started_at: dt.datetime | None = None
    completed_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    updated_at: dt.datetime | None = None

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> RemoteRecording:
        """Read what is there and of the right type; the rest keeps its default. ValueError without an id."""
        identity = reading.text(raw.get("id"))
        if not identity:
            raise ValueError("a recording without an id")
        return cls(
            id=identity,
            platform=reading.text(raw.get("platform")) or Platform.DESKTOP_AUDIO.value,
            status=reading.text(raw.get("status")) or Status.RECORDING.value,
            team=reading.whole(raw.get("team")),
            created_by=reading.whole(raw.get("created_by")),
            sdk_upload_id=reading.text(raw.get("sdk_upload_id")),
            recall_recording_id=reading.text(raw.get("recall_recording_id")),
            meeting_title=reading.text(raw.get("meeting_title")),
            meeting_url=reading.text(raw.get("meeting_url")),
            duration_seconds=reading.whole(raw.get("duration_seconds")),
            notes=reading.text(raw.get("notes")),
            error_message=reading.text(raw.get("error_message")),
            video_url=reading.text(raw.get("video_url")),
            video_size_bytes=reading.whole(raw.get("video_size_bytes")),
            participants=tuple(p for p in reading.items(raw.get("participants")) if isinstance(p, str)),
            transcript_text=reading.text(raw.get("transcript_text")) or "",
            transcript_segments=tuple(
                _segment(item)
                for item in reading.items(raw.get("transcript_segments"))
                if isinstance(item, dict)
            ),
            summary=reading.text(raw.get("summary")),
            extracted_tasks=tuple(
                _task(item) for item in reading.items(raw.get("extracted_tasks")) if isinstance(item, dict)
            ),
            tasks_generated_at=reading.moment(raw.get("tasks_generated_at")),
            summary_generated_at=reading.moment(raw.get("summary_generated_at")),
            started_at=reading.moment(raw.get("started_at")),
            completed_at=reading.moment(raw.get("completed_at")),
            created_at=reading.moment(raw.get("created_at")),
            updated_at=reading.moment(raw.get("updated_at")),
        )


def _segment(raw: Mapping[str, Any]) -> RemoteSegment:
    is_final = raw.get("is_final")
    return RemoteSegment(
        text=reading.text(raw.get("text")) or "",
        timestamp_ms=reading.number(raw.get("timestamp")),
        speaker=reading.text(raw.get("speaker")),
        confidence=reading.number(raw.get("confidence")),
        is_final=is_final if isinstance(is_final, bool) else None,
    )


def _task(raw: Mapping[str, Any]) -> RemoteTask:
    return RemoteTask(
        title=reading.text(raw.get("title")) or "",
        description=reading.text(raw.get("description")),
        assignee=reading.text(raw.get("assignee")),
    )


def clean(text: str) -> str:
    """Return `text` as the server will store it: no NUL, no lone surrogates, trimmed at both ends."""
    return _NEVER_STORED.sub("", text).strip()


def segment_to_wire(segment: Segment) -> dict[str, Any]:
    """Return the segment with every key present. UsageError when it has no text.

    A segment without `text` poisons the whole project's list on the real server (posthog/README §4.3).
    """
    text = clean(segment.text)
    if not text:
        raise UsageError("A transcript line without words cannot be sent", detail=f"At {segment.start_ms} ms")
    confidence = segment.confidence
    return {
        "timestamp": int(segment.start_ms),
        "speaker": clean(segment.speaker),
        "text": text,
        # NaN makes the real server answer 500; "not known" is what it means.
        "confidence": float(confidence) if confidence is not None and math.isfinite(confidence) else None,
        "is_final": bool(segment.is_final),
    }


def task_to_wire(task: Task) -> dict[str, Any]:
    """Return the three fields the server keeps, all present. UsageError when it has no title."""
    title = clean(task.title)
    if not title:
        raise UsageError("A task without a title cannot be sent")
    return {
        "title": title,
        "description": clean(task.description),
        "assignee": clean(task.assignee or "") or None,
    }


class _OmittedError(Exception):
    """This value cannot be stored; the reason is for people."""


class RecordingPatch:
    """The body of one PATCH, checked before it is sent: one bad field would lose all of them.

    Immutable. Fields not named are left alone; None clears. What the server would refuse is left out
    and named in `omitted`. Times must be aware (ValueError otherwise).
    """

    __slots__ = ("_body", "_omissions")

    def __init__(
        self,
        *,
        platform: Platform | _Unset = UNSET,
        status: Status | _Unset = UNSET,
        meeting_title: str | _Unset | None = UNSET,
        meeting_url: str | _Unset | None = UNSET,
        video_url: str | _Unset | None = UNSET,
        video_size_bytes: int | _Unset | None = UNSET,
        duration_seconds: int | _Unset | None = UNSET,
        notes: str | _Unset | None = UNSET,
        summary: str | _Unset | None = UNSET,
        error_message: str | _Unset | None = UNSET,
        participants: Iterable[str] | _Unset = UNSET,
        started_at: dt.datetime | _Unset = UNSET,
        completed_at: dt.datetime | _Unset | None = UNSET,
        summary_generated_at: dt.datetime | _Unset | None = UNSET,
        tasks_generated_at: dt.datetime | _Unset | None = UNSET,
        transcript_segments: Iterable[Segment] | _Unset = UNSET,
        extracted_tasks: Iterable[Task] | _Unset = UNSET,
    ) -> None:
        given = {name: value for name, value in locals().items() if name != "self" and value is not UNSET}
        self._body: dict[str, Any] = {}
        self._omissions: dict[str, str] = {}
        for name, value in given.items():
            self._put(name, value)

    def _put(self, name: str, value: Any) -> None:
        if name in _LISTS:
            self._body[name] = self._list(name, value)
            return
        if value is None and name in _NULLABLE:
            self._body[name] = None
            return
        try:
            self._body[name] = _SCALARS[name](value)
        except _OmittedError as reason:
            self._omissions[name] = str(reason)

    def _list(self, name: str, items: Iterable[Any]) -> list[Any]:
        kept: list[Any] = []
        for index, item in enumerate(items):
            try:
                kept.append(_LISTS[name](item))
            except UsageError as error:
                self._omissions[f"{name}__{index}"] = error.title
            except _OmittedError as reason:
                self._omissions[f"{name}__{index}"] = str(reason)
        return kept

    @property
    def body(self) -> dict[str, Any]:
        """A copy of the JSON object to send."""
        return dict(self._body)

    @property
    def omitted(self) -> tuple[str, ...]:
        """What was left out, named as the server names it: `video_url`, `participants__2`."""
        return tuple(self._omissions)

    @property
    def omissions(self) -> dict[str, str]:
        """`omitted` with a reason for people."""
        return dict(self._omissions)

    def merged(self, later: RecordingPatch) -> RecordingPatch:
        """Return one PATCH with the effect of this one followed by `later`."""
        both = RecordingPatch()
        both._body = self._body | later._body
        both._omissions = {
            name: reason for name, reason in self._omissions.items() if name.split("__")[0] not in later._body
        } | later._omissions
        return both

    def __bool__(self) -> bool:
        return bool(self._body)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordingPatch) and other._body == self._body

    __hash__ = None  # type: ignore[assignment]  # a dict inside; equality is for tests and coalescing

    def __repr__(self) -> str:
        # Names only: titles, notes and transcripts do not belong in logs.
        return f"RecordingPatch({', '.join(self._body)})"


def _title(value: str) -> str:
    # The cut may end in a space, which the server would trim.
    return clean(value)[:MAX_TITLE].rstrip()


def _url(value: str) -> str:
    if not value:
        return ""
    if len(value) > MAX_URL:
        raise _OmittedError(f"longer than the server's {MAX_URL} characters")
    if _NEVER_STORED.search(value) or any(c.isspace() or not c.isprintable() for c in value):
        raise _OmittedError("not an address")
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError as error:
        raise _OmittedError("not an address") from error
    host = parts.netloc.rpartition("@")[2]
    host = host if host.endswith("]") else re.sub(r":\d*$", "", host)
    if parts.scheme not in ("http", "https") or not port_is_valid or not _HOST.fullmatch(host):
        raise _OmittedError("not an http or https address")
    return value


def _int_within(limits: tuple[int, int]) -> Callable[[int], int]:
    def check(value: int) -> int:
        if isinstance(value, bool) or int(value) != value:
            raise TypeError("a whole number is required")
        if not limits[0] <= value <= limits[1]:
            raise _OmittedError("outside the server's range")
        return int(value)

    return check


def _instant(value: dt.datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("times must carry a time zone")
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _participant(value: str) -> str:
    name = clean(value)
    if not name:
        raise _OmittedError("a participant without a name")
    return name


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "platform": lambda value: Platform(value).value,
    "status": lambda value: Status(value).value,
    "meeting_title": _title,
    "meeting_url": _url,
    "video_url": _url,
    "video_size_bytes": _int_within(INT64),
    "duration_seconds": _int_within(INT32),
    "notes": clean,
    "summary": clean,
    "error_message": clean,
    "started_at": _instant,
    "completed_at": _instant,
    "summary_generated_at": _instant,
    "tasks_generated_at": _instant,
}
_LISTS: Mapping[str, Callable[[Any], Any]] = {
    "participants": _participant,
    "transcript_segments": segment_to_wire,
    "extracted_tasks": task_to_wire,
}
_NULLABLE = frozenset(_SCALARS) - {"platform", "status", "started_at"}
