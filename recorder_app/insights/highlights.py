"""Chooses the few lines of a meeting worth reading again. Quotes them; writes nothing of its own. Pure."""

from __future__ import annotations

import collections
import math
import re
from collections.abc import Iterator, Sequence

from recorder_app.insights import lexicon
from recorder_app.models import Segment, SummaryLine

WORDS_A_LINE = 40
"""One highlight for about so many words of meeting, between FEWEST and MOST."""
FEWEST, MOST = 2, 7
SHORTEST, LONGEST = 6, 45
"""Words of a sentence that can stand alone."""

_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_CUES: tuple[tuple[float, str], ...] = (
    (3.0, r"\b(?:we|they|i)(?:'ve| have)? (?:decided|agreed)\b"),
    (3.0, r"\bthe (?:decision|plan) is\b|\blet's decide\b"),
    (2.0, r"\b(?:problem|risk|blocked|stuck|wrong|missing|broken|delay(?:ed)?|incident|failed)\b"),
    (2.0, r"\b(?:want to (?:talk|go) (?:about|through)|the (?:goal|point|reason) (?:is|of)|main)\b"),
    (1.5, r"\b(?:important|deadline|launch|ready|finished|done|needs?|result|budget|price)\b"),
    (1.0, rf"\b(?:{_MONTH}|percent|million|thousand|hundred|week|month)\b|\d"),
    (-2.0, r"\b(?:hear me|see my screen|how was|weekend|nice day|take care|goodbye|see you|thanks?)\b"),
    (-1.5, r"^(?:do|does|did|is|are|was|were|can|could|would|will|how|what|who|when|where|why|should)\b|\?"),
)
"""What makes a sentence worth keeping (or not), with how much."""
_CUE_PATTERNS = tuple((weight, re.compile(pattern, re.IGNORECASE)) for weight, pattern in _CUES)
_OPENING = re.compile(
    r"^(?:(?:okay|ok|so|well|right|great|yes|yeah|and|but|um|uh|oh|now|perfect|good|alright|hello|hi|morning"
    r"|good morning|of course|me too|by the way)\b[\s,.!]*)+",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
_WORD = re.compile(r"[\w']+")


def choose(segments: Sequence[Segment], taken: frozenset[int]) -> tuple[SummaryLine, ...]:
    """Return the best sentences in the order they were said; segments that became tasks are `taken`."""
    total = sum(len(one.text.split()) for one in segments)
    wanted = min(MOST, max(FEWEST, round(total / WORDS_A_LINE)))
    weights = _weights(segments)
    rated = [
        (_score(sentence, weights), index, position, sentence)
        for index, one in enumerate(segments)
        if index not in taken
        for position, sentence in enumerate(_sentences(one.text))
        if SHORTEST <= len(sentence.split()) <= LONGEST
    ]
    best = sorted((row for row in rated if row[0] > 0), key=lambda row: (-row[0], row[1]))[:wanted]
    best.sort(key=lambda row: (row[1], row[2]))
    return tuple(
        SummaryLine(_as_line(sentence), (segments[index].start_ms,)) for _, index, _, sentence in best
    )


def _sentences(text: str) -> Iterator[str]:
    """Split clean text; a segment without punctuation is one sentence (the gate cut it at a pause)."""
    for sentence in _SENTENCE_END.split(text.strip()):
        if stripped := _OPENING.sub("", sentence).strip():
            yield stripped


def _weights(segments: Sequence[Segment]) -> dict[str, float]:
    """How much a word is a topic of this meeting: said several times, but not everywhere."""
    counts: collections.Counter[str] = collections.Counter()
    for one in segments:
        counts.update(_topics(one.text))
    return {word: math.log1p(count - 1) for word, count in counts.items() if count > 1}


def _topics(text: str) -> set[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return {word for word in words if len(word) > 3 and word not in lexicon.EMPTY and word not in _COMMON}


def _score(sentence: str, weights: dict[str, float]) -> float:
    cues = sum(weight for weight, pattern in _CUE_PATTERNS if pattern.search(sentence))
    return cues + sum(weights.get(word, 0.0) for word in _topics(sentence))


def _as_line(sentence: str) -> str:
    line = re.sub(r"\bi(?=\b)", "I", sentence)
    line = line[:1].upper() + line[1:]
    return line if line[-1] in ".?!" else line + "."


_COMMON = frozenset(
    # A word list reads as a paragraph, not as quoted strings.
    """
    think know like going want need good great thing things people really much more most other because that's
    where when what which while should little still even than then them they said says want make made going
    """.split()  # noqa: SIM905
)
