"""`desktop_recordings` as the real server answers it (posthog/README §4), one transaction a request."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from recorder_app.local import auth, rows, transcript, upload_rows, validation
from recorder_app.local.backend import backend
from recorder_app.local.envelope import RefusedError, not_found
from recorder_app.local.route import (
    ROUTE,
    checked,
    detail_scopes,
    list_scopes,
    metadata,
    page,
    permitted,
    window,
)
from recorder_app.local.validation import Field
from recorder_app.models import Platform, Status

LIST_SCOPES = list_scopes(auth.READ, auth.WRITE)
DETAIL_SCOPES = detail_scopes(auth.READ, auth.WRITE)
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
WHAT = "Desktop meeting recordings"


@blueprint.route("/desktop_recordings/", endpoint="list", **ROUTE)
def _collection(project: str) -> Response:
    access = permitted(project, LIST_SCOPES)
    if request.method == "OPTIONS":
        return metadata("Desktop Recording List", WHAT)
    return _create(access) if request.method == "POST" else _list(access, project)


@blueprint.route("/desktop_recordings/<recording_id>/", endpoint="detail", **ROUTE)
def _detail(project: str, recording_id: str) -> Response:
    access = permitted(project, DETAIL_SCOPES)
    if request.method == "OPTIONS":
        return metadata("Desktop Recording Instance", WHAT)
    if request.method in ("PATCH", "PUT"):
        return _change(access, recording_id)
    if request.method == "DELETE":
        return _delete(access, recording_id)
    with backend().database.read() as connection:
        return jsonify(rows.to_json(wanted(connection, access, recording_id)))


@blueprint.route("/desktop_recordings/<recording_id>/append_segments/", endpoint="append", **ROUTE)
def _append(project: str, recording_id: str) -> Response:
    access = permitted(project, APPEND_SCOPES)
    if request.method == "OPTIONS":
        return metadata("Append Segments", WHAT)
    with backend().database.write() as connection:
        row = wanted(connection, access, recording_id)
        batch = checked(APPEND)["segments"]
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
    asked = checked(CREATE)
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 255:
        raise RefusedError(400, "invalid_input", "An Idempotency-Key has at most 255 characters.")
    with backend().database.write() as connection:
        known = rows.recall_creation(connection, access.team, access.user_id, key) if key else None
        row = rows.fetch(connection, access.team, known, rows.Filters()) if known else None
        status = 200
        if row is None:
            platform = asked.get("platform", Platform.DESKTOP_AUDIO.value)
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
        changes = checked(PATCH if request.method == "PATCH" else PUT)
        return _updated(connection, access, row["id"], changes)


def _delete(access: auth.Access, recording_id: str) -> Response:
    with backend().database.write() as connection:
        row = wanted(connection, access, recording_id)
        uploads = rows.upload_ids(connection, row["id"])
        upload_rows.doom(connection, uploads)
        rows.delete(connection, row["id"])
    # After the commit: a row without its file would be a lie. The next start makes a kill good.
    for upload_id in uploads:
        backend().files.remove(upload_id)
    with backend().database.write() as connection:
        upload_rows.forget_doomed(connection, uploads)
    answer = Response(status=204)
    answer.headers.remove("Content-Type")
    return answer


def _list(access: auth.Access, project: str) -> Response:
    wanted_part = window()
    with backend().database.read() as connection:
        count, found = rows.page(
            connection, access.team, _filters(), limit=wanted_part.limit, offset=wanted_part.offset
        )
        results = [rows.to_json(row) for row in found]
    return page(f"{project}/desktop_recordings", wanted_part, count, results)


def _filters() -> rows.Filters:
    given = {name: request.args[name] for name in ("platform", "status", "search") if request.args.get(name)}
    user = request.args.get("user_id")
    try:
        # The real server answers 500 to a user_id that is no number.
        user_id = validation.integer(64)(user) if user else None
    except validation.InvalidError as error:
        raise RefusedError(400, error.code, error.detail, attr="user_id") from None
    return rows.Filters(user_id=user_id, **given)
