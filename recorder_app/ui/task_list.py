"""Which tasks the inbox shows, in which groups, and how they read. Pure, but for the model at its end."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt

from recorder_app.models import Recording, RecordingRow, Task
from recorder_app.ui.formats import clock, day, time_of_day
from recorder_app.ui.words import title

Index = QModelIndex | QPersistentModelIndex
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
OPEN, MINE, DONE = range(3)
BY_MEETING, BY_DUE = range(2)


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("task_list", text).format(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One task of one meeting, as a row."""

    recording: Recording
    task: Task
    speaker: int | None
    """Index of the assignee's colour; None when nobody is named."""
    shows_meeting: bool = False
    """In place of the due words, where those are the group's heading."""

    @property
    def at_ms(self) -> int | None:
        return self.task.evidence[0] if self.task.evidence else None

    @property
    def assignee(self) -> str:
        return self.task.assignee or tr("Not set")

    @property
    def when(self) -> str:
        """The third column."""
        if self.task.is_done:
            return tr("Done")
        if self.shows_meeting:
            return title(self.recording)
        return self.task.due or tr("No date")

    @property
    def sentence(self) -> str:
        """The whole row, for a screen reader."""
        state = (
            tr("done") if self.task.is_done else tr("open") if self.task.is_confirmed else tr("possible task")
        )
        parts = [self.task.title, state, self.assignee, self.task.due or tr("no date")]
        if self.at_ms is not None:
            parts.append(tr("said at {time}", time=clock(self.at_ms)))
        return ", ".join([*parts, title(self.recording)])


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    title: str
    meta: str


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose to see."""

    tab: int = OPEN
    grouping: int = BY_MEETING
    assignee: str | None = None
    """None: anyone."""
    me: str = "You"


def is_mine(task: Task, me: str) -> bool:
    return (task.assignee or "").casefold() in (me.casefold(), "you")


def shown(
    rows: Iterable[RecordingRow], choice: Choice, *, leaving: frozenset[str] = frozenset()
) -> list[Entry]:
    """Return the entries that fit. `leaving`: tasks done a moment ago, which the open ones still hold."""
    found = []
    for row in rows:
        speakers = _speakers(row.recording, choice.me)
        for task in sorted(row.recording.tasks, key=lambda task: not task.is_confirmed):
            is_open = not task.is_done or task.id in leaving
            if is_open is (choice.tab == DONE):
                continue
            if choice.tab == MINE and not is_mine(task, choice.me):
                continue
            if choice.assignee is not None and task.assignee != choice.assignee:
                continue
            speaker = speakers.get(task.assignee or "")
            found.append(Entry(row.recording, task, speaker, shows_meeting=choice.grouping == BY_DUE))
    return found


def count(rows: Sequence[RecordingRow], tab: int, me: str) -> int:
    """Return what stands beside a tab: kept tasks only, nobody has confirmed the others."""
    return sum(entry.task.is_confirmed for entry in shown(rows, Choice(tab=tab, me=me)))


def assignees(rows: Iterable[RecordingRow]) -> list[str]:
    return sorted({task.assignee for row in rows for task in row.recording.tasks if task.assignee})


def grouped(entries: list[Entry], grouping: int, now: dt.datetime) -> list[Head | Entry]:
    """Put heads between the entries: meetings newest first, or due words with the dateless last."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        key = entry.recording.id if grouping == BY_MEETING else (entry.task.due or "")
        groups.setdefault(key, []).append(entry)
    if grouping == BY_DUE and "" in groups:
        groups[""] = groups.pop("")
    result: list[Head | Entry] = []
    for key, members in groups.items():
        result.append(_meeting_head(members, now) if grouping == BY_MEETING else _due_head(key, members))
        result += members
    return result


def as_text(items: Iterable[Head | Entry]) -> str:
    """Return the list as Markdown, for the clipboard."""
    lines: list[str] = []
    for item in items:
        if isinstance(item, Head):
            lines += ["", f"## {item.title}", ""]
            continue
        facts = [fact for fact in (item.task.assignee, item.task.due) if fact]
        tail = f" ({', '.join(facts)})" if facts else ""
        lines.append(f"- [{'x' if item.task.is_done else ' '}] {item.task.title}{tail}")
    return "\n".join(lines).strip() + "\n"


def _meeting_head(members: list[Entry], now: dt.datetime) -> Head:
    started = members[0].recording.started_at
    when = day(started, now)
    if (now.astimezone().date() - started.astimezone().date()).days in (0, 1):
        when = f"{when[:1].lower()}{when[1:]}, {time_of_day(started)}"
    if not any(entry.task.is_confirmed for entry in members):
        when += " · " + tr("possible tasks, nobody has confirmed them")
    return Head(title(members[0].recording), when)


def _due_head(due: str, members: list[Entry]) -> Head:
    text = f"{due[:1].upper()}{due[1:]}" if due else tr("No date")
    return Head(text, tr("as it was said") if due else str(len(members)))


def _speakers(recording: Recording, me: str) -> dict[str, int]:
    """Give the assignees of a meeting their colours: 0 is the person, others in the order of the list."""
    indices = {"You": 0, me: 0}
    for name in (*recording.participants, *(task.assignee or "" for task in recording.tasks)):
        if name and name not in indices:
            indices[name] = 1 + sum(1 for index in indices.values() if index)
    return indices


class TaskListModel(QAbstractListModel):
    """Heads and entries; lives in the GUI thread."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Head | Entry] = []

    def show_items(self, items: list[Head | Entry]) -> None:
        if [_key(item) for item in items] == [_key(item) for item in self.items]:
            # The same rows in other states: selection and scroll position stay.
            self.items = items
            if items:
                self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
            return
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def row_of(self, task_id: str) -> int | None:
        for number, item in enumerate(self.items):
            if isinstance(item, Entry) and item.task.id == task_id:
                return number
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own signature
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self.items[index.row()]
        if role == ENTRY_ROLE:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item.title if isinstance(item, Head) else item.task.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{item.title}, {item.meta}" if isinstance(item, Head) else item.sentence
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(item, Entry):
            return item.task.description or item.task.title
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self.items[index.row()], Head):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def _key(item: Head | Entry) -> str:
    return item.title if isinstance(item, Head) else item.task.id
