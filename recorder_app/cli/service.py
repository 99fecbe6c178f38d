"""app, doctor, serve."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from recorder_app.cli.output import print_json
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def app_command(options: argparse.Namespace) -> int:
    from recorder_app.app import run

    return run(is_hidden=options.hidden)


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
