"""A recording as Markdown: readable as it is, and rendered without surprises.

Everything people said or typed is escaped: a sentence with asterisks stays that sentence.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from recorder_app.export.base import Exporter
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

_INLINE = re.compile(r"[\\`*_\[\]<>&|~$]")
_LINE_START = re.compile(r"^(?:[#+\-=]|\d{1,9}(?=[.)]))")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def to_markdown(detail: RecordingDetail, *, timezone: dt.tzinfo | None = None) -> str:
    """Render a whole recording; times of day in `timezone` (None: this computer's)."""
    recording = detail.recording
    when = recording.started_at.astimezone(timezone)
    sections = [
        [f"# {escape(recording.title) or f'Recording of {when:%Y-%m-%d %H:%M}'}"],
        _facts(detail, when, timezone),
        _summary(recording),
        _tasks(recording.tasks),
        _notes(recording.notes),
        _bookmarks(recording),
        _gaps(recording.gaps),
        _transcript(detail),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


MARKDOWN = Exporter(name="markdown", title="Markdown", suffix=".md", render=to_markdown)


def escape(words: str) -> str:
    """Make one line of Markdown that renders as exactly these words."""
    line = " ".join(_UNSEEN.sub(" ", words).split())
    line = _INLINE.sub(lambda match: "\\" + match.group(), line)
    line = _EMOJI.sub(r"\\:", line)
    found = _LINE_START.match(line)
    if not found:
        return line
    # "1. " would become a list: there it is the dot that is escaped, a digit cannot be.
    mark = found.end() if found.group()[0].isdigit() else 0
    return f"{line[:mark]}\\{line[mark:]}"


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


def _facts(detail: RecordingDetail, when: dt.datetime, timezone: dt.tzinfo | None) -> list[str]:
    recording = detail.recording
    until = f"–{recording.completed_at.astimezone(timezone):%H:%M}" if recording.completed_at else ""
    lines = [f"- When: {when:%Y-%m-%d %H:%M}{until}", f"- Length: {length(recording.duration_ms)}"]
    if recording.participants:
        lines.append("- People: " + ", ".join(escape(name) for name in recording.participants))
    if recording.meeting_url:
        lines.append(f"- Meeting: {escape(recording.meeting_url)}")
    if recording.was_recovered:
        lines.append("- Recovered after an interruption: the last second may be missing")
    reason = recording.error or detail.state.reason
    if reason:
        lines.append(f"- State: {escape(reason)}")
    return lines


def _summary(recording: Recording) -> list[str]:
    if not recording.summary_lines:
        withheld = recording.insights_withheld
        return ["## Summary", "", f"No summary: {escape(withheld)}"] if withheld else []
    lines = [f"- {escape(line.text)}{_said_at(line.evidence, ' ({})')}" for line in recording.summary_lines]
    source = recording.summary_source
    credit = (
        ["", f"Made by a machine ({escape(source)}); each line tells where it was said."] if source else []
    )
    return ["## Summary", "", *lines, *credit]


def _tasks(tasks: Iterable[Task]) -> list[str]:
    lines = []
    for task in tasks:
        facts = [escape(task.assignee)] if task.assignee else []
        facts += [f"due {escape(task.due)}"] if task.due else []
        facts += [_said_at(task.evidence, "said at {}")] if task.evidence else []
        facts += [] if task.is_confirmed or task.is_done else ["possible task, not confirmed"]
        told = f" — {'; '.join(facts)}" if facts else ""
        lines.append(f"- [{'x' if task.is_done else ' '}] {escape(task.title)}{told}")
        if task.description:
            lines.append(f"  {escape(task.description)}")
    return ["## Tasks", "", *lines] if lines else []


def _notes(notes: str) -> list[str]:
    """Keep lines and paragraphs; two spaces at a line's end are Markdown's line break."""
    lines = [escape(line) for line in notes.strip().splitlines()]
    if not any(lines):
        return []
    followers = [*lines[1:], ""]
    broken = [line + ("  " if line and after else "") for line, after in zip(lines, followers, strict=True)]
    return ["## Notes", "", *broken]


def _bookmarks(recording: Recording) -> list[str]:
    lines = [f"- {clock(mark.at_ms)} {escape(mark.note)}".rstrip() for mark in recording.bookmarks]
    return ["## Bookmarks", "", *lines] if lines else []


def _gaps(gaps: Iterable[Gap]) -> list[str]:
    lines = [f"- {clock(gap.start_ms)} {_gap(gap)}" for gap in gaps]
    return ["## Not recorded", "", *lines] if lines else []


def _gap(gap: Gap) -> str:
    missing = max(gap.wall_ms, gap.end_ms - gap.start_ms)
    side = f", {SIDES[gap.track]} only" if gap.track else ""
    return f"{length(missing)} missing ({CAUSES.get(gap.cause, escape(gap.cause))}{side})"


def _transcript(detail: RecordingDetail) -> list[str]:
    recording = detail.recording
    if not detail.segments:
        nothing = "Nothing was said." if recording.is_transcribed else "There is no transcript yet."
        return ["## Transcript", "", nothing]
    lines = ["## Transcript"]
    if recording.has_draft_transcript:
        engine = f" by {escape(recording.engine)}" if recording.engine else ""
        lines += ["", f"**Draft**{engine}: many words are wrong. Listen before you rely on them."]
    entries = [(segment.start_ms, 1, _line(segment)) for segment in detail.segments]
    entries += [(gap.start_ms, 0, f"*({clock(gap.start_ms)}: {_gap(gap)})*") for gap in recording.gaps]
    for _, _, line in sorted(entries):
        lines += ["", line]
    return lines


def _line(segment: Segment) -> str:
    unfinished = "" if segment.is_final else " *(not final)*"
    # The words stand behind "**You** 0:12: ", where nothing can start a list or a heading.
    return f"**{escape(segment.speaker)}** {clock(segment.start_ms)}: {escape(segment.text)}{unfinished}"


def _said_at(evidence: Iterable[int], form: str) -> str:
    times = ", ".join(clock(at) for at in evidence)
    return form.format(times) if times else ""
