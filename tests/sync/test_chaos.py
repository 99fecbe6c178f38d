"""A recording's whole life through everything that can go wrong between us and the server (DESIGN §16).

Each seed is one run, and the same run every time: `pytest "tests/sync/test_chaos.py::test_one_run[17]"`.
All two hundred: `pytest tests/sync/test_chaos.py`; the first twenty are the fast suite's.
"""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import httpx
import pytest

from recorder_app.models import Status
from recorder_app.sync.jobs import LANES
from recorder_app.sync.upload import RIGHT_WAS_LOST
from tests.support.chaos import ChaosProxy
from tests.support.serving import Serving
from tests.sync.world import LINES, World

FAST, ALL = 20, 200
MOST_FAULTS = 14
TURNS = 600
TIMEOUT_S = 0.5
KEY = "the-key"


@dataclasses.dataclass
class Chaos:
    """One server over all runs, killed and started again as the seeds want it."""

    data: Path
    serving: Serving
    rows: int = 0

    def restart(self) -> int:
        port = self.serving.port
        self.serving.kill()
        self.serving.close()
        self.serving = Serving(self.data, port=port, key=KEY)
        return port

    def get(self, path: str) -> httpx.Response:
        with httpx.Client(trust_env=False, headers={"Authorization": f"Bearer {KEY}"}) as http:
            return http.get(f"{self.serving.url}{path}").raise_for_status()

    def listed(self) -> list[dict]:
        return self.get("/api/projects/1/desktop_recordings/?limit=1000").json()["results"]


@pytest.fixture(scope="module")
def chaos(tmp_path_factory):
    data = tmp_path_factory.mktemp("chaos") / "server"
    made = Chaos(data, Serving(data, key=KEY))
    yield made
    made.serving.close()


@pytest.fixture
def proxy(chaos):
    made = ChaosProxy(chaos.serving.port, chaos.restart)
    yield made
    made.close()


@pytest.mark.parametrize(
    "seed",
    [
        *range(FAST),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FAST, ALL)),
    ],
)
def test_one_run(seed, chaos, proxy, tmp_path):
    proxy.forgets_keys = seed % 2 == 1
    world = World(
        tmp_path, name=proxy.url, honours=not proxy.forgets_keys, served=(proxy.url, KEY), timeout_s=TIMEOUT_S
    )
    name = f"r{seed}"  # the idempotency key: a new one for each run
    before = {row["id"] for row in chaos.listed()}
    proxy.rage(seed, most=MOST_FAULTS)
    try:
        _live_through(world, name, random.Random(seed))
        new = [row for row in chaos.listed() if row["id"] not in before]
        _check(world, name, chaos, new)
    except AssertionError as error:
        story = "\n".join(
            [*proxy.done, *(f"{job.kind}: {job.state} {job.reason}" for job in world.library.jobs.of(name))]
        )
        raise AssertionError(f"seed {seed}: {error}\n{story}") from error
    finally:
        world.close()


def _live_through(world: World, name: str, chance: random.Random) -> None:
    """Record, edit, stop, and let time pass until nothing is left to do, in an order the seed draws."""
    world.begin(name)
    for _ in range(chance.randint(1, 4)):
        world.grow(chance.randbytes(chance.randint(1, 60_000)), name)
        _work(world, chance, turns=chance.randint(0, 6))
        world.later(2.1)
    world.engine.edit(name, notes="What I wrote meanwhile\nStraße 東京")
    world.end(name)
    for _ in range(TURNS):
        if not world.library.jobs.open(name):
            return
        if not _work(world, chance, turns=1):
            due = [world.library.jobs.next_due(lane, after=world.now) for lane in LANES]
            world.now = min((moment for moment in due if moment), default=world.now) + 0.01
    raise AssertionError("it never came to rest")


def _work(world: World, chance: random.Random, *, turns: int) -> bool:
    """Run up to so many jobs; whether any was due."""
    has_run = False
    for _ in range(turns):
        has_run |= any(world.engine.run_one(lane) for lane in chance.sample(LANES, len(LANES)))
    return has_run


def _check(world: World, name: str, chaos: Chaos, new: list[dict]) -> None:
    here = world.library.get(name)
    assert [row["id"] for row in new] == [here.server_id], "exactly one recording"
    row = new[0]
    assert (row["status"], here.status) == ("ready", Status.READY)
    assert row["meeting_title"] == f"Meeting {name}"
    assert row["notes"] == here.notes == "What I wrote meanwhile\nStraße 東京"
    assert row["duration_seconds"] == 9
    assert [line["text"] for line in row["transcript_segments"]] == [line.text for line in LINES]
    assert [line["timestamp"] for line in row["transcript_segments"]] == [line.start_ms for line in LINES]
    assert row["transcript_text"] == " ".join(line.text for line in LINES)
    assert row["summary"] == here.summary_text
    assert [task["title"] for task in row["extracted_tasks"]] == [task.title for task in here.tasks]
    if world.job("upload", name).reason == RIGHT_WAS_LOST:
        # Only the lost answer had the right to upload; that must have been said, and the sound be here.
        assert not here.is_uploaded
        assert not world.workspace.repeats_creates
        return
    assert here.is_uploaded
    media = chaos.get(httpx.URL(row["video_url"]).path).content
    assert media == world.media(name).read_bytes()
