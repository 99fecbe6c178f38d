"""What a person changes in a recording: each edit is one commit, and the server hears of it by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recorder_app.errors import NotFoundError
from recorder_app.models import Recording, Task

if TYPE_CHECKING:
    from recorder_app.context import Context


class Editing:
    """The editing part of the façade; every method may raise NotFoundError and LibraryError."""

    _context: Context

    def rename(self, recording_id: str, title: str) -> None:
        self._edit(recording_id, title=title.strip()[:255])

    def set_notes(self, recording_id: str, notes: str, *, was: str | None = None) -> None:
        """`was`: what they said when the person began to type; what arrived since is merged in."""
        self._edit(recording_id, notes=notes, was=was)

    def set_participants(self, recording_id: str, names: Sequence[str]) -> None:
        kept = tuple(name.strip() for name in names if name.strip())
        self._edit(recording_id, participants=kept)

    def set_task(self, recording_id: str, task: Task) -> None:
        """Replace the task of the same id, or add it."""
        tasks = self._get(recording_id).tasks
        known = any(each.id == task.id for each in tasks)
        changed = tuple(task if each.id == task.id else each for each in tasks)
        self._edit(recording_id, tasks=changed if known else (*tasks, task))

    def dismiss_task(self, recording_id: str, task_id: str) -> None:
        tasks = self._get(recording_id).tasks
        self._edit(recording_id, tasks=tuple(each for each in tasks if each.id != task_id))

    def keep_local(self, recording_id: str) -> None:
        """Its row was deleted on the server: keep it here and stop syncing it."""
        from recorder_app.sync import gone

        gone.keep_local(self._context.library(), recording_id)
        self._context.changed(recording_id)

    def upload_again(self, recording_id: str) -> None:
        """Its row was deleted on the server: make a new one, with everything there is."""
        from recorder_app.sync import gone

        gone.upload_again(self._context.library(), recording_id, now=self._context.now().timestamp())
        self._context.changed(recording_id)

    def _get(self, recording_id: str) -> Recording:
        recording = self._context.library().get(recording_id)
        if recording is None:
            raise NotFoundError("There is no such recording", hint="recorder list shows them")
        return recording

    def _edit(self, recording_id: str, *, was: str | None = None, **changes: object) -> None:
        from recorder_app.sync.edits import edit

        now = self._context.now().timestamp()
        edit(self._context.library(), recording_id, now=now, was=was, **changes)
        self._context.changed(recording_id)
