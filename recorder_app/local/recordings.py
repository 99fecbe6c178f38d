"""`desktop_recordings` as the real server answers it (posthog/README §4), one transaction a request."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, jsonify, request

from recorder_app.local import auth, rows, transcript, validation
from recorder_app.local.backend import backend
from recorder_app.local.envelope import RefusedError, not_found
from recorder_app.local.request_body import parsed_body, require_json_answer
from recorder_app.local.validation import Field
from recorder_app.models import Platform, Status

DEFAULT_LIMIT = 100
MAX_INT64 = 2**63 - 1
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
# In the order the real server's Allow header names them.
LIST_SCOPES = {"GET": auth.READ, "POST": auth.WRITE, "HEAD": auth.READ, "OPTIONS": auth.READ}
DETAIL_SCOPES = {
    "GET": auth.READ,
    "PUT": auth.WRITE,
    "PATCH": auth.WRITE,
    "DELETE": auth.WRITE,
    "HEAD": auth.READ,
    "OPTIONS": auth.READ,
}
APPEND_SCOPES = {"POST": auth.WRITE, "OPTIONS": auth.READ}

_PLATFORM = validation.choice([platform.value for platform in Platform])
_LINE = validation.text()
_SEGMENT = {
    "timestamp": Field(validation.number, is_nullable=True),
    "speaker": Field(_LINE, is_nullable=True),
    # On PATCH the real server forgets that these two are required and poisons the list (README §4.3).
    "text": Field(validation.text(may_be_blank=False), is_required=True),
    "confidence": Field(validation.number, is_nullable=True),
    "is_final": Field(validation.boolean, is_nullable=True),
}
_TASK = {
    "title": Field(validation.text(may_be_blank=False), is_required=True),
    "description": Field(_LINE),
    "assignee": Field(_LINE, is_nullable=True),
}
_SEGMENT_ITEM = Field(validation.object_of(_SEGMENT))
_CHANGES = {
    "recall_recording_id": Field(validation.identifier, is_nullable=True),
    "platform": Field(_PLATFORM),
    "meeting_title": Field(validation.text(max_length=255), is_nullable=True),
    "meeting_url": Field(validation.url(max_length=200), is_nullable=True),
    "duration_seconds": Field(validation.integer(32), is_nullable=True),
    "status": Field(validation.choice([status.value for status in Status])),
    "notes": Field(_LINE, is_nullable=True),
    "error_message": Field(_LINE, is_nullable=True),
    "video_url": Field(validation.url(max_length=200), is_nullable=True),
    "video_size_bytes": Field(validation.integer(64), is_nullable=True),
    "participants": Field(validation.list_of(Field(validation.text(may_be_blank=False)))),
    "transcript_segments": Field(validation.list_of(_SEGMENT_ITEM)),
    "summary": Field(_LINE, is_nullable=True),
    "extracted_tasks": Field(validation.list_of(Field(validation.object_of(_TASK)))),
    "tasks_generated_at": Field(validation.instant, is_nullable=True),
    "summary_generated_at": Field(validation.instant, is_nullable=True),
    "started_at": Field(validation.instant),
    "completed_at": Field(validation.instant, is_nullable=True),
}
CREATE = validation.object_of({"platform": Field(_PLATFORM)})
PATCH = validation.object_of(_CHANGES)
PUT = validation.object_of(_CHANGES | {"platform": Field(_PLATFORM, is_required=True)})
APPEND = validation.object_of(
    {"segments": Field(validation.list_of(_SEGMENT_ITEM, min_length=1), is_required=True)}
)

blueprint = Blueprint("recordings", __name__)
_ROUTE = {"methods": METHODS, "provide_automatic_options": False, "strict_slashes": False}


def permitted(project: str, scopes: Mapping[str, str], *, is_json: bool = True) -> auth.Access:
    """Check the wanted format, key, scope and project for this method, in the real server's order."""
    g.allow = ", ".join(scopes)
    if is_json:
        require_json_answer()
    header = request.headers.get("Authorization", "")
    query_key = request.args.get("personal_api_key")
    needs_body = backend().keys is not None and not header and not query_key
    owner = auth.key_owner(backend().keys, header, query_key, parsed_body() if needs_body else None)
    return auth.access(owner, project, scopes.get(request.method), backend().projects)


@blueprint.route("/desktop_recordings/", endpoint="list", **_ROUTE)
def _collection(project: str) -> Response:
    access = permitted(project, LIST_SCOPES)
    if request.method == "OPTIONS":
        return _metadata("Desktop Recording List")
    return _create(access) if request.method == "POST" else _list(access, project)


@blueprint.route("/desktop_recordings/<recording_id>/", endpoint="detail", **_ROUTE)
def _detail(project: str, recording_id: str) -> Response:
    access = permitted(project, DETAIL_SCOPES)
    if request.method == "OPTIONS":
        return _metadata("Desktop Recording Instance")
    if request.method in ("PATCH", "PUT"):
        return _change(access, recording_id)
    if request.method == "DELETE":
        return _delete(access, recording_id)
    with backend().database.read() as connection:
        return jsonify(rows.to_json(wanted(connection, access, recording_id)))


