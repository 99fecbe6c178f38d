"""The inbox's rows: painted from the theme, clicked in their parts, moved through with J, K, X and Enter."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from recorder_app.ui.controls import BOX_PX
from recorder_app.ui.formats import clock
from recorder_app.ui.row_ground import paint_row_ground
from recorder_app.ui.task_list import ENTRY_ROLE, Entry, Head, TaskListModel, tr
from recorder_app.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
MARGIN, TEXT_LEFT = 24, 52
ONE_LINE_FROM = 720
"""Below this width a row takes two lines."""


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """Where a row's parts are; an empty rectangle where there is none."""

    box: QRect
    title: QRect
    assignee: QRect
    when: QRect
    said: QRect
    keep: QRect
    dismiss: QRect


def parts_of(theme: Theme, rect: QRect, entry: Entry) -> Parts:
    """Lay a row out for its width."""
    small = theme.metrics("small")
    said_px = small.horizontalAdvance(_said_text(entry)) + theme.px(6)
    keep_px, dismiss_px = (
        theme.metrics("small", 500).horizontalAdvance(text) + 22 for text in (_keep_text(), _dismiss_text())
    )
    button = theme.px(28)
    right = rect.right() + 1 - MARGIN
    is_possible = not entry.task.is_confirmed and not entry.task.is_done
    if rect.width() >= ONE_LINE_FROM:
        middle = rect.center().y()
        when_left = right - theme.px(128) - theme.px(132)
        name_left = when_left - theme.px(104)
        whole = QRect(rect.left(), rect.top(), rect.width(), rect.height())
        keep = QRect(when_left - theme.px(36), middle - button // 2, keep_px, button)
        name_right = keep.left() if is_possible else when_left
        return Parts(
            box=QRect(MARGIN, middle - BOX_PX // 2, BOX_PX, BOX_PX),
            title=QRect(TEXT_LEFT, whole.top(), name_left - 16 - TEXT_LEFT, whole.height()),
            assignee=QRect(name_left, whole.top(), name_right - name_left - 8, whole.height()),
            when=QRect() if is_possible else QRect(when_left, whole.top(), theme.px(124), whole.height()),
            said=QRect(right - theme.px(128), whole.top(), said_px, whole.height()),
            keep=keep if is_possible else QRect(),
            dismiss=keep.adjusted(keep_px + 4, 0, dismiss_px + 4, 0) if is_possible else QRect(),
        )
    top, line = rect.top() + 6, theme.line("body")
    below = QRect(TEXT_LEFT, top + line, right - TEXT_LEFT, theme.line("small") + 2)
    name_px = min(small.horizontalAdvance(entry.assignee) + 16, below.width() // 3)
    when_px = min(small.horizontalAdvance(entry.when) + 14, below.width() // 3)
    said_left = TEXT_LEFT + name_px + when_px
    if is_possible:
        below.setHeight(button)
    buttons = QRect(right - keep_px - dismiss_px - 4, below.top(), keep_px, button)
    return Parts(
        box=QRect(MARGIN, top + (line - BOX_PX) // 2, BOX_PX, BOX_PX),
        title=QRect(TEXT_LEFT, top, right - TEXT_LEFT, line),
        assignee=QRect(TEXT_LEFT, below.top(), name_px, below.height()),
        when=QRect(TEXT_LEFT + name_px, below.top(), when_px, below.height()),
        said=QRect(said_left, below.top(), said_px, below.height()),
        keep=buttons if is_possible else QRect(),
        dismiss=buttons.adjusted(keep_px + 4, 0, dismiss_px + 4, 0) if is_possible else QRect(),
    )


def _keep_text() -> str:
    return tr("Keep")


def _dismiss_text() -> str:
    return tr("Dismiss")


def _said_text(entry: Entry) -> str:
    if entry.at_ms is None:
        return ""
    return tr("said at {time}", time="    " + clock(entry.at_ms))


class TaskDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        theme, item = self._theme, index.data(ENTRY_ROLE)
        if isinstance(item, Head):
            return QSize(0, theme.line("body") + (28 if index.row() else 20))
        view = option.widget
        if view is not None and view.width() < ONE_LINE_FROM:
            is_possible = isinstance(item, Entry) and not item.task.is_confirmed
            return QSize(
                0, theme.line("body") + (theme.px(28) + 10 if is_possible else theme.line("small") + 16)
            )
        return QSize(0, max(40, theme.line("body") + 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        item = index.data(ENTRY_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(item, Head):
            self._paint_head(painter, option.rect, item)
        elif isinstance(item, Entry):
            paint_row_ground(painter, option.rect.adjusted(12, 0, -12, 0), option.state, self._theme)
            self._paint_entry(painter, option.rect, item)
        painter.restore()

    def _paint_head(self, painter: QPainter, rect: QRect, head: Head) -> None:
        theme = self._theme
        line = theme.line("body")
        box = QRect(MARGIN, rect.bottom() - line - 6, rect.width() - 2 * MARGIN, line)
        name = theme.metrics("body", 600).elidedText(
            head.title, Qt.TextElideMode.ElideRight, box.width() * 2 // 3
        )
        painter.setFont(theme.font("body", 600))
        painter.setPen(theme.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
        left = theme.metrics("body", 600).horizontalAdvance(name) + 9
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("secondary"))
        meta = theme.metrics("small").elidedText(head.meta, Qt.TextElideMode.ElideRight, box.width() - left)
        painter.drawText(box.adjusted(left, 1, 0, 1), Qt.AlignmentFlag.AlignVCenter, meta)

    def _paint_entry(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        theme, parts = self._theme, parts_of(self._theme, rect, entry)
        self._paint_box(painter, parts.box, entry)
        font = QFont(theme.font("body"))
        font.setStrikeOut(entry.task.is_done)
        words = entry.task.title if entry.task.is_confirmed else f"“{entry.task.title}”"
        self._text(painter, parts.title, words, font, "secondary" if entry.task.is_done else "text")
        small = theme.font("small")
        mark = 0 if entry.speaker is None and entry.task.assignee is None else 9
        if mark:
            at = QRect(parts.assignee.left(), parts.assignee.center().y() - 5, 3, 10)
            painter.fillRect(at, theme.color(f"speaker {5 if entry.speaker is None else entry.speaker}"))
        is_set = entry.task.assignee is not None
        self._text(
            painter,
            parts.assignee.adjusted(mark, 0, 0, 0),
            entry.assignee,
            small,
            "text" if is_set else "secondary",
        )
        self._text(painter, parts.when, entry.when, small, "secondary")
        if entry.at_ms is not None:
            self._paint_said(painter, parts.said, entry.at_ms)
        for box, text, has_edge in (
            (parts.keep, _keep_text(), True),
            (parts.dismiss, _dismiss_text(), False),
        ):
            if not box.isEmpty():
                self._paint_button(painter, box, text, has_edge=has_edge)

    def _text(self, painter: QPainter, box: QRect, text: str, font: QFont, ink: str) -> None:
        if box.isEmpty():
            return
        painter.setFont(font)
        painter.setPen(self._theme.color(ink))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _paint_said(self, painter: QPainter, box: QRect, at_ms: int) -> None:
        theme = self._theme
        before, gap = tr("said at {time}", time="").rstrip(), 7
        self._text(painter, box, before, theme.font("small"), "secondary")
        left = box.left() + theme.metrics("small").horizontalAdvance(before) + gap
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(left, box.center().y() - 4, theme.icons.pixmap("play", "accent", 9, ratio))
        self._text(
            painter,
            box.adjusted(left - box.left() + 13, 0, 40, 0),
            clock(at_ms),
            theme.font("small"),
            "accent",
        )

    def _paint_button(self, painter: QPainter, box: QRect, text: str, *, has_edge: bool) -> None:
        theme = self._theme
        if has_edge:
            painter.setPen(QPen(theme.color("edge"), 1))
            painter.setBrush(theme.color("button"))
            painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(theme.font("small", 500))
        painter.setPen(theme.color("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_box(self, painter: QPainter, box: QRect, entry: Entry) -> None:
        theme, is_on = self._theme, entry.task.is_done
        pen = QPen(theme.color("accent" if is_on else "secondary"), 1.5)
        if not entry.task.is_confirmed and not is_on:
            pen.setDashPattern([2.0, 1.6])
        painter.setPen(pen)
        painter.setBrush(theme.color("accent" if is_on else "base"))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if is_on:
            mark = theme.icons.pixmap("check", "on_accent", 12, painter.device().devicePixelRatioF())
            painter.drawPixmap(box.left() + 2, box.top() + 2, mark)


class TaskView(QListView):
    """Says what a person wants done with an entry; changes nothing itself."""

    toggled = Signal(object)
    kept = Signal(object)
    dismissed = Signal(object)
    play_wanted = Signal(object)
    open_wanted = Signal(object)

    def __init__(self, theme: Theme, model: TaskListModel) -> None:
        super().__init__()
        self._theme, self._tasks = theme, model
        self.setModel(model)
        self.setItemDelegate(TaskDelegate(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Tasks"))
        theme.changed.connect(self.doItemsLayout)

    def entry(self) -> Entry | None:
        """Return the chosen entry."""
        item = self.currentIndex().data(ENTRY_ROLE)
        return item if isinstance(item, Entry) else None

    def choose(self, row: int) -> None:
        """Choose the nearest entry at or after `row`, else the last before it."""
        after = range(max(0, row), len(self._tasks.items))
        before = range(min(row, len(self._tasks.items)) - 1, -1, -1)
        for number in (*after, *before):
            if isinstance(self._tasks.items[number], Entry):
                self.setCurrentIndex(self._tasks.index(number))
                return

    def step(self, by: int) -> None:
        """Move to the next entry in a direction; heads are passed over."""
        row = self.currentIndex().row() + by
        while 0 <= row < len(self._tasks.items):
            if isinstance(self._tasks.items[row], Entry):
                self.setCurrentIndex(self._tasks.index(row))
                return
            row += by

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, entry = Qt.Key(event.key()), self.entry()
        steps = {Qt.Key.Key_J: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_K: -1, Qt.Key.Key_Up: -1}
        acts = {
            Qt.Key.Key_X: self.toggled,
            Qt.Key.Key_Space: self.play_wanted,
            Qt.Key.Key_Return: self.open_wanted,
            Qt.Key.Key_Enter: self.open_wanted,
            Qt.Key.Key_Delete: self.dismissed,
        }
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if held:
            super().keyPressEvent(event)
        elif key in steps:
            self.step(steps[key])
        elif key in acts and entry is not None:
            acts[key].emit(entry)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        hit = self._hit(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and hit is not None:
            entry, part = hit
            {"box": self.toggled, "keep": self.kept, "dismiss": self.dismissed, "said": self.play_wanted}[
                part
            ].emit(entry)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        is_on = self._hit(event.position().toPoint()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if is_on else Qt.CursorShape.ArrowCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self.entry()
        if entry is not None and self._hit(event.position().toPoint()) is None:
            self.open_wanted.emit(entry)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        entry = self.entry()
        if entry is None:
            return
        menu = QMenu(self)
        done = self.tr("Mark as open") if entry.task.is_done else self.tr("Mark as done")
        menu.addAction(done, lambda: self.toggled.emit(entry))
        if not entry.task.is_confirmed:
            menu.addAction(self.tr("Keep"), lambda: self.kept.emit(entry))
        menu.addAction(self.tr("Dismiss"), lambda: self.dismissed.emit(entry))
        menu.addSeparator()
        if entry.at_ms is not None:
            menu.addAction(self.tr("Play the moment"), lambda: self.play_wanted.emit(entry))
        menu.addAction(self.tr("Open the meeting"), lambda: self.open_wanted.emit(entry))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _hit(self, at: QPoint) -> tuple[Entry, str] | None:
        index = self.indexAt(at)
        item = index.data(ENTRY_ROLE)
        if not isinstance(item, Entry):
            return None
        parts = parts_of(self._theme, self.visualRect(index), item)
        if parts.box.adjusted(-8, -8, 8, 8).contains(at):
            return item, "box"
        for name, box in (("keep", parts.keep), ("dismiss", parts.dismiss)):
            if box.contains(at):
                return item, name
        return (item, "said") if item.at_ms is not None and parts.said.contains(at) else None
