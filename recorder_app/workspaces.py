"""Where recordings go: this computer, PostHog's regions, or a server of one's own; and moving between them.

Blocking calls with typed results, for the settings dialog and the command line alike.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from recorder_app.api.exchange import origin_of
from recorder_app.connection import ConnectionReport, ProjectChoices, choices, examine, trouble_of
from recorder_app.context import Context
from recorder_app.credentials import forget_api_key, key_source, store_api_key
from recorder_app.errors import SignInError, UsageError
from recorder_app.settings import LOCAL, Settings

if TYPE_CHECKING:
    from recorder_app.wiring import Clients

US, EU = "https://us.posthog.com", "https://eu.posthog.com"
CURRENT_PROJECT = "@current"
NAMED = {LOCAL: LOCAL, "us": US, "eu": EU}
_APP_HOSTS = {
    # These take events, not requests; people copy them from a snippet.
    "us.i.posthog.com": US,
    "eu.i.posthog.com": EU,
    "us-assets.i.posthog.com": US,
    "eu-assets.i.posthog.com": EU,
    "app.posthog.com": US,
    "i.posthog.com": US,
    "posthog.com": US,
}
_LABELS = {LOCAL: "This computer", US: "PostHog US", EU: "PostHog EU"}
_PROJECT = re.compile(r"/(?:project|api/(?:projects|environments))/(\d{1,18})(?:/|$)")


@dataclasses.dataclass(frozen=True, slots=True)
class WorkspaceView:
    workspace: str
    """"local", or the server's origin."""
    label: str
    """For people: "PostHog EU"."""
    project_id: str
    key_source: str | None
    """"environment" or "keyring"; None where there is no key (none is needed for "local")."""
    is_from_environment: bool
    """POSTHOG_HOST decides, and a choice made here would not hold."""
    backlog: int
    """Recordings of this computer's workspace that could move here; 0 while it is in use."""
    moving: int
    """Those of them that were asked to move and have not arrived."""
    paused_reason: str | None


class Workspaces:
    """From any thread; every method may block for keyring, disk or network."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def current(self) -> WorkspaceView:
        settings, library = self._context.settings(), self._context.library()
        name = settings.workspace
        backlog = library.backlog
        return WorkspaceView(
            workspace=name,
            label=label_of(name),
            project_id=settings.project_id,
            key_source=None if settings.is_local else key_source(name, self._context.environment),
            is_from_environment=bool(self._context.environment.get("POSTHOG_HOST", "").strip()),
            backlog=0 if settings.is_local else library.count(LOCAL),
            moving=len(backlog.waiting(name)) + len(backlog.moving(name)),
            paused_reason=library.ledger.paused_reason(name),
        )

    def check(
        self, address: str | None = None, *, project_id: str | None = None, key: str | None = None
    ) -> ConnectionReport:
        """Test what is in use, or another address and key before they are stored. UsageError for no address.

        What the network or the server says is in the report, never raised.
        """
        settings = self._aimed(address, project_id)
        try:
            with self._clients(settings, key) as clients:
                return examine(
                    clients.recordings,
                    clients.account,
                    workspace=settings.workspace,
                    project_id=settings.project_id,
                )
        except SignInError as error:
            return ConnectionReport(
                settings.workspace, settings.project_id, trouble=trouble_of(error), error=error
            )

    def projects(self, address: str | None = None, *, key: str | None = None) -> ProjectChoices:
        """What a project picker offers. Raises as `api.sender.Sender` where not even the key is good."""
        with self._clients(self._aimed(address, CURRENT_PROJECT), key) as clients:
            return choices(clients.account)

    def use(
        self, address: str, *, project_id: str | None = None, push_backlog: bool = False
    ) -> WorkspaceView:
        """Send recordings there from now on, to the project in the address or else the key's current one.

        `push_backlog`: also move what this computer's workspace holds, oldest first, by itself.
        UsageError where the address is none, or POSTHOG_HOST decides.
        """
        if self._context.environment.get("POSTHOG_HOST", "").strip():
            raise UsageError("POSTHOG_HOST decides where recordings go", hint="Unset it to choose here")
        aimed = self._aimed(address, project_id)
        self._context.update_settings(
            dataclasses.replace(
                self._context.stored(), workspace=aimed.workspace, project_id=aimed.project_id
            )
        )
        if push_backlog:
            self.push_backlog()
        return self.current()

    def push_backlog(self) -> int:
        """Queue every recording of this computer's workspace to move to the one in use; return how many.

        Safe to repeat. The queue survives kills, is led by whoever syncs, and waits while the server is away.
        """
        target = self._context.settings().workspace
        if target == LOCAL:
            raise UsageError("There is no server in use to move to", hint="recorder workspace use URL")
        added = self._context.library().backlog.add_all(source=LOCAL, target=target)
        self._context.changed("")
        return added

    def stop_moving(self) -> int:
        """Let those stay that have not begun to move; return how many."""
        return self._context.library().backlog.clear_waiting(self._context.settings().workspace)

    def sign_in(self, key: str, address: str | None = None) -> None:
        """Keep a key in the keyring and go on with what waited for it. RecorderError where it keeps nothing,
        SignInError for what cannot be a key.
        """
        settings = self._aimed(address, None)
        if settings.is_local:
            raise UsageError("This computer's workspace needs no key", hint="recorder workspace use URL")
        store_api_key(settings.workspace, key)
        if settings.workspace == self._context.settings().workspace:
            self._context.library().ledger.resume(settings.workspace)
            self._context.reconnect()

    def sign_out(self, address: str | None = None) -> bool:
        """Take the key out of the keyring; False when there was none. What waits keeps waiting."""
        settings = self._aimed(address, None)
        was_there = forget_api_key(settings.workspace)
        if settings.workspace == self._context.settings().workspace:
            self._context.reconnect()
        return was_there

    def _aimed(self, address: str | None, project_id: str | None) -> Settings:
        settings = self._context.settings()
        if address is None:
            return dataclasses.replace(settings, project_id=project_id or settings.project_id)
        workspace, named = parse_address(address)
        kept = settings.project_id if workspace == settings.workspace else CURRENT_PROJECT
        return dataclasses.replace(settings, workspace=workspace, project_id=project_id or named or kept)

    @contextmanager
    def _clients(self, settings: Settings, key: str | None) -> Iterator[Clients]:
        from recorder_app.wiring import build_clients

        with build_clients(self._context.paths, settings, self._context.environment, key=key) as clients:
            yield clients


def parse_address(text: str) -> tuple[str, str | None]:
    """Return the workspace an address means and the project in it, if any: `us`, `eu`, `local`, or a URL.

    The pages and snippets people copy from lead to the right host. UsageError where it is no address.
    """
    given = text.strip()
    if given.lower() in NAMED:
        return NAMED[given.lower()], None
    if "://" not in given and "." in given.split("/", 1)[0]:
        given = f"https://{given}"
    origin = origin_of(given)
    project = _PROJECT.search(urlsplit(given).path)
    host = origin.split("://", 1)[1]
    return _APP_HOSTS.get(host, origin), project[1] if project else None


def label_of(workspace: str) -> str:
    return _LABELS.get(workspace) or workspace.split("://", 1)[-1]
