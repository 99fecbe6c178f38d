"""Tasks of one meeting: kept ones with a box, possible ones dashed with Keep and Dismiss."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from recorder_app.models import RecordingDetail, Task
from recorder_app.ui.controls import Button, CheckBox, Label, text_button
from recorder_app.ui.formats import clock
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import is_live, speaker_indices


class _SpeakerMark(QWidget):
    """A mark of 3 × 10 in a speaker's colour."""

    def __init__(self, theme: Theme, speaker: int) -> None:
        super().__init__()
        self._theme, self._speaker = theme, speaker
        self.setFixedSize(3, 10)

    def paintEvent(self, _event: QPaintEvent) -> None:

        QPainter(self).fillRect(self.rect(), self._theme.color(f"speaker {self._speaker}"))


class TaskRow(QWidget):
    """One task on two lines. Emits what a person decided."""

    changed = Signal(object)
    """The Task as it should be."""
    dismissed = Signal(str)
    play_wanted = Signal(int)

    def __init__(self, theme: Theme, task: Task, speaker: int | None) -> None:
        super().__init__()
        self._theme, self._task = theme, task
        self.box = CheckBox(theme, is_possible=not task.is_confirmed)
        self.box.setChecked(task.is_done)
        self.box.setAccessibleName(task.title)
        self.box.toggled.connect(self._toggle)
        self._title = Label(theme, task.title, is_wrapped=True)
        self._show_done()
        below = QHBoxLayout()
        below.setSpacing(6)
        below.setContentsMargins(0, 0, 0, 0)
        if task.assignee:
            if speaker is not None:
                below.addWidget(_SpeakerMark(theme, speaker))
            below.addWidget(self._small(task.assignee))
        if task.due:
            below.addWidget(self._small(task.due))
        for start_ms in task.evidence[:1]:
            said = text_button(theme, f"▸ {clock(start_ms)}", kind="evidence")
            said.setAccessibleName(self.tr("Said at {time}, play").format(time=clock(start_ms)))
            said.clicked.connect(lambda _=False, at=start_ms: self.play_wanted.emit(at))
            below.addWidget(said)
        below.addStretch(1)
        text = QVBoxLayout()
        text.setSpacing(1)
        text.addWidget(self._title)
        text.addLayout(below)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(10)
        row.addWidget(self.box, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(text, 1)
        if not task.is_confirmed:
            self.keep = Button(theme, self.tr("Keep"), is_small=True)
            self.dismiss = Button(theme, self.tr("Dismiss"), kind="flat", is_small=True)
            self.keep.setAccessibleDescription(task.title)
            self.dismiss.setAccessibleDescription(task.title)
            self.keep.clicked.connect(self._keep)
            self.dismiss.clicked.connect(lambda: self.dismissed.emit(task.id))
            verdict = QHBoxLayout()
            verdict.setContentsMargins(0, 3, 0, 0)
            verdict.setSpacing(4)
            verdict.addWidget(self.keep)
            verdict.addWidget(self.dismiss)
            verdict.addStretch(1)
            text.addLayout(verdict)

    def _small(self, text: str) -> Label:
        return Label(self._theme, text, style="small", ink="secondary")

    def _keep(self) -> None:
        self.changed.emit(dataclasses.replace(self._task, is_confirmed=True))

    def _toggle(self, is_done: bool) -> None:  # noqa: FBT001 — Qt's signal
        # Ticking a possible task keeps it: nobody ticks what they do not mean.
        self._task = dataclasses.replace(self._task, is_done=is_done, is_confirmed=True)
        self._show_done()
        self.changed.emit(self._task)

    def _show_done(self) -> None:
        font = QFont(self._theme.font("body"))
        font.setStrikeOut(self._task.is_done)
        self._title.setFont(font)


class TasksPanel(QWidget):
    """The list of a meeting's tasks, kept ones first."""

    task_changed = Signal(object)
    task_dismissed = Signal(str)
    play_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: object = None
        self._heading = Label(theme, self.tr("Tasks"), weight=600)
        self._count = Label(theme, style="small", ink="secondary")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._heading)
        head.addWidget(self._count)
        head.addStretch(1)
        self._kept = QVBoxLayout()
        self._possible = QVBoxLayout()
        for rows in (self._kept, self._possible):
            rows.setSpacing(2)
        self._note = Label(theme, style="small", ink="secondary", is_wrapped=True)
        self._none = Label(theme, ink="secondary", is_wrapped=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 0, 12, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._none)
        column.addLayout(self._kept)
        column.addWidget(self._note)
        column.addLayout(self._possible)

    def show_detail(self, detail: RecordingDetail) -> None:
        tasks = detail.recording.tasks
        speakers = speaker_indices(detail.segments)
        if (tasks, speakers) == self._shown:
            return
        self._shown = (tasks, speakers)
        kept = [task for task in tasks if task.is_confirmed]
        possible = [task for task in tasks if not task.is_confirmed]
        self._fill(self._kept, kept, speakers)
        self._fill(self._possible, possible, speakers)
        still_open = sum(not task.is_done for task in kept)
        self._count.setText(self.tr("%n open", "", still_open) if kept else "")
        self._note.setText(
            self.tr("1 possible task, nobody has confirmed it")
            if len(possible) == 1
            else self.tr("%n possible tasks, nobody has confirmed them", "", len(possible))
        )
        self._note.setVisible(bool(possible))
        is_early = is_live(detail.state) or not detail.recording.is_transcribed
        self._none.setText(
            self.tr("Tasks follow the transcript.") if is_early else self.tr("No tasks were heard.")
        )
        self._none.setVisible(not tasks)

    def rows(self) -> list[TaskRow]:
        """Return the rows from top to bottom."""
        found = []
        for column in (self._kept, self._possible):
            for number in range(column.count()):
                item = column.itemAt(number)
                widget = item.widget() if item is not None else None
                if isinstance(widget, TaskRow):
                    found.append(widget)
        return found

    def _fill(self, column: QVBoxLayout, tasks: list[Task], speakers: dict[str, int]) -> None:
        while (item := column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for task in tasks:
            row = TaskRow(self._theme, task, speakers.get(task.assignee or ""))
            row.changed.connect(self.task_changed)
            row.dismissed.connect(self.task_dismissed)
            row.play_wanted.connect(self.play_wanted)
            column.addWidget(row)
