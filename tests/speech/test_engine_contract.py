"""What every engine promises, whatever it is given."""

from __future__ import annotations

import numpy as np
import pytest

from recorder_app.errors import MissingDependencyError, UsageError
from recorder_app.media.decode import read_pcm
from recorder_app.speech import vad
from recorder_app.speech.base import RATE, EngineInfo
from recorder_app.speech.engines import ENGINES, choose
from recorder_app.speech.pocketsphinx import to_heard
from tests.speech.conftest import SAMPLE


@pytest.fixture(scope="module", params=ENGINES, ids=lambda kind: kind.info.id)
def engine(request):
    engine = request.param()
    if reason := engine.probe():
        pytest.skip(reason)
    engine.load()
    return engine


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """ "About forty people, I think that we need more space …"."""
    return np.concatenate(
        list(read_pcm(SAMPLE / "meeting.ogg", rate=RATE, channel=1, start_ms=14_400, end_ms=19_000))
    )


def test_speech_gives_words_in_order_within_the_sound(engine, speech):
    heard = list(engine.transcribe(speech))

    assert "forty people" in " ".join(one.text for one in heard).lower()
    length_ms = len(speech) * 1000 // RATE
    times = [(word.start_ms, word.end_ms) for one in heard for word in one.words]
    assert bool(times) == engine.info.has_word_times
    assert times == sorted(times)
    assert all(type(value) is int for one in times for value in one)
    assert all(0 <= start < end <= length_ms + 20 for start, end in times)
    starts = [one.start_ms for one in heard]
    assert starts == sorted(set(starts))


def test_confidence_is_a_probability_or_nothing(engine, speech):
    for one in engine.transcribe(speech):
        values = [one.confidence, *(word.confidence for word in one.words)]
        if engine.info.has_confidence:
            assert all(0.0 <= value <= 1.0 for value in values)
        else:
            assert values == [None] * len(values)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.full(800, 9000, np.int16),
        np.zeros(RATE * 2, np.int16),
    ],
    ids=["empty", "one sample", "50 ms", "silence"],
)
def test_the_gate_and_the_engine_together_hear_nothing_in_nothing(engine, samples):
    utterances = list(vad.utterances([samples], vad.load_judge()))

    assert [one for utterance in utterances for one in engine.transcribe(utterance.samples)] == []


def test_clipped_and_shifted_speech_is_survived(engine, speech):
    speech = speech[: RATE * 2]
    for damaged in (speech.astype(np.int32) * 12, speech.astype(np.int32) + 6000):
        for one in engine.transcribe(np.clip(damaged, -32768, 32767).astype(np.int16)):
            assert one.start_ms < one.end_ms
            assert one.text.strip() == one.text != ""


def test_auto_takes_the_first_engine_that_can_be_used():
    class Broken:
        info = EngineInfo("broken", "Broken", False, ("en",), False, False)

        def probe(self):
            return "Its model is missing"

    assert choose(engines=(Broken, *ENGINES)).info.id == ENGINES[0].info.id
    with pytest.raises(MissingDependencyError) as raised:
        choose(engines=(Broken,))
    assert raised.value.detail == "Its model is missing"
    with pytest.raises(UsageError):
        choose("telepathy")


def test_fillers_go_and_alternatives_lose_their_number():
    heard = to_heard([
        ("<s>", 0, 5, 1.0), ("the(2)", 6, 16, 0.6), ("[NOISE]", 17, 20, 0.9), ("<sil>", 21, 30, 1.0),
        ("++um++", 31, 40, 0.9), ("i'll", 41, 80, 1.0001), ("</s>", 81, 90, 1.0),
    ])  # fmt: skip

    assert heard.text == "the I'll"
    assert (heard.start_ms, heard.end_ms) == (60, 810)
    assert [word.confidence for word in heard.words] == [0.6, 1.0]
    assert heard.confidence == 0.8


@pytest.mark.parametrize(
    ("words", "is_kept"),
    [
        ([("yes", 0, 20, 0.9)], True),
        ([("uh", 0, 20, 0.4)], False),
        ([("what", 0, 20, 0.1), ("ever", 20, 40, 0.2)], False),
        ([("send", 0, 20, 0.4), ("it", 20, 40, 0.4)], True),
    ],
)
def test_a_single_unsure_word_is_dropped(words, is_kept):
    assert (to_heard(words) is not None) == is_kept
