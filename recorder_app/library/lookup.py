"""Finds the recording a person means by the beginning of a number."""

from __future__ import annotations

from recorder_app.errors import NotFoundError
from recorder_app.library.store import Library
from recorder_app.models import Recording

ALL = 100_000


def find(library: Library, mark: str) -> Recording:
    """Return the one whose local or server id begins with `mark`, or the newest for "last". NotFoundError."""
    if mark == "last":
        newest = library.list(limit=1)
        if newest:
            return newest[0]
        raise NotFoundError("There is no recording yet", hint="Make one: recorder record")
    found = [
        each
        for each in library.list(limit=ALL)
        if each.id.startswith(mark) or (each.server_id or "").startswith(mark)
    ]
    if len(found) == 1:
        return found[0]
    problem = (
        f"{len(found)} recordings begin with {mark!r}"
        if found and mark
        else f"There is no recording {mark!r}"
    )
    raise NotFoundError(problem, hint="recorder list shows them")
