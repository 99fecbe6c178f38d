"""Where utterances begin and end; how blocks arrive makes no difference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_app.media.decode import read_pcm
from recorder_app.speech import vad
from recorder_app.speech.base import RATE
from tests.speech.conftest import SAMPLE, TRUTH


def loudness(chunk: np.ndarray) -> float:
    """A judge for made-up tracks: sound is speech, zero is not."""
    return 1.0 if chunk.any() else 0.0


def track(*parts: tuple[float, int]) -> np.ndarray:
    """(seconds, value) stretches as int16."""
    return np.concatenate([np.full(round(seconds * RATE), value, np.int16) for seconds, value in parts])


def spans(samples: np.ndarray) -> list[tuple[int, int]]:
    return [(one.start_ms, one.end_ms) for one in vad.utterances([samples], loudness)]


def test_half_a_second_of_silence_ends_an_utterance():
    samples = track((1, 0), (2, 500), (0.3, 0), (1, 500), (0.8, 0), (1, 500), (1, 0))

    assert len(spans(samples)) == 2


def test_an_utterance_carries_its_padding_and_its_own_samples():
    samples = track((1, 0), (1, 500), (1, 0))
    (utterance,) = vad.utterances([samples], loudness)

    assert 1000 - utterance.start_ms == pytest.approx(150, abs=35)
    assert utterance.end_ms - 2000 == pytest.approx(150, abs=35)
    start = utterance.start_ms * RATE // 1000
    assert np.array_equal(utterance.samples, samples[start : start + len(utterance.samples)])


def test_a_click_is_too_short_to_be_said():
    assert spans(track((1, 0), (0.15, 500), (1, 0))) == []


def test_a_talk_without_a_pause_is_cut_before_the_cap_and_nothing_is_lost():
    found = list(vad.utterances([track((40, 500), (1, 0))], loudness))

    assert len(found) >= 3
    assert all(len(one.samples) <= (vad.CAP_S + 0.2) * RATE for one in found)
    assert all(
        after.start_ms == pytest.approx(before.end_ms, abs=1) for before, after in itertools.pairwise(found)
    )
    assert sum(int(one.samples.astype(bool).sum()) for one in found) == 40 * RATE


def test_speech_at_the_very_end_is_kept():
    assert spans(track((1, 0), (1, 500)))[0][1] == pytest.approx(2000, abs=35)


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.tuples(st.floats(0.05, 3), st.sampled_from([0, 500])), min_size=1, max_size=8),
    sizes=st.lists(st.integers(1, 9000), min_size=1, max_size=5),
)
def test_utterances_are_ordered_apart_and_independent_of_block_sizes(parts, sizes):
    samples = track(*parts)
    blocks, at = [], 0
    while at < len(samples):
        size = sizes[len(blocks) % len(sizes)]
        blocks.append(samples[at : at + size])
        at += size

    found = list(vad.utterances(blocks, loudness))

    assert [(one.start_ms, one.end_ms) for one in found] == spans(samples)
    assert all(before.end_ms <= after.start_ms + 1 for before, after in itertools.pairwise(found))
    assert all(len(one.samples) >= vad.SHORTEST_S * RATE for one in found)


def test_the_real_detector_finds_the_turns_of_the_sample():
    blocks = read_pcm(SAMPLE / "meeting.ogg", rate=RATE, channel=1)
    positions = []

    found = list(vad.utterances(blocks, vad.load_judge(), positions.append))

    turns = [turn for turn in TRUTH if turn["speaker"] == "them"]
    assert len(found) == len(turns)
    for utterance, turn in zip(found, turns, strict=True):
        assert utterance.start_ms == pytest.approx(turn["start_ms"], abs=350)
        assert utterance.end_ms == pytest.approx(turn["end_ms"], abs=350)
    assert positions == sorted(positions)
    assert positions[-1] > TRUTH[-1]["end_ms"]
