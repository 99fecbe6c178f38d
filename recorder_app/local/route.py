"""What the REST views of every resource share: who may, the checked body, pages and their addresses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypedDict
from urllib.parse import urlencode

from flask import Response, g, jsonify, request

from recorder_app.local import auth, validation
from recorder_app.local.backend import backend
from recorder_app.local.envelope import RefusedError
from recorder_app.local.request_body import parsed_body, require_json_answer

DEFAULT_LIMIT = 100
MAX_INT64 = 2**63 - 1
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class Route(TypedDict):
    methods: tuple[str, ...]
    provide_automatic_options: bool
    strict_slashes: bool


ROUTE: Route = {"methods": METHODS, "provide_automatic_options": False, "strict_slashes": False}


def list_scopes(read: str, write: str) -> Mapping[str, str]:
    """Methods of a collection and their scopes, in the order the real server's Allow header names them."""
    return {"GET": read, "POST": write, "HEAD": read, "OPTIONS": read}


def detail_scopes(read: str, write: str) -> Mapping[str, str]:
    return {"GET": read, "PUT": write, "PATCH": write, "DELETE": write, "HEAD": read, "OPTIONS": read}


def permitted(
    project: str, scopes: Mapping[str, str], *, is_json: bool = True, has_challenge: bool = False
) -> auth.Access:
    """Check the wanted format, key, scope and project for this method, in the real server's order.

    `has_challenge`: a missing or wrong key is answered 401, as everywhere but on recordings.
    """
    owner = key_owner(scopes, is_json=is_json, has_challenge=has_challenge)
    return auth.access(owner, project, scopes.get(request.method), backend().projects)


def key_owner(scopes: Mapping[str, str], *, is_json: bool = True, has_challenge: bool = True) -> auth.KeyInfo:
    """Return what the request's key may do, whatever the project."""
    g.allow = ", ".join(scopes)
    if is_json:
        require_json_answer()
    header = request.headers.get("Authorization", "")
    query_key = request.args.get("personal_api_key")
    needs_body = backend().keys is not None and not header and not query_key
    try:
        return auth.key_owner(backend().keys, header, query_key, parsed_body() if needs_body else None)
    except RefusedError as error:
        if has_challenge and error.code in ("not_authenticated", "authentication_failed"):
            where = f"{backend().base_url}/.well-known/oauth-protected-resource"
            challenge = {"WWW-Authenticate": f'Bearer resource_metadata="{where}"'}
            raise RefusedError(401, error.code, error.detail, headers=challenge) from None
        raise


def checked(rule: validation.Rule) -> dict[str, Any]:
    """Return this request's body as the rule keeps it. RefusedError 400 with the first trouble."""
    try:
        return validation.checked_body(rule, parsed_body())
    except validation.InvalidError as error:
        attr = "__".join(error.path) or None
        raise RefusedError(400, error.code, error.detail, attr=attr) from None


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """The part of a list that was asked for."""

    limit: int
    offset: int


def window() -> Window:
    return Window(
        _positive(request.args.get("limit"), DEFAULT_LIMIT, least=1),
        _positive(request.args.get("offset"), 0, least=0),
    )


def page(resource: str, wanted: Window, count: int, results: list[dict[str, Any]]) -> Response:
    """Answer one page. `resource` is the path below `/api/projects/`; "" for the projects themselves."""
    limit, offset = wanted.limit, wanted.offset
    return jsonify(
        count=count,
        next=_page_url(resource, limit, offset + limit) if offset + limit < count else None,
        previous=_page_url(resource, limit, offset - limit) if offset > 0 else None,
        results=results,
    )


def metadata(name: str, what: str) -> Response:
    return jsonify(
        name=name,
        description=f"{what}, held on this computer.",
        renders=["application/json"],
        parses=["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    )


def _positive(text: str | None, default: int, *, least: int) -> int:
    try:
        value = int(text or "")
    except ValueError:
        return default
    return min(value, MAX_INT64) if value >= least else default


def _page_url(resource: str, limit: int, offset: int) -> str:
    """Return the neighbouring page's address, always under /api/projects/, and never with a key in it."""
    query = {name: request.args[name] for name in request.args if name != "personal_api_key"}
    query["limit"] = str(limit)
    query.pop("offset", None)
    if offset > 0:
        query["offset"] = str(offset)
    slash = "/" if request.path.endswith("/") else ""
    where = f"/api/projects/{resource}".rstrip("/")
    return f"{backend().base_url}{where}{slash}?{urlencode(sorted(query.items()))}"
