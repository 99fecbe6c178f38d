"""`users/@me` and `projects`: who the key belongs to, for connection tests and project pickers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from recorder_app.local import auth
from recorder_app.local.backend import backend
from recorder_app.local.dataset_rows import person_json
from recorder_app.local.route import ROUTE, key_owner, metadata, page, window

ORGANIZATION = "This computer"
ME_SCOPES = {"GET": auth.USER_READ, "HEAD": auth.USER_READ, "OPTIONS": auth.USER_READ}
PROJECT_SCOPES = {"GET": auth.PROJECT_READ, "HEAD": auth.PROJECT_READ, "OPTIONS": auth.PROJECT_READ}

blueprint = Blueprint("account", __name__)


@blueprint.route("/users/@me/", endpoint="me", **ROUTE)
def _me() -> Response:
    owner = key_owner(ME_SCOPES)
    # The one address that a key limited to some projects may use all the same.
    auth.scope_beyond_projects(owner, ME_SCOPES.get(request.method), takes_team_keys=True)
    if request.method == "OPTIONS":
        return metadata("User Instance", "The key's owner")
    projects = [_project(number) for number in sorted(owner.projects & backend().projects)]
    return jsonify(
        person_json(owner.user_id, owner.person)
        | {
            "team": _project(owner.current_project),
            "organization": {"id": "local", "name": ORGANIZATION, "teams": projects},
        }
    )


@blueprint.route("/projects/", endpoint="projects", **ROUTE)
def _projects() -> Response:
    owner = key_owner(PROJECT_SCOPES)
    auth.scope_beyond_projects(owner, PROJECT_SCOPES.get(request.method), takes_team_keys=False)
    if request.method == "OPTIONS":
        return metadata("Project List", "Projects")
    part = window()
    found = [_project(number) for number in sorted(owner.projects & backend().projects)]
    return page("", part, len(found), found[part.offset : part.offset + part.limit])


def _project(number: int) -> dict[str, Any]:
    return {"id": number, "name": f"Project {number}" if number != 1 else "Recorder", "organization": "local"}
