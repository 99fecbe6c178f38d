"""Two tracks of utterances into one transcript: who said what, in order, each line only once.

Pure. `start_ms` comes out unique and strictly increasing over both tracks: it is a segment's identity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recorder_app.models import Segment, Track
from recorder_app.speech.base import Heard
from recorder_app.speech.bleed import Span, leaked
from recorder_app.speech.protocol import HeardUtterance


def merge(utterances: Sequence[HeardUtterance], speakers: Mapping[Track, str]) -> tuple[Segment, ...]:
    """Order what was heard by time, without what the microphone only overheard."""
    mic = [one for one in utterances if one.track is Track.MIC]
    call = [one for one in utterances if one.track is Track.SYSTEM]
    dropped = leaked([_span(one) for one in mic], [_span(one) for one in call])
    kept = [one for index, one in enumerate(mic) if index not in dropped] + call
    lines = [(heard, one.track) for one in kept for heard in one.heard]
    lines.sort(key=lambda line: (line[0].start_ms, line[0].end_ms, line[1]))
    segments: list[Segment] = []
    previous_ms = -1
    for heard, track in lines:
        start_ms = max(heard.start_ms, previous_ms + 1)
        segments.append(_segment(heard, track, start_ms, speakers[track]))
        previous_ms = start_ms
    return tuple(segments)


def _span(utterance: HeardUtterance) -> Span:
    return Span(
        start_ms=utterance.start_ms,
        end_ms=utterance.end_ms,
        text=" ".join(heard.text for heard in utterance.heard),
        likeness=utterance.likeness,
    )


def _segment(heard: Heard, track: Track, start_ms: int, speaker: str) -> Segment:
    return Segment(
        start_ms=start_ms,
        end_ms=max(heard.end_ms, start_ms + 1),
        text=heard.text,
        speaker=speaker,
        confidence=heard.confidence,
        track=track,
        is_final=True,
        words=heard.words,
    )
