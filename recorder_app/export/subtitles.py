"""What subtitle formats share: cues in order, with what is missing and the draft label among them. Pure."""

from __future__ import annotations

import dataclasses
import textwrap

from recorder_app.export.document import DRAFT_WARNING, draft_label, missing, words
from recorder_app.models import RecordingDetail

LINE_LENGTH = 42
"""Characters a line, as broadcasters keep it; longer lines leave small screens."""
NOTICE_MS = 3000
"""How long a notice of ours stays: a pause has no length in the sound."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cue:
    start_ms: int
    end_ms: int
    text: str
    """One line, as it was said."""
    speaker: str = ""
    """Empty: a notice of ours."""


def cues(detail: RecordingDetail) -> list[Cue]:
    """In the order of time, with the segments' own times: a long one is wrapped, never cut by guesswork."""
    recording = detail.recording
    found = [
        Cue(each.start_ms, max(each.end_ms, each.start_ms + 1), words(each.text), words(each.speaker))
        for each in detail.segments
        # A cue without text would end SRT's entry early.
        if words(each.text)
    ]
    found += [
        Cue(gap.start_ms, max(gap.end_ms, gap.start_ms + NOTICE_MS), f"[{missing(gap)}]")
        for gap in recording.gaps
    ]
    if detail.segments and recording.has_draft_transcript:
        draft = " ".join(part for part in ("Draft", draft_label(recording)) if part)
        found.append(Cue(0, NOTICE_MS, f"[{draft}: {DRAFT_WARNING}]"))
    return sorted(found, key=lambda cue: (cue.start_ms, bool(cue.speaker)))


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_LENGTH, break_long_words=False, break_on_hyphens=False) or [text]


def timestamp(ms: int, point: str) -> str:
    """01:02:03.004, with hours always: some players take two fields for hours and minutes."""
    seconds, thousandths = divmod(max(ms, 0), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"
