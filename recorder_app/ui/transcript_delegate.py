"""Paints transcript rows: time, speaker bar, name, words; doubted words dotted; gaps hatched."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPainterPath,
    QPen,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from recorder_app.ui.formats import clock
from recorder_app.ui.theme import Theme
from recorder_app.ui.transcript_model import LINE_ROLE, Line, word_ranges
from recorder_app.ui.words import gap_sentence

TIME_RIGHT, BAR_LEFT, TEXT_LEFT, RIGHT = 54, 68, 84, 24
PAD_Y = 6
GAP_HEIGHT, GAP_PADS = 28, 60
Index = QModelIndex | QPersistentModelIndex


class TranscriptDelegate(QStyledItemDelegate):
    """Heights are kept per width; `forget` drops them when fonts or rows changed."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._width = 0
        self._heights: dict[int, int] = {}
        self._time_column = 0
        self.playing_row: int | None = None
        self.playing_ms = -1
        """Position inside the playing row; -1 when nothing plays."""
        self.needle = ""
        self.found_row: int | None = None

    def set_width(self, width: int) -> bool:
        """Lay out for a viewport of `width` px; True when heights changed."""
        if width == self._width:
            return False
        self._width = width
        self._heights.clear()
        return True

    def forget(self, last_ms: int = 0) -> None:
        """Drop all heights; `last_ms` is the latest time, which decides the room for times."""
        self._heights.clear()
        widest = self._theme.metrics("small").horizontalAdvance(clock(last_ms))
        self._time_column = max(0, 8 + widest - TIME_RIGHT)

    def text_left(self) -> int:
        """Return the x of the words: wider when times have hours or the font is large."""
        return TEXT_LEFT + self._time_column

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        row = index.row()
        if row not in self._heights:
            self._heights[row] = self._height(index.data(LINE_ROLE))
        return QSize(self._width, self._heights[row])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Line = index.data(LINE_ROLE)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if line.gap is not None:
            self._paint_gap(painter, rect, line)
        else:
            self._paint_segment(painter, option, rect, index.row(), line)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(rect.adjusted(5, 1, -5, -1), 5, 5)
        painter.restore()

    def _layout(self, text: str) -> tuple[QTextLayout, int]:
        """Break `text` into lines of the reading style; return the layout and its height in px."""
        layout = QTextLayout(text, self._theme.font("reading"))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        pitch = self._theme.line("reading")
        lead = (pitch - self._theme.metrics("reading").height()) / 2
        width = max(80, self._width - self.text_left() - RIGHT)
        y = 0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y + lead))
            y += pitch
        layout.endLayout()
        return layout, max(y, pitch)

    def _height(self, line: Line) -> int:
        if line.segment is None:
            if line.gap is None:
                return 0
            room = max(80, self._width - BAR_LEFT - self._time_column - RIGHT - GAP_PADS)
            wrap = Qt.TextFlag.TextWordWrap
            text = self._theme.metrics("small").boundingRect(
                QRect(0, 0, room, 9999), wrap, gap_sentence(line.gap)
            )
            return max(GAP_HEIGHT, text.height() + 12) + 2 * PAD_Y
        name = self._theme.line("body") if line.shows_name else 0
        return self._layout(line.segment.text)[1] + name + 2 * PAD_Y

    def _paint_segment(
        self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, row: int, line: Line
    ) -> None:
        segment, theme = line.segment, self._theme
        if segment is None:
            return
        state: QStyle.StateFlag = option.state
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if row == self.playing_row:
            painter.fillRect(rect, theme.color("accent_tint"))
        elif state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("selected"))
        shift = self._time_column
        top = rect.top() + PAD_Y
        first = theme.line("body") if line.shows_name else theme.line("reading")
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("accent" if is_hovered else "secondary"))
        times = QRect(rect.left(), top, TIME_RIGHT + shift, first)
        painter.drawText(
            times, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, clock(line.start_ms)
        )
        if is_hovered:
            width = theme.metrics("small").horizontalAdvance(clock(line.start_ms))
            icon = theme.icons.pixmap("play", "accent", 10, painter.device().devicePixelRatioF())
            if times.right() - width - 13 >= rect.left():
                painter.drawPixmap(times.right() - width - 12, top + first // 2 - 5, icon)
        bar = QRect(rect.left() + BAR_LEFT + shift, top, 2, rect.height() - 2 * PAD_Y)
        painter.fillRect(bar, theme.color(f"speaker {line.speaker}" if segment.is_final else "edge"))
        left = rect.left() + self.text_left()
        if line.shows_name:
            painter.setFont(theme.font("small", 600))
            painter.setPen(theme.color("text" if segment.is_final else "secondary"))
            painter.drawText(
                QRect(left, top, rect.width() - self.text_left() - RIGHT, first),
                Qt.AlignmentFlag.AlignVCenter,
                segment.speaker,
            )
            top += first
        self._paint_words(painter, QPointF(left, top), row, line)

    def _paint_words(self, painter: QPainter, at: QPointF, row: int, line: Line) -> None:
        segment, theme = line.segment, self._theme
        if segment is None:
            return
        layout, _ = self._layout(segment.text)
        formats: list[QTextLayout.FormatRange] = []
        for start, end in self._matches(segment.text):
            is_current = row == self.found_row
            for box in _boxes(layout, start, end):
                _round(painter, box.translated(at), theme.color("accent" if is_current else "selected"))
            if is_current:
                formats.append(_ink(start, end, theme.color("on_accent")))
        spoken = self._spoken(row, line)
        if spoken is not None:
            for box in _boxes(layout, *spoken):
                _round(painter, box.translated(at), theme.color("accent"))
            formats.append(_ink(*spoken, theme.color("on_accent")))
        painter.setPen(theme.color("text" if segment.is_final else "secondary"))
        layout.draw(painter, at, formats)
        pen = QPen(theme.color("amber_mark"), 1.5, Qt.PenStyle.CustomDashLine, Qt.PenCapStyle.RoundCap)
        pen.setDashPattern([0.1, 1.9])
        painter.setPen(pen)
        for start, end in line.weak:
            for box in _boxes(layout, start, end):
                y = at.y() + box.bottom() + 0.5
                painter.drawLine(QPointF(at.x() + box.left() + 1, y), QPointF(at.x() + box.right(), y))

    def _matches(self, text: str) -> list[tuple[int, int]]:
        if not self.needle:
            return []
        found, cursor = [], 0
        folded, needle = text.casefold(), self.needle.casefold()
        while (at := folded.find(needle, cursor)) >= 0:
            cursor = at + len(needle)
            found.append((at, cursor))
        return found

    def _spoken(self, row: int, line: Line) -> tuple[int, int] | None:
        """Return the range of the word being heard now, None when words have no times."""
        if row != self.playing_row or self.playing_ms < 0 or line.segment is None:
            return None
        for word, place in zip(line.segment.words, word_ranges(line.segment), strict=True):
            if word.start_ms <= self.playing_ms < word.end_ms and place[1]:
                return place
        return None

    def _paint_gap(self, painter: QPainter, rect: QRect, line: Line) -> None:
        if line.gap is None:
            return
        theme = self._theme
        is_pause = line.gap.cause == "pause"
        box = QRectF(rect).adjusted(BAR_LEFT + self._time_column, PAD_Y, -RIGHT, -PAD_Y)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("neutral_tint" if is_pause else "amber_tint"))
        painter.drawRoundedRect(box, 6, 6)
        hatch(
            painter,
            QRectF(box.left(), box.top(), 40, box.height()),
            theme.color("secondary" if is_pause else "amber_mark"),
            clip=box,
        )
        painter.setPen(theme.color("secondary" if is_pause else "amber"))
        painter.setFont(theme.font("small"))
        text_box = box.adjusted(52, 0, -8, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(text_box, flags, gap_sentence(line.gap))


def hatch(painter: QPainter, rect: QRectF, colour: QColor, *, clip: QRectF | None = None) -> None:
    """Fill `rect` with thin diagonal lines, inside the rounded `clip` if given."""
    painter.save()
    if clip is not None:
        path = QPainterPath()
        path.addRoundedRect(clip, 6, 6)
        painter.setClipPath(path)
        painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
    else:
        painter.setClipRect(rect)
    painter.setPen(QPen(colour, 1.2))
    height, step = rect.height(), 5.0
    x = rect.left() - height
    while x < rect.right():
        painter.drawLine(QPointF(x, rect.bottom()), QPointF(x + height, rect.top()))
        x += step
    painter.restore()


def _boxes(layout: QTextLayout, start: int, end: int) -> list[QRectF]:
    """Return the rectangles that the characters start…end take, one for each line they touch."""
    boxes = []
    for number in range(layout.lineCount()):
        line = layout.lineAt(number)
        first, last = line.textStart(), line.textStart() + line.textLength()
        if start < last and end > first:
            left = _x(line.cursorToX(max(start, first)))
            right = _x(line.cursorToX(min(end, last)))
            boxes.append(QRectF(left, line.y(), right - left, line.height()))
    return boxes


def _x(cursor: object) -> float:
    """PySide gives cursorToX as (x, position)."""
    return float(cursor[0] if isinstance(cursor, tuple) else cursor)  # type: ignore[arg-type]  # a number


def _ink(start: int, end: int, colour: QColor) -> QTextLayout.FormatRange:
    piece = QTextLayout.FormatRange()
    piece.start = start
    piece.length = end - start
    shade = QTextCharFormat()
    shade.setForeground(colour)
    piece.format = shade
    return piece


def _round(painter: QPainter, box: QRectF, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box.adjusted(-2, 0, 2, 0), 3, 3)
