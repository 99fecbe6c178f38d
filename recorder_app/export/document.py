"""A recording as blocks that every document format renders: what is told, in which order, in which words.

Pure. Escaping, fonts and layout are the formats' business; nothing here is markup.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Iterable, Sequence

from recorder_app.models import Gap, Recording, RecordingDetail, Segment, Task, Track

CAUSES = {
    "pause": "paused",
    "device_lost": "the device was gone",
    "restarted": "recording was interrupted and restarted",
    "sleep": "the computer slept",
    "overrun": "the computer was too busy",
    "server_lost": "the sound server was gone",
}
SIDES = {Track.MIC: "your side", Track.SYSTEM: "their side"}
RECOVERED = "Recovered after an interruption: the last second may be missing"
DRAFT_WARNING = "many words are wrong. Listen before you rely on them."

# What no file format takes: control characters, halves of characters.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class Kind(enum.Enum):
    TITLE = "title"
    HEADING = "heading"
    FACT = "fact"
    ITEM = "item"
    """A point of a list, perhaps with where it was said."""
    TASK = "task"
    NOTE = "note"
    """A line the person typed; may be empty."""
    REMARK = "remark"
    """What we say about the recording, not what people said."""
    DRAFT = "draft"
    LINE = "line"
    """Somebody speaks."""
    HOLE = "hole"
    """Something is missing here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    text: str
    label: str = ""
    """Of a fact (may be empty), who speaks, or who wrote the draft ("by pocketsphinx")."""
    at_ms: int | None = None
    facts: tuple[str, ...] = ()
    """Of a task: who, until when."""
    said_at: tuple[int, ...] = ()
    remark: str = ""
    """Ours, behind the text: "not final"."""
    description: str = ""
    is_done: bool = False


def blocks(detail: RecordingDetail, *, timezone: dt.tzinfo | None = None) -> list[Block]:
    """The whole recording; times of day in `timezone` (None: this computer's)."""
    recording = detail.recording
    return [
        Block(Kind.TITLE, title(recording, timezone=timezone)),
        *_facts(detail, timezone),
        *_summary(recording),
        *_tasks(recording.tasks),
        *_notes(recording.notes),
        *_under(
            "Bookmarks",
            [Block(Kind.ITEM, words(mark.note), at_ms=mark.at_ms) for mark in recording.bookmarks],
        ),
        *_under(
            "Not recorded", [Block(Kind.ITEM, missing(gap), at_ms=gap.start_ms) for gap in recording.gaps]
        ),
        *_transcript(detail),
    ]


def title(recording: Recording, *, timezone: dt.tzinfo | None = None) -> str:
    when = recording.started_at.astimezone(timezone)
    return words(recording.title) or f"Recording of {when:%Y-%m-%d %H:%M}"


def words(text: str) -> str:
    """One line without control characters."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def clock(ms: int) -> str:
    """Media time as a player shows it: 0:07, 12:41, 1:02:03."""
    minutes, seconds = divmod(max(ms, 0) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def length(ms: int) -> str:
    """A length as people say it: 38 s, 42 min, 1 h 5 min."""
    seconds = round(ms / 1000)
    if seconds < 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def missing(gap: Gap) -> str:
    """What a gap means, in words."""
    side = f", {SIDES[gap.track]} only" if gap.track else ""
    lost_ms = max(gap.wall_ms, gap.end_ms - gap.start_ms)
    return f"{length(lost_ms)} missing ({CAUSES.get(gap.cause, words(gap.cause))}{side})"


def is_right_to_left(text: str) -> bool:
    """The direction of the first letter that has one."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((one for one in directions if one in ("L", "R", "AL")), "L") != "L"


def aside(block: Block) -> str:
    """What stands behind a block's text, in brackets of its own; empty when there is nothing to add."""
    times = ", ".join(clock(at) for at in block.said_at)
    facts = list(block.facts)
    if times:
        facts.append(f"said at {times}" if block.kind is Kind.TASK else times)
    if block.remark:
        facts.append(block.remark)
    return f"({'; '.join(facts)})" if facts else ""


