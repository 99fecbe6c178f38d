"""app, sync, doctor, serve."""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from pathlib import Path

from recorder_app.cli.output import print_json, say
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def app_command(options: argparse.Namespace) -> int:
    from recorder_app.app import run

    return run(is_hidden=options.hidden)


def sync_command(options: argparse.Namespace) -> int:
    """With --once: until nothing can move. Without: until interrupted."""
    recorder = Recorder(Paths.from_environment())
    recorder.open()
    try:
        if options.once:
            recorder.work_until_idle(timeout_s=24 * 3600)
        else:
            say("Bringing what is waiting to the server. Ctrl+C ends.")
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        pass
    finally:
        jobs = [job for job in recorder.jobs() if job.state != "done"]
        uploads = recorder.uploads_status()
        recorder.close()
    if options.json:
        shown = [
            {
                **dataclasses.asdict(job),
                "next_attempt_at": job.next_attempt_at.isoformat() if job.next_attempt_at else None,
            }
            for job in jobs
        ]
        print_json({"jobs": shown, "uploads": dataclasses.asdict(uploads)})
    else:
        for job in jobs:
            print(f"{job.recording_id[:8]}  {job.kind:<12} {job.state:<8} {job.reason or ''}")
        print(
            uploads.paused_reason
            or ("Everything is where it belongs" if not jobs else f"{len(jobs)} steps left")
        )
    if uploads.paused_reason:
        return 7
    return 6 if jobs and options.once else 0


def doctor_command(options: argparse.Namespace) -> int:
    from recorder_app.doctor import examine

    recorder = Recorder(Paths.from_environment())
    marks = {"ok": "✓", "note": "·", "problem": "✗"}
    checks = []
    for check in examine(recorder):
        checks.append(check)
        if not options.json:
            print(f"{marks[check.state]} {check.name:<14} {check.found}")
            for item in check.items:
                print(f"    {item}")
            if check.hint and check.state != "ok":
                print(f"    {check.hint}")
    recorder.close()
    if options.json:
        print_json([dataclasses.asdict(check) for check in checks])
    return next((check.exit_code or 1 for check in checks if check.state == "problem"), 0)


def serve_command(options: argparse.Namespace) -> None:
    from recorder_app.local.serve import serve

    paths = Paths.from_environment()
    data = Path(options.data).absolute() if options.data else paths.server
    serve(
        data, port=options.port, key=options.key, on_ready=lambda facts: print(json.dumps(facts), flush=True)
    )
