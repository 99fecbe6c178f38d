"""In the player's place while recording: timer, disk, two meters, Bookmark, Pause, Stop."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from recorder_app.models import CaptureStatus, Track
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, Button, ElidedLabel, Hairline, Label
from recorder_app.ui.formats import clock, disk_left
from recorder_app.ui.meter import Meter
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import track_word

NARROW = 760
"""Below this width the buttons keep their icons only and device names go."""


class RecorderBar(QWidget):
    """Shows CaptureStatus; its buttons go through the bridge."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__()
        self._theme, self._bridge = theme, bridge
        self._is_paused: bool | None = None
        self._dot = QLabel()
        self._time = Label(theme, "00:00", style="title")
        self._disk = Label(theme, style="small", ink="secondary")
        self.meters = {
            Track.MIC: Meter(theme, speaker=0, name=self.tr("Your level")),
            Track.SYSTEM: Meter(theme, speaker=1, name=self.tr("Their level")),
        }
        self.words = {track: ElidedLabel(theme, style="small", ink="secondary") for track in self.meters}
        self._icons = {Track.MIC: QLabel(), Track.SYSTEM: QLabel()}
        self._sides = {
            Track.MIC: Label(theme, self.tr("You"), weight=500),
            Track.SYSTEM: Label(theme, self.tr("Them"), weight=500),
        }
        self.bookmark = Button(theme, self.tr("Bookmark"), icon="bookmark")
        self.pause = Button(theme, self.tr("Pause"), icon="pause")
        self.stop = Button(theme, self.tr("Stop"), kind="danger", icon="stop")
        self.stop.setAccessibleName(self.tr("Stop and save"))
        self.bookmark.clicked.connect(bridge.bookmark)
        self.pause.clicked.connect(bridge.pause_or_resume)
        self.stop.clicked.connect(bridge.stop)
        self.problem = Banner(theme)
        self.problem.hide()
        self._lay_out()
        bridge.capture_changed.connect(self.show_status)
        bridge.busy_changed.connect(self._busy_changed)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _lay_out(self) -> None:
        times = QHBoxLayout()
        times.setSpacing(10)
        times.addWidget(self._dot)
        times.addWidget(self._time)
        times.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addStretch(1)
        left.addLayout(times)
        left.addWidget(self._disk)
        left.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(10)
        for row, track in enumerate(self.meters):
            grid.addWidget(self._icons[track], row, 0)
            grid.addWidget(self._sides[track], row, 1)
            grid.addWidget(self.meters[track], row, 2, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(self.words[track], row, 3)
        grid.setColumnStretch(2, 3)
        grid.setColumnStretch(3, 2)
        middle = QVBoxLayout()
        middle.addStretch(1)
        middle.addLayout(grid)
        middle.addStretch(1)
        line = QHBoxLayout()
        line.setContentsMargins(24, 0, 24, 0)
        line.setSpacing(8)
        line.addLayout(left)
        line.addSpacing(36)
        line.addLayout(middle, 1)
        line.addSpacing(16)
        for button in (self.bookmark, self.pause, self.stop):
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            line.addWidget(button)
        warn = QHBoxLayout()
        warn.setContentsMargins(24, 0, 24, 0)
        warn.addWidget(self.problem)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Hairline(self._theme))
        column.addLayout(warn)
        column.addLayout(line, 1)
        self.setMinimumHeight(self._theme.px(100))

    def set_narrow(self, *, is_narrow: bool) -> None:
        for button, words in (
            (self.bookmark, self.tr("Bookmark")),
            (self.pause, self.tr("Resume") if self._is_paused else self.tr("Pause")),
        ):
            button.setText("" if is_narrow else words)
            button.setAccessibleName(words)
            button.setToolTip(words if is_narrow else "")
        self._is_narrow = is_narrow

    _is_narrow = False

    def show_status(self, status: CaptureStatus) -> None:
        if status.state == "idle":
            return
        self._time.setText(clock(status.elapsed_ms))
        is_paused = status.state == "paused"
        if is_paused:
            self._disk.setText(self.tr("Nothing is recorded until you resume"))
        elif status.state == "stopping" or self._bridge.is_busy("stop"):
            self._disk.setText(self.tr("Saving…"))
        elif status.disk_minutes_left is not None:
            self._disk.setText(disk_left(status.disk_minutes_left))
        for track, meter in self.meters.items():
            side = status.tracks.get(track)
            meter.feed(None if is_paused else side)
            word = self.tr("paused") if is_paused else track_word(side)
            source = side.source if side is not None else ""
            self.words[track].setText(
                word if self._is_narrow or is_paused else " · ".join(filter(None, (word, source)))
            )
        self._show_problem(status)
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._restyle()
        self._busy_changed()

    def _show_problem(self, status: CaptureStatus) -> None:
        reasons = [track.reason for track in status.tracks.values() if track.is_enabled and not track.is_ok]
        sentence = status.problem or next((reason for reason in reasons if reason), "")
        if sentence != self.problem.label.text():
            self.problem.say(sentence, "")
        self.problem.setVisible(bool(sentence))

    def _busy_changed(self) -> None:
        state = self._bridge.capture.state
        is_busy = self._bridge.is_busy("stop") or self._bridge.is_busy("pause")
        self.bookmark.setEnabled(state == "recording" and not is_busy)
        self.pause.setEnabled(state in ("recording", "paused") and not is_busy)
        self.stop.setEnabled(state in ("recording", "paused") and not self._bridge.is_busy("stop"))

    def _restyle(self) -> None:
        theme, paused = self._theme, bool(self._is_paused)
        ratio = self.devicePixelRatioF()
        self._dot.setPixmap(theme.icons.pixmap("pause" if paused else "dot", "text" if paused else "red_mark",
                                               16, ratio))  # fmt: skip
        for track, icon in ((Track.MIC, "mic"), (Track.SYSTEM, "speaker")):
            self._icons[track].setPixmap(theme.icons.pixmap(icon, "secondary", 16, ratio))
        self.pause.set_kind("primary" if paused else "default")
        self.pause.set_icon("play" if paused else "pause")
        self.set_narrow(is_narrow=self._is_narrow)
