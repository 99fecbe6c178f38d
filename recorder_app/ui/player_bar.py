"""Bottom of the recording page: waveform and controls, or one row when the sound is not here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from recorder_app.errors import RecorderError
from recorder_app.models import RecordingDetail
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, Hairline, Label, icon_button, text_button
from recorder_app.ui.formats import clock
from recorder_app.ui.playback import SPEEDS, Playback
from recorder_app.ui.theme import Theme
from recorder_app.ui.waveform import LABELS, Waveform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SKIP_MS = 10_000


class PlayerBar(QWidget):
    """Fetches its peaks through the bridge; moves and plays through Playback."""

    def __init__(self, theme: Theme, bridge: Bridge, playback: Playback) -> None:
        super().__init__()
        self._theme, self._bridge, self._playback = theme, bridge, playback
        self._detail: RecordingDetail | None = None
        self._fetched: tuple[str, int] | None = None
        self.wave = Waveform(theme)
        self.wave.seek_wanted.connect(playback.seek)
        self.wave.bars_wanted.connect(lambda _: self._fetch())
        self.back = icon_button(theme, "back", self.tr("Back 10 seconds"), size=18)
        self.play = icon_button(theme, "play", self.tr("Play"), kind="primary", ink="on_accent")
        self.play.setFixedSize(36, theme.px(32))
        self.forward = icon_button(theme, "forward", self.tr("Forward 10 seconds"), size=18)
        self._time = Label(theme, "00:00", weight=600)
        self._length = Label(theme, ink="secondary")
        self.speed = text_button(theme, "1×", icon="chevron-down")
        self.speed.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow goes behind the words
        self._speeds = QMenu(self)
        self._fill_speeds()
        self.missing = Banner(theme, tone="neutral")
        self.missing.button.clicked.connect(self._try_again)
        self._body = QStackedWidget()
        self._lay_out()
        self.back.clicked.connect(lambda: playback.skip(-SKIP_MS))
        self.forward.clicked.connect(lambda: playback.skip(SKIP_MS))
        self.play.clicked.connect(playback.toggle)
        playback.moved.connect(self._moved)
        playback.playing_changed.connect(self._playing_changed)
        playback.speed_changed.connect(self._speed_changed)
        playback.failed.connect(self._failed)
        self._speed_changed(playback.speed)

    def _fill_speeds(self) -> None:
        group = QActionGroup(self)
        for speed in SPEEDS:
            action = self._speeds.addAction(f"{speed:g}×")
            action.setCheckable(True)
            action.setData(speed)
            group.addAction(action)
            action.triggered.connect(lambda _=False, to=speed: self._playback.set_speed(to))
        self.speed.setMenu(self._speeds)
        self.speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.speed.setToolTip(self.tr("Speed"))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(LABELS - 40, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.back)
        row.addWidget(self.play)
        row.addWidget(self.forward)
        row.addSpacing(8)
        row.addWidget(self._time)
        row.addWidget(self._length)
        row.addStretch(1)
        row.addWidget(self.speed)
        sound = QWidget()
        column = QVBoxLayout(sound)
        column.setContentsMargins(24, 2, 24, 10)
        column.setSpacing(6)
        column.addWidget(self.wave)
        column.addLayout(row)
        gone = QWidget()
        inner = QVBoxLayout(gone)
        inner.setContentsMargins(24, 12, 24, 12)
        inner.addWidget(self.missing)
        self._body.addWidget(sound)
        self._body.addWidget(gone)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(Hairline(self._theme))
        outer.addWidget(self._body)
        self._set_has_sound(has_sound=True)

    def show_detail(self, detail: RecordingDetail) -> None:
        is_new = self._detail is None or self._detail.recording.id != detail.recording.id
        self._detail = detail
        recording = detail.recording
        self.wave.show_detail(detail)
        self._length.setText(f"/ {clock(recording.duration_ms)}")
        if is_new:
            self.wave.show_peaks(None)
            self._fetched = None
            self._set_has_sound(has_sound=bool(recording.media))
            self.missing.say(self.tr("The sound is not on this computer."), "")
        self._fetch()

    def has_sound(self) -> bool:
        return self._body.currentIndex() == 0

    def _set_has_sound(self, *, has_sound: bool) -> None:
        self._body.setCurrentIndex(0 if has_sound else 1)
        self._body.setFixedHeight(self._theme.px(139) if has_sound else self._theme.px(64))

    def _fetch(self) -> None:
        if self._detail is None or not self._detail.recording.media or not self.isVisible():
            return
        wanted = (self._detail.recording.id, self.wave.bar_count())
        if wanted == self._fetched:
            return
        self._fetched = wanted

        def take(peaks: NDArray[np.float32]) -> None:
            if self._detail is not None and self._detail.recording.id == wanted[0]:
                self._set_has_sound(has_sound=True)
                self.wave.show_peaks(peaks)

        self._bridge.run(lambda: self._bridge.recorder.peaks(*wanted), take, self._failed, newest="peaks")

    def _failed(self, error: RecorderError) -> None:
        self.missing.say(error.sentence, self.tr("Try again"))
        self._set_has_sound(has_sound=False)

    def _try_again(self) -> None:
        self._fetched = None
        self._set_has_sound(has_sound=True)
        self._fetch()

    def _moved(self, ms: int) -> None:
        self._time.setText(clock(ms))
        self.wave.show_position(ms)

    def _playing_changed(self, is_playing: bool) -> None:  # noqa: FBT001 — Qt's signal
        name = self.tr("Pause") if is_playing else self.tr("Play")
        self.play.setAccessibleName(name)
        self.play.setToolTip(name)
        self._theme.icons.attach(self.play, "pause" if is_playing else "play", "on_accent")

    def _speed_changed(self, speed: float) -> None:
        self.speed.setText(f"{speed:g}×")
        self.speed.setAccessibleName(self.tr("Speed {speed}").format(speed=f"{speed:g}"))
        for action in self._speeds.actions():
            action.setChecked(action.data() == speed)

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type]  # Qt's QShowEvent
        self._fetch()
