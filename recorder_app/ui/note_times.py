"""Notes with a time before each line, as text and apart. Pure; a round trip changes nothing."""

from __future__ import annotations

import dataclasses
import re

from recorder_app.ui.formats import clock

_STAMP = re.compile(r"^((?:\d+:)?\d\d:\d\d) ")


@dataclasses.dataclass(frozen=True, slots=True)
class NoteLine:
    text: str
    at_s: int | None = None
    """Second of the recording at which it was begun; None when nobody knows."""


def parse(notes: str) -> list[NoteLine]:
    """Take the times off the lines: "12:41 Ask Priya" → ("Ask Priya", 761)."""
    return [_parse_line(line) for line in notes.split("\n")]


def join(lines: list[NoteLine]) -> str:
    """Put the times back."""
    return "\n".join(
        line.text if line.at_s is None else f"{clock(line.at_s * 1000)} {line.text}" for line in lines
    )


def _parse_line(line: str) -> NoteLine:
    match = _STAMP.match(line)
    if match:
        seconds = 0
        for part in match[1].split(":"):
            seconds = seconds * 60 + int(part)
        if clock(seconds * 1000) == match[1]:
            # Only what we would write ourselves: "9:05 tea" or "00:75 x" stay words.
            return NoteLine(line[match.end() :], seconds)
    return NoteLine(line)
