"""`dataset_items` as the real server answers them (posthog/README §5), one transaction a request."""

from __future__ import annotations

import sqlite3
from typing import Any

from flask import Blueprint, Response, request

from recorder_app.local import auth, dataset_rows, validation
from recorder_app.local.backend import backend
from recorder_app.local.dataset_rows import DATASETS, ITEMS, Filters
from recorder_app.local.datasets import (
    DETAIL_SCOPES,
    LIST_SCOPES,
    changed,
    shown,
    undeletable,
    wanted,
    with_form_default,
)
from recorder_app.local.envelope import RefusedError
from recorder_app.local.route import ROUTE, checked, metadata, page, permitted, window
from recorder_app.local.validation import Field, InvalidError

WHAT = "Examples of a dataset"


def _dataset_id(value: Any) -> str:
    try:
        return validation.identifier(value)
    except InvalidError:
        raise InvalidError("invalid_input", f"“{value}” is not a valid UUID.") from None


_ANY = Field(validation.anything, is_nullable=True)
_REFERENCE = Field(validation.text(max_length=255), is_nullable=True)
_FIELDS = {
    "dataset": Field(_dataset_id),
    "input": _ANY,
    "output": _ANY,
    "metadata": _ANY,
    "ref_trace_id": _REFERENCE,
    "ref_timestamp": Field(validation.instant, is_nullable=True),
    "ref_source_id": _REFERENCE,
    "deleted": Field(validation.boolean, is_nullable=True),
}
WHOLE = validation.object_of(_FIELDS | {"dataset": Field(_dataset_id, is_required=True)})
PATCH = validation.object_of(_FIELDS)

blueprint = Blueprint("dataset_items", __name__)


@blueprint.route("/dataset_items/", endpoint="list", **ROUTE)
def _collection(project: str) -> Response:
    access = permitted(project, LIST_SCOPES, has_challenge=True)
    if request.method == "OPTIONS":
        return metadata("Dataset Item List", WHAT)
    if request.method != "POST":
        return _list(access, project)
    with backend().database.write() as connection:
        values = with_form_default(checked(_of_this_project(connection, access, WHOLE)))
        row = dataset_rows.insert(connection, ITEMS, access, {"deleted": False} | values, backend().now())
    return shown(ITEMS, row, status=201)


@blueprint.route("/dataset_items/<item_id>/", endpoint="detail", **ROUTE)
def _detail(project: str, item_id: str) -> Response:
    access = permitted(project, DETAIL_SCOPES, has_challenge=True)
    if request.method == "OPTIONS":
        return metadata("Dataset Item Instance", WHAT)
    if request.method == "DELETE":
        return undeletable()
    if request.method in ("PATCH", "PUT"):
        rule = PATCH if request.method == "PATCH" else WHOLE
        with backend().database.read() as connection:
            rule = _of_this_project(connection, access, rule)
        return changed(ITEMS, access, item_id, rule)
    with backend().database.read() as connection:
        row = wanted(connection, ITEMS, access, item_id)
    return shown(ITEMS, row)


def _of_this_project(
    connection: sqlite3.Connection, access: auth.Access, rule: validation.Rule
) -> validation.Rule:
    """Add to a rule that the dataset must be there, and refuse with the real server's words."""
    known = {
        row[0]
        for row in connection.execute("SELECT id FROM datasets WHERE team = ?", (access.team,)).fetchall()
    }

    def check(value: Any) -> Any:
        values = rule(value)
        dataset = values.get("dataset")
        if dataset is not None and dataset not in known:
            raise InvalidError(
                "does_not_exist", f'Invalid pk "{dataset}" - object does not exist.', ("dataset",)
            )
        return values

    return check


def _list(access: auth.Access, project: str) -> Response:
    part = window()
    given = request.args.get("dataset")
    with backend().database.read() as connection:
        dataset = _listed(connection, access, given) if given else None
        count, found = dataset_rows.page(
            connection, ITEMS, access.team, Filters(dataset=dataset), limit=part.limit, offset=part.offset
        )
    results = [dataset_rows.to_json(ITEMS, row, backend().person) for row in found]
    return page(f"{project}/dataset_items", part, count, results)


def _listed(connection: sqlite3.Connection, access: auth.Access, given: str) -> str:
    """Return the dataset whose items are asked for; an unknown one is refused, not empty."""
    try:
        identity = _dataset_id(given)
    except InvalidError as error:
        raise RefusedError(400, error.code, error.detail, attr="dataset") from None
    if dataset_rows.fetch(connection, DATASETS, access.team, identity, with_deleted=True) is None:
        detail = "Select a valid choice. That choice is not one of the available choices."
        raise RefusedError(400, "invalid_choice", detail, attr="dataset")
    return identity
