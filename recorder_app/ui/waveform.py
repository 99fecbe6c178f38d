"""Both sides of a recording as two lanes of bars; a slider for mouse, keyboard and screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from recorder_app.models import Gap, RecordingDetail, Segment, Track
from recorder_app.ui.formats import clock
from recorder_app.ui.theme import Theme
from recorder_app.ui.transcript_delegate import hatch
from recorder_app.ui.words import speaker_indices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABELS = 44
"""Room for "You" and "Them" left of the lanes."""
LANE, LANE_GAP, FLAGS = 28, 4, 19
BAR, PITCH = 2, 3
AHEAD = 0.42
STEP_MS = 10_000


class Waveform(QWidget):
    """Bars live in two pixmaps (played, ahead) per width and theme; painting copies them."""

    seek_wanted = Signal(int)
    bars_wanted = Signal(int)
    """How many bars fit now; the page fetches that many peaks."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._peaks: NDArray[np.float32] | None = None
        self._segments: tuple[Segment, ...] = ()
        self._speakers: dict[str, int] = {}
        self._gaps: tuple[Gap, ...] = ()
        self._bookmarks: tuple[tuple[int, str], ...] = ()
        self._tasks: tuple[int, ...] = ()
        self._duration_ms = 0
        self._position_ms = 0
        self._hover_x: float | None = None
        self._bars: tuple[QPixmap, QPixmap] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Position in the recording"))
        theme.changed.connect(self._repaint_bars)

    def sizeHint(self) -> QSize:
        return QSize(600, 88)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 88)

    def show_detail(self, detail: RecordingDetail) -> None:
        recording = detail.recording
        self._segments, self._gaps = detail.segments, recording.gaps
        self._speakers = speaker_indices(detail.segments)
        self._duration_ms = recording.duration_ms
        self._bookmarks = tuple((mark.at_ms, mark.note) for mark in recording.bookmarks)
        self._tasks = tuple(task.evidence[0] for task in recording.tasks if task.evidence)
        self._repaint_bars()

    def show_peaks(self, peaks: NDArray[np.float32] | None) -> None:
        """Take `(2, bars) float32` in 0–1, left (you) and right (them); None while they load."""
        self._peaks = peaks
        self._repaint_bars()

    @property
    def has_peaks(self) -> bool:
        return self._peaks is not None

    def show_position(self, ms: int) -> None:
        self._position_ms = ms
        self.setAccessibleDescription(
            self.tr("{at} of {length}").format(at=clock(ms), length=clock(self._duration_ms))
        )
        self.update()

    def bar_count(self) -> int:
        return max(1, int(self._lane_width() // PITCH))

    def x_of(self, ms: int) -> float:
        """Return where a moment is, in px."""
        share = ms / self._duration_ms if self._duration_ms else 0.0
        return LABELS + share * self._lane_width()

    def ms_at(self, x: float) -> int:
        share = (x - LABELS) / max(1.0, self._lane_width())
        return round(max(0.0, min(1.0, share)) * self._duration_ms)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: -STEP_MS, Qt.Key.Key_Right: STEP_MS}
        edges = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: self._duration_ms}
        if event.modifiers() == Qt.KeyboardModifier.NoModifier and event.key() in moves:
            self.seek_wanted.emit(self._position_ms + moves[Qt.Key(event.key())])
        elif event.key() in edges:
            self.seek_wanted.emit(edges[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.seek_wanted.emit(self.ms_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self._hover_x = x if x >= LABELS else None
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.seek_wanted.emit(self.ms_at(x))
        if self._hover_x is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self._hint(x), self)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover_x = None
        self.update()
        super().leaveEvent(event)  # type: ignore[arg-type]  # Qt's QEvent

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bars = None
        self.bars_wanted.emit(self.bar_count())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.color("secondary"))
        for lane, name in enumerate((self.tr("You"), self.tr("Them"))):
            box = QRectF(0, FLAGS + lane * (LANE + LANE_GAP), LABELS, LANE)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
        if self._bars is None:
            self._bars = (self._draw_bars(AHEAD), self._draw_bars(1.0))
        ahead, played = self._bars
        head = self.x_of(self._position_ms)
        painter.drawPixmap(0, 0, ahead)
        painter.save()
        painter.setClipRect(QRectF(0, 0, head, self.height()))
        painter.fillRect(QRectF(LABELS, 0, head - LABELS, self.height()), theme.color("base"))
        painter.drawPixmap(0, 0, played)
        painter.restore()
        self._paint_gaps(painter)
        self._paint_marks(painter)
        if self._hover_x is not None:
            painter.fillRect(QRectF(self._hover_x, FLAGS, 1, 2 * LANE + LANE_GAP), theme.color("secondary"))
        if self._duration_ms:
            ink = theme.color("text")
            painter.fillRect(QRectF(head - 1, FLAGS - 4, 2, 2 * LANE + LANE_GAP + 4), ink)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawRoundedRect(QRectF(head - 4.5, FLAGS - 8, 9, 9), 3, 3)

    def _hint(self, x: float) -> str:
        ms = self.ms_at(x)
        notes = [note for at, note in self._bookmarks if abs(self.x_of(at) - x) < 6 and note]
        return " · ".join([clock(ms), *notes])

    def _lane_width(self) -> float:
        return max(1.0, float(self.width() - LABELS - 2))

    def _repaint_bars(self) -> None:
        self._bars = None
        self.update()

    def _draw_bars(self, opacity: float) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(opacity)
        middles = [FLAGS + lane * (LANE + LANE_GAP) + LANE / 2 for lane in (0, 1)]
        for middle in middles:
            pen = QPen(self._theme.color("secondary"), 1, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([1, 2])
            painter.setPen(pen)
            painter.drawLine(QPointF(LABELS, middle), QPointF(self.width() - 2, middle))
        painter.setPen(Qt.PenStyle.NoPen)
        if self._peaks is not None and self._peaks.shape[1]:
            count = self._peaks.shape[1]
            whose = self._bar_speakers(count)
            width = self._lane_width() / count
            for lane, middle in enumerate(middles):
                for number in range(count):
                    height = float(self._peaks[lane, number]) * LANE
                    if height < 1.5:
                        continue
                    painter.setBrush(self._theme.color(f"speaker {whose[number] if lane else 0}"))
                    x = LABELS + number * width
                    painter.drawRoundedRect(QRectF(x, middle - height / 2, BAR, height), 1, 1)
        painter.end()
        return pixmap

    def _bar_speakers(self, count: int) -> list[int]:
        """Return the far side's speaker for each bar: who speaks there, or who spoke last."""
        whose = [1] * count
        if not self._duration_ms:
            return whose
        far = [segment for segment in self._segments if segment.track is Track.SYSTEM]
        at, speaker = 0, 1
        for number in range(count):
            ms = (number + 0.5) * self._duration_ms / count
            while at < len(far) and far[at].start_ms <= ms:
                speaker = self._speakers[far[at].speaker]
                at += 1
            whose[number] = speaker
        return whose

    def _paint_gaps(self, painter: QPainter) -> None:
        for gap in self._gaps:
            is_pause = gap.cause == "pause"
            left = self.x_of(gap.start_ms)
            width = max(8.0 if not is_pause else 14.0, self.x_of(gap.end_ms) - left)
            first = FLAGS + (LANE + LANE_GAP if gap.track is Track.SYSTEM else 0)
            height = LANE if gap.track is not None else 2 * LANE + LANE_GAP
            box = QRectF(left - (width / 2 if is_pause else 0), first, width, height)
            painter.fillRect(box, self._theme.color("neutral_tint" if is_pause else "amber_tint"))
            hatch(painter, box, self._theme.color("secondary" if is_pause else "amber_mark"))

    def _paint_marks(self, painter: QPainter) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        for at_ms, _ in self._bookmarks:
            x = self.x_of(at_ms)
            points = ((-4, 1), (4, 1), (4, 12), (0, 9), (-4, 12))
            painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in points]))
        painter.setPen(QPen(theme.color("secondary"), 1.5))
        painter.setBrush(theme.color("base"))
        for at_ms in self._tasks:
            x = self.x_of(at_ms)
            painter.drawRoundedRect(QRectF(x - 3.5, FLAGS + 2 * LANE + LANE_GAP + 1, 6.5, 6.5), 1.5, 1.5)
