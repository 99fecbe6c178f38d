"""A recording as Markdown: readable as it is, and rendered without surprises.

Everything people said or typed is escaped: a sentence with asterisks stays that sentence.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from recorder_app.export.base import Exporter
from recorder_app.export.document import (
    DRAFT_WARNING,
    Block,
    Kind,
    blocks,
    clock,
    draft_label,
    spoken,
    title,
    words,
)
from recorder_app.models import RecordingDetail, Segment

_INLINE = re.compile(r"[\\`*_\[\]<>&|~$]")
_LINE_START = re.compile(r"^(?:[#+\-=]|\d{1,9}(?=[.)]))")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_TIGHT = {Kind.FACT, Kind.ITEM, Kind.TASK}
"""Blocks of one kind that follow each other without an empty line."""


def to_markdown(
    detail: RecordingDetail,
    *,
    timezone: dt.tzinfo | None = None,
    segments: Sequence[Segment] | None = None,
) -> str:
    """Render a whole recording, or only some lines of it as one quotes them: with title, day and label.

    Times of day are in `timezone` (None: this computer's).
    """
    if segments is not None:
        return _selection(detail, segments, timezone)
    return _text(blocks(detail, timezone=timezone))


MARKDOWN = Exporter(
    name="markdown",
    title="Markdown",
    suffix=".md",
    media_type="text/markdown",
    render=lambda detail: to_markdown(detail).encode(),
)


def escape(text: str) -> str:
    """Make one line of Markdown that renders as exactly these words."""
    line = words(text)
    line = _INLINE.sub(lambda match: "\\" + match.group(), line)
    line = _EMOJI.sub(r"\\:", line)
    found = _LINE_START.match(line)
    if not found:
        return line
    # "1. " would become a list: there it is the dot that is escaped, a digit cannot be.
    mark = found.end() if found.group()[0].isdigit() else 0
    return f"{line[:mark]}\\{line[mark:]}"


def _selection(detail: RecordingDetail, segments: Sequence[Segment], timezone: dt.tzinfo | None) -> str:
    recording = detail.recording
    if not segments:
        return ""
    first, last = min(each.start_ms for each in segments), max(each.end_ms for each in segments)
    day = f"{recording.started_at.astimezone(timezone):%Y-%m-%d}"
    name = escape(title(recording, timezone=timezone))
    lines = [f"**{name}**, {day}, {clock(first)}–{clock(last)}"]
    if recording.has_draft_transcript:
        lines.append(_line(Block(Kind.DRAFT, DRAFT_WARNING, label=draft_label(recording))))
    within = [gap for gap in recording.gaps if first <= gap.start_ms < last]
    return "\n\n".join([*lines, *(_line(block) for block in spoken(segments, within))]) + "\n"


def _text(all_blocks: Sequence[Block]) -> str:
    lines: list[str] = []
    before: Block | None = None
    for block in all_blocks:
        is_same = before is not None and before.kind is block.kind
        if before is not None and not (is_same and (block.kind in _TIGHT or block.kind is Kind.NOTE)):
            lines.append("")
        if is_same and block.kind is Kind.NOTE and lines[-1] and block.text:
            lines[-1] += "  "  # Markdown's line break
        lines.append(_line(block))
        before = block
    return "\n".join(lines) + "\n"


def _line(block: Block) -> str:
    text = escape(block.text)
    at = clock(block.at_ms) if block.at_ms is not None else ""
    match block.kind:
        case Kind.TITLE:
            return f"# {text}"
        case Kind.HEADING:
            return f"## {text}"
        case Kind.FACT:
            return f"- {block.label}: {text}" if block.label else f"- {text}"
        case Kind.ITEM:
            times = f"({', '.join(map(clock, block.said_at))})" if block.said_at else ""
            return " ".join(part for part in ("-", at, text, times) if part)
        case Kind.TASK:
            return _task(block, text)
        case Kind.DRAFT:
            return f"**Draft**{f' {escape(block.label)}' if block.label else ''}: {text}"
        case Kind.LINE:
            unfinished = f" *({block.remark})*" if block.remark else ""
            # The words stand behind "**You** 0:12: ", where nothing can start a list or a heading.
            return f"**{escape(block.label)}** {at}: {text}{unfinished}"
        case Kind.HOLE:
            return f"*({at}: {text})*"
        case Kind.NOTE | Kind.REMARK:
            return text


def _task(block: Block, text: str) -> str:
    facts = [escape(fact) for fact in block.facts]
    facts += [f"said at {', '.join(map(clock, block.said_at))}"] if block.said_at else []
    facts += [block.remark] if block.remark else []
    told = f" — {'; '.join(facts)}" if facts else ""
    description = f"\n  {escape(block.description)}" if block.description else ""
    return f"- [{'x' if block.is_done else ' '}] {text}{told}{description}"
