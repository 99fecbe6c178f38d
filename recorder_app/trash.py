"""The trash: thirty days in which a delete is only a change of mind, then the end of every byte.

Asks for work; the engine's upkeep lane does it (`sync.purge`), also after a kill.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

from recorder_app.context import Context
from recorder_app.errors import NotFoundError, UsageError
from recorder_app.models import Recording
from recorder_app.sync import jobs
from recorder_app.sync.upkeep import TRASH_DAYS


@dataclasses.dataclass(frozen=True, slots=True)
class TrashRow:
    recording: Recording
    purge_at: dt.datetime
    """When it is deleted for good by itself: here, on the server, and for the whole team."""
    is_ending: bool
    """It is being deleted already and cannot be restored."""
    reason: str | None
    """Why that takes longer; None while all is well."""


class Trash:
    """From any thread; every method reads or writes the library and may raise LibraryError."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def listing(self) -> list[TrashRow]:
        """What was thrown away last comes first."""
        return [self._row(recording) for recording in self._context.library().trash.listing()]

    def throw(self, recording_id: str) -> None:
        """Move to the trash; the sound, the transcript and the server's row stay. NotFoundError."""
        self._context.library().update(recording_id, trashed_at=self._context.now())
        self._context.changed(recording_id)

    def restore(self, recording_id: str) -> Recording:
        """Take it out again. UsageError when it is being deleted, NotFoundError."""
        library = self._context.library()
        with library.transaction():
            if library.jobs.one(recording_id, jobs.PURGE.kind) is not None:
                raise UsageError("It is being deleted for good", hint="Its sound is gone already")
            restored = library.update(recording_id, trashed_at=None)
        self._context.changed(recording_id)
        return restored

    def purge(self, recording_id: str) -> None:
        """Delete one for good now: here, and on the server for the whole team. Returns before it is done.

        NotFoundError when it is not in the trash.
        """
        library = self._context.library()
        with library.transaction():
            recording = library.get(recording_id)
            if recording is None or recording.trashed_at is None:
                raise NotFoundError("There is no such recording in the trash", hint="recorder trash list")
            library.jobs.request(recording_id, jobs.PURGE, now=self._context.now().timestamp())
        self._context.changed(recording_id)

    def empty(self) -> list[str]:
        """Delete everything in the trash for good; return the ids. Returns before it is done."""
        found = [recording.id for recording in self._context.library().trash.listing()]
        for recording_id in found:
            self.purge(recording_id)
        return found

    def find(self, mark: str) -> Recording:
        """The one recording in the trash whose local or server id begins with `mark`. NotFoundError."""
        found = [
            each
            for each in self._context.library().trash.listing()
            if mark and (each.id.startswith(mark) or (each.server_id or "").startswith(mark))
        ]
        if len(found) != 1:
            problem = f"{len(found)} recordings in the trash begin with {mark!r}"
            raise NotFoundError(
                problem if found else f"There is no {mark!r} in the trash", hint="recorder trash list"
            )
        return found[0]

    def _row(self, recording: Recording) -> TrashRow:
        ending = self._context.library().jobs.one(recording.id, jobs.PURGE.kind)
        thrown = recording.trashed_at or self._context.now()
        reason = ending.reason if ending is not None else None
        if ending is not None and not self._is_reachable(recording):
            reason = f"It waits until {recording.workspace} is the workspace again."
        return TrashRow(recording, thrown + dt.timedelta(days=TRASH_DAYS), ending is not None, reason)

    def _is_reachable(self, recording: Recording) -> bool:
        return recording.workspace in ("local", self._context.settings().workspace)
