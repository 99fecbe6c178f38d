"""Who may do what: keys, scopes and projects of the REST side; tokens of the uploads.

Answers with the real server's sentences. Compares secrets in constant time only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from typing import Any

from recorder_app.local.envelope import RefusedError, permission_denied

READ, WRITE = "desktop_recording:read", "desktop_recording:write"
DATASET_READ, DATASET_WRITE = "dataset:read", "dataset:write"
USER_READ, PROJECT_READ = "user:read", "project:read"
# Only exactly "Bearer": the real server treats "bearer" and "Token" as no credentials at all.
_BEARER = re.compile(r"Bearer\s+(\S.+)")
_TOKEN = re.compile(r"rut_([0-9a-f]{32})_([0-9a-f]{64})")


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Who a key belongs to, as datasets and `users/@me` name people."""

    first_name: str = "You"
    last_name: str = ""
    email: str = "you@localhost"
    distinct_id: str = "you"
    role: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class KeyInfo:
    """What one key may do."""

    user_id: int = 1
    scopes: frozenset[str] = frozenset({"*"})
    projects: frozenset[int] = frozenset({1})
    """Projects of the organisations its owner belongs to."""
    only_projects: frozenset[int] | None = None
    """Projects the key itself is limited to; None means no such limit."""
    current_project: int = 1
    person: Person = Person()

    def has(self, scope: str) -> bool:
        implied = {scope, scope.replace(":read", ":write"), "*"}
        return bool(self.scopes & implied)


ANYBODY = KeyInfo()
"""The caller of an app without keys: the process it is mounted in."""


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    user_id: int
    team: int


def key_owner(
    keys: Mapping[str, KeyInfo] | None, authorization: str, query_key: str | None, body: Any
) -> KeyInfo:
    """Return what the presented key may do; `keys` None means that no key is needed."""
    if keys is None:
        return ANYBODY
    bearer = _BEARER.fullmatch(authorization)
    in_body = body.get("personal_api_key") if isinstance(body, dict) else None
    presented = bearer[1].strip() if bearer else query_key or in_body
    if not isinstance(presented, str) or not presented:
        raise RefusedError(403, "not_authenticated", "Authentication credentials were not provided.")
    found = None
    # Every known key is compared, each in constant time: the time taken tells nothing.
    for key, info in keys.items():
        if hmac.compare_digest(_digest(key), _digest(presented)):
            found = info
    if found is None:
        raise RefusedError(
            403,
            "authentication_failed",
            "Personal API key found in request Authorization header is invalid.",
        )
    return found


def access(owner: KeyInfo, project: str, scope: str | None, known_projects: frozenset[int]) -> Access:
    """Return who acts in which project. `scope` None stands for a method the route does not have."""
    team = owner.current_project if project == "@current" else _project_number(project)
    if team is None or team not in known_projects:
        raise RefusedError(404, "not_found", "Project not found.")
    if scope is None:
        raise permission_denied("This action does not support personal API key access")
    if not owner.has(scope):
        raise permission_denied(f"API key missing required scope '{scope}'")
    if owner.only_projects is not None and team not in owner.only_projects:
        raise permission_denied(f"API key does not have access to the requested project: ID {team}.")
    if team not in owner.projects:
        raise permission_denied("You don't have access to the project.")
    return Access(user_id=owner.user_id, team=team)


def scope_beyond_projects(owner: KeyInfo, scope: str | None, *, takes_team_keys: bool) -> None:
    """Check a key for an address that belongs to no project. RefusedError 403."""
    if scope is None:
        raise permission_denied("This action does not support personal API key access")
    if not owner.has(scope):
        raise permission_denied(f"API key missing required scope '{scope}'")
    if owner.only_projects is not None and not takes_team_keys:
        raise permission_denied(
            "API keys with scoped projects are only supported on project-based endpoints."
        )


def _project_number(project: str) -> int | None:
    return int(project) if re.fullmatch(r"[0-9]{1,18}", project) else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def upload_token(secret: bytes, recording_id: str) -> str:
    """Return the bearer of one recording's uploads. Derived, so that a repeated create gets the same one."""
    name = uuid.UUID(recording_id).hex
    return f"rut_{name}_{hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()}"


def recording_of_token(secret: bytes, authorization: str) -> str:
    """Return the id of the recording whose uploads this bearer may write. RefusedError 401 otherwise."""
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise RefusedError(
            401,
            "not_authenticated",
            "Send the recording's upload_token as a bearer.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    token = _TOKEN.fullmatch(bearer[1].strip())
    if token is not None:
        recording_id = str(uuid.UUID(token[1]))
        if hmac.compare_digest(upload_token(secret, recording_id), token[0]):
            return recording_id
    raise RefusedError(
        401,
        "authentication_failed",
        "This is not an upload token of this server.",
        headers={"WWW-Authenticate": "Bearer"},
    )
