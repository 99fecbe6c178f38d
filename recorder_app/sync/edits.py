"""What a person changed, onto the server: one PATCH with the newest values, however many edits there were.

User data is the user's: notes that somebody changed elsewhere meanwhile are merged, never overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recorder_app.api.wire import clean
from recorder_app.library.jobs import Job
from recorder_app.library.store import Library
from recorder_app.models import Recording
from recorder_app.sync.jobs import EDITS, Done, Outcome
from recorder_app.sync.workspace import Deps, gone_noticed, server_id

SENT = {
    "title": "meeting_title",
    "notes": "notes",
    "participants": "participants",
    "tasks": "extracted_tasks",
    "meeting_url": "meeting_url",
}
"""Fields of a Recording that people edit, and their names on the server."""
ALSO = "— also written elsewhere —"


def edit(library: Library, recording_id: str, *, now: float, **changes: Any) -> Recording:
    """Change what a person may change, and ask for the PATCH, in one commit. NotFoundError, LibraryError."""
    unknown = set(changes) - set(SENT)
    if unknown:
        raise TypeError(f"not something a person edits: {sorted(unknown)}")
    with library.transaction():
        changed = library.update(recording_id, **changes)
        library.jobs.request(recording_id, EDITS, now=now, fields=changes)
    return changed


def unsent(library: Library, recording_id: str) -> frozenset[str]:
    """Names of the fields with an edit the server does not have yet."""
    job = library.jobs.one(recording_id, EDITS.kind)
    return frozenset() if job is None or job.state == "done" else frozenset(job.payload.get("fields", ()))


def run(job: Job, deps: Deps) -> Outcome:
    fields = frozenset(job.payload.get("fields", ())) & set(SENT)
    if not fields:
        return Done()
    if "notes" in fields:
        _merge_notes(job, deps)
    recording = deps.recording(job)
    deps.patch(recording, **{SENT[name]: getattr(recording, name) for name in sorted(fields)})
    return Done()


def _merge_notes(job: Job, deps: Deps) -> None:
    recording = deps.recording(job)
    base = deps.library.ledger.base(recording.id) or {}
    with gone_noticed(deps.library, recording):
        theirs = deps.workspace.client.retrieve(server_id(recording)).notes or ""
    merged = merge(base.get("notes", ""), recording.notes, theirs)
    if merged == recording.notes:
        return
    # Both in one commit: after a kill the other side's words must not be taken in twice.
    with deps.library.transaction():
        if deps.recording(job).notes == recording.notes:
            deps.library.update(recording.id, notes=merged)
            deps.library.ledger.set_base(recording.id, {**base, "notes": theirs})


def merge(base: str, ours: str, theirs: str) -> str:
    """Three-way merge of notes: additions at the end are joined, anything else keeps both versions."""
    if theirs in (clean(base), clean(ours)):
        return ours
    if clean(ours) == clean(base):
        return theirs
    if theirs.startswith(base) and base:
        return _lines(ours, theirs[len(base) :])
    if ours.startswith(base) and base:
        return _lines(theirs, ours[len(base) :])
    return _lines(ours, ALSO, theirs)


def _lines(*parts: str) -> str:
    return "\n".join(_stripped(parts))


def _stripped(parts: Iterable[str]) -> list[str]:
    return [part.strip("\n") for part in parts if part.strip()]
