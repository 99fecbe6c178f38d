"""The list of recordings: day heads, two-line rows, status chips. Painted, not built of widgets."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from recorder_app.models import RecordingRow
from recorder_app.ui.controls import chip_size, paint_chip
from recorder_app.ui.library_model import ROW_ROLE, LibraryModel
from recorder_app.ui.row_ground import paint_row_ground
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import chip, row_meta, title

MARGIN, PAD_X, PAD_Y = 8, 12, 6
Index = QModelIndex | QPersistentModelIndex


class LibraryDelegate(QStyledItemDelegate):
    """Paints one row from the theme's tokens."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        theme = self._theme
        if isinstance(index.data(ROW_ROLE), str):
            return QSize(0, max(28, theme.line("caption") + 12))
        return QSize(0, max(52, theme.line("body") + max(18, theme.line("caption") + 2) + 2 * PAD_Y))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW_ROLE)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, str):
            painter.setPen(self._theme.color("secondary"))
            painter.setFont(self._theme.font("caption", 600))
            painter.drawText(rect.adjusted(MARGIN + PAD_X, 4, -PAD_X, 0), Qt.AlignmentFlag.AlignVCenter, row)
        elif isinstance(row, RecordingRow):
            paint_row_ground(painter, rect.adjusted(MARGIN, 0, -MARGIN, 0), option.state, self._theme)
            self._paint_row(painter, rect.adjusted(MARGIN + PAD_X, PAD_Y, -MARGIN - PAD_X, -PAD_Y), row)
        painter.restore()

    def _paint_row(self, painter: QPainter, box: QRect, row: RecordingRow) -> None:
        theme = self._theme
        top = QRect(box.left(), box.top(), box.width(), theme.line("body"))
        painter.setPen(theme.color("text"))
        painter.setFont(theme.font("body", 500))
        shown = theme.metrics("body", 500).elidedText(
            title(row.recording), Qt.TextElideMode.ElideRight, top.width()
        )
        painter.drawText(top, Qt.AlignmentFlag.AlignVCenter, shown)
        mark = chip(row.state, row.recording)
        width = chip_size(theme, mark).width()
        below = QRect(box.left(), top.bottom() + 1, box.width(), box.bottom() - top.bottom())
        middle = below.center().y() + 1
        right = box.right() + 1
        paint_chip(theme, painter, right, middle, mark)
        painter.setPen(theme.color("secondary"))
        painter.setFont(theme.font("small"))
        meta = theme.metrics("small").elidedText(
            row_meta(row.recording, row.state), Qt.TextElideMode.ElideRight, below.width() - width - 8
        )
        painter.drawText(below.adjusted(0, 1, -width - 8, 1), Qt.AlignmentFlag.AlignVCenter, meta)


class LibraryView(QListView):
    """One selection; day heads are skipped by the arrow keys."""

    chosen = Signal(str)
    """Id of the recording now selected by a person."""

    def __init__(self, theme: Theme, model: LibraryModel) -> None:
        super().__init__()
        self._library = model
        self._is_quiet = False
        self.setModel(model)
        self.setItemDelegate(LibraryDelegate(theme, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(self.tr("Meetings"))
        self.selectionModel().selectionChanged.connect(self._selection_changed)
        theme.changed.connect(self.doItemsLayout)

    def select(self, recording_id: str | None) -> None:
        """Mark a row without telling anybody."""
        row = None if recording_id is None else self._library.row_of(recording_id)
        self._is_quiet = True
        if row is None:
            self.clearSelection()
        else:
            index = self._library.index(row)
            if not self.selectionModel().isSelected(index):
                self.setCurrentIndex(index)
            self.scrollTo(index)
        self._is_quiet = False

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Move over day heads, which nobody can select."""
        index = super().moveCursor(action, modifiers)
        back = action in (
            QAbstractItemView.CursorAction.MoveUp,
            QAbstractItemView.CursorAction.MovePrevious,
            QAbstractItemView.CursorAction.MovePageUp,
        )
        while index.isValid() and isinstance(index.data(ROW_ROLE), str):
            neighbour = self._library.index(index.row() + (-1 if back else 1))
            if not neighbour.isValid():
                return self.currentIndex()
            index = neighbour
        return index

    def _selection_changed(self, selected: QItemSelection, _old: QItemSelection) -> None:
        if self._is_quiet or not selected.indexes():
            return
        row = selected.indexes()[0].data(ROW_ROLE)
        if isinstance(row, RecordingRow):
            self.chosen.emit(row.recording.id)
