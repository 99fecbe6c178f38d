"""The transcript as rows: segments and gaps on one timeline."""

from __future__ import annotations

import bisect
import dataclasses
from typing import Any

from PySide6.QtCore import QAbstractListModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt

from recorder_app.models import Gap, Segment
from recorder_app.ui.formats import clock
from recorder_app.ui.words import WEAK_CONFIDENCE, gap_sentence, speaker_indices

LINE_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One row: a segment or a gap (the other is None)."""

    start_ms: int
    end_ms: int
    segment: Segment | None = None
    gap: Gap | None = None
    speaker: int = 0
    shows_name: bool = True
    weak: tuple[tuple[int, int], ...] = ()
    """Character ranges (start, end) of words the engine doubted."""

    @property
    def as_text(self) -> str:
        """The row as it is copied: 12:41 Mira: Agreed."""
        if self.segment is not None:
            return f"{clock(self.start_ms)} {self.segment.speaker}: {self.segment.text}"
        return f"{clock(self.start_ms)} [{gap_sentence(self.gap)}]" if self.gap is not None else ""


def word_ranges(segment: Segment) -> list[tuple[int, int]]:
    """Return where each word of `segment.words` stands in its text; (0, 0) for one that is not there."""
    ranges, cursor = [], 0
    text = segment.text.casefold()
    for word in segment.words:
        at = text.find(word.text.casefold(), cursor)
        if at < 0 or not word.text:
            ranges.append((0, 0))
            continue
        cursor = at + len(word.text)
        ranges.append((at, cursor))
    return ranges


def lines(segments: tuple[Segment, ...], gaps: tuple[Gap, ...]) -> list[Line]:
    """Merge segments and gaps by time; consecutive segments of one speaker omit the name."""
    speakers = speaker_indices(segments)
    merged: list[Line] = []
    events: list[tuple[int, int, Segment | Gap]] = [(s.start_ms, 1, s) for s in segments]
    events += [(gap.start_ms, 0, gap) for gap in gaps]
    last = None
    for start_ms, _, item in sorted(events, key=lambda event: event[:2]):
        if isinstance(item, Gap):
            merged.append(Line(start_ms, item.end_ms, gap=item))
            last = None
            continue
        weak = tuple(
            place
            for word, place in zip(item.words, word_ranges(item), strict=True)
            if word.confidence is not None and word.confidence < WEAK_CONFIDENCE and place[1]
        )
        merged.append(
            Line(
                start_ms,
                item.end_ms,
                segment=item,
                speaker=speakers[item.speaker],
                shows_name=item.speaker != last,
                weak=weak,
            )
        )
        last = item.speaker
    return merged


class TranscriptModel(QAbstractListModel):
    """Lives in the GUI thread; lines are in order of time."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self._starts: list[int] = []

    def show_lines(self, fresh: list[Line]) -> None:
        if fresh == self.lines:
            return
        self.beginResetModel()
        self.lines = fresh
        self._starts = [line.start_ms for line in fresh]
        self.endResetModel()

    def row_at(self, ms: int) -> int | None:
        """Return the row being spoken at `ms`; the last one before it; None before the first."""
        row = bisect.bisect_right(self._starts, ms) - 1
        return row if row >= 0 else None

    def find(self, text: str) -> list[int]:
        """Return the rows whose words contain `text`, whatever the case."""
        wanted = text.casefold()
        if not wanted:
            return []
        return [
            row
            for row, line in enumerate(self.lines)
            if line.segment is not None and wanted in line.segment.text.casefold()
        ]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's own signature
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self.lines[index.row()]
        if role == LINE_ROLE:
            return line
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return line.as_text
        if role == Qt.ItemDataRole.ToolTipRole and line.weak and line.segment is not None:
            doubted = [
                f"{word.text} {round(word.confidence * 100)} %"
                for word in line.segment.words
                if word.confidence is not None and word.confidence < WEAK_CONFIDENCE
            ]
            return QCoreApplication.translate("transcript", "To check: {words}").format(
                words=", ".join(doubted[:6])
            )
        return None
