"""The embedded backend as one WSGI app: recordings, datasets, account, tus uploads, and the media again.

Owns a data folder (database and media). Opens no socket; see `mount` and `serve` for that.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, NotFound

from recorder_app.errors import StorageError
from recorder_app.local import account, dataset_items, datasets, media, recordings, upload_rows, uploads
from recorder_app.local.auth import KeyInfo
from recorder_app.local.backend import EXTENSION, Backend
from recorder_app.local.database import Database
from recorder_app.local.envelope import RefusedError, endpoint_not_found
from recorder_app.local.upload_files import UploadFiles

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 * 2**20
"""Of a REST request; a transcript of 100,000 segments is 20 MB."""
MAX_MEDIA_BYTES = 16 * 2**30
SUNSET = "Fri, 31 Jul 2026 00:00:00 GMT"
"""When the real server announced to drop /api/environments/; still answered by both."""


def create_app(
    data: Path,
    *,
    key: str | None,
    base_url: str,
    keys: Mapping[str, KeyInfo] | None = None,
    projects: frozenset[int] = frozenset({1}),
    max_media_bytes: int = MAX_MEDIA_BYTES,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Flask:
    """Return the app over a data folder, made where missing; drops uploads nobody finished.

    `key` None lets everybody in: only for an app mounted inside a process. `keys` says more about several
    keys at once. Raises LibraryError and StorageError. Close it with `close_app`.
    """
    try:
        (data / "media").mkdir(mode=0o700, parents=True, exist_ok=True)
        data.chmod(0o700)
    except OSError as error:
        raise StorageError(
            "The embedded server's folder cannot be written", detail=f"{data}: {error.strerror}"
        ) from error
    app = Flask("recorder_app.local", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its base does not
    app.url_map.merge_slashes = False
    if keys is None and key is not None:
        keys = {key: KeyInfo()}
    parts = Backend(
        database=Database(data / "server.sqlite"),
        files=UploadFiles(data / "media"),
        keys=keys,
        projects=projects,
        base_url=base_url.rstrip("/"),
        max_media_bytes=max_media_bytes,
        now=now,
    )
    app.extensions[EXTENSION] = parts
    for prefix in ("environments", "projects"):
        address = f"/api/{prefix}/<project>"
        app.register_blueprint(recordings.blueprint, name=prefix, url_prefix=address)
        app.register_blueprint(media.blueprint, name=f"{prefix}_media", url_prefix=address)
        app.register_blueprint(datasets.blueprint, name=f"{prefix}_datasets", url_prefix=address)
        app.register_blueprint(dataset_items.blueprint, name=f"{prefix}_items", url_prefix=address)
    app.register_blueprint(account.blueprint, url_prefix="/api")
    app.register_blueprint(uploads.blueprint)
    app.before_request(_allow_media_bodies)
    app.after_request(_announce)
    app.register_error_handler(Exception, _refused)
    sweep(parts)
    return app


def close_app(app: Flask) -> None:
    parts: Backend = app.extensions[EXTENSION]
    parts.database.close()


def sweep(parts: Backend) -> None:
    """Drop uploads that got no byte for a week, and files whose creation was interrupted."""
    now_s = parts.now().timestamp()
    with parts.database.write() as connection:
        expired = {
            upload_id
            for upload_id in upload_rows.unfinished_ids(connection)
            if parts.files.age_s(upload_id, now_s) > uploads.ORPHAN_AGE_S
        }
        for upload_id in expired:
            upload_rows.remove(connection, upload_id)
        known = upload_rows.all_ids(connection)
        doomed = upload_rows.doomed(connection)
    for upload_id in doomed:
        parts.files.remove(upload_id)
    if doomed:
        with parts.database.write() as connection:
            upload_rows.forget_doomed(connection, doomed)
    for name in parts.files.names():
        if name not in known and (name in expired or parts.files.age_s(name, now_s) > uploads.STRAY_AGE_S):
            parts.files.remove(name)
            logger.info("dropped an upload nobody finished: %s", name)


def _allow_media_bodies() -> None:
    if request.blueprint == "uploads":
        # They are streamed to disk, and held to the upload's own length. (None would mean the app's limit.)
        parts: Backend = current_app.extensions[EXTENSION]
        request.max_content_length = parts.max_media_bytes + 1


def _announce(answer: Response) -> Response:
    """Add what the real server adds to every answer of a route."""
    if allow := g.get("allow"):
        answer.headers["Allow"] = allow
    if (request.blueprint or "").startswith("environments"):
        path = quote(request.path.replace("/api/environments/", "/api/projects/", 1), safe="/@,:")
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        answer.headers["Deprecation"] = "true"
        answer.headers["Link"] = f'<{path}{query}>; rel="successor-version"'
        answer.headers["Sunset"] = SUNSET
    return answer


def _refused(error: Exception) -> Response:
    if isinstance(error, RefusedError):
        return error.response()
    if isinstance(error, NotFound):
        return endpoint_not_found().response()
    if isinstance(error, HTTPException):
        status = error.code or 500
        return RefusedError(status, f"http_{status}", error.name).response()
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return RefusedError(
            503, "unavailable", "The database is busy.", headers={"Retry-After": "1"}
        ).response()
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return RefusedError(507, "disk_full", "The server's disk is full.").response()
    logger.error("a request failed: %s %s", request.method, request.endpoint, exc_info=error)
    return RefusedError(500, "error", "A server error occurred.").response()
