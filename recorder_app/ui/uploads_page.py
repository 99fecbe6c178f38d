"""What is on its way to the server, what waits and why, and what needs a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from recorder_app.models import RecordingRow, StateKind
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, Button, ElidedLabel, Hairline, Label, StatusChip
from recorder_app.ui.formats import length, size
from recorder_app.ui.overview import Overview
from recorder_app.ui.side_page import Nothing, SidePage
from recorder_app.ui.theme import Theme
from recorder_app.ui.upload_words import (
    Group,
    Stage,
    Step,
    group_name,
    group_of,
    headline,
    sentence,
    stage_word,
    steps,
)
from recorder_app.ui.words import chip, title

STEPS_FROM = 760
"""Below this width the four steps have no room."""
SHOWN = 60
"""Rows of a group; the rest is told as a number."""


class StepMarks(QWidget):
    """Four names, each after a mark whose shape says how far it is."""

    def __init__(self, theme: Theme, found: tuple[Step, ...]) -> None:
        super().__init__()
        self._theme, self._steps = theme, found
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(", ".join(f"{step.name}: {stage_word(step.stage)}" for step in found))
        self.setToolTip(self.accessibleName())

    def sizeHint(self) -> QSize:
        metrics = self._theme.metrics("small")
        return QSize(
            sum(metrics.horizontalAdvance(step.name) + 30 for step in self._steps), metrics.height() + 4
        )

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, middle = 0, self.height() // 2
        painter.setFont(theme.font("small"))
        for step in self._steps:
            self._paint_mark(painter, left, middle, step.stage)
            is_quiet = step.stage in (Stage.WAITING, Stage.KEPT_HERE)
            painter.setPen(theme.color("secondary" if is_quiet else "text"))
            painter.drawText(left + 16, 0, 200, self.height(), Qt.AlignmentFlag.AlignVCenter, step.name)
            left += painter.fontMetrics().horizontalAdvance(step.name) + 30

    def _paint_mark(self, painter: QPainter, left: int, middle: int, stage: Stage) -> None:
        theme = self._theme
        if stage is Stage.RUNNING:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(left + 2, middle - 4, 8, 8))
        elif stage is Stage.WAITING:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("disabled"))
            painter.drawEllipse(QRectF(left + 4, middle - 2, 4, 4))
        else:
            ink = {Stage.FAILED: "amber", Stage.KEPT_HERE: "secondary"}.get(stage, "accent")
            ratio = painter.device().devicePixelRatioF()
            painter.drawPixmap(left, middle - 6, theme.icons.pixmap(stage.value, ink, 12, ratio))


class ProgressLine(QWidget):
    """How far an upload is: 4 px, with the percent for screen readers."""

    def __init__(self, theme: Theme, percent: int) -> None:
        super().__init__()
        self._theme, self._percent = theme, percent
        self.setFixedHeight(4)
        self.setMaximumWidth(520)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{percent} %")

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(self._theme.color("neutral_tint"))
        painter.drawRoundedRect(box, 2, 2)
        painter.setBrush(self._theme.color("accent"))
        box.setWidth(box.width() * self._percent / 100)
        painter.drawRoundedRect(box, 2, 2)


class UploadRow(QWidget):
    """One recording: name, state with its reason, steps, one button."""

    retry_wanted = Signal(str)
    sign_in_wanted = Signal()
    open_wanted = Signal(str)

    def __init__(self, theme: Theme, row: RecordingRow, found: tuple[Step, ...]) -> None:
        super().__init__()
        recording, kind = row.recording, row.state.kind
        name = ElidedLabel(theme, title(recording), weight=500)
        name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        facts = [length(recording.duration_ms)] if recording.duration_ms else []
        facts += [size(recording.media_bytes)] if recording.media_bytes else []
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(name)
        first.addWidget(Label(theme, " · ".join(facts), style="small", ink="secondary"))
        first.addStretch(1)
        second = QHBoxLayout()
        second.setSpacing(9)
        second.addWidget(StatusChip(theme, chip(row.state, recording)), 0, Qt.AlignmentFlag.AlignTop)
        self.reason = Label(theme, sentence(row), style="small", ink="secondary", is_wrapped=True)
        second.addWidget(self.reason, 1)
        text = QVBoxLayout()
        text.setSpacing(4)
        text.addLayout(first)
        text.addLayout(second)
        if kind is StateKind.UPLOADING and row.state.percent is not None:
            text.addSpacing(3)
            text.addWidget(ProgressLine(theme, row.state.percent))
        self.steps = StepMarks(theme, found)
        self.button = self._button(theme, row)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 12, 0, 12)
        line.setSpacing(24)
        line.addLayout(text, 1)
        line.addWidget(self.steps)
        holder = QHBoxLayout()
        holder.addStretch(1)
        holder.addWidget(self.button)
        line.addLayout(holder)
        # One width for all rows, so that the steps stand below each other.
        holder.insertSpacing(0, max(0, theme.px(108) - self.button.sizeHint().width()))

    def _button(self, theme: Theme, row: RecordingRow) -> Button:
        recording_id, kind = row.recording.id, row.state.kind
        if kind is StateKind.NEEDS_SIGN_IN:
            button = Button(theme, self.tr("Sign in again"), is_small=True)
            button.clicked.connect(self.sign_in_wanted)
        elif kind in (StateKind.FAILED, StateKind.WAITING):
            button = Button(theme, self.tr("Retry now"), is_small=True)
            button.clicked.connect(lambda: self.retry_wanted.emit(recording_id))
        else:
            button = Button(theme, self.tr("Open"), kind="flat", is_small=True)
            button.clicked.connect(lambda: self.open_wanted.emit(recording_id))
        button.setAccessibleDescription(title(row.recording))
        return button


class UploadsPage(SidePage):
    """Shows the overview's unfinished recordings; retries through the façade."""

    open_wanted = Signal(str)
    sign_in_wanted = Signal()

    def __init__(
        self, theme: Theme, bridge: Bridge, overview: Overview, *, now: Callable[[], dt.datetime]
    ) -> None:
        super().__init__(theme, self.tr("Uploads"))
        self._bridge, self._overview, self._now = bridge, overview, now
        self._shown: object = None
        self.rows: list[UploadRow] = []
        self.summary = Label(theme, ink="secondary", is_wrapped=True)
        self.below.addWidget(self.summary, 1)
        self.retry_all = Button(theme, self.tr("Retry all"), icon="retry", is_small=True)
        self.retry_all.clicked.connect(self.retry_waiting)
        self.buttons.addWidget(self.retry_all)
        self.banner = Banner(theme)
        self.banner.button.clicked.connect(self.sign_in_wanted)
        self._banner_row = QWidget()
        holder = QVBoxLayout(self._banner_row)
        holder.setContentsMargins(16, 12, 16, 0)
        holder.addWidget(self.banner)
        self.nothing = Nothing(theme)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.viewport().setAutoFillBackground(False)
        self.body.addWidget(self._banner_row)
        self.body.addWidget(self._scroll, 1)
        self.body.addWidget(self.nothing, 1)
        overview.changed.connect(self.refresh)
        bridge.uploads_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show what the overview has now; nothing is built while nobody looks."""
        groups: dict[Group, list[RecordingRow]] = {}
        for row in self._overview.rows():
            group = group_of(row, self._now())
            if group is not None:
                groups.setdefault(group, []).append(row)
        self.summary.setText(headline(groups) if self._overview.is_loaded else "")
        paused = self._bridge.uploads.paused_reason
        self._banner_row.setVisible(bool(paused))
        self.banner.say(paused or "", self.tr("Sign in again"))
        self.retry_all.setEnabled(bool(groups.get(Group.WAITING) or groups.get(Group.NEEDS_YOU)))
        self._scroll.setVisible(bool(groups))
        self.nothing.setVisible(not groups)
        self._say_nothing()
        if self.isVisible():
            self._fill(groups)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_steps()

    def _say_nothing(self) -> None:
        if self._overview.problem:
            self.nothing.say(self.tr("Your uploads cannot be shown"), self._overview.problem)
        elif not self._overview.is_loaded:
            self.nothing.say(self.tr("Loading…"), "")
        else:
            self.nothing.say(
                self.tr("Nothing waits to upload"),
                self.tr("After a meeting you see here how its sound, transcript and summary get on."),
            )

    def _fill(self, groups: dict[Group, list[RecordingRow]]) -> None:
        jobs = self._overview.jobs
        wanted = [
            (group, row.recording.id, row, steps(row, jobs.get(row.recording.id, ())))
            for group in sorted(groups)
            for row in groups[group]
        ]
        if wanted == self._shown:
            return
        self._shown = wanted
        at = self._scroll.verticalScrollBar().value()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 8, 24, 24)
        column.setSpacing(0)
        self.rows = []
        for group in sorted(groups):
            self._fill_group(column, group, groups[group])
        column.addStretch(1)
        self._scroll.setWidget(inside)
        inside.setAutoFillBackground(False)  # setWidget turns it on
        self._show_steps()
        self._scroll.verticalScrollBar().setValue(at)

    def _fill_group(self, column: QVBoxLayout, group: Group, rows: list[RecordingRow]) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 14, 0, 8)
        head.setSpacing(6)
        head.addWidget(Label(self.theme, group_name(group), weight=600))
        head.addWidget(Label(self.theme, str(len(rows)), ink="secondary"))
        head.addStretch(1)
        column.addLayout(head)
        for row in rows[:SHOWN]:
            made = UploadRow(self.theme, row, steps(row, self._overview.jobs.get(row.recording.id, ())))
            made.retry_wanted.connect(self._retry)
            made.sign_in_wanted.connect(self.sign_in_wanted)
            made.open_wanted.connect(self.open_wanted)
            self.rows.append(made)
            column.addWidget(Hairline(self.theme))
            column.addWidget(made)
        if len(rows) > SHOWN:
            rest = self.tr("and {count} more").format(count=len(rows) - SHOWN)
            column.addWidget(Label(self.theme, rest, ink="secondary"))

    def _show_steps(self) -> None:
        for row in self.rows:
            row.steps.setVisible(self.width() >= self.theme.px(STEPS_FROM))

    def _retry(self, recording_id: str) -> None:
        self._bridge.run(lambda: self._bridge.recorder.retry(recording_id), lane="writes")

    def retry_waiting(self) -> None:
        """Try everything again that waits or was given up."""
        for row in self._overview.rows():
            if group_of(row, self._now()) in (Group.WAITING, Group.NEEDS_YOU):
                self._retry(row.recording.id)
