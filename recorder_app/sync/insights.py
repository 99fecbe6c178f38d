"""Transcript lines into summary and tasks, on this computer; tasks a person has touched stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

from recorder_app.library.jobs import Job
from recorder_app.models import Task
from recorder_app.sync.jobs import Done, Outcome
from recorder_app.sync.workspace import Deps


def run(job: Job, deps: Deps) -> Outcome:
    found = deps.extract(deps.library.segments(job.recording_id))
    now = deps.now()
    with deps.library.transaction():
        recording = deps.recording(job)
        deps.library.update(
            recording.id,
            summary_lines=found.lines,
            summary_source=found.source if found.lines else None,
            summary_generated_at=now if found.lines else None,
            insights_withheld=found.withheld_reason,
            tasks=merged(recording.tasks, found.tasks),
            tasks_generated_at=now if found.withheld_reason is None else None,
        )
    return Done()


def merged(known: Iterable[Task], found: Iterable[Task]) -> tuple[Task, ...]:
    """Keep what a person confirmed or ticked off; replace what only a machine had said."""
    kept = tuple(task for task in known if task.is_confirmed or task.is_done)
    titles = {task.title.casefold() for task in kept}
    return kept + tuple(task for task in found if task.title.casefold() not in titles)
