"""Builds the client, the transport and the engine of a workspace from settings, keys and folders.

The only place that knows how the parts fit; keeps nothing itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import httpx

from recorder_app.api.client import RecordingsClient
from recorder_app.credentials import api_key
from recorder_app.errors import SignInError
from recorder_app.insights.rules import extract
from recorder_app.library.store import Library
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, mounted_client
from recorder_app.media.join import join
from recorder_app.paths import Paths
from recorder_app.settings import LOCAL, Settings
from recorder_app.speech.client import SpeechClient
from recorder_app.sync.engine import SyncEngine
from recorder_app.sync.workspace import Workspace
from recorder_app.transports.tus import TusTransport

NO_KEY = "phx_"
"""Sent where no key is known: the server then answers what is wrong, and the workspace pauses for sign-in."""


@contextlib.contextmanager
def build_client(
    paths: Paths, settings: Settings, environment: Mapping[str, str]
) -> Iterator[RecordingsClient]:
    """A client of the chosen workspace. Raises SignInError when a server was named without a key."""
    if not settings.is_local and not api_key(settings.workspace, environment):
        raise SignInError(
            f"There is no key for {settings.workspace}",
            code="not_authenticated",
            hint="Set POSTHOG_PERSONAL_API_KEY, or sign in from the app",
        )
    with _http(paths, settings) as http:
        yield _client(http, settings, environment)


def build_engine(
    paths: Paths, settings: Settings, library: Library, environment: Mapping[str, str]
) -> tuple[SyncEngine, contextlib.ExitStack]:
    """Return the engine of the chosen workspace, not started, and what must be closed after it stopped."""
    resources = contextlib.ExitStack()
    http = resources.enter_context(_http(paths, settings))
    speech = SpeechClient()
    resources.callback(speech.close)
    workspace = Workspace(
        name=settings.workspace,
        client=_client(http, settings, environment),
        transport=TusTransport(http),
        upload_url=settings.upload_url,
        honours_idempotency_key=settings.is_local,
    )
    engine = SyncEngine(
        library,
        workspace,
        recordings=paths.recordings,
        transcriber=speech,
        extract=extract,
        join=join,
        speaker_name=settings.speaker_name,
    )
    return engine, resources


def _http(paths: Paths, settings: Settings) -> httpx.Client:
    if settings.is_local:
        return mounted_client(paths.server)
    return httpx.Client(limits=httpx.Limits(max_connections=8))


def _client(http: httpx.Client, settings: Settings, environment: Mapping[str, str]) -> RecordingsClient:
    if settings.workspace == LOCAL:
        return RecordingsClient(http, origin=LOCAL_ORIGIN, project_id=LOCAL_PROJECT, api_key=None)
    key = api_key(settings.workspace, environment) or NO_KEY
    return RecordingsClient(http, origin=settings.workspace, project_id=settings.project_id, api_key=key)
