"""The seam of speech engines. Engines run only inside the worker process.

A new engine is one file with a class like `Engine`, and its name in `speech/engines.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recorder_app.models import Word

RATE = 16_000
"""Samples a second that every engine and the VAD work on."""


@dataclasses.dataclass(frozen=True, slots=True)
class EngineInfo:
    id: str
    title: str
    is_draft: bool
    """True when its words need checking; shown as "Draft transcript"."""
    languages: tuple[str, ...]
    has_word_times: bool
    has_confidence: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One utterance as an engine heard it; times in ms from the start of the given samples."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None
    words: tuple[Word, ...] = ()


class Engine(Protocol):
    info: EngineInfo

    def probe(self) -> str | None:
        """None when usable here, else the reason in one sentence."""

    def load(self) -> None: ...

    def transcribe(self, samples: NDArray[np.int16]) -> Iterator[Heard]:
        """Hear one utterance: `(n,) int16` mono at RATE, at most 15 s long. Yields nothing for no speech."""
