"""Who takes it on: a request and the answer to it are read together. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence

from recorder_app.models import Segment

ANSWER_WITHIN = 2
"""Segments after a request in which the other side must answer."""
ANSWER_WITHIN_MS = 20_000

_YES = re.compile(
    r"""^\W*(?:(?:oh|well|um|uh|ah|right|great|perfect)\W+)?(?:
      yes|yeah|yep|yup|sure|okay|ok|alright|all\ right|of\ course|certainly|absolutely|definitely|no\ problem
    | will\ do|on\ it|fine|happy\ to|gladly|my\ pleasure|not\ at\ all|good\ (?:point|idea)|i\ will|i'll
    | i\ can\ do\ (?:that|it)|i'm\ on\ it|consider\ it\ done|done|got\ it|noted|agreed|sounds\ good
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NO = re.compile(
    r"""^\W*(?:(?:oh|well|um|uh|sorry|i'm\ sorry|unfortunately|yes\ but|yeah\ but)\W+)*(?:
      no(?!\ problem)(?!\ worries)|nope|not\ (?:yet|now|really|today)
    | i\ (?:can't|cannot|can\ not|won't|will\ not|don't|do\ not)
    | i'm\ (?:not|afraid)|i\ am\ (?:not|afraid)|that's\ not\ possible|unfortunately
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_TAKES_ON = re.compile(
    r"\b(?:i'll|i\s+will|i\s+can|let\s+me|leave\s+(?:it|that)\s+to\s+me|will\s+do|on\s+it|me\b)",
    re.IGNORECASE,
)


class Answer(enum.Enum):
    YES = "yes"
    TAKEN = "taken"
    """Yes, and in words of doing: "I will", "I can do that"."""
    NO = "no"
    OTHER = "other"


def judge(text: str) -> Answer:
    """Tell what a turn right after a request says to it."""
    text = text.replace("’", "'")
    if _NO.match(text):
        return Answer.NO
    takes_on = bool(_TAKES_ON.search(text))
    if _YES.match(text):
        return Answer.TAKEN if takes_on else Answer.YES
    return Answer.OTHER


def answer_to(segments: Sequence[Segment], index: int) -> int | None:
    """Return the index of the other side's next turn, None when it comes too late to be an answer."""
    asked = segments[index]
    for later in range(index + 1, min(len(segments), index + 1 + ANSWER_WITHIN)):
        answer = segments[later]
        if answer.speaker != asked.speaker:
            return later if answer.start_ms - asked.end_ms <= ANSWER_WITHIN_MS else None
    return None
