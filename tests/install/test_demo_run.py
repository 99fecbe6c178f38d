"""The demo as a whole, once with nothing to hear: the check of the checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.sound
@pytest.mark.timeout(300)
def test_the_demo_fails_and_says_so_when_nothing_is_heard(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    command = [sys.executable, "-m", "recorder_app.demo.run", "--silent", "--output", str(tmp_path)]

    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
    )

    said = result.stdout.splitlines()
    assert result.returncode == 1, result.stdout + result.stderr
    assert "✗ captured     nothing was heard of the microphone and the call" in said
    assert any(line.startswith("✓ on disk") for line in said)
    assert any(line.startswith("✗ transcribed") for line in said)
    assert any(line.startswith("✗ tasks") for line in said)
