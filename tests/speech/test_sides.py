"""Two tracks become one transcript whose timestamps are identities."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from recorder_app.models import Track, Word
from recorder_app.speech.base import Heard
from recorder_app.speech.bleed import Likeness
from recorder_app.speech.protocol import HeardUtterance, Request
from recorder_app.speech.sides import merge

NAMES = {Track.MIC: "Maya", Track.SYSTEM: "Them"}


def utterance(track: Track, start_ms: int, end_ms: int, text: str, likeness: Likeness | None = None):
    words = tuple(
        Word(start_ms + n * 10, start_ms + n * 10 + 9, word, 0.5) for n, word in enumerate(text.split())
    )
    return HeardUtterance(track, start_ms, end_ms, (Heard(start_ms, end_ms, text, 0.5, words),), likeness)


def test_lines_are_ordered_by_time_and_named_by_side():
    segments = merge(
        [
            utterance(Track.MIC, 5000, 6000, "fine"),
            utterance(Track.MIC, 100, 900, "hello"),
            utterance(Track.SYSTEM, 2000, 3000, "how are you"),
        ],
        NAMES,
    )

    assert [(one.speaker, one.track, one.text) for one in segments] == [
        ("Maya", Track.MIC, "hello"),
        ("Them", Track.SYSTEM, "how are you"),
        ("Maya", Track.MIC, "fine"),
    ]
    assert all(one.is_final and one.confidence == 0.5 for one in segments)
    assert [word.text for word in segments[1].words] == ["how", "are", "you"]


def test_two_lines_that_start_together_get_different_timestamps():
    segments = merge([utterance(Track.SYSTEM, 700, 900, "yes"), utterance(Track.MIC, 700, 900, "no")], NAMES)

    assert [one.start_ms for one in segments] == [700, 701]


@given(st.lists(st.tuples(st.sampled_from(list(Track)), st.integers(0, 50), st.integers(0, 30)), max_size=40))
def test_timestamps_are_unique_integers_and_strictly_increase(times):
    segments = merge(
        [utterance(track, start, start + length, "x y") for track, start, length in times], NAMES
    )

    starts = [one.start_ms for one in segments]
    assert len(segments) == len(times)
    assert all(before < after for before, after in itertools.pairwise(starts))
    assert all(type(one.start_ms) is int and one.start_ms < one.end_ms for one in segments)


def test_what_the_microphone_overheard_is_left_out():
    call = utterance(Track.SYSTEM, 1000, 4000, "the new building is ready")
    overheard = utterance(Track.MIC, 1020, 4000, "the new bidding is red", Likeness(0.97, -18.0))
    own = utterance(Track.MIC, 6000, 7000, "good to hear", Likeness(0.1, -3.0))

    segments = merge([call, overheard, own], NAMES)

    assert [one.text for one in segments] == ["the new building is ready", "good to hear"]


def test_an_utterance_without_words_makes_no_line():
    assert merge([HeardUtterance(Track.MIC, 0, 900)], NAMES) == ()


def test_utterances_and_requests_survive_the_pipe():
    import json

    one = utterance(Track.MIC, 1, 2000, "a b", Likeness(0.5, -3.5))
    request = Request("/a/b.ogg", "auto", {Track.MIC: 5}, (Track.SYSTEM,))

    assert HeardUtterance.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request
