"""`datasets` as the real server answers them (posthog/README §5), one transaction a request."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, Response, jsonify, request

from recorder_app.local import auth, dataset_rows, validation
from recorder_app.local.backend import backend
from recorder_app.local.dataset_rows import DATASETS, Filters, Table
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

LIST_SCOPES = list_scopes(auth.DATASET_READ, auth.DATASET_WRITE)
DETAIL_SCOPES = detail_scopes(auth.DATASET_READ, auth.DATASET_WRITE)
ORDERS = ("created_at", "updated_at")
WHAT = "Collections of examples"
_NAME = Field(validation.text(max_length=400, may_be_blank=False))
_FIELDS = {
    "name": _NAME,
    "description": Field(validation.text(), is_nullable=True),
    "metadata": Field(validation.anything, is_nullable=True),
    "deleted": Field(validation.boolean, is_nullable=True),
}
WHOLE = validation.object_of(_FIELDS | {"name": Field(_NAME.rule, is_required=True)})
PATCH = validation.object_of(_FIELDS)

blueprint = Blueprint("datasets", __name__)


@blueprint.route("/datasets/", endpoint="list", **ROUTE)
def _collection(project: str) -> Response:
    access = permitted(project, LIST_SCOPES, has_challenge=True)
    if request.method == "OPTIONS":
        return metadata("Dataset List", WHAT)
    if request.method != "POST":
        return _list(access, project)
    values = with_form_default(checked(WHOLE))
    with backend().database.write() as connection:
        row = dataset_rows.insert(connection, DATASETS, access, {"deleted": False} | values, backend().now())
    return shown(DATASETS, row, status=201)


@blueprint.route("/datasets/<dataset_id>/", endpoint="detail", **ROUTE)
def _detail(project: str, dataset_id: str) -> Response:
    access = permitted(project, DETAIL_SCOPES, has_challenge=True)
    if request.method == "OPTIONS":
        return metadata("Dataset Instance", WHAT)
    if request.method == "DELETE":
        return undeletable()
    if request.method in ("PATCH", "PUT"):
        return changed(DATASETS, access, dataset_id, PATCH if request.method == "PATCH" else WHOLE)
    with backend().database.read() as connection:
        row = wanted(connection, DATASETS, access, dataset_id)
    return shown(DATASETS, row)


def _list(access: auth.Access, project: str) -> Response:
    filters = Filters(search=request.args.get("search") or None, ids=_wanted_ids())
    part, order_by = window(), _order()
    with backend().database.read() as connection:
        count, found = dataset_rows.page(
            connection,
            DATASETS,
            access.team,
            filters,
            limit=part.limit,
            offset=part.offset,
            order_by=order_by,
        )
    results = [dataset_rows.to_json(DATASETS, row, backend().person) for row in found]
    return page(f"{project}/datasets", part, count, results)


def _wanted_ids() -> tuple[str, ...] | None:
    # Of a repeated parameter the real server reads the last.
    given = (request.args.getlist("id__in") or [""])[-1]
    if not given:
        return None
    try:
        return tuple(validation.identifier(each) for each in given.split(","))
    except validation.InvalidError as error:
        raise RefusedError(400, error.code, "Enter a valid UUID.", attr="id__in") from None


def _order() -> tuple[str, ...]:
    given = tuple(each for each in request.args.get("order_by", "").split(",") if each)
    for each in given:
        if each.removeprefix("-") not in ORDERS:
            detail = f"Select a valid choice. {each} is not one of the available choices."
            raise RefusedError(400, "invalid_choice", detail, attr="order_by")
    return given or dataset_rows.NEWEST_FIRST


def with_form_default(values: dict[str, Any]) -> dict[str, Any]:
    """A form that leaves `deleted` out means null, not false: a habit of the real server's forms."""
    is_form = request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")
    return {"deleted": None, **values} if is_form else values


def wanted(
    connection: sqlite3.Connection,
    table: Table,
    access: auth.Access,
    identity: str,
    *,
    with_deleted: bool = False,
) -> sqlite3.Row:
    """Return the row an address means; anything that is not one of this project's ids is a plain 404."""
    try:
        known = validation.identifier(identity)
    except validation.InvalidError:
        raise not_found() from None
    row = dataset_rows.fetch(connection, table, access.team, known, with_deleted=with_deleted)
    if row is None:
        raise not_found()
    return row


def changed(table: Table, access: auth.Access, identity: str, rule: validation.Rule) -> Response:
    """Answer a PATCH or PUT; both still find what is deleted, which is how it comes back."""
    with backend().database.write() as connection:
        row = wanted(connection, table, access, identity, with_deleted=True)
        values = checked(rule)
        dataset_rows.update(connection, table, row["id"], values, backend().now())
        after = wanted(connection, table, access, row["id"], with_deleted=True)
    return shown(table, after)


def shown(table: Table, row: sqlite3.Row, *, status: int = 200) -> Response:
    answer = jsonify(dataset_rows.to_json(table, row, backend().person))
    answer.status_code = status
    return answer


def undeletable() -> Response:
    """405 without a body, whatever the id: deleting is a PATCH of `deleted`."""
    answer = Response(status=405)
    answer.headers.remove("Content-Type")
    return answer
