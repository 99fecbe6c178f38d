"""kill -9 at every step of a recording's life, then a new start: always the same end."""

from __future__ import annotations

import collections
import itertools
import shutil

import pytest

from recorder_app.capture import recovery
from tests.survival.conftest import until
from tests.survival.life import Life, check

pytestmark = pytest.mark.slow

AT_ONCE = 6
"""They mostly sleep; each needs about a tenth of a core."""


def _kill_at_each(names: list[str], make, *, before_ms: int = 0) -> collections.Counter:
    ends: collections.Counter = collections.Counter()
    lives = (make(number) for number in range(len(names)))
    while batch := list(itertools.islice(lives, AT_ONCE)):
        for life in batch:
            life.begin()
        for life in batch:
            life.end()
        for life in batch:
            ends[check(life, before_ms=before_ms)] += 1
            shutil.rmtree(life.folder)
    return ends


def test_killed_at_every_step_from_start_to_settled(context, tmp_path):
    whole = Life(tmp_path / "whole", None, context)
    whole.begin()
    names = whole.end()
    assert check(whole) == "complete"

    ends = _kill_at_each(names, lambda number: Life(tmp_path / str(number), number, context))

    print(f"\n{len(names)} steps, {len(set(names))} kinds: {dict(ends)}")
    assert len(names) > 40
    assert {"media, half done", "fsync", "commit begins", "told that it records"} <= set(names)
    assert ends["recovered"] > 20
    assert ends["never began"] > 3


def test_killed_at_every_step_of_going_on_and_joining(context, tmp_path):
    """The second part of a recording whose first process died already."""
    first = Life(tmp_path / "first", None, context)
    first.begin()
    until(lambda: first.log.paused_s.value, what="some sound")
    first.kill()
    first.end()
    (folder,) = first.paths.recordings.iterdir()
    (known,) = recovery.scan(shutil.copytree(first.paths.recordings, tmp_path / "copy"), live_id=None)
    assert known.duration_ms > 300

    def make(number: int | None) -> Life:
        shutil.copytree(first.folder, tmp_path / str(number))
        return Life(tmp_path / str(number), number, context, resumed=folder.name)

    whole = make(None)
    whole.begin()
    names = whole.end()
    check(whole, before_ms=known.duration_ms)
    ends = _kill_at_each(names, make, before_ms=known.duration_ms)

    print(f"\n{len(names)} steps, {len(set(names))} kinds: {dict(ends)}")
    assert "replace" in names, "the parts were joined"
    # It was recovered in each case: its first process had died.
    assert set(ends) == {"recovered"}
