"""The real façade over a data folder of its own; servers are real processes on loopback."""

from __future__ import annotations

import datetime as dt
import hashlib
import random

import keyring
import keyring.backend
import keyring.errors
import pytest

from recorder_app.models import Recording, Status, SummaryLine, Task
from recorder_app.recorder import Recorder
from recorder_app.sync.enqueue import enqueue
from tests.support.serving import Serving
from tests.sync.world import LINES

START = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
KEY = "phx_the_key"


class Drawer(keyring.backend.KeyringBackend):
    """A keyring that keeps what it is given, until the test is over."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("not there")
        del self.kept[service, username]


@pytest.fixture
def drawer():
    before, kept = keyring.get_keyring(), Drawer()
    keyring.set_keyring(kept)
    yield kept
    keyring.set_keyring(before)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    serving = Serving(tmp_path_factory.mktemp("served"), key=KEY)
    yield serving
    serving.close()


@pytest.fixture
def opened(home):
    """`opened(is_working=…, **environment)` opens façades and closes them afterwards."""
    made = []

    def start(*, is_working=False, now=None, **environment):
        recorder = Recorder(home, environment=environment, **({"now": now} if now else {}))
        made.append(recorder)
        recorder.open(is_working=is_working)
        return recorder

    yield start
    for recorder in made:
        recorder.close()


@pytest.fixture
def recorder(opened):
    return opened()


def whole(recorder, name="r1", *, is_transcribed=True, title="Weekly", **fields):
    """A recording that is on disk, with its transcript unless said otherwise; its jobs are planned."""
    folder = recorder.paths.recordings / name
    folder.mkdir()
    data = random.Random(name).randbytes(50_000)
    media = folder / "part-001.ogg"
    media.write_bytes(data)
    recording = recorder.library.add(
        Recording(
            id=name,
            **{
                "started_at": START,
                "status": Status.UPLOADING,
                "workspace": recorder.settings.workspace,
                "title": title,
                "duration_ms": 9_400,
                "is_on_disk": True,
                "media": (media,),
                "media_bytes": len(data),
                "media_sha256": hashlib.sha256(data).hexdigest(),
                "summary_lines": (SummaryLine("We ship next week.", (5000,)),),
                "summary_source": "rules",
                "tasks": (Task("t1", "Send the notes", "to Ana", "Bob"),),
                **fields,
            },
        )
    )
    enqueue(recorder.library, name, now=0.0)
    if is_transcribed:
        recorder.library.set_segments(name, LINES)
        recording = recorder.library.update(name, is_transcribed=True, engine="scripted")
        for _ in range(2):
            recorder.library.jobs.settle(recorder.library.jobs.claim("speech", now=1.0), state="done")
    return recording
