"""The far side in the microphone is written once; people talking at once are both kept."""

from __future__ import annotations

import difflib

import jiwer
import numpy as np
import pytest

from recorder_app.speech.base import RATE
from recorder_app.speech.bleed import Likeness, Span, leaked, likeness
from tests.support import speak
from tests.support.speak import write_ogg

LEAK = Likeness(0.95, -18.0)
CALL = [Span(1000, 4000, "the new building is ready")]


def babble(seed: int, seconds: float = 3.0) -> np.ndarray:
    """Noise with the rhythm of syllables; another seed is another sentence."""
    noise = np.random.default_rng(seed)
    count = round(seconds * RATE)
    syllables = np.repeat(noise.uniform(0, 1, round(seconds * 8) + 1) ** 2, RATE // 8)[:count]
    return (noise.normal(0, 4000, count) * syllables).astype(np.int16)


@pytest.mark.parametrize("level_db", [-6, -18, -30])
@pytest.mark.parametrize("delay_ms", [-100, 0, 40, 200])
def test_a_leak_is_measured_whatever_its_delay_and_level(level_db, delay_ms):
    lead = RATE // 4
    call = np.concatenate([np.zeros(lead, np.int16), babble(1), np.zeros(lead, np.int16)])
    start = lead - delay_ms * RATE // 1000
    mic = (call[start : start + 3 * RATE] * 10 ** (level_db / 20)).astype(np.int16)
    mic += np.random.default_rng(3).normal(0, 8, len(mic)).astype(np.int16)

    found = likeness(mic, call, lead)

    assert found.correlation > 0.9
    assert found.gain_db == pytest.approx(level_db, abs=1.5)


def test_another_voice_is_not_like_the_call():
    lead = RATE // 4
    call = np.concatenate([np.zeros(lead, np.int16), babble(1), np.zeros(lead, np.int16)])

    assert likeness(babble(2), call, lead).correlation < 0.6
    both = (babble(2) + call[lead : lead + 3 * RATE] * 0.126).astype(np.int16)
    assert likeness(both, call, lead).correlation < 0.6, "talking at once"


def test_a_silent_call_is_like_nothing():
    assert likeness(babble(1), np.zeros(4 * RATE, np.int16), RATE // 4) is None


def test_what_the_call_covers_and_sounds_like_it_goes():
    assert leaked([Span(1050, 3900, "building is ready", LEAK)], CALL) == {0}


def test_what_the_call_does_not_cover_stays():
    assert leaked([Span(3500, 6500, "something else", LEAK)], CALL) == frozenset()
    assert leaked([Span(1050, 3900, "x", LEAK)], []) == frozenset()


def test_talking_at_once_keeps_both():
    assert leaked([Span(1050, 3900, "no wait a moment", Likeness(0.3, -2.0))], CALL) == frozenset()


def test_a_level_that_no_leak_of_this_room_has_stays():
    spans = [Span(1000 + n * 5000, 4000 + n * 5000, "x", LEAK) for n in range(4)]
    spans.append(Span(21_000, 24_000, "my own words", Likeness(0.7, 1.0)))
    calls = [Span(one.start_ms, one.end_ms) for one in spans]

    assert leaked(spans, calls) == {0, 1, 2, 3}


def test_the_same_words_at_the_same_time_go_even_if_the_sound_does_not_tell():
    assert leaked([Span(1100, 4100, "the new building is ready", None)], CALL) == {0}
    assert leaked([Span(1100, 2000, "yes", None)], [Span(1000, 2000, "yes")]) == frozenset()


@pytest.mark.spoken
@pytest.mark.slow
def test_no_sentence_is_written_twice_without_a_headset(client, tmp_path):
    if not speak.is_possible():
        pytest.skip("flite is not installed")
    turns = [
        ["them", "rms", "The new building is ready."],
        ["me", "slt", "How many people are going to work there?"],
        ["them", "awb", "I think that we need more space."],
    ]
    # Answers come within 0.2 s: the detector alone would put both voices into one utterance.
    spoken = speak.speak(turns, leak_db=-18, overlap_s=0.4)

    transcript = client.transcribe(write_ogg(spoken.stereo(), tmp_path / "part-001.ogg"))

    mine = " ".join(one.text for one in transcript.segments if one.speaker == "You")
    assert jiwer.wer("how many people are going to work there", mine) <= 0.25
    assert [one.speaker for one in transcript.segments] == ["Them", "You", "Them"]
    texts = [one.text for one in transcript.segments]
    for index, text in enumerate(texts):
        for other in texts[index + 1 :]:
            assert difflib.SequenceMatcher(a=text.split(), b=other.split()).ratio() < 0.5
