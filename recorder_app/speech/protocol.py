"""The JSON lines between the app and the speech worker, as typed values. No I/O.

App to worker: one `Request` a line. Worker to app: an object with "event", one of ALIVE … FAILED.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from recorder_app import errors
from recorder_app.errors import RecorderError
from recorder_app.models import Track, Word
from recorder_app.speech.base import Heard
from recorder_app.speech.bleed import Likeness

ALIVE = "alive"
"""Each second, whatever else happens."""
STARTED = "started"
"""The engine is loaded and the file open: engine, is_draft, duration_ms, tracks."""
POSITION = "position"
UTTERANCE = "utterance"
TRACK_DONE = "track_done"
DONE = "done"
FAILED = "failed"

_PASSED_ON: dict[str, type[RecorderError]] = {
    kind.__name__: kind
    for kind in (errors.UsageError, errors.MissingDependencyError, errors.StorageError, errors.DiskFullError)
}


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    media: str
    engine: str
    skip_ms: dict[Track, int] = dataclasses.field(default_factory=dict)
    """Where to go on after a crash; a track that is not named is heard from its start."""
    done: tuple[Track, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"media": self.media, "engine": self.engine, "skip_ms": self.skip_ms, "done": self.done}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Request:
        return cls(
            media=raw["media"],
            engine=raw["engine"],
            skip_ms={Track(track): int(skip) for track, skip in raw["skip_ms"].items()},
            done=tuple(Track(track) for track in raw["done"]),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class HeardUtterance:
    """One stretch of speech on one track in media time, and what the engine made of it (maybe nothing)."""

    track: Track
    start_ms: int
    end_ms: int
    heard: tuple[Heard, ...] = ()
    """Times from the start of the media."""
    likeness: Likeness | None = None
    """Of the microphone to the call; None on the call's own track or where the call is silent."""

    def to_json(self) -> dict[str, Any]:
        return {"event": UTTERANCE} | dataclasses.asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> HeardUtterance:
        found = raw["likeness"]
        return cls(
            track=Track(raw["track"]),
            start_ms=raw["start_ms"],
            end_ms=raw["end_ms"],
            heard=tuple(
                Heard(**{**one, "words": tuple(Word(**word) for word in one["words"])})
                for one in raw["heard"]
            ),
            likeness=Likeness(**found) if found else None,
        )


def shifted(heard: Heard, by_ms: int) -> Heard:
    """Move an engine's times from its samples to the media's timeline."""
    return dataclasses.replace(
        heard,
        start_ms=heard.start_ms + by_ms,
        end_ms=heard.end_ms + by_ms,
        words=tuple(
            dataclasses.replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms)
            for word in heard.words
        ),
    )


def failure(error: RecorderError) -> dict[str, Any]:
    return {
        "event": FAILED, "kind": type(error).__name__,
        "title": error.title, "detail": error.detail, "hint": error.hint,
    }  # fmt: skip


def to_error(raw: dict[str, Any]) -> RecorderError:
    """Rebuild the worker's error here; a kind we do not pass on becomes a plain RecorderError."""
    kind = _PASSED_ON.get(raw["kind"], RecorderError)
    return kind(raw["title"], detail=raw["detail"], hint=raw["hint"])