def spoken(segments: Iterable[Segment], gaps: Iterable[Gap]) -> list[Block]:
    """Lines and holes in the order of time; a hole before the line that begins with it."""
    entries = [
        (
            segment.start_ms,
            1,
            Block(
                Kind.LINE,
                words(segment.text),
                label=words(segment.speaker),
                at_ms=segment.start_ms,
                remark="" if segment.is_final else "not final",
            ),
        )
        for segment in segments
    ]
    entries += [(gap.start_ms, 0, Block(Kind.HOLE, missing(gap), at_ms=gap.start_ms)) for gap in gaps]
    return [block for _, _, block in sorted(entries, key=lambda entry: entry[:2])]


def draft_label(recording: Recording) -> str:
    """Who wrote the draft: "by pocketsphinx", or nothing. Empty too for an accurate transcript."""
    engine = words(recording.engine or "")
    return f"by {engine}" if engine and recording.has_draft_transcript else ""


def file_name(detail: RecordingDetail, suffix: str, *, timezone: dt.tzinfo | None = None) -> str:
    """A name any file system takes: the day and the title."""
    recording = detail.recording
    day = f"{recording.started_at.astimezone(timezone):%Y-%m-%d}"
    safe = words(re.sub(r'[\\/:*?"<>|]', " ", recording.title)).strip(". ")
    cut = safe.encode()[:120].decode("utf-8", "ignore").strip(". ")
    return f"{day} {cut or 'Recording'}{suffix}"


def _under(heading: str, lines: Sequence[Block]) -> list[Block]:
    return [Block(Kind.HEADING, heading), *lines] if lines else []


def _facts(detail: RecordingDetail, timezone: dt.tzinfo | None) -> list[Block]:
    recording = detail.recording
    when = recording.started_at.astimezone(timezone)
    until = f"–{recording.completed_at.astimezone(timezone):%H:%M}" if recording.completed_at else ""
    people = ", ".join(words(name) for name in recording.participants)
    facts = [
        ("When", f"{when:%Y-%m-%d %H:%M}{until}"),
        ("Length", length(recording.duration_ms)),
        ("People", people),
        ("Meeting", words(recording.meeting_url or "")),
        ("", RECOVERED if recording.was_recovered else ""),
        ("State", words(recording.error or detail.state.reason or "")),
    ]  # fmt: skip
    return [Block(Kind.FACT, text, label=label) for label, text in facts if text]


def _summary(recording: Recording) -> list[Block]:
    if not recording.summary_lines:
        withheld = words(recording.insights_withheld or "")
        return _under("Summary", [Block(Kind.REMARK, f"No summary: {withheld}")] if withheld else [])
    lines = [Block(Kind.ITEM, words(line.text), said_at=line.evidence) for line in recording.summary_lines]
    source = words(recording.summary_source or "")
    credit = f"Made by a machine ({source}); each line tells where it was said."
    return _under("Summary", [*lines, *([Block(Kind.REMARK, credit)] if source else [])])


def _tasks(tasks: Iterable[Task]) -> list[Block]:
    lines = [
        Block(
            Kind.TASK,
            words(task.title),
            facts=_facts_of(task),
            said_at=task.evidence,
            remark="" if task.is_confirmed or task.is_done else "possible task, not confirmed",
            description=words(task.description),
            is_done=task.is_done,
        )
        for task in tasks
    ]
    return _under("Tasks", lines)


def _facts_of(task: Task) -> tuple[str, ...]:
    who = (words(task.assignee),) if task.assignee else ()
    return (*who, f"due {words(task.due)}") if task.due else who


def _notes(notes: str) -> list[Block]:
    lines = [Block(Kind.NOTE, words(line)) for line in notes.strip().splitlines()]
    return _under("Notes", lines if any(line.text for line in lines) else [])


def _transcript(detail: RecordingDetail) -> list[Block]:
    recording = detail.recording
    if not detail.segments:
        nothing = "Nothing was said." if recording.is_transcribed else "There is no transcript yet."
        return _under("Transcript", [Block(Kind.REMARK, nothing)])
    draft = [Block(Kind.DRAFT, DRAFT_WARNING, label=draft_label(recording))]
    lines = spoken(detail.segments, recording.gaps)
    return _under("Transcript", [*(draft if recording.has_draft_transcript else []), *lines])
