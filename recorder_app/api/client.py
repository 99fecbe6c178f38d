"""The typed client of `desktop_recordings`: one method a call, our errors out.

Keeps no state but the path prefix that worked; never logs, never follows `next`, never repeats a POST.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from recorder_app import __version__
from recorder_app.api.errors import Answer, error_from_answer, is_endpoint_missing, nonsense
from recorder_app.api.exchange import exchange, host_of, origin_of
from recorder_app.api.wire import RecordingPatch, RemoteRecording, segment_to_wire
from recorder_app.errors import NetworkError, SignInError, UsageError
from recorder_app.models import Platform, Segment

UPLOAD_ENDPOINT_HEADER = "recorder-upload-endpoint"
_OLD, _NEW = "environments", "projects"


@dataclasses.dataclass(frozen=True, slots=True)
class Created:
    recording: RemoteRecording
    upload_token: str
    """Given only here, never again by the server; empty if it gave none."""
    upload_endpoint: str | None
    """Where media can be uploaded by tus with that token; None where the server takes none (PostHog)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    count: int
    """All matches on the server, not only those of this page."""
    results: tuple[RemoteRecording, ...]


class RecordingsClient:
    """Calls of one workspace. Thread-safe as far as `http` is; every method blocks.

    Every method may raise NetworkError, ServerFaultError, RateLimitedError, RejectedError, SignInError;
    those with an id also NotFoundError. The bearer goes to `origin` and nowhere else.
    """

    def __init__(
        self,
        http: httpx.Client,
        *,
        origin: str,
        project_id: str,
        api_key: str | None,
        timeout_s: float = 30.0,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._http = http
        self._origin = origin_of(origin)
        self._host = host_of(origin)
        self._project_id = project_id.strip() or "@current"
        self._key = (api_key or "").strip()
        self._timeout_s = timeout_s
        self._now = now
        # /api/environments/ is what is documented, and past its announced sunset (posthog/README §2).
        self._prefix = _OLD
        if not (self._key.isascii() and (self._key.isprintable()) and " " not in self._key):
            raise SignInError(
                "The key contains characters a key cannot have",
                code="authentication_failed",
                hint="Copy it again from PostHog's settings, Personal API keys",
            )

    @property
    def origin(self) -> str:
        return self._origin

    def create(self, platform: Platform, *, idempotency_key: str | None = None) -> Created:
        """Create a recording. Never repeated here: after NetworkError(was_sent=True) or a 5xx it may exist.

        The embedded backend answers the same row to the same key; PostHog ignores the key.
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        answer = self._send("POST", "", json_body={"platform": Platform(platform).value}, headers=headers)
        raw = self._object(answer)
        token = raw.get("upload_token")
        return Created(
            recording=self._recording(answer),
            upload_token=token if isinstance(token, str) else "",
            upload_endpoint=self._upload_endpoint(answer),
        )

    def list(
        self,
        *,
        limit: int = 20,
        offset: int = 0,
        platform: Platform | None = None,
        status: str | None = None,
        user_id: int | None = None,
        search: str | None = None,
    ) -> Page:
        """Return one page, newest `started_at` first. `search` looks into transcripts only.

        Results carry whole transcripts (380 KB an hour): keep `limit` small and page by `offset`.
        """
        wanted = {
            "limit": limit,
            "offset": offset or None,
            "platform": platform,
            "status": status,
            "user_id": user_id,
            "search": search or None,
        }
        params = {name: str(value) for name, value in wanted.items() if value is not None}
        answer = self._send("GET", "", params=params, is_repeatable=True)
        raw = self._object(answer)
        count, results = raw.get("count"), raw.get("results")
        if not isinstance(count, int) or not isinstance(results, list):
            raise nonsense(answer, host=self._host)
        try:
            return Page(count, tuple(RemoteRecording.from_json(item) for item in results))
        except (ValueError, AttributeError) as error:
            raise nonsense(answer, host=self._host) from error

    def retrieve(self, server_id: str) -> RemoteRecording:
        return self._recording(self._send("GET", _segment_of(server_id), is_repeatable=True))

    def patch(self, server_id: str, patch: RecordingPatch) -> RemoteRecording:
        """Change fields; a 5xx does not mean that nothing was saved (posthog/README §4.3)."""
        return self._recording(self._send("PATCH", _segment_of(server_id), json_body=patch.body))

    def delete(self, server_id: str) -> None:
        """Delete for good, for the whole team."""
        self._send("DELETE", _segment_of(server_id))

    def append_segments(self, server_id: str, segments: Sequence[Segment]) -> RemoteRecording:
        """Append finals; the server drops those whose timestamp it has already, so this may be repeated.

        UsageError when there are none or one has no words: the server would refuse the whole batch.
        """
        if not segments:
            raise UsageError("There are no transcript lines to append")
        body = {"segments": [segment_to_wire(segment) for segment in segments]}
        return self._recording(
            self._send("POST", f"{_segment_of(server_id)}append_segments/", json_body=body)
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
    ) -> Answer:
        """Return a 2xx answer or raise; falls back to the newer prefix once and remembers it."""
        content = None if json_body is None else json.dumps(json_body, allow_nan=False).encode()
        sent = {"Accept": "application/json", "User-Agent": f"recorder-app/{__version__}", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"

        def attempt(prefix: str) -> Answer:
            url = self._url(prefix, path)
            try:
                return self._once(method, url, headers=sent, content=content, params=params)
            except NetworkError:
                if not is_repeatable:
                    raise
            # A kept-alive connection the server had closed: the commonest reason, cured by a new one.
            return self._once(method, url, headers=sent, content=content, params=params)

        prefix = self._prefix
        answer = attempt(prefix)
        if prefix == _OLD and self._is_moved(answer, path):
            # Neither a 404 of routing nor a 307/308 did anything, so even a POST may be sent again.
            moved = attempt(_NEW)
            if not is_endpoint_missing(moved):
                self._prefix = _NEW
            answer = moved
        if not 200 <= answer.status < 300:
            raise error_from_answer(answer, host=self._host, project_id=self._project_id, now=self._now())
        return answer

    def _once(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        params: Mapping[str, str] | None,
    ) -> Answer:
        return exchange(
            self._http,
            method,
            url,
            headers=headers,
            content=content,
            params=params,
            timeout_s=self._timeout_s,
        )

    def _url(self, prefix: str, path: str) -> str:
        project = quote(self._project_id, safe="@")
        return f"{self._origin}/api/{prefix}/{project}/desktop_recordings/{path}"

    def _is_moved(self, answer: Answer, path: str) -> bool:
        if is_endpoint_missing(answer):
            return True
        if answer.status not in (307, 308):
            return False
        target = urljoin(self._url(_OLD, path), answer.headers.get("location", ""))
        return _is_at(target, self._origin) and urlsplit(target).path.startswith(f"/api/{_NEW}/")

    def _object(self, answer: Answer) -> Mapping[str, Any]:
        raw = answer.json()
        if not isinstance(raw, dict):
            raise nonsense(answer, host=self._host)
        return raw

    def _recording(self, answer: Answer) -> RemoteRecording:
        try:
            return RemoteRecording.from_json(self._object(answer))
        except ValueError as error:
            raise nonsense(answer, host=self._host) from error

    def _upload_endpoint(self, answer: Answer) -> str | None:
        given = answer.headers.get(UPLOAD_ENDPOINT_HEADER, "")
        return given if given and _is_at(given, self._origin) else None


def _is_at(url: str, origin: str) -> bool:
    try:
        return origin_of(url) == origin
    except UsageError:
        return False


def _segment_of(server_id: str) -> str:
    # An id comes from a server: as a path it must not lead anywhere else.
    try:
        return f"{uuid.UUID(server_id)}/"
    except ValueError:
        raise UsageError("This is not a recording's id", detail=server_id[:60]) from None
