"""`recorder sync`: bring what is waiting to the server, try again, cancel, and say where everything is."""

from __future__ import annotations

import argparse
import dataclasses
import time
from typing import Any

from recorder_app.cli.output import opened, print_json, say
from recorder_app.models import JobView
from recorder_app.recorder import Recorder
from recorder_app.uploads import UploadRow, job_words


def sync_command(options: argparse.Namespace) -> int:
    """--status only looks; --retry and --cancel ask for one recording; --once works until nothing can move.

    Without any of them: until interrupted. 6: steps are left after --once; 7: sign-in is needed.
    """
    is_looking = options.status or options.cancel is not None
    with opened(is_working=not is_looking) as recorder:
        if options.cancel is not None:
            recorder.uploads.cancel(recorder.find(options.cancel).id)
        if options.retry is not None:
            recorder.retry(recorder.find(options.retry).id)
        if not is_looking:
            _work(recorder, is_ending=options.once or options.retry is not None)
        rows, uploads, moving = recorder.uploads.rows(), recorder.uploads_status(), recorder.uploads.moving()
    if options.json:
        print_json(
            {
                "jobs": [_job_json(job) for row in rows for job in row.jobs],
                "recordings": [_row_json(row) for row in rows],
                "uploads": dataclasses.asdict(uploads),
                "moving": dataclasses.asdict(moving),
            }
        )
    else:
        _tell(rows, uploads.paused_reason)
    if uploads.paused_reason:
        return 7
    return 6 if rows and (options.once or options.retry is not None) else 0


def _work(recorder: Recorder, *, is_ending: bool) -> None:
    try:
        if is_ending:
            recorder.work_until_idle(timeout_s=24 * 3600)
            return
        say("Bringing what is waiting to the server. Ctrl+C ends.")
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass


def _tell(rows: list[UploadRow], paused_reason: str | None) -> None:
    for row in rows:
        for job in row.jobs:
            percent = f"{job.progress_percent} % " if job.progress_percent is not None else ""
            words = f"{job_words(job.kind):<26} {job.state:<8} {percent}{job.reason or ''}"
            print(f"{row.recording_id[:8]}  {words}")
    left = sum(len(row.jobs) for row in rows)
    print(paused_reason or ("Everything is where it belongs" if not rows else f"{left} steps left"))


def _job_json(job: JobView) -> dict[str, Any]:
    at = job.next_attempt_at
    return {**dataclasses.asdict(job), "what": job_words(job.kind), "next_attempt_at": at and at.isoformat()}


def _row_json(row: UploadRow) -> dict[str, Any]:
    at = row.next_attempt_at
    return {
        "id": row.recording_id,
        "title": row.title,
        "workspace": row.workspace,
        "reason": row.reason,
        "next_attempt_at": at and at.isoformat(),
        "progress_percent": row.progress_percent,
        "can_cancel": row.can_cancel,
        "jobs": [job.kind for job in row.jobs],
    }
