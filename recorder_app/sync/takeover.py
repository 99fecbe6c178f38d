"""What an answer of the server tells of changes that are not ours, and the words to compare them by.

Every answer carries the whole row: one to a PATCH of ours may bring somebody else's notes along.
"""

from __future__ import annotations

import logging
from typing import Any

from recorder_app.api.wire import RecordingPatch, RemoteRecording, clean
from recorder_app.library.store import Library
from recorder_app.models import Recording, SummaryLine
from recorder_app.sync.jobs import EDITS
from recorder_app.sync.merge import Said, merge_tasks

logger = logging.getLogger(__name__)

NAMES = {
    "meeting_title": "title",
    "notes": "notes",
    "participants": "participants",
    "extracted_tasks": "tasks",
    "meeting_url": "meeting_url",
    "summary": "summary",
}
"""The server's names of fields that more than one device writes, and ours."""
EDITED = ("title", "notes", "participants", "tasks")
REVERTED_S = 120.0
"""A field that falls back to what it was before we wrote it, this soon after: a lost update, no decision."""


def base_of(remote: RemoteRecording) -> dict[str, Any]:
    """What is kept of a row to tell a change made elsewhere from our own."""
    return {
        "title": remote.meeting_title or "",
        "notes": remote.notes or "",
        "summary": remote.summary or "",
        "participants": list(remote.participants),
        "tasks": [[task.title, task.description or "", task.assignee] for task in remote.extracted_tasks],
        "status": remote.status,
        "created_by": remote.created_by,
        "updated_at": remote.updated_at.isoformat() if remote.updated_at else None,
    }


def as_said(recording: Recording) -> dict[str, Any]:
    """What the server will say of our fields once it has them."""
    sent = RecordingPatch(participants=recording.participants, extracted_tasks=recording.tasks).body
    return {
        "title": clean(recording.title),
        "notes": clean(recording.notes),
        "participants": sent["participants"],
        "tasks": [list(task.values()) for task in sent["extracted_tasks"]],
    }


def tasks_said(base: list[list[Any]] | None) -> list[Said]:
    return [Said(title, description, assignee) for title, description, assignee in base or []]


def unsent(library: Library, recording_id: str) -> frozenset[str]:
    """Names of the fields with an edit the server does not have yet."""
    job = library.jobs.one(recording_id, EDITS.kind)
    return frozenset() if job is None or job.state == "done" else frozenset(job.payload.get("fields", ()))


def take_over(
    library: Library,
    recording_id: str,
    remote: RemoteRecording,
    *,
    now: float,
    sent: frozenset[str] = frozenset(),
) -> bool:
    """Adopt what somebody else changed; return whether anything did. Unsent edits of ours win.

    `sent` names our fields that the request behind this answer wrote.
    """
    with library.transaction():
        recording = library.get(recording_id)
        base, said = library.ledger.base(recording_id), base_of(remote)
        if recording is None:
            return False
        if base is None or (not sent and base.get("updated_at") == said["updated_at"]):
            if base is None:
                library.ledger.set_base(recording_id, said)
            return False
        changed = _changed(base, said) - sent
        held_back = unsent(library, recording_id) & changed
        reverted = _reverted(base, said, changed - held_back, now)
        for name in held_back:
            # Remembered as unseen, so that the edit's own merge still finds the difference.
            said[name] = base[name]
        changes = _changes(recording, base, said, remote, changed - held_back - reverted)
        library.ledger.set_base(recording_id, said | _memory(base, now, sent))
        if reverted:
            library.jobs.request(recording_id, EDITS, now=now, fields=reverted)
            logger.info("recording %s: %s was overwritten; sent again", recording_id, sorted(reverted))
        if changes:
            library.update(recording_id, **changes)
            logger.info("recording %s: took over %s from the server", recording_id, sorted(changes))
    return bool(changes)


def _changed(base: dict[str, Any], said: dict[str, Any]) -> frozenset[str]:
    """Names that the server changed since we last heard. What an older library did not keep is no change."""
    return frozenset(name for name in (*EDITED, "summary") if name in base and said[name] != base[name])


def _reverted(
    base: dict[str, Any], said: dict[str, Any], changed: frozenset[str], now: float
) -> frozenset[str]:
    """Names that fell back to what they were before our own last write of them.

    The server's writers save every column of the row they loaded (posthog/README §4.5): another device's
    PATCH of something else may have undone ours.
    """
    ours = base.get("ours", {})
    return frozenset(
        name
        for name in changed & set(EDITED) & set(ours)
        if said[name] == ours[name]["before"] and 0 <= now - ours[name]["at"] < REVERTED_S
    )


def _memory(base: dict[str, Any], now: float, sent: frozenset[str]) -> dict[str, Any]:
    written = {name: {"before": base[name], "at": now} for name in sent & set(EDITED) if name in base}
    return {"ours": base.get("ours", {}) | written}


def _changes(
    recording: Recording,
    base: dict[str, Any],
    said: dict[str, Any],
    remote: RemoteRecording,
    names: frozenset[str],
) -> dict[str, Any]:
    """Return the library's new values of `names`, where they differ from what we show."""
    ours, changes = as_said(recording), {}
    for name in names & {"title", "notes"}:
        if said[name] != ours[name]:
            changes[name] = said[name]
    if "participants" in names and said["participants"] != ours["participants"]:
        changes["participants"] = tuple(said["participants"])
    if "tasks" in names and said["tasks"] != ours["tasks"]:
        changes["tasks"] = merge_tasks(tasks_said(base["tasks"]), recording.tasks, tasks_said(said["tasks"]))
    if "summary" in names and said["summary"] != recording.summary_text:
        # Somebody else's words: there is no evidence here to claim for them.
        lines = tuple(SummaryLine(line, ()) for line in said["summary"].splitlines() if line.strip())
        changes |= {
            "summary_lines": lines,
            "summary_source": "server" if lines else None,
            "summary_generated_at": remote.summary_generated_at,
        }
    return changes
