"""The tasks of all meetings: what is open, what is mine, what is done."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QStackedWidget

from recorder_app.errors import RecorderError
from recorder_app.models import Task
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Button, Hairline, text_button
from recorder_app.ui.overview import Overview
from recorder_app.ui.side_page import KeyHints, Nothing, SidePage
from recorder_app.ui.task_list import (
    BY_DUE,
    BY_MEETING,
    DONE,
    MINE,
    OPEN,
    Choice,
    Entry,
    TaskListModel,
    as_text,
    assignees,
    count,
    grouped,
    shown,
)
from recorder_app.ui.task_view import TaskView
from recorder_app.ui.theme import Theme

LEAVE_MS = 4_000
"""How long a task that was done stays where it was."""


class TasksPage(SidePage):
    """Shows the overview's tasks and sends what a person decides to the façade."""

    open_wanted = Signal(str)
    play_wanted = Signal(str, int)
    said = Signal(str)
    offered = Signal(str, str, object)
    """A sentence, a button's words, and what the button does."""

    def __init__(
        self, theme: Theme, bridge: Bridge, overview: Overview, *, now: Callable[[], dt.datetime]
    ) -> None:
        super().__init__(theme, self.tr("Tasks"))
        self._bridge, self._overview, self._now = bridge, overview, now
        self._choice = Choice()
        self._leaving: set[str] = set()
        self.leave_ms = LEAVE_MS
        self.model = TaskListModel()
        self.view = TaskView(theme, self.model)
        self.nothing = Nothing(theme)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.nothing)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(Hairline(theme))
        self.body.addWidget(
            KeyHints(
                theme,
                [
                    ("J K", self.tr("move")),
                    ("X", self.tr("done")),
                    ("Space", self.tr("play the moment")),
                    ("Enter", self.tr("open the meeting")),
                ],
            )
        )
        self.tabs = self._make_tabs()
        self._make_buttons()
        for signal, act in (
            (self.view.toggled, self._toggle),
            (self.view.kept, self._keep),
            (self.view.dismissed, self._dismiss),
            (self.view.play_wanted, self._play),
            (self.view.open_wanted, lambda entry: self.open_wanted.emit(entry.recording.id)),
        ):
            signal.connect(act)
        overview.changed.connect(self.refresh)
        self.refresh()

    def is_tabbed(self) -> bool:
        return True

    def _make_tabs(self) -> QButtonGroup:
        group = QButtonGroup(self)
        for number in (OPEN, MINE, DONE):
            tab = text_button(self.theme, "", kind="tab")
            tab.setCheckable(True)
            group.addButton(tab, number)
            self.below.addWidget(tab)
        self.below.addStretch(1)
        group.button(OPEN).setChecked(True)
        group.idClicked.connect(lambda number: self.choose(tab=number))
        return group

    def _make_buttons(self) -> None:
        self.grouping = Button(self.theme, "", is_small=True)
        menu = QMenu(self)
        menu.addAction(self.tr("By meeting"), lambda: self.choose(grouping=BY_MEETING))
        menu.addAction(self.tr("By when it is due"), lambda: self.choose(grouping=BY_DUE))
        self.grouping.setMenu(menu)
        self.people = Button(self.theme, "", is_small=True)
        self._people_menu = QMenu(self)
        self._people_menu.aboutToShow.connect(self._fill_people)
        self.people.setMenu(self._people_menu)
        self.copy = Button(self.theme, self.tr("Copy list"), icon="copy", is_small=True)
        self.copy.clicked.connect(self._copy)
        for button in (self.grouping, self.people):
            self.theme.icons.attach(button, "chevron-down", "text", 12)
            button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        for button in (self.grouping, self.people, self.copy):
            self.buttons.addWidget(button)

    def choose(self, **changes: object) -> None:
        """Change what is shown: tab, grouping or assignee."""
        self._choice = dataclasses.replace(self._choice, **changes)  # type: ignore[arg-type]  # our own callers
        self.tabs.button(self._choice.tab).setChecked(True)
        self._leaving.clear()
        self.refresh()

    def refresh(self) -> None:
        """Show what the overview has now."""
        rows = self._overview.rows()
        me = self._bridge.recorder.settings.speaker_name
        choice = dataclasses.replace(self._choice, me=me)
        names = {OPEN: self.tr("Open"), MINE: self.tr("Mine"), DONE: self.tr("Done")}
        for number, name in names.items():
            found = count(rows, number, me)
            self.tabs.button(number).setText(f"{name}  {found}" if found else name)
        by_due = choice.grouping == BY_DUE
        self.grouping.setText(self.tr("By due") if by_due else self.tr("By meeting"))
        self.people.setText(choice.assignee or self.tr("Anyone"))
        at = self.view.currentIndex().row()
        chosen = self.view.entry()
        entries = shown(rows, choice, leaving=frozenset(self._leaving))
        self.model.show_items(grouped(entries, choice.grouping, self._now()))
        self.copy.setEnabled(bool(entries))
        row = None if chosen is None else self.model.row_of(chosen.task.id)
        if entries:
            self.view.choose(at if row is None else row)
        self._say_nothing(has_tasks=any(row.recording.tasks for row in rows))
        self._stack.setCurrentWidget(self.view if entries else self.nothing)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.view.setFocus()

    def _say_nothing(self, *, has_tasks: bool) -> None:
        if self._overview.problem:
            self.nothing.say(self.tr("Your tasks cannot be shown"), self._overview.problem)
        elif not self._overview.is_loaded:
            self.nothing.say(self.tr("Loading…"), "")
        elif self._choice.tab == DONE:
            self.nothing.say(self.tr("Nothing is done yet"), self.tr("Tasks you tick are kept here."))
        elif self._choice.tab == MINE or self._choice.assignee is not None:
            self.nothing.say(
                self.tr("Nothing open here"), self.tr("Tasks that name somebody else are under Open.")
            )
        elif has_tasks:
            self.nothing.say(self.tr("All done"), self.tr("New tasks appear here after the next meeting."))
        else:
            self.nothing.say(
                self.tr("No tasks yet"),
                self.tr("What people promise in a meeting appears here, with the moment it was said."),
            )

    def _toggle(self, entry: Entry) -> None:
        is_done = not entry.task.is_done
        # Ticking a possible task keeps it: nobody ticks what they do not mean.
        task = dataclasses.replace(entry.task, is_done=is_done, is_confirmed=True)
        if is_done and self._choice.tab != DONE:
            self._leaving.add(task.id)
            QTimer.singleShot(self.leave_ms, self, lambda: self._leave(task.id))
            self._offer_undo(self.tr("Done: {title}"), entry)
        self._put(entry.recording.id, task)

    def _leave(self, task_id: str) -> None:
        self._leaving.discard(task_id)
        self.refresh()

    def _keep(self, entry: Entry) -> None:
        self._put(entry.recording.id, dataclasses.replace(entry.task, is_confirmed=True))

    def _dismiss(self, entry: Entry) -> None:
        recording_id, task_id = entry.recording.id, entry.task.id
        self._overview.drop_task(recording_id, task_id)
        self._write(recording_id, lambda: self._bridge.recorder.dismiss_task(recording_id, task_id))
        self._offer_undo(self.tr("Dismissed: {title}"), entry)

    def _offer_undo(self, sentence: str, entry: Entry) -> None:
        title = entry.task.title if len(entry.task.title) <= 48 else entry.task.title[:47].rstrip() + "…"

        def undo() -> None:
            self._leaving.discard(entry.task.id)
            self._put(entry.recording.id, entry.task)

        self.offered.emit(sentence.format(title=title), self.tr("Undo"), undo)

    def _put(self, recording_id: str, task: Task) -> None:
        self._overview.put_task(recording_id, task)
        self._write(recording_id, lambda: self._bridge.recorder.set_task(recording_id, task))

    def _write(self, recording_id: str, work: Callable[[], object]) -> None:
        def failed(error: RecorderError) -> None:
            self._overview.reread(recording_id)
            self._bridge.problem.emit(error)

        self._bridge.run(work, None, failed, lane="writes")

    def _play(self, entry: Entry) -> None:
        if entry.at_ms is not None:
            self.play_wanted.emit(entry.recording.id, entry.at_ms)

    def _fill_people(self) -> None:
        self._people_menu.clear()
        self._people_menu.addAction(self.tr("Anyone"), lambda: self.choose(assignee=None))
        self._people_menu.addSeparator()
        for name in assignees(self._overview.rows()):
            # An ampersand in a name would become a mnemonic.
            action = self._people_menu.addAction(name.replace("&", "&&"))
            action.triggered.connect(lambda _=False, name=name: self.choose(assignee=name))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.model.items))
        self.said.emit(self.tr("The list is on the clipboard"))
