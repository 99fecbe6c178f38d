"""The command line: `recorder …`. Opens no Qt except for the window.

Exit codes: 0 done · 1 our own bug · 2 the request cannot be carried out · 3 something must be installed ·
4 no sound · 5 the disk says no · 6 the server cannot be reached or refuses · 7 sign-in · 8 no such
recording · 9 already, or not, recording · 130 interrupted.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence

from recorder_app.errors import RecorderError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. Trouble is one sentence on stderr, never a traceback."""
    from recorder_app.cli.parser import parse

    options = parse(sys.argv[1:] if arguments is None else list(arguments))
    try:
        return int(options.run(options) or 0)
    except RecorderError as error:
        print(f"recorder: {error.sentence}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`recorder list | head`); nothing is lost.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 — the command's top: a person must not see a traceback
        return _our_own_bug(error)


def _our_own_bug(error: Exception) -> int:
    """Keep the traceback in the log, where it helps, and say where that is."""
    from recorder_app.paths import Paths

    paths = Paths.from_environment()
    log = paths.logs / "recorder.log"
    try:
        paths.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(log, maxBytes=1_000_000, backupCount=2)
    except OSError:
        handler = None
    logger = logging.getLogger("recorder_app.cli")
    if handler:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False
        logger.error("a command failed", exc_info=error)
        print(
            f"recorder: Something in Recorder itself went wrong. What was recorded is safe. Details: {log}",
            file=sys.stderr,
        )
    else:
        print(
            "recorder: Something in Recorder itself went wrong. What was recorded is safe.", file=sys.stderr
        )
    return 1
