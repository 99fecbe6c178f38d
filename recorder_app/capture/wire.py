"""How client and capture process talk: address, key and JSON messages. Bytes only, never pickles."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

from recorder_app import errors
from recorder_app.capture.facts import Finished, StartRequest
from recorder_app.errors import RecorderError, UsageError
from recorder_app.models import Alarm, Bookmark, CaptureStatus, Gap, SourceInfo, Track, TrackStatus
from recorder_app.paths import Paths

LONGEST_MESSAGE = 1 << 20


def address(paths: Paths) -> tuple[str, str]:
    """Address and family for `multiprocessing.connection`."""
    if os.name == "nt":
        return rf"\\.\pipe\{paths.runtime.name}-capture", "AF_PIPE"
    return str(paths.control_socket), "AF_UNIX"


def pack(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def unpack(data: bytes) -> dict[str, Any]:
    """Raise UsageError for anything but a JSON object."""
    try:
        message = json.loads(data)
    except ValueError as error:
        raise UsageError("The message is not JSON", detail=str(error)) from error
    if not isinstance(message, dict):
        raise UsageError("The message is not an object")
    return message


def error_to_json(error: RecorderError) -> dict[str, str]:
    return {"class": type(error).__name__, "title": error.title, "detail": error.detail, "hint": error.hint}


def error_from_json(raw: dict[str, Any]) -> RecorderError:
    """The error as it was raised over there; a plain RecorderError for a class this side does not know."""
    known = getattr(errors, str(raw.get("class")), RecorderError)
    words = {name: str(raw.get(name) or "") for name in ("title", "detail", "hint")}
    title = words.pop("title") or "The capture process failed"
    try:
        error = known(title, **words)
    except TypeError:
        error = RecorderError(title, **words)
    return error if isinstance(error, RecorderError) else RecorderError(title, **words)


def request_to_json(request: StartRequest) -> dict[str, Any]:
    return dataclasses.asdict(request) | {"folder": str(request.folder)}


def request_from_json(raw: dict[str, Any]) -> StartRequest:
    try:
        return StartRequest(
            recording_id=str(raw["recording_id"]),
            folder=Path(str(raw["folder"])),
            mic=str(raw["mic"]),
            system=str(raw["system"]),
            bitrate=int(raw["bitrate"]),
            title=str(raw["title"]),
            is_paused=bool(raw.get("is_paused", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError("The start request is incomplete", detail=repr(error)) from error


def finished_to_json(finished: Finished) -> dict[str, Any]:
    return dataclasses.asdict(finished) | {
        "media": [str(path) for path in finished.media],
        "started_at": finished.started_at.isoformat(),
        "completed_at": finished.completed_at.isoformat(),
    }


def finished_from_json(raw: dict[str, Any]) -> Finished:
    return Finished(
        **raw
        | {
            "media": tuple(Path(path) for path in raw["media"]),
            "started_at": dt.datetime.fromisoformat(raw["started_at"]),
            "completed_at": dt.datetime.fromisoformat(raw["completed_at"]),
            "gaps": tuple(gap_from_json(gap) for gap in raw["gaps"]),
            "bookmarks": tuple(Bookmark(int(mark["at_ms"]), str(mark["note"])) for mark in raw["bookmarks"]),
        }
    )


def gap_from_json(raw: dict[str, Any]) -> Gap:
    track = raw.get("track")
    return Gap(
        start_ms=int(raw["start_ms"]),
        end_ms=int(raw["end_ms"]),
        track=Track(track) if track else None,
        cause=str(raw["cause"]),
        wall_ms=int(raw.get("wall_ms", 0)),
    )


def status_to_json(status: CaptureStatus) -> dict[str, Any]:
    return dataclasses.asdict(status)


def status_from_json(raw: dict[str, Any]) -> CaptureStatus:
    tracks = {Track(name): TrackStatus(**value) for name, value in raw["tracks"].items()}
    alarms = tuple(alarm_from_json(alarm) for alarm in raw.get("alarms", ()))
    return CaptureStatus(**raw | {"tracks": tracks, "alarms": alarms})


def alarm_from_json(raw: dict[str, Any]) -> Alarm:
    track = raw["track"]
    return Alarm(**raw | {"track": Track(track) if track else None})


def source_from_json(raw: dict[str, Any]) -> SourceInfo:
    return SourceInfo(**raw | {"track": Track(raw["track"])})
