"""Tells the far side's voice in the microphone (no headset) from the person's own.

Pure functions on samples and numbers. Without this every far-side sentence is written twice: at -18 dB the
detector still took 6 of 6 leaked turns for speech (reference/speech.md §3).
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recorder_app.speech.base import RATE

FRAME = RATE // 100
"""The envelope has one value each 10 ms."""
REACH_MS = 250
"""How far apart the leak and its source may be: loudspeaker, room and capture latency together."""
OVERLAP = 0.7
CORRELATION = 0.6
LEVEL_DB = 6.0
"""A leak's gain is a property of the room: it stays within this of the recording's typical one."""
SAME_TEXT = 0.8
FEWEST_WORDS = 3
"""Both sides may well say "yes" at once; equal text proves something from here on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Likeness:
    """How much the microphone sounds like the call in one stretch, at the best delay within the reach."""

    correlation: float
    """-1–1, of the two envelopes."""
    gain_db: float
    """Level of the call in the microphone, if all of it were a leak."""


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """What is asked about: a stretch of one side, the words heard there and its likeness to the other."""

    start_ms: int
    end_ms: int
    text: str = ""
    likeness: Likeness | None = None


def likeness(mic: NDArray[np.int16], call: NDArray[np.int16], lead: int) -> Likeness | None:
    """Compare a stretch of the microphone with the call around it, both `(n,) int16` at RATE.

    `lead` says how many samples of the call come before the stretch. None where the call is silent.
    """
    ours, theirs = envelope(mic), envelope(call)
    best: Likeness | None = None
    reach, middle = REACH_MS // 10, lead // FRAME
    for first in range(max(0, middle - reach), middle + reach + 1):
        other = theirs[first : first + len(ours)]
        own = ours[: len(other)]
        found = _compare(own, other) if len(other) >= len(ours) // 2 else None
        if found and (best is None or found.correlation > best.correlation):
            best = found
    return best


def envelope(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """RMS of each 10 ms."""
    whole = len(samples) - len(samples) % FRAME
    frames = samples[:whole].astype(np.float64).reshape(-1, FRAME)
    result: NDArray[np.float64] = np.sqrt((frames**2).mean(axis=1))
    return result


def _compare(own: NDArray[np.float64], other: NDArray[np.float64]) -> Likeness | None:
    own_swing, other_swing = own - own.mean(), other - other.mean()
    power = float((own_swing**2).sum() * (other_swing**2).sum()) ** 0.5
    gain = float((own * other).sum()) / max(1e-9, float((other**2).sum()))
    if power < 1e-6 or gain <= 0:
        return None
    return Likeness(float((own_swing * other_swing).sum()) / power, 20 * float(np.log10(gain)))


def leaked(mic: Sequence[Span], call: Sequence[Span]) -> frozenset[int]:
    """Return the indices of microphone spans that are the call heard through the room.

    A span goes when the call covers most of it and either sound or words say it is the same; talking at
    once keeps both, because then neither the envelope nor the level fits.
    """
    covered = [
        index for index, span in enumerate(mic) if _covered_ms(span, call) >= OVERLAP * _length_ms(span)
    ]
    alike = [index for index in covered if _correlates(mic[index])]
    gains = [found.gain_db for index in alike if (found := mic[index].likeness)]
    typical = float(np.median(gains)) if gains else 0.0
    by_sound = {
        index
        for index in alike
        if (found := mic[index].likeness) and abs(found.gain_db - typical) <= LEVEL_DB
    }
    by_words = {index for index in covered if _says_the_same(mic[index], call)}
    return frozenset(by_sound | by_words)


def _correlates(span: Span) -> bool:
    return span.likeness is not None and span.likeness.correlation >= CORRELATION


def _length_ms(span: Span) -> int:
    return max(1, span.end_ms - span.start_ms)


def _covered_ms(span: Span, others: Sequence[Span]) -> int:
    """How much of a span the others cover, each reaching a little further for the delay."""
    covered, reached = 0, span.start_ms
    for other in sorted(others, key=lambda other: other.start_ms):
        start = max(reached, other.start_ms - REACH_MS)
        end = min(span.end_ms, other.end_ms + REACH_MS)
        if end > start:
            covered += end - start
            reached = end
    return covered


def _says_the_same(span: Span, others: Sequence[Span]) -> bool:
    ours = span.text.split()
    if len(ours) < FEWEST_WORDS:
        return False
    for other in others:
        if other.end_ms + REACH_MS < span.start_ms or other.start_ms - REACH_MS > span.end_ms:
            continue
        matcher = difflib.SequenceMatcher(a=ours, b=other.text.split(), autojunk=False)
        if sum(block.size for block in matcher.get_matching_blocks()) >= SAME_TEXT * len(ours):
            return True
    return False
