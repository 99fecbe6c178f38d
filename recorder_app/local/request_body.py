"""Reads a REST request's body and its wishes for the answer, refusing in the real server's words."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import request

from recorder_app.local.envelope import RefusedError, not_found


def require_json_answer() -> None:
    """Refuse what asks for anything but JSON (406), or for another `?format=` (404)."""
    if request.args.get("format", "json") != "json":
        raise not_found()
    accepted = request.accept_mimetypes
    if accepted and accepted.best_match(["application/json"]) is None:
        raise RefusedError(406, "not_acceptable", "Could not satisfy the request Accept header.")


def parsed_body() -> Any:
    """Return the decoded body: {} when there is none, a flat object for forms."""
    kind = request.mimetype
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form.to_dict()
    raw = request.get_data(cache=True)
    if not raw:
        return {}
    if kind != "application/json":
        named = request.headers.get("Content-Type", "")[:80]
        raise RefusedError(415, "unsupported_media_type", f'Unsupported media type "{named}" in request.')
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError:
        raise RefusedError(400, "parse_error", "JSON parse error - nested too deeply") from None
    except ValueError as error:
        raise RefusedError(400, "parse_error", f"JSON parse error - {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    # The real server lets NaN through and then cannot answer (500); we say so instead.
    raise ValueError(f"Out of range float values are not JSON compliant: {name}")
