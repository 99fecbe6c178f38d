"""The engine that needs no download: pocketsphinx with the US English model in its wheel. Draft quality.

Runs only inside the worker process. Never judges whether there is speech at all: the gate does.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recorder_app.errors import MissingDependencyError
from recorder_app.models import Word
from recorder_app.speech.base import RATE, EngineInfo, Heard

FRAME_MS = 10
SINGLE_WORD_FLOOR = 0.5
"""A cough that passed the gate comes out as one unsure word; of such words a third are wrong (§2.1)."""
SEGMENT_FLOOR = 0.2
"""Words this unsure on average are wrong as often as right: better nothing than noise in words."""

_ALTERNATIVE = re.compile(r"\(\d+\)$")
_NO_WORD = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")


class PocketsphinxEngine:
    """One decoder, one thread. Word posteriors come from its lattice: real, so they are shown."""

    info = EngineInfo(
        id="pocketsphinx",
        title="PocketSphinx (English, draft)",
        is_draft=True,
        languages=("en",),
        has_word_times=True,
        has_confidence=True,
    )

    def __init__(self) -> None:
        self._decoder: Any = None

    def probe(self) -> str | None:
        if importlib.util.find_spec("pocketsphinx") is None:
            return "PocketSphinx is not installed"
        return None

    def load(self) -> None:
        try:
            from pocketsphinx import Decoder

            self._decoder = Decoder(loglevel="FATAL")
        except (ImportError, RuntimeError, OSError) as error:
            raise MissingDependencyError(
                "The bundled speech engine does not load",
                detail=str(error),
                hint="Install pocketsphinx again",
            ) from error

    def transcribe(self, samples: NDArray[np.int16]) -> Iterator[Heard]:
        if len(samples) < RATE // 10:
            return
        self._decoder.start_utt()
        # The whole utterance at once: its loudness is then normalised by itself, not by its predecessors.
        self._decoder.process_raw(samples.astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        pieces = self._decoder.seg() or ()
        heard = to_heard((piece.word, piece.start_frame, piece.end_frame, piece.prob) for piece in pieces)
        if heard:
            yield heard


def _written(word: str) -> str:
    """A dictionary entry as a person writes it: "the(2)" → "the", "i'll" → "I'll"."""
    word = _ALTERNATIVE.sub("", word)
    return word.capitalize() if word == "i" or word.startswith("i'") else word


def to_heard(pieces: Iterable[tuple[str, int, int, float]]) -> Heard | None:
    """Turn (word, first frame, last frame, posterior) into one utterance; None when nothing worth saying."""
    words = tuple(
        Word(
            start_ms=first * FRAME_MS,
            end_ms=(last + 1) * FRAME_MS,
            text=_written(word),
            # Log arithmetic in steps of 1.0001 gives 1.0001 for certainty.
            confidence=round(min(1.0, max(0.0, posterior)), 3),
        )
        for word, first, last, posterior in pieces
        if not _NO_WORD.match(word)
    )
    if not words:
        return None
    confidence = sum(word.confidence or 0.0 for word in words) / len(words)
    if confidence < SEGMENT_FLOOR or (len(words) == 1 and confidence < SINGLE_WORD_FLOOR):
        return None
    return Heard(
        start_ms=words[0].start_ms,
        end_ms=words[-1].end_ms,
        text=" ".join(word.text for word in words),
        confidence=round(confidence, 3),
        words=words,
    )
