"""Three-way merges of what people write in two places: notes, names, tasks. Pure.

The rule of all three: what either side added is kept; what one side removed and the other left alone goes.
"""

from __future__ import annotations

import dataclasses
import difflib
import uuid
from collections.abc import Callable, Sequence

from recorder_app.api.wire import clean
from recorder_app.models import Task

ALIKE = 0.6
"""From this likeness of two titles on, one that went and one that came are the same task, renamed."""


def merge_notes(base: str, ours: str, theirs: str) -> str:
    """Merge line by line; where both rewrote the same line, both versions stay, ours first.

    The server trims what it stores: blanks at the ends are no difference.
    """
    if clean(theirs) in (clean(base), clean(ours)):
        return ours
    if clean(ours) == clean(base):
        return theirs
    lines = base.strip().split("\n")
    here, there = _against(lines, ours.strip().split("\n")), _against(lines, theirs.strip().split("\n"))
    merged: list[str] = []
    for at in range(len(lines) + 1):
        merged += _both(here.added.get(at, []), there.added.get(at, []))
        if at in here.kept and at in there.kept:
            merged.append(lines[at])
    return "\n".join(merged)


@dataclasses.dataclass(frozen=True, slots=True)
class _Against:
    """What one side did to the base."""

    kept: frozenset[int]
    """Numbers of the lines it left."""
    added: dict[int, Sequence[str]]
    """Its own lines, by the number of the base's line they stand before."""


def _against(base: Sequence[str], side: Sequence[str]) -> _Against:
    kept: set[int] = set()
    added: dict[int, Sequence[str]] = {}
    matcher = difflib.SequenceMatcher(None, base, side, autojunk=False)
    for tag, base_start, base_end, side_start, side_end in matcher.get_opcodes():
        if tag == "equal":
            kept |= set(range(base_start, base_end))
        elif side_end > side_start:
            added[base_start] = side[side_start:side_end]
    return _Against(frozenset(kept), added)


def _both(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Keep every line of both, those they share once."""
    merged: list[str] = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, our_start, our_end, their_start, their_end in matcher.get_opcodes():
        merged += ours[our_start:our_end]
        if tag != "equal":
            merged += theirs[their_start:their_end]
    return merged


def merge_names(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """Merge lists of people, in our order, theirs behind."""
    left = set(base) - set(theirs)
    kept = [name for name in ours if name not in left]
    return tuple(dict.fromkeys([*kept, *(name for name in theirs if name not in base)]))


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """A task as the server keeps it."""

    title: str
    description: str = ""
    assignee: str | None = None


def merge_tasks(
    base: Sequence[Said],
    ours: Sequence[Task],
    theirs: Sequence[Said],
    *,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> tuple[Task, ...]:
    """Take over what changed elsewhere, task by task; done, due and evidence are ours alone and stay.

    A task that was removed elsewhere goes, unless it is done here: what somebody did is not forgotten.
    A new one counts as confirmed: a person or another device stands behind it.
    """
    pairs = _renamed(base, theirs)
    known = {_key(task.title): task for task in base}
    merged: list[Task] = []
    for task in ours:
        before = known.get(_key(task.title))
        now = None if before is None else pairs.get(_key(before.title))
        if before is None:
            merged.append(task)
        elif now is not None:
            merged.append(_updated(task, before, now))
        elif task.is_done:
            merged.append(task)
    there = {_key(task.title) for task in merged} | set(known)
    taken = {_key(now.title) for now in pairs.values()}
    came = [said for said in theirs if _key(said.title) not in there | taken]
    merged += [
        Task(new_id(), said.title, said.description, said.assignee, is_confirmed=True) for said in came
    ]
    return tuple(merged)


def _key(title: str) -> str:
    return clean(title).casefold()


def _renamed(base: Sequence[Said], theirs: Sequence[Said]) -> dict[str, Said]:
    """Pair each task of `base` with what became of it: the same title, else the likest new one."""
    now = {_key(task.title): task for task in theirs}
    pairs = {_key(task.title): now[_key(task.title)] for task in base if _key(task.title) in now}
    came = [task for task in theirs if _key(task.title) not in {_key(before.title) for before in base}]
    for before in base:
        if _key(before.title) in pairs or not came:
            continue
        likest = max(came, key=lambda task: _likeness(before.title, task.title))
        if _likeness(before.title, likest.title) >= ALIKE:
            pairs[_key(before.title)] = likest
            came.remove(likest)
    return pairs


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, _key(one), _key(other), autojunk=False).ratio()


def _updated(task: Task, before: Said, now: Said) -> Task:
    """Only what changed there: a field somebody changed here meanwhile stays ours."""
    changes = {
        name: getattr(now, name)
        for name in ("title", "description", "assignee")
        if getattr(now, name) != getattr(before, name)
    }
    return dataclasses.replace(task, **changes) if changes else task
