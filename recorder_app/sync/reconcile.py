"""At the start of the engine: nothing that was begun stays unfinished because a process died."""

from __future__ import annotations

import logging

from recorder_app.sync import jobs, plan
from recorder_app.sync.workspace import Deps

logger = logging.getLogger(__name__)


def run(deps: Deps) -> list[str]:
    """Give interrupted jobs back and every unfinished recording the jobs it must have; return their ids.

    Only for the one engine of a data folder: another's running jobs would be run twice.
    """
    library = deps.library
    interrupted = library.jobs.requeue_running()
    if interrupted:
        logger.info("%d interrupted jobs go on", interrupted)
    unfinished = library.unfinished(deps.workspace.name)
    for recording in unfinished:
        is_ending = library.jobs.one(recording.id, jobs.PURGE.kind) is not None
        if not is_ending and not library.ledger.is_gone(recording.id):
            library.jobs.ensure(recording.id, plan.wanted(recording))
    return [recording.id for recording in unfinished]
