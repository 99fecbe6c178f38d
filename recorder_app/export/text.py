"""A recording as plain text: for a message, a diff, a screen reader."""

from __future__ import annotations

from recorder_app.export.base import Exporter
from recorder_app.export.document import Block, Kind, aside, blocks, clock
from recorder_app.models import RecordingDetail

_APART = {Kind.HEADING, Kind.TITLE, Kind.DRAFT, Kind.REMARK}
"""Blocks with an empty line before and after them."""


def to_text(detail: RecordingDetail) -> str:
    lines: list[str] = []
    before: Kind | None = None
    for block in blocks(detail):
        if before is not None and (before in _APART or block.kind in _APART):
            lines.append("")
        lines.append(line(block))
        before = block.kind
    return "\n".join(lines) + "\n"


def line(block: Block) -> str:
    """One block in one line (a task with a description in two)."""
    at = clock(block.at_ms) if block.at_ms is not None else ""
    told = " ".join(part for part in (block.text, aside(block)) if part)
    match block.kind:
        case Kind.HEADING:
            return block.text.upper()
        case Kind.FACT:
            return f"{block.label}: {told}" if block.label else told
        case Kind.ITEM:
            return " ".join(part for part in ("-", at, told) if part)
        case Kind.TASK:
            description = f"\n      {block.description}" if block.description else ""
            return f"[{'x' if block.is_done else ' '}] {told}{description}"
        case Kind.DRAFT:
            return f"Draft{f' {block.label}' if block.label else ''}: {block.text}"
        case Kind.LINE:
            return f"{at} {block.label}: {told}"
        case Kind.HOLE:
            return f"{at} [{block.text}]"
        case Kind.TITLE | Kind.NOTE | Kind.REMARK:
            return told


TEXT = Exporter(
    name="text",
    title="Plain text",
    suffix=".txt",
    media_type="text/plain",
    render=lambda detail: to_text(detail).encode(),
)
