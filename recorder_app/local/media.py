"""Gives a recording's finished media back, with ranges, to whoever may read the recording."""

from __future__ import annotations

from pathlib import PurePath

from flask import Blueprint, Response, request, send_file

from recorder_app.local import auth, upload_rows
from recorder_app.local.backend import backend
from recorder_app.local.envelope import not_found
from recorder_app.local.recordings import wanted
from recorder_app.local.route import ROUTE, permitted

SCOPES = {"GET": auth.READ, "HEAD": auth.READ}
# Named by us, never guessed from what a client uploaded: a browser must not run it as a page.
_TYPES = {
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}


blueprint = Blueprint("media", __name__)


@blueprint.route(
    "/desktop_recordings/<recording_id>/media/",
    endpoint="media",
    **ROUTE,
)
def _media(project: str, recording_id: str) -> Response:
    access = permitted(project, SCOPES, is_json=False)
    with backend().database.read() as connection:
        row = wanted(connection, access, recording_id)
        media = upload_rows.media_of(connection, row["id"])
    if media is None:
        raise not_found()
    try:
        answer = send_file(
            backend().files.path(media.upload_id),
            mimetype=_TYPES.get(PurePath(media.filename).suffix.lower(), "application/octet-stream"),
            as_attachment=True,
            download_name=media.filename,
            conditional=request.method == "GET",
            etag=media.sha256,
        )
    except FileNotFoundError:
        raise not_found() from None
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
