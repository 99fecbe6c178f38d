"""What goes into a recording session and what comes out of it. Data only; cheap to import."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from recorder_app.models import Bookmark, Gap


@dataclasses.dataclass(frozen=True, slots=True)
class StartRequest:
    recording_id: str
    folder: Path
    """`recordings/<id>`; created by the session, before any device opens."""
    mic: str = "default"
    system: str = "default"
    """Source ids: "default", "none", an id of `sources()`, or "fake:…"."""
    bitrate: int = 64_000
    title: str = ""
    is_paused: bool = False
    """Begin in a pause: a recording that was paused when its capture process died stays paused."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """What a folder holds, as far as journal and media tell."""

    recording_id: str
    media: tuple[Path, ...]
    media_bytes: int
    media_sha256: str
    """Of the part; of all parts' bytes in order when there are several."""
    duration_ms: int
    started_at: dt.datetime
    completed_at: dt.datetime
    gaps: tuple[Gap, ...]
    bookmarks: tuple[Bookmark, ...]
    title: str
    was_recovered: bool = False
