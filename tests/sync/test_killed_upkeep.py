"""kill -9 while recordings move to a server and while they are deleted for good: once each, nothing left."""

from __future__ import annotations

import datetime as dt
import hashlib
import multiprocessing
import random
import time

import httpx
import pytest

from recorder_app.library.store import Library
from recorder_app.models import Recording, Status
from recorder_app.sync import jobs
from tests.support.serving import Serving
from tests.sync.child import engine_over, work_until_killed
from tests.sync.world import LINES

SERVER = "https://posthog.example"
KILLS = 20
RECORDINGS = 6


@pytest.fixture
def server(tmp_path):
    serving = Serving(tmp_path / "server", key="the-key")
    yield serving
    serving.close()


@pytest.fixture
def forked():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.sync.child"])
    return context


def library_of(folder, workspace):
    """Recordings that this computer has finished with, each with 150 KB of sound."""
    library = Library(folder / "library.sqlite")
    for number in range(RECORDINGS):
        name = f"r{number}"
        (folder / "recordings" / name).mkdir(parents=True)
        data = random.Random(number).randbytes(150_000 + number)
        media = folder / "recordings" / name / "part-001.ogg"
        media.write_bytes(data)
        library.add(
            Recording(
                id=name,
                started_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=RECORDINGS - number),
                status=Status.READY,
                workspace=workspace,
                title=f"Meeting {number}",
                notes=f"Notes {number}",
                is_on_disk=True,
                is_transcribed=True,
                media=(media,),
                media_bytes=len(data),
                media_sha256=hashlib.sha256(data).hexdigest(),
                duration_ms=9_000,
            )
        )
        library.set_segments(name, LINES)
        library.jobs.ensure(name, (jobs.TRANSCRIBE, jobs.INSIGHTS))
        for _ in range(2):
            library.jobs.settle(library.jobs.claim(jobs.SPEECH, now=time.time()), state="done")
    return library


def kill_again_and_again(forked, folder, server, library, has_ended):
    """Return how many kills hit something that was under way."""
    chance, interrupted = random.Random(11), 0
    for _ in range(KILLS):
        has_started = forked.Event()
        child = forked.Process(
            target=work_until_killed, args=(str(folder), server.url, "the-key", has_started, SERVER)
        )
        child.start()
        assert has_started.wait(20)
        time.sleep(chance.uniform(0, 0.06))
        child.kill()
        child.join(10)
        child.close()
        interrupted += any(job.state == "running" for job in library.jobs.open())
        if has_ended():
            break
    return interrupted


def rows_of(server):
    with httpx.Client(headers={"Authorization": "Bearer the-key"}, trust_env=False) as http:
        return http.get(f"{server.url}/api/projects/1/desktop_recordings/?limit=100").json()["results"]


def test_each_recording_moves_once_however_often_the_process_is_killed(server, forked, tmp_path):
    library = library_of(tmp_path, "local")
    library.backlog.add_all(source="local", target=SERVER)

    interrupted = kill_again_and_again(forked, tmp_path, server, library, lambda: False)
    library.close()
    with engine_over(tmp_path, server.url, "the-key", name=SERVER) as (library, engine):
        assert engine.start()
        idle = engine.run_until_idle(timeout_s=60)

        assert idle.is_done, idle
        assert library.backlog.waiting(SERVER) == library.backlog.moving(SERVER) == []
        ours = {library.get(f"r{number}").server_id: number for number in range(RECORDINGS)}
    found = rows_of(server)
    # On a busy machine many of the kills come before the work has begun.
    assert interrupted >= 1
    assert len(found) == RECORDINGS
    assert {row["id"] for row in found} == set(ours)
    for row in found:
        number = ours[row["id"]]
        assert (row["status"], row["meeting_title"]) == ("ready", f"Meeting {number}")
        assert row["notes"] == f"Notes {number}"
        assert row["transcript_text"] == " ".join(line.text for line in LINES)


def test_what_is_deleted_for_good_is_gone_everywhere_however_often_the_process_is_killed(
    server, forked, tmp_path
):
    library = library_of(tmp_path, SERVER)
    with engine_over(tmp_path, server.url, "the-key", name=SERVER) as (_library, engine):
        for number in range(RECORDINGS):
            engine.plan(f"r{number}")
        assert engine.start()
        assert engine.run_until_idle(timeout_s=60).is_done
    assert len(rows_of(server)) == RECORDINGS
    for number in range(RECORDINGS):
        library.update(f"r{number}", trashed_at=dt.datetime.now(dt.UTC))
        library.jobs.request(f"r{number}", jobs.PURGE, now=time.time())

    kill_again_and_again(forked, tmp_path, server, library, lambda: not library.trash.listing())
    library.close()
    with engine_over(tmp_path, server.url, "the-key", name=SERVER) as (library, engine):
        assert engine.start()
        assert engine.run_until_idle(timeout_s=60).is_done

        assert library.trash.listing() == []
    assert rows_of(server) == []
    assert list((tmp_path / "recordings").iterdir()) == []
    assert list((tmp_path / "server" / "media").iterdir()) == []
