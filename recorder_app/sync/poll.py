"""What changed on the server without us: looked at rarely, and taken over where we have nothing unsent.

Runs on the records lane when no job is due, so that it never reads in the middle of our own writing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from recorder_app.api.wire import RemoteRecording
from recorder_app.errors import NotFoundError
from recorder_app.library.store import Library
from recorder_app.models import Recording, Status, SummaryLine
from recorder_app.sync.edits import unsent
from recorder_app.sync.workspace import Deps, base_of, gone_noticed, server_id

logger = logging.getLogger(__name__)

DETAIL_S = (2.0, 5.0, 15.0, 30.0)
"""Waits between looks at one row that is moving; the last one repeats."""
LIST_S = 60.0
PAGE = 20
"""Rows carry whole transcripts: 20 one-hour meetings are 8 MB."""


@dataclasses.dataclass(slots=True)
class Watch:
    """When one row is looked at next. A change starts the waits over."""

    next_at: float
    looks: int = 0

    def looked(self, now: float, *, has_changed: bool) -> None:
        self.looks = 0 if has_changed else self.looks + 1
        self.next_at = now + DETAIL_S[min(self.looks, len(DETAIL_S) - 1)]


class Poll:
    """Lives on the records thread. What it remembers may be lost: everything is looked at again."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._watches: dict[str, Watch] = {}
        self._list_at: float | None = None

    def turn(self, deps: Deps) -> float:
        """Look at one thing if one is due; return the seconds until the next. Raises as the client does."""
        now = deps.clock()
        if self._list_at is None or not now < self._list_at <= now + LIST_S:
            # Set before the request: a server that fails is asked again only at the next turn.
            self._list_at = now + LIST_S
            self._look_at_list(deps)
        moving = {recording.id: recording for recording in _moving(deps)}
        self._watches = {name: self._watches.get(name) or Watch(now + DETAIL_S[0]) for name in moving}
        due = [name for name, watch in self._watches.items() if watch.next_at <= now]
        if due:
            self._look_at(deps, moving[due[0]], now)
        times = [self._list_at, *(watch.next_at for watch in self._watches.values())]
        return max(0.0, min(times) - deps.clock())

    def _look_at(self, deps: Deps, recording: Recording, now: float) -> None:
        watch = self._watches[recording.id]
        watch.looked(now, has_changed=False)
        remote = _retrieved(deps, recording)
        has_changed = remote is None or take_over(deps.library, recording.id, remote)
        if has_changed:
            watch.looked(now, has_changed=True)
            self._changed(recording.id)

    def _look_at_list(self, deps: Deps) -> None:
        """Compare the newest rows by `updated_at`; one of ours missing among them is asked for by itself."""
        page = deps.workspace.client.list(limit=PAGE)
        rows = {row.id: row for row in page.results}
        oldest = min((row.started_at for row in page.results if row.started_at), default=None)
        for recording in deps.library.list(limit=PAGE):
            if recording.workspace != deps.workspace.name or recording.server_id is None:
                continue
            row = rows.get(recording.server_id)
            if row is None and not _should_be_listed(recording, oldest, is_last=page.count <= PAGE):
                continue
            if row is None and not deps.library.ledger.is_gone(recording.id):
                row = _retrieved(deps, recording)
                if row is None:
                    self._changed(recording.id)
            if row is not None and take_over(deps.library, recording.id, row):
                self._changed(recording.id)


def take_over(library: Library, recording_id: str, remote: RemoteRecording) -> bool:
    """Adopt what somebody else changed; return whether anything did. Unsent edits of ours win."""
    with library.transaction():
        recording = library.get(recording_id)
        base = library.ledger.base(recording_id)
        said = base_of(remote)
        if recording is None or base is None or base.get("updated_at") == said["updated_at"]:
            return False
        changes = _changes(recording, base, said, remote)
        held_back = unsent(library, recording_id) & set(changes)
        for name in held_back:
            # Remembered as unseen, so that the edit's own merge still finds the difference.
            del changes[name]
            said[name] = base.get(name)
        library.ledger.set_base(recording_id, said)
        if changes:
            library.update(recording_id, **changes)
            logger.info("recording %s: took over %s from the server", recording_id, sorted(changes))
    return bool(changes)


def _changes(
    recording: Recording, base: dict[str, Any], said: dict[str, Any], remote: RemoteRecording
) -> dict[str, Any]:
    """Name the fields that the server changed since we last heard, and that differ from what we show."""
    changes: dict[str, Any] = {}
    for name in ("title", "notes"):
        if said[name] != base.get(name, "") and said[name] != getattr(recording, name):
            changes[name] = said[name]
    if said["participants"] != base.get("participants", []):
        changes["participants"] = tuple(said["participants"])
    if said["summary"] != base.get("summary", "") and said["summary"] != recording.summary_text:
        # Somebody else's words: there is no evidence here to claim for them.
        lines = tuple(SummaryLine(line, ()) for line in said["summary"].splitlines() if line.strip())
        changes |= {
            "summary_lines": lines,
            "summary_source": "server" if lines else None,
            "summary_generated_at": remote.summary_generated_at,
        }
    return changes


def _moving(deps: Deps) -> list[Recording]:
    return [
        recording
        for recording in deps.library.unfinished(deps.workspace.name)
        if recording.server_id is not None
        and recording.status in (Status.UPLOADING, Status.PROCESSING)
        and not deps.library.ledger.is_gone(recording.id)
    ]


def _retrieved(deps: Deps, recording: Recording) -> RemoteRecording | None:
    try:
        with gone_noticed(deps.library, recording):
            return deps.workspace.client.retrieve(server_id(recording))
    except NotFoundError:
        return None


def _should_be_listed(recording: Recording, oldest: dt.datetime | None, *, is_last: bool) -> bool:
    return is_last or (oldest is not None and recording.started_at > oldest)
