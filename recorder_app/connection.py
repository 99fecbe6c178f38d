"""The connection test: what a server, a key and a project allow, or which of them is wrong.

Asks only what leaves nothing behind (posthog/README §6); decides nothing about settings.
"""

from __future__ import annotations

import dataclasses
import enum

from recorder_app.api.account import AccountClient, ProjectInfo
from recorder_app.api.client import RecordingsClient
from recorder_app.errors import (
    NetworkError,
    NoRecallError,
    RateLimitedError,
    RecorderError,
    RejectedError,
    ServerFaultError,
    SignInError,
)


class Trouble(enum.StrEnum):
    """What is wrong, for a dialog to point at."""

    UNREACHABLE = "unreachable"
    NOT_POSTHOG = "not_posthog"
    """Something answers, but not in PostHog's words: a login page, a proxy, another service."""
    MOVED = "moved"
    """The address leads elsewhere, or has no desktop recordings."""
    KEY = "key"
    """None, unknown or revoked; on PostHog's own regions perhaps the other region's."""
    SCOPE = "scope"
    PROJECT = "project"
    NO_RECALL = "no_recall"
    """All is well but the server cannot create recordings: they stay on this computer."""
    BUSY = "busy"
    SERVER = "server"


@dataclasses.dataclass(frozen=True, slots=True)
class ConnectionReport:
    workspace: str
    project_id: str
    can_read: bool = False
    can_write: bool = False
    can_create: bool = False
    """The server can create recordings (it has a Recall key, or is the embedded backend)."""
    user: str = ""
    """Name or address of the key's owner; empty where the key may not ask."""
    project: ProjectInfo | None = None
    trouble: Trouble | None = None
    error: RecorderError | None = None
    """The trouble in words, with a hint and the exit code."""

    @property
    def is_good(self) -> bool:
        return self.trouble is None


@dataclasses.dataclass(frozen=True, slots=True)
class ProjectChoices:
    """For a project picker. With no list the number has to be typed."""

    projects: tuple[ProjectInfo, ...]
    current: ProjectInfo | None
    reason: str | None = None
    """Why there is no list; None when there is one."""


def examine(
    recordings: RecordingsClient, account: AccountClient, *, workspace: str, project_id: str
) -> ConnectionReport:
    """Ask in the order of what needs least, five requests at most. Blocks; trouble is in the report."""
    report = ConnectionReport(workspace, project_id)
    try:
        recordings.list(limit=1)
        report = _with_account(dataclasses.replace(report, can_read=True), account)
        recordings.prove_write()
        report = dataclasses.replace(report, can_write=True)
        recordings.prove_create()
    except RecorderError as error:
        return dataclasses.replace(report, trouble=trouble_of(error), error=error)
    return dataclasses.replace(report, can_create=True)


def _with_account(report: ConnectionReport, account: AccountClient) -> ConnectionReport:
    try:
        me = account.me()
    except RecorderError:
        # A perfectly good key may not have the scope for this.
        return report
    named = {each.id: each for each in me.projects}
    project = me.current if report.project_id == "@current" else named.get(report.project_id)
    return dataclasses.replace(report, user=me.name or me.email, project=project)


def choices(account: AccountClient) -> ProjectChoices:
    """The projects to pick from, as far as the key may know them. Raises all but SignInError by scope."""
    current, refusal = None, None
    try:
        me = account.me()
        current = me.current
        if me.projects:
            return ProjectChoices(me.projects, current)
    except (SignInError, RejectedError) as error:
        if trouble_of(error) is Trouble.KEY:
            raise
        refusal = error
    try:
        return ProjectChoices(account.projects(), current)
    except (SignInError, RejectedError) as error:
        said = refusal or error
        return ProjectChoices(
            (current,) if current else (), current, f"{said.title}. Type the project's number instead."
        )


def trouble_of(error: RecorderError) -> Trouble:
    """Say which part of the connection an error is about."""
    if isinstance(error, NetworkError):
        return Trouble.UNREACHABLE
    if isinstance(error, NoRecallError):
        return Trouble.NO_RECALL
    if isinstance(error, RateLimitedError):
        return Trouble.BUSY
    if isinstance(error, SignInError):
        return _of_sign_in(error)
    if isinstance(error, RejectedError):
        is_elsewhere = error.code in ("redirected", "not_found", "http_404")
        return Trouble.MOVED if is_elsewhere else Trouble.NOT_POSTHOG
    if isinstance(error, ServerFaultError):
        return Trouble.SERVER if error.status >= 500 else Trouble.NOT_POSTHOG
    return Trouble.SERVER


def _of_sign_in(error: SignInError) -> Trouble:
    if error.code == "not_found":
        return Trouble.PROJECT
    if error.code != "permission_denied":
        return Trouble.KEY
    if "scope" in error.title:
        return Trouble.SCOPE
    return Trouble.PROJECT if "project" in error.title else Trouble.KEY
