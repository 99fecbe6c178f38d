"""An app without a window, as a process: `python -m tests.survival.app` works until its stdin is closed."""

from __future__ import annotations

import json
import sys

from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def main() -> None:
    recorder = Recorder(Paths.from_environment())
    recorder.problem.subscribe(lambda error: _say("problem", error.sentence))
    recorder.capture_changed.subscribe(
        lambda status: _say("capture", f"{status.state} {status.problem or ''}")
    )
    recorder.open()
    _say("ready", "")
    sys.stdin.read()
    recorder.close()


def _say(kind: str, words: str) -> None:
    print(json.dumps([kind, words]), flush=True)


if __name__ == "__main__":
    main()
