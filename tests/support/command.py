"""The `recorder` command as a person runs it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MAIN = "import sys; from recorder_app.cli import main; sys.exit(main())"
ROOT = Path(__file__).resolve().parents[2]


def command_line(*arguments: str) -> list[str]:
    return [sys.executable, "-c", MAIN, *arguments]


def start(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line(*arguments),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    *arguments: str, environment: Mapping[str, str] | None = None, timeout_s: float = 90
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command_line(*arguments),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def run_json(*arguments: str, environment: Mapping[str, str] | None = None, timeout_s: float = 90) -> Any:
    result = run(*arguments, "--json", environment=environment, timeout_s=timeout_s)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
