"""The process that sets a PDF: blocks as JSON on stdin, the file on stdout. No other exporter sees Qt."""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLayout,
)

from recorder_app.export.document import Block, Kind, aside, clock, is_right_to_left

GREY, RUST = "#555555", "#9a3412"
_SIZES = {Kind.TITLE: 20.0, Kind.HEADING: 14.0}
_SPACE = {Kind.TITLE: (0.0, 6.0), Kind.HEADING: (16.0, 4.0), Kind.LINE: (0.0, 6.0), Kind.HOLE: (0.0, 6.0),
          Kind.DRAFT: (0.0, 6.0), Kind.REMARK: (4.0, 4.0)}  # fmt: skip
"""Points above and below."""


def main() -> int:
    request = json.load(sys.stdin)
    QGuiApplication(["recorder"])
    shown = [_block(each) for each in request["blocks"]]
    font = QFont()
    font.setStyleHint(QFont.StyleHint.SansSerif)
    font.setPointSizeF(10.5)
    unknown = without_glyph(font, shown)
    if unknown:
        told = f"No font for these characters on this computer; they are boxes here: {' '.join(unknown[:40])}"
        shown.insert(1, Block(Kind.REMARK, told))
    sys.stdout.buffer.write(set_pages(request["title"], shown, font))
    return 0


def set_pages(title: str, shown: list[Block], font: QFont) -> bytes:
    """A4, numbered pages."""
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setUndoRedoEnabled(False)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    for number, block in enumerate(shown):
        layout = _layout(block)
        if number:
            cursor.insertBlock(layout)
        else:
            cursor.setBlockFormat(layout)
        _insert(cursor, block)
    cursor.endEditBlock()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("Recorder")
    a4, upright = QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait
    writer.setPageLayout(QPageLayout(a4, upright, QMarginsF(0, 0, 0, 0)))
    # Without a page size of its own the document takes the writer's, with margins of 2 cm and page numbers.
    document.print_(writer)
    del writer
    return bytes(buffer.data().data())


def without_glyph(font: QFont, shown: list[Block]) -> list[str]:
    """Characters no font on this computer can draw, in order."""
    used = sorted({character for block in shown for character in f"{block.text}{block.label}"})
    return [each for each in used if unicodedata.category(each)[0] in "LNPS" and not _has_glyph(font, each)]


def _has_glyph(font: QFont, character: str) -> bool:
    layout = QTextLayout(character, font)
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return all(0 not in run.glyphIndexes() for run in layout.glyphRuns())


def _block(fields: dict[str, Any]) -> Block:
    return Block(
        **fields
        | {
            "kind": Kind(fields["kind"]),
            "facts": tuple(fields["facts"]),
            "said_at": tuple(fields["said_at"]),
        }
    )


def _layout(block: Block) -> QTextBlockFormat:
    layout = QTextBlockFormat()
    above, below = _SPACE.get(block.kind, (0.0, 2.0))
    layout.setTopMargin(above)
    layout.setBottomMargin(below)
    if is_right_to_left(block.text):
        layout.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    return layout


def _insert(cursor: QTextCursor, block: Block) -> None:
    at = clock(block.at_ms) if block.at_ms is not None else ""
    color = RUST if block.kind in (Kind.DRAFT, Kind.HOLE) else GREY if block.kind is Kind.FACT else ""
    plain = _format(_SIZES.get(block.kind), color, is_bold=block.kind in _SIZES)
    bold, grey = _format(None, color, is_bold=True), _format(None, GREY)
    match block.kind:
        case Kind.FACT if block.label:
            cursor.insertText(f"{block.label}: ", bold)
        case Kind.ITEM:
            cursor.insertText(f"•  {at} " if at else "•  ", plain)
        case Kind.TASK:
            cursor.insertText("[x]  " if block.is_done else "[  ]  ", plain)
        case Kind.DRAFT:
            cursor.insertText(f"Draft {block.label}: " if block.label else "Draft: ", bold)
        case Kind.LINE:
            cursor.insertText(f"{block.label} ", bold)
            cursor.insertText(f"{at}  ", grey)
        case Kind.HOLE:
            cursor.insertText(f"{at}  ", plain)
        case _:
            pass
    cursor.insertText(block.text, plain)
    behind = " ".join(part for part in (aside(block), block.description) if part)
    if behind:
        cursor.insertText(f" {behind}", grey)


def _format(size: float | None, color: str, *, is_bold: bool = False) -> QTextCharFormat:
    form = QTextCharFormat()
    if size:
        form.setFontPointSize(size)
    if color:
        form.setForeground(QColor(color))
    if is_bold:
        form.setFontWeight(QFont.Weight.Bold)
    return form


if __name__ == "__main__":
    sys.exit(main())