@blueprint.route("/desktop_recordings/<recording_id>/append_segments/", endpoint="append", **_ROUTE)
def _append(project: str, recording_id: str) -> Response:
    access = permitted(project, APPEND_SCOPES)
    if request.method == "OPTIONS":
        return _metadata("Append Segments")
    with backend().database.write() as connection:
        row = wanted(connection, access, recording_id)
        batch = _checked(APPEND)["segments"]
        segments = transcript.appended(rows.segments_of(row), batch)
        changes = {"transcript_segments": segments, "transcript_text": transcript.joined_text(segments)}
        return _updated(connection, access, row["id"], changes)


def _updated(
    connection: sqlite3.Connection, access: auth.Access, identity: str, changes: Mapping[str, Any]
) -> Response:
    rows.update(connection, identity, changes, backend().now())
    # Without the filters: a change may well have taken the row out of what they let through.
    changed = rows.fetch(connection, access.team, identity, rows.Filters())
    assert changed is not None  # noqa: S101 — the caller fetched it in this transaction
    return jsonify(rows.to_json(changed))


def wanted(connection: sqlite3.Connection, access: auth.Access, recording_id: str) -> sqlite3.Row:
    """Return the row an address means; anything that is not one of this project's ids is a plain 404."""
    try:
        identity = validation.identifier(recording_id)
    except validation.InvalidError:
        raise not_found() from None
    row = rows.fetch(connection, access.team, identity, _filters())
    if row is None:
        raise not_found()
    return row


def _create(access: auth.Access) -> Response:
    checked = _checked(CREATE)
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 255:
        raise RefusedError(400, "invalid_input", "An Idempotency-Key has at most 255 characters.")
    with backend().database.write() as connection:
        known = rows.recall_creation(connection, access.team, access.user_id, key) if key else None
        row = rows.fetch(connection, access.team, known, rows.Filters()) if known else None
        status = 200
        if row is None:
            platform = checked.get("platform", Platform.DESKTOP_AUDIO.value)
            row = rows.insert(
                connection, team=access.team, user_id=access.user_id, platform=platform, now=backend().now()
            )
            status = 201
            if key:
                rows.remember_creation(connection, access.team, access.user_id, key, row["id"])
    token = auth.upload_token(backend().database.secret, row["id"])
    answer = jsonify(rows.to_json(row) | {"upload_token": token})
    answer.status_code = status
    answer.headers["Recorder-Upload-Endpoint"] = f"{backend().base_url}/uploads/"
    return answer


def _change(access: auth.Access, recording_id: str) -> Response:
    with backend().database.write() as connection:
        row = wanted(connection, access, recording_id)
        changes = _checked(PATCH if request.method == "PATCH" else PUT)
        return _updated(connection, access, row["id"], changes)


def _delete(access: auth.Access, recording_id: str) -> Response:
    with backend().database.write() as connection:
        row = wanted(connection, access, recording_id)
        uploads = rows.upload_ids(connection, row["id"])
        rows.delete(connection, row["id"])
    # After the commit: a file without a row is swept at the next start, a row without its file is a lie.
    for upload_id in uploads:
        backend().files.remove(upload_id)
    answer = Response(status=204)
    answer.headers.remove("Content-Type")
    return answer


def _list(access: auth.Access, project: str) -> Response:
    limit = _positive(request.args.get("limit"), DEFAULT_LIMIT, least=1)
    offset = _positive(request.args.get("offset"), 0, least=0)
    with backend().database.read() as connection:
        count, found = rows.page(connection, access.team, _filters(), limit=limit, offset=offset)
        results = [rows.to_json(row) for row in found]
    return jsonify(
        count=count,
        next=_page_url(project, limit, offset + limit) if offset + limit < count else None,
        previous=_page_url(project, limit, offset - limit) if offset > 0 else None,
        results=results,
    )


def _filters() -> rows.Filters:
    given = {name: request.args[name] for name in ("platform", "status", "search") if request.args.get(name)}
    user = request.args.get("user_id")
    try:
        # The real server answers 500 to a user_id that is no number.
        user_id = validation.integer(64)(user) if user else None
    except validation.InvalidError as error:
        raise RefusedError(400, error.code, error.detail, attr="user_id") from None
    return rows.Filters(user_id=user_id, **given)


def _positive(text: str | None, default: int, *, least: int) -> int:
    try:
        value = int(text or "")
    except ValueError:
        return default
    return min(value, MAX_INT64) if value >= least else default


def _page_url(project: str, limit: int, offset: int) -> str:
    """Return the neighbouring page's address, always under /api/projects/, and never with a key in it."""
    query = {name: request.args[name] for name in request.args if name != "personal_api_key"}
    query["limit"] = str(limit)
    query.pop("offset", None)
    if offset > 0:
        query["offset"] = str(offset)
    slash = "/" if request.path.endswith("/") else ""
    return (
        f"{backend().base_url}/api/projects/{project}/desktop_recordings{slash}"
        f"?{urlencode(sorted(query.items()))}"
    )


def _metadata(name: str) -> Response:
    return jsonify(
        name=name,
        description="Desktop meeting recordings, held on this computer.",
        renders=["application/json"],
        parses=["application/json", "application/x-www-form-urlencoded", "multipart/form-data"],
    )


def _checked(rule: validation.Rule) -> dict[str, Any]:
    try:
        return validation.checked_body(rule, parsed_body())
    except validation.InvalidError as error:
        attr = "__".join(error.path) or None
        raise RefusedError(400, error.code, error.detail, attr=attr) from None
