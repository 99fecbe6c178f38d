"""Holds found tasks against written ones: precision, recall and who was named right."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recorder_app.insights import clauses
from recorder_app.insights.rules import extract
from recorder_app.models import Insights, Segment, Task, Track

MEETINGS = json.loads((Path(__file__).parent / "meetings.json").read_text(encoding="utf-8"))["meetings"]
SECOND = 1000


@dataclasses.dataclass(frozen=True)
class Score:
    found: int
    right: int
    gold: int
    owners_right: int

    def __add__(self, other: Score) -> Score:
        return Score(
            *(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True))
        )

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 1.0


def to_segments(turns: list[list[str]], *, confidence: float | None = 0.9) -> list[Segment]:
    return [
        Segment(
            start_ms=index * 5 * SECOND,
            end_ms=index * 5 * SECOND + 4 * SECOND,
            text=text,
            speaker=speaker,
            confidence=confidence,
            track=Track.MIC if speaker == "You" else Track.SYSTEM,
        )
        for index, (speaker, text) in enumerate(turns)
    ]


def score(meeting: dict[str, Any]) -> tuple[Score, Insights]:
    """A found task is right when it cites the gold turn and shares half of the gold title's content words."""
    insights = extract(to_segments(meeting["turns"]))
    open_gold = list(meeting["tasks"])
    right = owners = 0
    for task in insights.tasks:
        turns = {start // (5 * SECOND) for start in task.evidence}
        for gold in open_gold:
            if gold["turn"] in turns and _is_about(task.title, gold["title"]):
                open_gold.remove(gold)
                right += 1
                owners += task.assignee == gold["assignee"]
                break
    return Score(len(insights.tasks), right, len(meeting["tasks"]), owners), insights


def score_tasks(tasks: Sequence[Task], gold: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """Return (right, found) by titles alone, for meetings whose turns are not numbered."""
    open_gold = list(gold)
    for task in tasks:
        match = next((one for one in open_gold if _is_about(task.title, one["title"])), None)
        if match:
            open_gold.remove(match)
    return len(gold) - len(open_gold), len(tasks)


def _is_about(found: str, wanted: str) -> bool:
    """Half of the wanted title's content words are there; what stands in brackets is an explanation."""
    words = clauses.content(wanted.partition("(")[0])
    return len(words & clauses.content(found)) >= 0.5 * len(words)
