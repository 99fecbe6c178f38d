"""Strictness for every test: an unexpected log line, Qt warning or dead thread fails it."""

from __future__ import annotations

import logging
import os
import threading

import pytest

from tests.support.sound import pulse  # noqa: F401 — a fixture for everybody

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Nobody's own settings, keys or recordings may reach a test.
for name in (
    "RECORDER_HOME",
    "POSTHOG_HOST",
    "POSTHOG_PROJECT_ID",
    "POSTHOG_PERSONAL_API_KEY",
    "RECORDER_UPLOAD_URL",
):
    os.environ.pop(name, None)
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def expected_logs() -> list[str]:
    """Substrings of warnings and errors this test means to provoke: `expected_logs.append("…")`."""
    return []


@pytest.fixture(autouse=True)
def _no_unexpected_logs(expected_logs):
    collector = _Collector()
    ours = logging.getLogger("recorder_app")
    ours.addHandler(collector)
    level = ours.level
    ours.setLevel(logging.DEBUG)
    yield
    ours.removeHandler(collector)
    ours.setLevel(level)
    surprising = [
        record.getMessage()
        for record in collector.records
        if not any(text in record.getMessage() for text in expected_logs)
    ]
    assert not surprising, f"unexpected log lines: {surprising}"


@pytest.fixture(autouse=True)
def _no_thread_left_behind():
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("recorder-") and not thread.daemon:
            thread.join(5)
            assert not thread.is_alive(), f"thread left running: {thread.name}"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of its own with its own runtime folder; set in the environment for child processes."""
    from recorder_app.capture.client import CaptureClient
    from recorder_app.paths import Paths

    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("RECORDER_HOME", str(tmp_path / "home"))
    paths = Paths.from_environment()
    paths.ensure()
    yield paths
    # The capture process outlives whoever started it, on purpose; a test leaves none behind.
    client = CaptureClient(paths)
    if client.attach():
        client.quit()
    client.close()
