"""Highlights and possible tasks without a model: keyword rules over segments, each linked to its evidence.

Low recall by nature (reference/speech.md §4.3), so it is offered as "possible tasks", only where the
transcript is trusted, and invents nothing: every word of a line stands in its segments.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Sequence

from recorder_app.insights import clauses, highlights, pairs
from recorder_app.insights.clauses import Clause, Kind
from recorder_app.insights.pairs import Answer
from recorder_app.models import Insights, Segment, Task

SOURCE = "rules"
FEWEST_WORDS = 20
SEGMENT_FLOOR = 0.5
"""A line less sure than this supports no task, however sure its neighbours are."""
SAME_TASK = 0.6
"""Share of content words two titles have in common to be one task said twice."""


@dataclasses.dataclass(slots=True)
class _Found:
    """A possible task while it is being read together with its surroundings."""

    clause: Clause
    said_in: int
    speaker: str
    assignee: str | None = None
    due: str | None = None
    evidence: list[int] = dataclasses.field(default_factory=list)
    """Indices of segments."""
    is_dropped: bool = False


def extract(
    segments: Sequence[Segment],
    *,
    min_confidence: float = 0.7,
    new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> Insights:
    """Return highlights and possible tasks, or say why none are offered."""
    ordered = sorted((one for one in segments if one.text.strip()), key=lambda one: one.start_ms)
    if reason := _withheld(ordered, min_confidence):
        return Insights((), (), SOURCE, reason)
    found = _tasks(ordered)
    tasks = tuple(_to_task(one, ordered, new_id()) for one in found)
    taken = frozenset(index for one in found for index in one.evidence)
    return Insights(highlights.choose(ordered, taken), tasks, SOURCE)


def _withheld(segments: Sequence[Segment], min_confidence: float) -> str | None:
    words = sum(len(one.text.split()) for one in segments)
    if words < FEWEST_WORDS:
        return "Too little was said for a summary."
    rated = [(len(one.text.split()), one.confidence) for one in segments if one.confidence is not None]
    if not rated:
        return None
    mean = sum(count * confidence for count, confidence in rated) / sum(count for count, _ in rated)
    if mean < min_confidence:
        return (
            f"This transcript is only {mean:.0%} sure of its words: too uncertain for a summary and tasks. "
            "A more accurate transcript makes them possible."
        )
    return None


def _tasks(segments: Sequence[Segment]) -> list[_Found]:
    by_segment: list[list[_Found]] = [
        [
            _Found(clause, index, one.speaker, due=clause.due, evidence=[index])
            for clause in clauses.find(one.text)
        ]
        if one.confidence is None or one.confidence >= SEGMENT_FLOOR
        else []
        for index, one in enumerate(segments)
    ]
    for index, here in enumerate(by_segment):
        _settle(index, here, by_segment, segments)
    kept = [one for here in by_segment for one in here if not one.is_dropped and not one.clause.is_bare]
    return _without_repeats(kept)


def _settle(
    index: int, here: Sequence[_Found], by_segment: Sequence[Sequence[_Found]], segments: Sequence[Segment]
) -> None:
    """Read what is asked for in one segment together with the other side's answer."""
    asked = [one for one in here if one.clause.kind is not Kind.PROMISE and not one.is_dropped]
    for one in here:
        if one.clause.kind is Kind.PROMISE:
            one.assignee = one.speaker
    if not asked:
        return
    reply_at = pairs.answer_to(segments, index)
    answer = pairs.judge(segments[reply_at].text) if reply_at is not None else Answer.OTHER
    for one in asked:
        taken_on = [] if reply_at is None else _taking_on(one, by_segment[reply_at])
        if reply_at is not None and (taken_on or _is_accepted(one.clause.kind, answer)):
            one.assignee = segments[reply_at].speaker
            one.evidence.append(reply_at)
            for promise in taken_on:
                one.due = one.due or promise.due
                promise.is_dropped = True
        elif answer is Answer.NO or one.clause.kind is Kind.PROPOSAL:
            one.is_dropped = True


def _taking_on(asked: _Found, reply: Sequence[_Found]) -> list[_Found]:
    """The promises of the reply that mean what was asked for: "I'll do that", or the same in other words."""
    return [
        one
        for one in reply
        if one.clause.kind is Kind.PROMISE
        and (one.clause.is_referring or _is_same(one.clause.title, asked.clause.title))
    ]


def _is_accepted(kind: Kind, answer: Answer) -> bool:
    """A request is accepted by any yes; what nobody was asked to do, only by somebody who takes it on."""
    return answer is Answer.TAKEN or (kind is Kind.REQUEST and answer is Answer.YES)


def _is_same(one: str, other: str) -> bool:
    ours, theirs = clauses.content(one), clauses.content(other)
    return bool(ours and theirs) and len(ours & theirs) >= SAME_TASK * min(len(ours), len(theirs))


def _without_repeats(found: Sequence[_Found]) -> list[_Found]:
    """Fold a task that is said again into its first mention; the fuller title and any owner win."""
    kept: list[_Found] = []
    for one in found:
        first = next((other for other in kept if _is_same(other.clause.title, one.clause.title)), None)
        if first is None:
            kept.append(one)
            continue
        if len(clauses.content(one.clause.title)) > len(clauses.content(first.clause.title)):
            first.clause = one.clause
        first.assignee = first.assignee or one.assignee
        first.due = first.due or one.due
        first.evidence = sorted({*first.evidence, *one.evidence})
    return kept


def _to_task(found: _Found, segments: Sequence[Segment], task_id: str) -> Task:
    """`description` is what was said, so that a title with a pronoun can be understood."""
    evidence = list(found.evidence)
    if found.clause.is_referring and found.said_in > 0:
        evidence.insert(0, found.said_in - 1)
    evidence = sorted(set(evidence))
    return Task(
        id=task_id,
        title=found.clause.title,
        description="\n".join(
            f"{segments[index].speaker}: {segments[index].text.strip()}" for index in evidence
        ),
        assignee=found.assignee,
        due=found.due,
        evidence=tuple(segments[index].start_ms for index in evidence),
    )
