"""What every client of the server shares: origin, project and key, one call out, one answer or error back.

Keeps no state but what answers told of the server (prefix, clock); never logs, never follows `next`, never
repeats a POST.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import httpx

from recorder_app import __version__
from recorder_app.api.errors import Answer, error_from_answer, is_endpoint_missing, moment_of, nonsense
from recorder_app.api.exchange import exchange, host_of, origin_of
from recorder_app.errors import NetworkError, SignInError, UsageError

IDEMPOTENCY_HEADER = "recorder-honours-idempotency-key"
"""Sent by the embedded backend with every answer of its own; PostHog never sends it."""
_OLD, _NEW = "environments", "projects"
T = TypeVar("T")


class Sender:
    """Calls of one workspace. Thread-safe as far as `http` is; every method of a client blocks.

    Every method may raise NetworkError, ServerFaultError, RateLimitedError, RejectedError, SignInError;
    those with an id also NotFoundError. The bearer goes to `origin` and nowhere else.
    """

    what = "recording"
    """What a 404 of this client is about, in a person's word."""

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
        self.clock_offset_s: float | None = None
        """How far the server's clock is ahead of ours by its last answer, to the second; None: not known."""
        self.bytes_received = 0
        """Bodies of all answers so far."""
        self.honours_idempotency_key = False
        """True once the server said that a repeated create with the same key answers the same row."""
        if not (self._key.isascii() and (self._key.isprintable()) and " " not in self._key):
            raise SignInError(
                "The key contains characters a key cannot have",
                code="authentication_failed",
                hint="Copy it again from PostHog's settings, Personal API keys",
            )

    @property
    def origin(self) -> str:
        return self._origin

    def _send(
        self,
        method: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
        is_in_project: bool = True,
    ) -> Answer:
        """Return a 2xx answer or raise; falls back to the newer prefix once and remembers it.

        `path` is what follows `/api/<prefix>/<project>/`, or `/api/` where `is_in_project` is False.
        """
        content = None if json_body is None else json.dumps(json_body, allow_nan=False).encode()
        sent = {"Accept": "application/json", "User-Agent": f"recorder-app/{__version__}", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = "application/json"
        if self._key:
            sent["Authorization"] = f"Bearer {self._key}"

        def attempt(prefix: str) -> Answer:
            url = self._url(prefix, path) if is_in_project else f"{self._origin}/api/{path}"
            try:
                return self._once(method, url, headers=sent, content=content, params=params)
            except NetworkError:
                if not is_repeatable:
                    raise
            # A kept-alive connection the server had closed: the commonest reason, cured by a new one.
            return self._once(method, url, headers=sent, content=content, params=params)

        prefix = self._prefix
        answer = attempt(prefix)
        if is_in_project and prefix == _OLD and self._is_moved(answer, path):
            # Neither a 404 of routing nor a 307/308 did anything, so even a POST may be sent again.
            moved = attempt(_NEW)
            if not is_endpoint_missing(moved):
                self._prefix = _NEW
            answer = moved
        if not 200 <= answer.status < 300:
            raise error_from_answer(
                answer, host=self._host, project_id=self._project_id, now=self._now(), what=self.what
            )
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
        answer = exchange(
            self._http,
            method,
            url,
            headers=headers,
            content=content,
            params=params,
            timeout_s=self._timeout_s,
        )
        self._learn(answer)
        return answer

    def _learn(self, answer: Answer) -> None:
        self.bytes_received += len(answer.body)
        if IDEMPOTENCY_HEADER in answer.headers:
            self.honours_idempotency_key = True
        there = moment_of(answer.headers.get("date", ""))
        if there is not None:
            self.clock_offset_s = (there - self._now()).total_seconds()

    def _url(self, prefix: str, path: str) -> str:
        project = quote(self._project_id, safe="@")
        return f"{self._origin}/api/{prefix}/{project}/{path}"

    def _is_moved(self, answer: Answer, path: str) -> bool:
        if is_endpoint_missing(answer):
            return True
        if answer.status not in (307, 308):
            return False
        target = urljoin(self._url(_OLD, path), answer.headers.get("location", ""))
        return is_at(target, self._origin) and urlsplit(target).path.startswith(f"/api/{_NEW}/")

    def _object(self, answer: Answer) -> Mapping[str, Any]:
        raw = answer.json()
        if not isinstance(raw, dict):
            raise nonsense(answer, host=self._host)
        return raw

    def _parsed(self, answer: Answer, parse: Callable[[Mapping[str, Any]], T]) -> T:
        """Return the answer's object as typed data; what cannot be one is a fault of the server."""
        try:
            return parse(self._object(answer))
        except ValueError as error:
            raise nonsense(answer, host=self._host) from error

    def _page(self, answer: Answer, parse: Callable[[Mapping[str, Any]], T]) -> tuple[int, tuple[T, ...]]:
        """Return how many match in all, and the objects of this page."""
        raw = self._object(answer)
        count, results = raw.get("count"), raw.get("results")
        if not isinstance(count, int) or not isinstance(results, list):
            raise nonsense(answer, host=self._host)
        try:
            return count, tuple(parse(item) for item in results)
        except (ValueError, AttributeError) as error:
            raise nonsense(answer, host=self._host) from error


def is_at(url: str, origin: str) -> bool:
    try:
        return origin_of(url) == origin
    except UsageError:
        return False


def path_of(server_id: str, what: str) -> str:
    """Return an id as a step of a path. It comes from a server: it must not lead anywhere else."""
    try:
        return f"{uuid.UUID(server_id)}/"
    except ValueError:
        raise UsageError(f"This is not a {what}'s id", detail=server_id[:60]) from None
