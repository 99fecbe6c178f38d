"""A pytest plugin for a machine that has everything: a test skipped there is a test that does not exist.

Loaded by `python3 -m tests`. With CI=true a skip fails its test, unless a line of ALLOWED says why it may.
"""

from __future__ import annotations

import os
import re

import pytest

ALLOWED = {
    "node": "the reference tus server is an npm package; Node is not among what a bare checkout installs",
    "npm": "as above",
    "root may": "root may read and write everything: no file can be made unreadable for it",
}
"""Words of a skip's reason, and why such a test may be left out."""


def is_allowed(reason: str) -> bool:
    return any(re.search(rf"\b{re.escape(words)}\b", reason) for words in ALLOWED)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What the test said when it skipped. A skip's `longrepr` is (file, line, reason)."""
    long = report.longrepr
    return str(long[2] if isinstance(long, tuple) else long).removeprefix("Skipped: ")


def _judge(report) -> None:
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return
    reason = reason_of(report)
    if not is_allowed(reason):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow (tests/skips.py): {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _judge(report)
    return report
