"""kill -9 of the process that syncs, at whatever line it is: every effect once, nothing lost."""

from __future__ import annotations

import datetime as dt
import hashlib
import multiprocessing
import random
import time

import httpx
import pytest

from recorder_app.library.store import Library
from recorder_app.models import Recording
from recorder_app.sync import plan
from tests.support.serving import Serving
from tests.sync.child import engine_over, work_until_killed
from tests.sync.world import LINES

KILLS = 30
RECORDINGS = 8


@pytest.fixture
def server(tmp_path):
    serving = Serving(tmp_path / "server", key="the-key")
    yield serving
    serving.close()


@pytest.fixture
def forked():
    """Start children from a process that has everything imported: 30 starts in a second or two."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sync.child"])
    return context


def _recordings(folder):
    library = Library(folder / "library.sqlite")
    for number in range(RECORDINGS):
        name = f"r{number}"
        (folder / "recordings" / name).mkdir(parents=True)
        data = random.Random(number).randbytes(200_000 + number)
        media = folder / "recordings" / name / "part-001.ogg"
        media.write_bytes(data)
        recording = library.add(
            Recording(
                id=name,
                started_at=dt.datetime.now(dt.UTC),
                title=f"Meeting {number}",
                is_on_disk=True,
                media=(media,),
                media_bytes=len(data),
                media_sha256=hashlib.sha256(data).hexdigest(),
                duration_ms=9_000,
            )
        )
        library.jobs.ensure(name, plan.wanted(recording))
    return library


def test_thirty_kills_at_random_moments_lose_and_double_nothing(server, forked, tmp_path):
    library = _recordings(tmp_path)
    chance = random.Random(7)
    interrupted = 0

    for _ in range(KILLS):
        has_started = forked.Event()
        child = forked.Process(
            target=work_until_killed, args=(str(tmp_path), server.url, "the-key", has_started)
        )
        child.start()
        assert has_started.wait(20)
        time.sleep(chance.uniform(0, 0.04))
        child.kill()
        child.join(10)
        interrupted += any(job.state == "running" for job in library.jobs.open())
        child.close()

    # The kills must have hit work, and must have left some for the end.
    assert interrupted >= KILLS // 3, interrupted
    library.close()
    with engine_over(tmp_path, server.url, "the-key") as (library, engine):
        assert engine.start()
        idle = engine.run_until_idle(timeout_s=60)
        assert idle.is_done, idle
        _check_the_server(server, library, tmp_path)


def _check_the_server(server, library, folder):
    http = httpx.Client(headers={"Authorization": "Bearer the-key"}, trust_env=False)
    rows = http.get(f"{server.url}/api/projects/1/desktop_recordings/?limit=100").json()["results"]
    ours = {library.get(f"r{number}").server_id: f"r{number}" for number in range(RECORDINGS)}
    assert {row["id"] for row in rows} == set(ours)
    assert len(rows) == RECORDINGS
    for row in rows:
        name = ours[row["id"]]
        assert row["status"] == "ready"
        assert row["meeting_title"] == f"Meeting {name[1:]}"
        assert [line["text"] for line in row["transcript_segments"]] == [line.text for line in LINES]
        assert row["transcript_text"] == " ".join(line.text for line in LINES)
        media = (folder / "recordings" / name / "part-001.ogg").read_bytes()
        assert http.get(row["video_url"]).content == media
        assert [task["title"] for task in row["extracted_tasks"]] == [
            task.title for task in library.get(name).tasks
        ]
    http.close()


def test_a_server_that_is_killed_and_comes_back_gets_everything(tmp_path, forked):
    serving = Serving(tmp_path / "server", key="the-key")
    port = serving.port
    library = _recordings(tmp_path)
    has_started = forked.Event()
    child = forked.Process(
        target=work_until_killed, args=(str(tmp_path), serving.url, "the-key", has_started)
    )
    child.start()
    assert has_started.wait(20)
    while not any(recording.server_id for recording in library.list()):
        time.sleep(0.002)

    serving.kill()
    serving.close()
    serving = Serving(tmp_path / "server", port=port, key="the-key")
    child.join(60)

    assert child.exitcode == 0
    library.close()
    with engine_over(tmp_path, serving.url, "the-key") as (library, engine):
        engine.start()
        for number in range(RECORDINGS):
            engine.retry(f"r{number}")
        assert engine.run_until_idle(timeout_s=30).is_done
        _check_the_server(serving, library, tmp_path)
    serving.close()
