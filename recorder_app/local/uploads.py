"""Media uploads by tus 1.0 (creation, deferred length, termination, expiration), one bearer a recording.

The server's own addition: a PATCH that reaches the final length may carry `Recorder-Upload-Sha256`; the
whole file is hashed, 460 answers a difference, and the media counts as complete only after that.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import email.utils
import errno
import re
import secrets
from collections.abc import Iterator

from flask import Blueprint, Response, request, url_for

from recorder_app.local import upload_rows
from recorder_app.local.auth import recording_of_token
from recorder_app.local.backend import backend
from recorder_app.local.envelope import RefusedError, not_found, permission_denied
from recorder_app.local.upload_rows import Upload

TUS_VERSION = "1.0.0"
EXTENSIONS = "creation,creation-defer-length,termination,expiration"
OFFSET_TYPE = "application/offset+octet-stream"
SHA256_HEADER = "Recorder-Upload-Sha256"
CHECKSUM_MISMATCH = 460
ORPHAN_AGE_S = 7 * 24 * 3600.0
"""An unfinished upload that got no byte for this long is dropped; the client begins again."""
STRAY_AGE_S = 3600.0
"""A file without a row: its creation was interrupted. Younger ones may be in the middle of it."""
_PIECE = 1 << 20

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")
_ROUTE = {"provide_automatic_options": False, "strict_slashes": False}


@blueprint.before_request
def _require_version() -> None:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != TUS_VERSION:
        raise RefusedError(
            412, "tus_version", f"This server speaks tus {TUS_VERSION}.", headers={"Tus-Version": TUS_VERSION}
        )


@blueprint.after_request
def _say_version(answer: Response) -> Response:
    answer.headers["Tus-Resumable"] = TUS_VERSION
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/", methods=["OPTIONS"], **_ROUTE)
@blueprint.route("/<upload_id>", methods=["OPTIONS"], **_ROUTE)
def _capabilities(upload_id: str = "") -> Response:  # noqa: ARG001 — the same for all
    return _empty(
        204,
        {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(backend().max_media_bytes),
        },
    )


@blueprint.route("/", methods=["POST"], **_ROUTE)
def _begin() -> Response:
    recording_id = recording_of_token(backend().database.secret, request.headers.get("Authorization", ""))
    length = _number("Upload-Length")
    if (length is None) != (request.headers.get("Upload-Defer-Length") == "1"):
        raise RefusedError(400, "invalid_length", "Send either Upload-Length or Upload-Defer-Length: 1.")
    _refuse_beyond_limit(length or 0)
    metadata = request.headers.get("Upload-Metadata", "")
    upload = Upload(
        id=secrets.token_hex(16),
        recording_id=recording_id,
        metadata=metadata,
        filename=_filename(metadata),
        length=length,
        sha256=None,
        team=0,
    )
    # The file first: a file without a row is swept, a row without its file would be a promise broken.
    backend().files.create(upload.id)
    with backend().database.write() as connection:
        is_known = upload_rows.add(connection, upload, backend().now())
    if not is_known:
        backend().files.remove(upload.id)
        raise permission_denied("The recording of this upload token no longer exists.")
    location = backend().base_url + url_for("uploads._head", upload_id=upload.id)
    return _empty(201, {"Location": location} | _expiry())


@blueprint.route("/<upload_id>", methods=["HEAD"], **_ROUTE)
def _head(upload_id: str) -> Response:
    upload = _owned(upload_id)
    size = backend().files.size(upload.id)
    if size is None:
        raise not_found()
    headers = {"Upload-Offset": str(size)}
    headers |= (
        {"Upload-Defer-Length": "1"} if upload.length is None else {"Upload-Length": str(upload.length)}
    )
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    return _empty(200, headers | (_confirmed(upload) if upload.sha256 else _expiry()))


@blueprint.route("/<upload_id>", methods=["PATCH"], **_ROUTE)
def _continue(upload_id: str) -> Response:
    if request.mimetype != OFFSET_TYPE:
        raise RefusedError(415, "unsupported_media_type", f"Send {OFFSET_TYPE}.")
    offset = _number("Upload-Offset")
    if offset is None:
        raise RefusedError(400, "invalid_offset", "Upload-Offset is missing.")
    upload = _owned(upload_id)
    try:
        with backend().files.locked(upload.id):
            # Read again: another request may have changed it while we waited.
            return _append(_owned(upload_id), offset)
    except FileNotFoundError:
        raise not_found() from None


@blueprint.route("/<upload_id>", methods=["DELETE"], **_ROUTE)
def _abort(upload_id: str) -> Response:
    upload = _owned(upload_id)
    if upload.sha256:
        raise permission_denied("A finished upload goes only with its recording.")
    with backend().database.write() as connection:
        upload_rows.remove(connection, upload.id)
    backend().files.remove(upload.id)
    return _empty(204, {})


def _append(upload: Upload, offset: int) -> Response:
    """Write the body behind what is there. Called with the upload locked."""
    files = backend().files
    size = files.size(upload.id)
    if size is None:
        raise not_found()
    if offset != size:
        raise RefusedError(
            409, "offset_mismatch", "The upload is elsewhere.", headers={"Upload-Offset": str(size)}
        )
    length = _declared_length(upload, size)
    limit = backend().max_media_bytes if length is None else length
    if (request.content_length or 0) > limit - size:
        raise RefusedError(413, "too_large", "More bytes than the upload may have.")
    if length != upload.length and length is not None:
        with backend().database.write() as connection:
            upload_rows.set_length(connection, upload.id, length)
    try:
        reached = files.append(upload.id, _pieces())
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise RefusedError(507, "disk_full", "The server's disk is full.") from None
    if reached > limit:
        # Only a chunked body can get here: it did not announce its size.
        files.truncate(upload.id, size)
        raise RefusedError(413, "too_large", "More bytes than the upload may have.")
    headers = {"Upload-Offset": str(reached)}
    return _empty(204, headers | (_finish(upload, reached) if reached == length else _expiry()))


def _declared_length(upload: Upload, size: int) -> int | None:
    length = _number("Upload-Length")
    if length is None or length == upload.length:
        return upload.length
    if upload.length is not None or length < size:
        raise RefusedError(400, "invalid_length", "The upload's length is already known to be another.")
    _refuse_beyond_limit(length)
    return length


def _finish(upload: Upload, size: int) -> dict[str, str]:
    """Verify the whole file, then make it the recording's media. Repeating it answers the same."""
    claimed = request.headers.get(SHA256_HEADER, "").strip().lower()
    if claimed and not re.fullmatch(r"[0-9a-f]{64}", claimed):
        raise RefusedError(400, "invalid_sha256", f"{SHA256_HEADER} is not 64 hex digits.")
    found = upload.sha256 or backend().files.sha256(upload.id)
    if claimed and claimed != found:
        raise RefusedError(
            CHECKSUM_MISMATCH,
            "checksum_mismatch",
            "What arrived is not what was announced.",
            headers={"Recorder-Media-Sha256": found},
        )
    with backend().database.write() as connection:
        if upload_rows.get(connection, upload.id) is None:
            raise not_found()  # the recording was deleted while its media was hashed
        replaced = upload_rows.complete(connection, upload, size=size, sha256=found, now=backend().now())
    if replaced:
        backend().files.remove(replaced)
    return _confirmed(dataclasses.replace(upload, sha256=found))


