"""`recorder import`: a file becomes a recording, then the same way as every other."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from recorder_app.cli.record import follow
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def import_command(options: argparse.Namespace) -> int:
    recorder = Recorder(Paths.from_environment())
    recorder.open()
    try:
        recording = recorder.import_file(Path(options.file), title=options.title)
        return follow(recorder, recording.id, options, threading.Event())
    finally:
        recorder.close()
