"""list, search, show, export: what is in the library, for people and for scripts."""

from __future__ import annotations

import argparse
from pathlib import Path

from recorder_app.cli.output import detail_lines, hit_lines, print_json, row_line
from recorder_app.export.json_view import detail_json, hit_json, recording_json
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


def search_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    query = " ".join(f'"{word}"' if " " in word else word for word in options.words)
    hits = recorder.search(query, limit=options.limit)
    if options.json:
        print_json([hit_json(hit) for hit in hits])
    elif hits:
        print("\n".join(line for hit in hits for line in hit_lines(hit)))
    else:
        print(f"Nothing with “{query}”")
    recorder.close()


def export_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    try:
        recording = recorder.find(options.recording)
        if options.output:
            print(recorder.export_file(recording.id, options.format, Path(options.output)))
        else:
            print(recorder.export(recording.id, options.format), end="")
    finally:
        recorder.close()


def _opened() -> Recorder:
    recorder = Recorder(Paths.from_environment())
    recorder.open(is_working=False)
    # A crash may have left a folder without its row; what people list must have it.
    recorder.recover()
    return recorder
