"""list, show, export: what is in the library, for people and for scripts."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from recorder_app.cli.output import detail_lines, print_json, row_line
from recorder_app.errors import StorageError, UsageError
from recorder_app.export.json_view import detail_json, recording_json
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def list_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    rows = recorder.recordings(options.search, limit=options.limit)
    if options.json:
        print_json([recording_json(row.recording, row.state) for row in rows])
    elif rows:
        print("\n".join(row_line(row) for row in rows))
    else:
        print(
            f"Nothing with “{options.search}”"
            if options.search
            else "No recordings yet. Make one: recorder record"
        )
    recorder.close()


def show_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    detail = recorder.detail(recorder.find(options.recording).id)
    if options.json:
        print_json(detail_json(detail))
    else:
        print("\n".join(detail_lines(detail)))
    recorder.close()


def export_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    recording = recorder.find(options.recording)
    if options.format == "json":
        text = json.dumps(detail_json(recorder.detail(recording.id)), ensure_ascii=False, indent=2) + "\n"
    else:
        text = recorder.export(recording.id, options.format)
    recorder.close()
    if not options.output:
        print(text, end="")
        return
    target = Path(options.output)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError("The file exists already", detail=str(target), hint="Choose another name") from error
    except OSError as error:
        raise StorageError("The file cannot be written", detail=f"{target}: {error.strerror}") from error
    print(target)


def _opened() -> Recorder:
    recorder = Recorder(Paths.from_environment())
    recorder.open(is_working=False)
    # A crash may have left a folder without its row; what people list must have it.
    recorder.recover()
    return recorder
