"""Running other programs for the bootstrap, and saying in words what went wrong with them."""

from __future__ import annotations

import subprocess
import sys
import tempfile

NETWORK_WORDS = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "Temporary failure",
    "Could not resolve",
    "Network is unreachable",
    "Cannot initiate the connection",
    "Could not connect",
)
"""What pip and apt-get say when nothing could be reached."""


class CannotGoOnError(Exception):
    """A sentence for the person; the process ends with exit code 3."""


def say(text: str) -> None:
    """Say it on stderr: stdout belongs to the program (`status --json`)."""
    print(text, file=sys.stderr, flush=True)


def is_terminal() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def run(command: list[str], *, environment: dict[str, str] | None = None) -> str:
    """Run it and return "" when it went well, else what it said. On a terminal its progress is shown."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        done = subprocess.run(
            command,
            env=environment,
            stdin=None if is_terminal() else subprocess.DEVNULL,
            stdout=sys.stderr if is_terminal() else said,
            stderr=said,
            check=False,
        )
        said.seek(0)
        return "" if done.returncode == 0 else said.read() or f"{command[0]} ended with {done.returncode}"


def explain(failure: str, *, what: str, otherwise: str) -> str:
    """Turn a failed program's words into ours: no network is the one cause with an easy answer."""
    if any(word in failure for word in NETWORK_WORDS):
        return f"There is no network, and {what} are not here yet. Connect this machine once and start again."
    last_words = "\n".join(failure.strip().splitlines()[-8:])
    return f"{last_words}\n{otherwise}"
