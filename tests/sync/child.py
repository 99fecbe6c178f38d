"""What a killed process was doing: the real engine over a real library and a real server on loopback."""

from __future__ import annotations

import contextlib
from pathlib import Path

import httpx

from recorder_app.api.client import RecordingsClient
from recorder_app.insights.rules import extract
from recorder_app.library.store import Library
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, mounted_client
from recorder_app.sync.engine import SyncEngine
from recorder_app.sync.workspace import Workspace
from recorder_app.transports.tus import TusTransport
from tests.sync.world import ScriptedSpeech


@contextlib.contextmanager
def engine_over(folder: Path, url: str, key: str, *, name: str = "local"):
    """An engine that is not started yet, and its library. Under another name the server is one that makes a
    new row for every create, and this computer's own is mounted beside it.
    """
    with (
        httpx.Client(trust_env=False) as http,
        contextlib.closing(Library(folder / "library.sqlite")) as library,
    ):
        engine = _engine(folder, url, key, name=name, http=http, library=library)
        try:
            yield library, engine
        finally:
            engine.stop(5)


def _engine(
    folder: Path, url: str, key: str, *, name: str, http: httpx.Client, library: Library
) -> SyncEngine:
    workspace = Workspace(
        name=name,
        client=RecordingsClient(http, origin=url, project_id="1", api_key=key),
        transport=TusTransport(http),
        honours_idempotency_key=name == "local",
    )
    return SyncEngine(
        library,
        workspace,
        recordings=folder / "recordings",
        transcriber=ScriptedSpeech(),
        extract=extract,
        embedded=lambda: _embedded(folder),
        is_polling=False,
    )


@contextlib.contextmanager
def _embedded(folder: Path):
    with mounted_client(folder / "embedded") as http:
        yield RecordingsClient(http, origin=LOCAL_ORIGIN, project_id=LOCAL_PROJECT, api_key=None)


def work_until_killed(folder: str, url: str, key: str, has_started, name: str = "local") -> None:
    with engine_over(Path(folder), url, key, name=name) as (_library, engine):
        engine.start()
        has_started.set()
        engine.run_until_idle(timeout_s=60)
