"""The sidebar's list as rows: day heads and recordings, newest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from recorder_app.models import RecordingRow
from recorder_app.ui.formats import day
from recorder_app.ui.words import chip, row_meta, title

ROW_ROLE = Qt.ItemDataRole.UserRole + 1
"""The RecordingRow of a row, or the text (str) of a day head."""

Index = QModelIndex | QPersistentModelIndex


class LibraryModel(QAbstractListModel):
    """Lives in the GUI thread; `show_rows` replaces everything but keeps unchanged shapes in place."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        super().__init__()
        self._now = now
        self._rows: list[str | RecordingRow] = []

    def show_rows(self, rows: list[RecordingRow]) -> None:
        now = self._now()
        fresh: list[str | RecordingRow] = []
        for row in rows:
            head = day(row.recording.started_at, now)
            if not fresh or not any(item == head for item in fresh if isinstance(item, str)):
                fresh.append(head)
            fresh.append(row)
        if [_key(row) for row in fresh] == [_key(row) for row in self._rows]:
            # The same list in other states: no reset, so that selection and scroll position stay.
            self._rows = fresh
            if fresh:
                self.dataChanged.emit(self.index(0), self.index(len(fresh) - 1))
            return
        self.beginResetModel()
        self._rows = fresh
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own signature
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if isinstance(row, str):
            return row if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None
        recording, state = row.recording, row.state
        if role == Qt.ItemDataRole.DisplayRole:
            return title(recording)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (title(recording), state.reason)))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{title(recording)}, {row_meta(recording, state)}, {chip(state, recording).text}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._rows[index.row()], str):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def row_of(self, recording_id: str) -> int | None:
        for number, row in enumerate(self._rows):
            if isinstance(row, RecordingRow) and row.recording.id == recording_id:
                return number
        return None

    def recordings(self) -> list[RecordingRow]:
        return [row for row in self._rows if isinstance(row, RecordingRow)]


def _key(row: str | RecordingRow) -> str:
    return row if isinstance(row, str) else row.recording.id
