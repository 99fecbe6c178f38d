"""Who the key belongs to and which projects it may use: `users/@me` and `projects`.

Both want scopes of their own and may refuse a perfectly good key (posthog/README §6).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from recorder_app.api import reading
from recorder_app.api.sender import Sender

PAGE = 100
MAX_PROJECTS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class ProjectInfo:
    id: str
    name: str
    organization: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    name: str
    email: str
    current: ProjectInfo | None
    """The project that `@current` stands for."""
    projects: tuple[ProjectInfo, ...]
    """Of the current organisation; only those the server told."""


class AccountClient(Sender):
    """See Sender for threads and errors. SignInError with a scope's name where the key may not ask."""

    what = "account"

    def me(self) -> Account:
        """Who we are; needs user:read."""
        return self._parsed(
            self._send("GET", "users/@me/", is_in_project=False, is_repeatable=True), _account
        )

    def projects(self) -> tuple[ProjectInfo, ...]:
        """Every project the key's owner may see, by name; needs project:read, refuses team-scoped keys."""
        found: dict[str, ProjectInfo] = {}
        offset = 0
        while offset < MAX_PROJECTS:
            answer = self._send(
                "GET",
                "projects/",
                params={"limit": str(PAGE), "offset": str(offset)},
                is_in_project=False,
                is_repeatable=True,
            )
            count, results = self._page(answer, _project)
            found |= {each.id: each for each in results}
            offset += PAGE
            if not results or offset >= count:
                break
        return tuple(sorted(found.values(), key=lambda each: each.name.casefold()))


def _account(raw: Mapping[str, Any]) -> Account:
    names = (reading.text(raw.get("first_name")), reading.text(raw.get("last_name")))
    team, organization = reading.mapping(raw.get("team")), reading.mapping(raw.get("organization"))
    of = reading.text(organization.get("name")) or ""
    teams = reading.items(organization.get("teams"))
    return Account(
        name=" ".join(name for name in names if name),
        email=reading.text(raw.get("email")) or "",
        current=_project(team, of) if "id" in team else None,
        projects=tuple(_project(each, of) for each in teams if isinstance(each, dict) and "id" in each),
    )


def _project(raw: Mapping[str, Any], organization: str = "") -> ProjectInfo:
    number = reading.whole(raw.get("id"))
    if number is None:
        raise ValueError("a project without a number")
    return ProjectInfo(str(number), reading.text(raw.get("name")) or f"Project {number}", organization)
