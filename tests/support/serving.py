"""The real `serve` in a process of its own, so that tests can stop, kill and restart it by pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent.parent
_PROGRAM = """
import json, sys
from pathlib import Path
from recorder_app.errors import RecorderError
from recorder_app.local.serve import serve
data, port, key = sys.argv[1:]
try:
    serve(Path(data), port=int(port), key=key or None, on_ready=lambda ready: print(json.dumps(ready), flush=True))
except RecorderError as error:
    print(error.sentence, file=sys.stderr)
    sys.exit(error.exit_code)
"""


class Serving:
    """One server process over a data folder; `ready` is the line it printed."""

    def __init__(self, data: Path, *, port: int = 0, key: str | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(data), str(port), key or ""],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            _out, errors = self.process.communicate(timeout=15)
            raise AssertionError(f"serve did not start ({self.process.returncode}): {errors}")
        self.ready = json.loads(line)

    @property
    def url(self) -> str:
        return self.ready["url"]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self) -> httpx.Client:
        return httpx.Client(trust_env=False)

    def kill(self) -> None:
        """As the kernel would: no handler runs."""
        self.process.kill()
        self._end()

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end; return its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        return self._end()

    def _end(self) -> tuple[int, str]:
        try:
            _out, errors = self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode, errors

    def close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        self.process.stdout.close()
        self.process.stderr.close()
