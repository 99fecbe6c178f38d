"""The newest rows of a project, also where one of them makes the server fail.

A row somebody poisoned answers 500 to every page it is on, for the whole team (posthog/README §4.3).
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from recorder_app.api.client import RecordingsClient
from recorder_app.api.wire import RemoteRecording
from recorder_app.errors import ServerFaultError

logger = logging.getLogger(__name__)

MOST_REQUESTS = 24
"""Finds two poisoned rows among twenty; more are left for the next look."""


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    rows: tuple[RemoteRecording, ...]
    """Newest first, each once."""
    is_all: bool
    """Nothing older exists, and nothing was left out."""


def newest(client: RecordingsClient, *, limit: int, **filters: Any) -> Listed:
    """List the newest rows; a page that fails is halved until only the poisoned row is left out.

    Raises as the client does when not even one row can be read.
    """
    try:
        page = client.list(limit=limit, **filters)
    except ServerFaultError as error:
        if error.status != 500:
            raise
        return _around(client, limit, filters, error)
    return Listed(page.results, is_all=page.count <= limit)


def _around(client: RecordingsClient, limit: int, filters: dict[str, Any], first: ServerFaultError) -> Listed:
    found: dict[str, RemoteRecording] = {}
    halves = [(limit // 2, limit - limit // 2), (0, limit // 2)]
    has_answered = False
    for _ in range(MOST_REQUESTS):
        if not halves:
            break
        offset, length = halves.pop()
        try:
            page = client.list(limit=length, offset=offset, **filters)
        except ServerFaultError as error:
            if error.status != 500:
                raise
            if length > 1:
                middle = length // 2
                halves += [(offset + middle, length - middle), (offset, middle)]
            continue
        has_answered = True
        # Offsets shift when rows come meanwhile: each is taken once.
        found |= {row.id: row for row in page.results if row.id not in found}
    if not has_answered:
        raise first
    logger.info("a page of the list fails; %d rows were read around it", len(found))
    return Listed(tuple(found.values()), is_all=False)
