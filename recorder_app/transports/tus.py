"""Uploads by tus 1.0: our embedded backend, tusd, @tus/server. HEAD is the only truth about the offset.

Its bearer is the upload token of one recording and goes only to the origin of that upload's endpoint.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

import httpx

from recorder_app import __version__
from recorder_app.api.errors import Answer, Envelope, error_from_answer
from recorder_app.api.exchange import exchange, host_of, origin_of
from recorder_app.errors import NotFoundError, RejectedError, ServerFaultError, UsageError
from recorder_app.transports.base import Confirmation, UploadTarget

MAX_CHUNK = 4 * 2**20
"""Bytes of one `append`: what a cut connection costs at most, and what may pass through memory."""
CHECKSUM_MISMATCH = 460


class OffsetMismatchError(RejectedError):
    """The upload is not where the caller thought (409): ask `offset` again and go on from there."""


class TusTransport:
    """An `UploadTransport`. Thread-safe as far as `http` is; every method blocks.

    A refused token is a RejectedError, not a SignInError: it belongs to one recording, and no new key
    would cure it.
    """

    name: ClassVar[str] = "tus"
    takes_media: ClassVar[bool] = True

    def __init__(
        self,
        http: httpx.Client,
        *,
        timeout_s: float = 60.0,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._http = http
        self._timeout_s = timeout_s
        self._now = now

    @staticmethod
    def probe(endpoint: str | None) -> str | None:
        """Return why this transport cannot be used, or None when it can."""
        return None if endpoint else "the server names no place to upload media to"

    def begin(self, target: UploadTarget, *, filename: str) -> str:
        # @tus/server refuses an Upload-Metadata without a pair in it.
        name = base64.b64encode((filename or "media").encode()).decode("ascii")
        answer = self._send(
            "POST",
            target.endpoint,
            target,
            {"Upload-Defer-Length": "1", "Upload-Metadata": f"filename {name}"},
        )
        location = answer.headers.get("location", "")
        if answer.status != 201 or not location:
            raise self._nonsense(target.endpoint, answer)
        try:
            parts = urlsplit(urljoin(target.endpoint, location))
            if host_of(parts.geturl()) == host_of(target.endpoint):
                # A server behind a TLS proxy often answers with the scheme it sees itself; that is no move.
                parts = parts._replace(scheme=urlsplit(target.endpoint).scheme)
            handle = parts.geturl()
            self._check_origin(handle, target)
        except (UsageError, ValueError) as error:
            raise self._nonsense(target.endpoint, answer) from error
        return handle

    def offset(self, handle: str, target: UploadTarget) -> int:
        return self._offset_of(handle, self._send("HEAD", handle, target, {}))

    def append(self, handle: str, target: UploadTarget, offset: int, data: bytes) -> int:
        """Send at most MAX_CHUNK bytes. OffsetMismatchError when the server is elsewhere.

        After any other error the server may hold some, all or none of them: ask `offset`.
        """
        if len(data) > MAX_CHUNK:
            raise ValueError(f"more than {MAX_CHUNK} bytes at once")
        answer = self._patch(handle, target, offset, data, {})
        reached = self._offset_of(handle, answer)
        if not offset <= reached <= offset + len(data):
            raise self._nonsense(handle, answer)
        return reached

    def finish(self, handle: str, target: UploadTarget, *, size: int, sha256: str) -> Confirmation:
        """Declare the length and have it verified; may be repeated after a lost answer.

        RejectedError with code `checksum_mismatch` when the server holds other bytes: abort, begin again.
        A plain tus server knows no digest: it confirms the size only (`sha256` None).
        """
        headers = {"Upload-Length": str(size), "Recorder-Upload-Sha256": sha256}
        try:
            answer = self._patch(handle, target, size, b"", headers)
            self._offset_of(handle, answer)  # an answer without it is not the server's
        except OffsetMismatchError:
            raise
        except RejectedError as refused:
            # Some servers refuse a PATCH once the upload is complete: an earlier, unanswered finish worked.
            if refused.code == "checksum_mismatch" or self._known_length(handle, target) != size:
                raise
            answer = None
        held = answer.headers if answer is not None else {}
        reached = self.offset(handle, target)
        if reached != size:
            raise OffsetMismatchError(
                "The server holds another number of bytes",
                status=409,
                code="offset_mismatch",
                detail=f"{reached} of {size}",
            )
        return Confirmation(
            size=reached,
            sha256=held.get("recorder-media-sha256") or None,
            media_url=held.get("recorder-media-url") or None,
        )

    def abort(self, handle: str, target: UploadTarget) -> None:
        try:
            self._send("DELETE", handle, target, {})
        except NotFoundError:
            pass  # gone already, which is what was wanted

    def _patch(
        self, handle: str, target: UploadTarget, offset: int, data: bytes, extra: Mapping[str, str]
    ) -> Answer:
        headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset), **extra}
        return self._send("PATCH", handle, target, headers, data)

    def _known_length(self, handle: str, target: UploadTarget) -> int | None:
        answer = self._send("HEAD", handle, target, {})
        length = answer.headers.get("upload-length", "")
        return int(length) if length.isdecimal() and self._offset_of(handle, answer) == int(length) else None

    def _send(
        self,
        method: str,
        url: str,
        target: UploadTarget,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> Answer:
        self._check_origin(url, target)
        sent = {
            "Tus-Resumable": "1.0.0",
            "User-Agent": f"recorder-app/{__version__}",
            "Authorization": f"Bearer {target.token}",
            **headers,
        }
        if not target.token:
            del sent["Authorization"]
        answer = exchange(self._http, method, url, headers=sent, content=content, timeout_s=self._timeout_s)
        if 200 <= answer.status < 300:
            return answer
        raise self._error(method, url, answer)

    def _error(self, method: str, url: str, answer: Answer) -> Exception:
        host, envelope = host_of(url), Envelope.of(answer)
        if answer.status in (404, 410) and method != "POST":
            return NotFoundError(f"{host} no longer has this upload", hint="It is begun again by itself")
        if answer.status == 409:
            return OffsetMismatchError(
                "The upload is elsewhere than we thought", status=409, code="offset_mismatch"
            )
        if answer.status == CHECKSUM_MISMATCH:
            return RejectedError(
                f"{host} received other bytes than we sent",
                status=answer.status,
                code="checksum_mismatch",
                hint="It is sent once more from the start",
            )
        is_the_servers = "html" not in answer.headers.get("content-type", "")
        if answer.status in (401, 403) and is_the_servers:  # else a login page in between: that passes
            return RejectedError(
                f"{host} refuses this recording's upload",
                status=answer.status,
                code=envelope.code or "upload_refused",
                detail=envelope.detail,
                hint="The recording stays safe on this computer",
            )
        if answer.status == 423:
            return ServerFaultError(
                f"{host} is still busy with this upload", status=answer.status, hint="It is tried again"
            )
        return error_from_answer(answer, host=host, project_id="", now=self._now())

    def _offset_of(self, url: str, answer: Answer) -> int:
        value = answer.headers.get("upload-offset", "")
        if not (value.isascii() and value.isdecimal()):
            raise self._nonsense(url, answer)
        return int(value)

    def _check_origin(self, url: str, target: UploadTarget) -> None:
        if origin_of(url) != origin_of(target.endpoint):
            raise RejectedError(
                f"{host_of(target.endpoint)} sends the upload to another server",
                status=0,
                code="redirected",
                detail=f"To {host_of(url)}",
                hint="The upload token only goes to the address you entered",
            )

    @staticmethod
    def _nonsense(url: str, answer: Answer) -> ServerFaultError:
        return ServerFaultError(
            f"{host_of(url)} does not answer like a tus server",
            status=answer.status,
            detail=f"Status {answer.status}",
            hint="Check the upload address",
        )
