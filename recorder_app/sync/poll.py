"""What changed on the server without us: looked at rarely, and taken over where we have nothing unsent.

Runs on the records lane when no job is due, so that it never reads in the middle of our own writing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from recorder_app.api.wire import RemoteRecording
from recorder_app.errors import NotFoundError
from recorder_app.models import Recording, Status
from recorder_app.sync.gone import gone_noticed
from recorder_app.sync.listing import newest
from recorder_app.sync.takeover import take_over
from recorder_app.sync.workspace import Deps, server_id

DETAIL_S = (2.0, 5.0, 15.0, 30.0)
"""Waits between looks at one row that is moving; the last one repeats."""
LIST_S = 60.0
"""Between looks at the list while somebody has the window open."""
LIST_UNWATCHED_S = 300.0
PAGE = 20
"""Rows carry whole transcripts: 20 one-hour meetings are 8 MB."""
MOST_BYTES_PER_S = 50e6 / 3600
"""What looking may cost: 8 MB each minute would be half a gigabyte an hour. A dear look is repeated later."""


@dataclasses.dataclass(slots=True)
class Watch:
    """When one row is looked at next. A change starts the waits over."""

    next_at: float
    looks: int = 0

    def looked(self, now: float, *, has_changed: bool, cost_s: float = 0.0) -> None:
        self.looks = 0 if has_changed else self.looks + 1
        self.next_at = now + max(cost_s, DETAIL_S[min(self.looks, len(DETAIL_S) - 1)])


class Poll:
    """Lives on the records thread. What it remembers may be lost: everything is looked at again."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._watches: dict[str, Watch] = {}
        self._listed_at: float | None = None
        self._list_cost_s = 0.0
        self.is_watched = False
        """Whether somebody has the window open; set from any thread."""

    def turn(self, deps: Deps) -> float:
        """Look at one thing if one is due; return the seconds until the next. Raises as the client does."""
        now = deps.clock()
        if self._listed_at is None or not self._listed_at <= now < self._listed_at + self._list_wait_s:
            # Set before the request: a server that fails is asked again only at the next turn.
            self._listed_at = now
            before = deps.workspace.client.bytes_received
            self._look_at_list(deps)
            self._list_cost_s = _cost_s(deps, before)
        moving = {recording.id: recording for recording in _moving(deps)}
        self._watches = {name: self._watches.get(name) or Watch(now + DETAIL_S[0]) for name in moving}
        due = [name for name, watch in self._watches.items() if watch.next_at <= now]
        if due:
            self._look_at(deps, moving[due[0]], now)
        times = [self._listed_at + self._list_wait_s, *(watch.next_at for watch in self._watches.values())]
        return max(0.0, min(times) - deps.clock())

    @property
    def _list_wait_s(self) -> float:
        return max(LIST_S if self.is_watched else LIST_UNWATCHED_S, self._list_cost_s)

    def _look_at(self, deps: Deps, recording: Recording, now: float) -> None:
        watch = self._watches[recording.id]
        watch.looked(now, has_changed=False)
        before = deps.workspace.client.bytes_received
        remote = _retrieved(deps, recording)
        has_changed = remote is None or take_over(deps.library, recording.id, remote, now=now)
        watch.looks -= 1
        watch.looked(now, has_changed=has_changed, cost_s=_cost_s(deps, before))
        if has_changed:
            self._changed(recording.id)

    def _look_at_list(self, deps: Deps) -> None:
        """Compare the newest rows by `updated_at`; one of ours missing among them is asked for by itself."""
        listed = newest(deps.workspace.client, limit=PAGE)
        rows = {row.id: row for row in listed.rows}
        oldest = min((row.started_at for row in listed.rows if row.started_at), default=None)
        for recording in deps.library.list(limit=PAGE):
            if recording.workspace != deps.workspace.name or recording.server_id is None:
                continue
            row = rows.get(recording.server_id)
            if row is None and not _should_be_listed(recording, oldest, is_last=listed.is_all):
                continue
            if deps.library.ledger.is_gone(recording.id):
                continue
            if row is None:
                row = _retrieved(deps, recording)
                if row is None:
                    self._changed(recording.id)
            if row is not None and take_over(deps.library, recording.id, row, now=deps.clock()):
                self._changed(recording.id)


def _moving(deps: Deps) -> list[Recording]:
    return [
        recording
        for recording in deps.library.unfinished(deps.workspace.name)
        if recording.server_id is not None
        and recording.status in (Status.UPLOADING, Status.PROCESSING)
        and not deps.library.ledger.is_gone(recording.id)
    ]


def _cost_s(deps: Deps, bytes_before: int) -> float:
    """Seconds for which what was received since is all that may be received."""
    return (deps.workspace.client.bytes_received - bytes_before) / MOST_BYTES_PER_S


def _retrieved(deps: Deps, recording: Recording) -> RemoteRecording | None:
    try:
        with gone_noticed(deps.library, recording):
            return deps.workspace.client.retrieve(server_id(recording))
    except NotFoundError:
        return None


def _should_be_listed(recording: Recording, oldest: dt.datetime | None, *, is_last: bool) -> bool:
    return is_last or (oldest is not None and recording.started_at > oldest)
