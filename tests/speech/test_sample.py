"""The bundled meeting through decoder, gate and engine: the words, the sides, the tasks."""

from __future__ import annotations

import json
from pathlib import Path

import jiwer
import pytest

from recorder_app.insights.rules import extract
from recorder_app.models import Track
from tests.insights.scoring import score_tasks
from tests.speech.conftest import SAMPLE, TRUTH, plain, said

pytestmark = [pytest.mark.spoken, pytest.mark.slow]
WORKER_BUDGET_KB = 250 * 1024


@pytest.fixture(scope="module")
def heard(client):
    """The transcript, the progress that was told and the worker's peak memory in kB (None without /proc)."""
    progress = []
    transcript = client.transcribe(SAMPLE / "meeting.ogg", on_progress=progress.append)
    status = Path(f"/proc/{client.worker_pid}/status")
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) if status.exists() else None
    return transcript, progress, peak


def test_at_most_a_quarter_of_the_words_is_wrong(heard):
    transcript, _, _ = heard

    for side, speaker in (("me", "You"), ("them", "Them")):
        words = " ".join(one.text for one in transcript.segments if one.speaker == speaker)
        assert jiwer.wer(said(side), plain(words)) <= 0.25


def test_every_line_is_on_the_side_that_said_it(heard):
    transcript, _, _ = heard

    for segment in transcript.segments:
        middle = (segment.start_ms + segment.end_ms) / 2
        turn = next(turn for turn in TRUTH if turn["start_ms"] <= middle <= turn["end_ms"])
        assert segment.speaker == {"me": "You", "them": "Them"}[turn["speaker"]]
        assert segment.track == (Track.MIC if turn["speaker"] == "me" else Track.SYSTEM)


def test_words_are_where_they_were_said(heard):
    transcript, _, _ = heard
    spoken = next(turn for turn in TRUTH if turn["text"].startswith("I will send the list"))

    word = next(word for one in transcript.segments for word in one.words if word.text == "list")

    assert spoken["start_ms"] < word.start_ms < word.end_ms < spoken["end_ms"]


def test_the_transcript_says_that_it_is_a_draft_and_how_sure_it_is(heard):
    transcript, _, _ = heard

    assert (transcript.engine, transcript.is_draft) == ("pocketsphinx", True)
    assert all(0 < one.confidence <= 1 for one in transcript.segments)
    assert len({one.confidence for one in transcript.segments}) > 3, "measured, not a constant"


def test_progress_only_grows_and_ends_at_100(heard):
    _, progress, _ = heard

    assert progress == sorted(progress)
    assert progress[-1] == 100
    assert len(progress) > 5


def test_the_worker_stays_within_its_memory(heard):
    _, _, peak = heard

    assert peak is None or peak < WORKER_BUDGET_KB


def test_the_three_tasks_are_found_with_owner_and_deadline(heard):
    transcript, _, _ = heard
    gold = json.loads((SAMPLE / "meeting.json").read_text(encoding="utf-8"))["tasks"]

    insights = extract(transcript.segments)

    assert score_tasks(insights.tasks, gold) == (3, 3)
    owners = {"me": "You", "them": "Them"}
    assert [task.assignee for task in insights.tasks] == [owners[task["assignee"]] for task in gold]
    assert [task.due for task in insights.tasks] == [task["due"].lower() for task in gold]
    assert insights.lines
