"""`recorder import`: files become recordings, then go the same way as every other."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from recorder_app.cli.output import print_json, say, state_words
from recorder_app.cli.record import follow, interrupts, tell_trouble, wait_for
from recorder_app.errors import UsageError
from recorder_app.export.json_view import detail_json
from recorder_app.intake import Outcome
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def import_command(options: argparse.Namespace) -> int:
    """All files first, so that their sound is safe; then their uploads and transcripts."""
    files = [Path(name) for name in options.files]
    if len(files) > 1 and options.title:
        raise UsageError("One title for several files", hint="Leave --title out, or import them one by one")
    recorder = Recorder(Paths.from_environment())
    recorder.open()
    try:
        with interrupts() as stop:
            show = _progress(files)
            if len(files) == 1:
                recording = recorder.import_file(
                    files[0],
                    title=options.title,
                    on_progress=lambda percent: show(0, percent),
                    cancelled=stop,
                )
                return follow(recorder, recording.id, options, stop)
            outcomes = recorder.import_files(files, on_progress=show, cancelled=stop)
            return _finish(recorder, outcomes, options, stop)
    finally:
        recorder.close()


def _finish(
    recorder: Recorder, outcomes: list[Outcome], options: argparse.Namespace, stop: threading.Event
) -> int:
    codes = [0]
    views: list[dict[str, object]] = []
    for outcome in outcomes:
        if outcome.recording is None:
            problem = outcome.error.sentence if outcome.error else ""
            say(f"recorder: {outcome.source.name}: {problem}")
            codes.append(outcome.error.exit_code if outcome.error else 1)
            views.append({"file": str(outcome.source), "recording": None, "problem": problem})
            continue
        detail = wait_for(recorder, outcome.recording.id, options, stop)
        if not options.json:
            print(f"{outcome.recording.id[:8]}  {state_words(detail.state):<18}  {outcome.recording.title}")
        codes.append(tell_trouble(detail))
        views.append({"file": str(outcome.source), "recording": detail_json(detail), "problem": None})
    if options.json:
        print_json(views)
    return 130 if stop.is_set() else max(codes)


def _progress(files: list[Path]) -> Callable[[int, int], None]:
    """One line that changes on a terminal; nothing in a log."""
    is_terminal = sys.stderr.isatty()

    def show(number: int, percent: int) -> None:
        if is_terminal:
            end = "\n" if percent == 100 else ""
            sys.stderr.write(f"\r\033[KImporting {files[number].name}: {percent} %{end}")
            sys.stderr.flush()

    return show
