"""A file from elsewhere becomes a recording: sound, journal, row, jobs, in this order.

The folder alone can rebuild the row from the moment the journal is there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from recorder_app.capture import journal
from recorder_app.errors import RecorderError, StorageError
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status
from recorder_app.settings import Settings
from recorder_app.sync.enqueue import enqueue

Progress = Callable[[int], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """Of one file: a recording, or why there is none."""

    source: Path
    recording: Recording | None
    error: RecorderError | None = None


def take_in(
    source: Path,
    recordings: Path,
    library: Library,
    settings: Settings,
    *,
    title: str = "",
    now: Callable[[], dt.datetime],
    on_progress: Progress | None = None,
    cancelled: threading.Event | None = None,
) -> Recording:
    """Import one file; blocks for about 30 s an hour of sound.

    Raises ImportCancelledError, UsageError (no sound in it), DiskFullError, StorageError; then nothing
    is left behind.
    """
    from recorder_app.media.encoder import RATE
    from recorder_app.media.importer import import_file

    recording_id = str(uuid.uuid4())
    folder = recordings / recording_id
    name = title.strip() or source.stem
    imported = import_file(
        source, folder, bitrate=settings.bitrate, on_progress=on_progress, cancelled=cancelled
    )
    completed_at = imported.started_at + dt.timedelta(milliseconds=imported.duration_ms)
    try:
        journal.write_imported(
            folder,
            recording_id=recording_id,
            title=name,
            started_at=imported.started_at,
            completed_at=completed_at,
            frames=imported.duration_ms * RATE // 1000,
            size=imported.media_bytes,
            sha256=imported.media_sha256,
        )
    except OSError as error:
        _take_back(folder, imported.media)
        raise StorageError(
            "The file could not be imported",
            detail=error.strerror or str(error),
            hint="Check that the data folder can be written",
        ) from error
    recording = library.add(
        Recording(
            id=recording_id,
            started_at=imported.started_at,
            completed_at=completed_at,
            title=name,
            workspace=settings.workspace,
            status=Status.UPLOADING,
            duration_ms=imported.duration_ms,
            media=imported.media,
            media_bytes=imported.media_bytes,
            media_sha256=imported.media_sha256,
            is_on_disk=True,
        )
    )
    enqueue(library, recording.id, now=now().timestamp())
    return recording


def take_in_all(
    sources: Sequence[Path],
    one: Callable[..., Recording],
    *,
    on_progress: Callable[[int, int], None] | None = None,
    cancelled: threading.Event | None = None,
) -> list[Outcome]:
    """One after the other by `one(source, on_progress=…, cancelled=…)`; one that cannot be read does not
    stop the next. `on_progress` gets the file's number from 0 and its per cent. Files after a cancelled
    one have no outcome.
    """
    outcomes = []
    for number, source in enumerate(sources):
        if cancelled is not None and cancelled.is_set():
            break

        def told(percent: int, number: int = number) -> None:
            if on_progress:
                on_progress(number, percent)

        try:
            outcomes.append(Outcome(source, one(source, on_progress=told, cancelled=cancelled)))
        except RecorderError as error:
            outcomes.append(Outcome(source, None, error))
    return outcomes


def _take_back(folder: Path, media: Sequence[Path]) -> None:
    try:
        for path in (*media, folder / journal.NAME):
            path.unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        # A folder without a journal is ignored by every scan; the disk is in trouble anyway.
        return
