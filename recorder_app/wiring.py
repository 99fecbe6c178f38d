"""Builds the client, the transport and the engine of a workspace from settings, keys and folders.

The only place that knows how the parts fit; keeps nothing itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import TypedDict

import httpx

from recorder_app.api.account import AccountClient
from recorder_app.api.client import RecordingsClient
from recorder_app.api.datasets import DatasetsClient
from recorder_app.credentials import api_key
from recorder_app.errors import SignInError
from recorder_app.insights.rules import extract
from recorder_app.library.store import Library
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, mounted_client
from recorder_app.paths import Paths
from recorder_app.settings import Settings
from recorder_app.speech.client import SpeechClient
from recorder_app.sync.engine import SyncEngine
from recorder_app.sync.workspace import Workspace
from recorder_app.transports.tus import TusTransport

NO_KEY = "phx_"
"""Sent where no key is known: the server then answers what is wrong, and the workspace pauses for sign-in."""


@dataclasses.dataclass(frozen=True, slots=True)
class Clients:
    """One workspace's server, each part of it by its own client."""

    recordings: RecordingsClient
    datasets: DatasetsClient
    account: AccountClient


@contextlib.contextmanager
def build_clients(
    paths: Paths, settings: Settings, environment: Mapping[str, str], *, key: str | None = None
) -> Iterator[Clients]:
    """Clients of the chosen workspace; `key` goes before the stored one.

    Raises SignInError when a server was named without a key.
    """
    key = key or (None if settings.is_local else api_key(settings.workspace, environment))
    if not settings.is_local and not key:
        raise SignInError(
            f"There is no key for {settings.workspace}",
            code="not_authenticated",
            hint="Set POSTHOG_PERSONAL_API_KEY, or sign in: recorder workspace sign-in",
        )
    where = _address(settings, key)
    with _http(paths, settings) as http:
        yield Clients(
            RecordingsClient(http, **where), DatasetsClient(http, **where), AccountClient(http, **where)
        )


@contextlib.contextmanager
def build_datasets(
    paths: Paths, settings: Settings, environment: Mapping[str, str]
) -> Iterator[DatasetsClient]:
    with build_clients(paths, settings, environment) as clients:
        yield clients.datasets


@contextlib.contextmanager
def embedded_client(paths: Paths) -> Iterator[RecordingsClient]:
    """The embedded backend's recordings, whatever workspace is in use."""
    with mounted_client(paths.server) as http:
        yield RecordingsClient(http, **_address(Settings(), None))


def build_workspace(
    paths: Paths, settings: Settings, environment: Mapping[str, str], resources: contextlib.ExitStack
) -> Workspace:
    """The chosen workspace for an engine; what must be closed afterwards is put on `resources`."""
    http = resources.enter_context(_http(paths, settings))
    key = None if settings.is_local else api_key(settings.workspace, environment) or NO_KEY
    return Workspace(
        name=settings.workspace,
        client=RecordingsClient(http, **_address(settings, key)),
        transport=TusTransport(http),
        upload_url=settings.upload_url,
        honours_idempotency_key=settings.is_local,
    )


def build_engine(
    paths: Paths, settings: Settings, library: Library, environment: Mapping[str, str]
) -> tuple[SyncEngine, contextlib.ExitStack]:
    """Return the engine of the chosen workspace, not started, and what must be closed after it stopped."""
    resources = contextlib.ExitStack()
    workspace = build_workspace(paths, settings, environment, resources)
    speech = SpeechClient()
    resources.callback(speech.close)
    engine = SyncEngine(
        library,
        workspace,
        recordings=paths.recordings,
        transcriber=speech,
        extract=extract,
        embedded=lambda: embedded_client(paths),
        keep_media_days=settings.keep_media_days,
        speaker_name=settings.speaker_name,
    )
    return engine, resources


def _http(paths: Paths, settings: Settings) -> httpx.Client:
    if settings.is_local:
        return mounted_client(paths.server)
    return httpx.Client(limits=httpx.Limits(max_connections=8))


class _Address(TypedDict):
    origin: str
    project_id: str
    api_key: str | None


def _address(settings: Settings, key: str | None) -> _Address:
    if settings.is_local:
        return {"origin": LOCAL_ORIGIN, "project_id": LOCAL_PROJECT, "api_key": None}
    return {"origin": settings.workspace, "project_id": settings.project_id, "api_key": key}
