"""One side's level: −60…0 dBFS, falling 20 dB a second, with a held peak; the word beside it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from recorder_app.models import TrackStatus
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import track_word

FLOOR_DBFS = -60.0
HOT_DBFS = -3.0
FALL_DB_S = 20.0
HOLD_S = 1.5


class Ballistics:
    """What a needle does: rises at once, falls slowly, holds its peak. Pure but for the given time."""

    def __init__(self) -> None:
        self.level = FLOOR_DBFS
        self.peak = FLOOR_DBFS
        self._at = 0.0
        self._peak_at = 0.0

    def feed(self, dbfs: float | None, now_s: float) -> None:
        """Take a level heard at `now_s` (monotonic seconds)."""
        heard = max(FLOOR_DBFS, min(0.0, FLOOR_DBFS if dbfs is None else dbfs))
        fallen = self.level - FALL_DB_S * max(0.0, now_s - self._at)
        self._at = now_s
        self.level = max(heard, fallen, FLOOR_DBFS)
        if self.level >= self.peak:
            self.peak, self._peak_at = self.level, now_s
        elif now_s - self._peak_at > HOLD_S:
            self.peak = self.level


class Meter(QWidget):
    """The bar; `word` is its accessible value, told once per change."""

    def __init__(
        self, theme: Theme, *, speaker: int, name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._theme, self._speaker, self._clock = theme, speaker, clock
        self._needle = Ballistics()
        self.word = ""
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(240)

    def sizeHint(self) -> QSize:
        return QSize(240, 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 8)

    def feed(self, status: TrackStatus | None) -> None:
        self._needle.feed(status.level_dbfs if status is not None else None, self._clock())
        word = track_word(status)
        if word != self.word:
            self.word = word
            self.setAccessibleDescription(word)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        box = QRectF(self.rect())
        painter.setBrush(theme.color("neutral_tint"))
        painter.drawRoundedRect(box, 4, 4)
        fill = box.width() * _share(self._needle.level)
        if fill >= 2:
            painter.setBrush(theme.color(f"speaker {self._speaker}"))
            painter.drawRoundedRect(QRectF(0, 0, fill, box.height()), 4, 4)
        hot = box.width() * _share(HOT_DBFS)
        if fill > hot:
            painter.setBrush(theme.color("amber_mark"))
            painter.drawRect(QRectF(hot, 0, fill - hot, box.height()))
        if self._needle.peak > FLOOR_DBFS:
            painter.setBrush(theme.color("text"))
            painter.drawRect(QRectF(min(box.width() - 2, box.width() * _share(self._needle.peak)), 0, 2, 8))


def _share(dbfs: float) -> float:
    return (dbfs - FLOOR_DBFS) / -FLOOR_DBFS
