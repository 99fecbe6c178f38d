"""What a person changed, onto the server: one PATCH with the newest values, however many edits there were.

User data is the user's: what somebody changed elsewhere meanwhile is merged, never overwritten. Only a title
cannot be merged: the one given here and not yet sent wins, else the one from there.
"""

from __future__ import annotations

from typing import Any

from recorder_app.library.jobs import Job
from recorder_app.library.store import Library
from recorder_app.models import Recording
from recorder_app.sync.gone import gone_noticed
from recorder_app.sync.jobs import EDITS, Done, Outcome
from recorder_app.sync.merge import merge_names, merge_notes, merge_tasks
from recorder_app.sync.takeover import as_said, base_of, tasks_said, unsent
from recorder_app.sync.workspace import Deps, server_id

__all__ = ["SENT", "edit", "run", "unsent"]

SENT = {
    "title": "meeting_title",
    "notes": "notes",
    "participants": "participants",
    "tasks": "extracted_tasks",
    "meeting_url": "meeting_url",
}
"""Fields of a Recording that people edit, and their names on the server."""
MERGED = frozenset({"notes", "participants", "tasks"})


def edit(
    library: Library, recording_id: str, *, now: float, was: str | None = None, **changes: Any
) -> Recording:
    """Change what a person may change, and ask for the PATCH, in one commit. NotFoundError, LibraryError.

    `was` is what the notes said when the person began to type: what arrived since is merged in.
    """
    unknown = set(changes) - set(SENT)
    if unknown:
        raise TypeError(f"not something a person edits: {sorted(unknown)}")
    with library.transaction():
        known = library.get(recording_id)
        if known is not None and was is not None and "notes" in changes and known.notes != was:
            changes["notes"] = merge_notes(was, changes["notes"], known.notes)
        changed = library.update(recording_id, **changes)
        library.jobs.request(recording_id, EDITS, now=now, fields=changes)
    return changed


def run(job: Job, deps: Deps) -> Outcome:
    fields = frozenset(job.payload.get("fields", ())) & set(SENT)
    if not fields:
        return Done()
    if fields & MERGED:
        _merge(job, deps, fields & MERGED)
    recording = deps.recording(job)
    deps.patch(recording, **{SENT[name]: getattr(recording, name) for name in sorted(fields)})
    return Done()


def _merge(job: Job, deps: Deps, fields: frozenset[str]) -> None:
    """Look what the row says now and take it in, in one commit: after a kill it must not come in twice."""
    recording = deps.recording(job)
    with gone_noticed(deps.library, recording):
        said = base_of(deps.workspace.client.retrieve(server_id(recording)))
    with deps.library.transaction():
        recording = deps.recording(job)
        base = deps.library.ledger.base(recording.id) or {}
        tried = base.get("tried", {})
        # What we sent before, without hearing back, is nobody else's.
        before = base | {name: said[name] for name in fields if tried.get(name) == said[name]}
        merged = {name: _merged(name, before, recording, said) for name in fields}
        changes = {name: value for name, value in merged.items() if value != getattr(recording, name)}
        if changes:
            recording = deps.library.update(recording.id, **changes)
        sending = {name: as_said(recording)[name] for name in fields}
        known = {name: said[name] for name in fields}
        deps.library.ledger.set_base(recording.id, base | known | {"tried": tried | sending})


def _merged(name: str, base: dict[str, Any], recording: Recording, said: dict[str, Any]) -> Any:
    if name == "notes":
        return merge_notes(base.get("notes", ""), recording.notes, said["notes"])
    if name == "participants":
        return merge_names(base.get("participants", []), recording.participants, said["participants"])
    # A base from before tasks were kept: whatever is there may have been ours.
    known = base.get("tasks", said["tasks"])
    return merge_tasks(tasks_said(known), recording.tasks, tasks_said(said["tasks"]))
