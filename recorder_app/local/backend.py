"""What every view of the embedded backend works with: database, media folder, keys, clock."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from typing import cast

from flask import current_app

from recorder_app.local.auth import KeyInfo, Person
from recorder_app.local.database import Database
from recorder_app.local.upload_files import UploadFiles

EXTENSION = "recorder"


@dataclasses.dataclass(frozen=True, slots=True)
class Backend:
    database: Database
    files: UploadFiles
    keys: Mapping[str, KeyInfo] | None
    """Keys and what they may do; None lets everybody in (mounted inside a process)."""
    projects: frozenset[int]
    base_url: str
    """Origin of every absolute address in an answer, without a slash at the end."""
    max_media_bytes: int
    now: Callable[[], dt.datetime]

    def person(self, user_id: int) -> Person:
        """Who that user is; somebody without a key of this server any more has the default's name."""
        owners = (self.keys or {}).values()
        return next((owner.person for owner in owners if owner.user_id == user_id), Person())


def backend() -> Backend:
    """Return the backend of the app that serves this request."""
    return cast("Backend", current_app.extensions[EXTENSION])
