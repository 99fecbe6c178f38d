"""kill -9 at random moments of a recording: at most a second is lost, every time."""

from __future__ import annotations

import collections
import random
import time

from tests.survival.conftest import until
from tests.survival.life import Life, check

KILLS = 20
AT_ONCE = 10


def test_twenty_kills_at_random_moments_cost_at_most_a_second_each(context, tmp_path):
    chance = random.Random(20)
    ends: collections.Counter = collections.Counter()
    for first in range(0, KILLS, AT_ONCE):
        lives = [Life(tmp_path / str(number), None, context) for number in range(first, first + AT_ONCE)]
        for life in lives:
            life.begin()
        for life in lives:
            until(lambda life=life: life.log.started.value, what="it records")
        due = sorted((chance.uniform(0.0, 1.5), number) for number in range(AT_ONCE))
        began = time.monotonic()
        for at, number in due:
            time.sleep(max(0.0, began + at - time.monotonic()))
            lives[number].kill()
        for life in lives:
            life.end()
            ends[check(life)] += 1

    # The kills must have hit recordings that were running.
    assert ends["recovered"] >= KILLS // 2, ends
    assert ends["never began"] == 0