def _confirmed(upload: Upload) -> dict[str, str]:
    media_url = url_for("projects_media.media", project=upload.team, recording_id=upload.recording_id)
    return {
        "Recorder-Media-Sha256": upload.sha256 or "",
        "Recorder-Media-Url": backend().base_url + media_url,
    }


def _owned(upload_id: str) -> Upload:
    """Return the upload if this request's token is its recording's."""
    recording_id = recording_of_token(backend().database.secret, request.headers.get("Authorization", ""))
    with backend().database.read() as connection:
        upload = upload_rows.get(connection, upload_id)
    if upload is None:
        raise not_found()
    if upload.recording_id != recording_id:
        raise permission_denied("This upload token belongs to another recording.")
    return upload


def _number(header: str) -> int | None:
    value = request.headers.get(header)
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", value.strip()):
        raise RefusedError(400, "invalid_header", f"{header} is not a number.")
    return int(value)


def _refuse_beyond_limit(length: int) -> None:
    if length > backend().max_media_bytes:
        raise RefusedError(413, "too_large", "The upload is larger than this server takes.")


def _filename(metadata: str) -> str:
    """Return a harmless file name out of Upload-Metadata, `media` when it gives none."""
    for pair in metadata.split(","):
        key, _, encoded = pair.strip().partition(" ")
        if key != "filename":
            continue
        try:
            name = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            raise RefusedError(400, "invalid_metadata", "Upload-Metadata is not base64 of UTF-8.") from None
        name = re.split(r"[/\\]", name)[-1]
        return "".join(c for c in name if c.isprintable())[:120].strip(". ") or "media"
    return "media"


def _pieces() -> Iterator[bytes]:
    while piece := request.stream.read(_PIECE):
        yield piece


def _expiry() -> dict[str, str]:
    then = backend().now() + dt.timedelta(seconds=ORPHAN_AGE_S)
    return {"Upload-Expires": email.utils.format_datetime(then.astimezone(dt.UTC), usegmt=True)}


def _empty(status: int, headers: dict[str, str]) -> Response:
    answer = Response(status=status)
    answer.headers.remove("Content-Type")
    answer.headers.extend(headers)
    return answer
