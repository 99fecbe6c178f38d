"""What a server's refusal means to a person: pure functions from an answer to one of our errors.

Classifies by the envelope's `code`, never by status alone: a wrong key is 403 on recordings and 401
elsewhere (posthog/README §3). Does no I/O and logs nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from recorder_app.errors import (
    NoRecallError,
    NotFoundError,
    RateLimitedError,
    RecorderError,
    RejectedError,
    ServerFaultError,
    SignInError,
)

ENDPOINT_NOT_FOUND = "Endpoint not found."
PROJECT_NOT_FOUND = "Project not found."
MAX_RETRY_AFTER_S = 24 * 3600.0
_REGIONS = {"us.posthog.com": "eu.posthog.com", "eu.posthog.com": "us.posthog.com"}
_MISSING_SCOPE = re.compile(r"missing required scope '([^']{1,60})'")


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the decoded body, or None where it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """The server's error object; `code` is empty when there was none."""

    code: str = ""
    detail: str = ""
    attr: str | None = None

    @classmethod
    def of(cls, answer: Answer) -> Envelope:
        raw = answer.json()
        if not isinstance(raw, dict):
            return cls()
        code, detail, attr = raw.get("code"), raw.get("detail"), raw.get("attr")
        return cls(
            code=code if isinstance(code, str) else "",
            detail=_line(detail) if isinstance(detail, str) else "",
            attr=attr if isinstance(attr, str) else None,
        )


def _line(text: str) -> str:
    """A server's text as one line of bounded length: it is data, and it is shown to a person."""
    return " ".join(text.split())[:300]


def is_endpoint_missing(answer: Answer) -> bool:
    return answer.status == 404 and Envelope.of(answer).detail == ENDPOINT_NOT_FOUND


def retry_after_s(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Read Retry-After, seconds or HTTP date, as seconds from `now`; None when absent or nonsense."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            then = email.utils.parsedate_to_datetime(value)
        except ValueError:
            return None
        if then.tzinfo is None:
            then = then.replace(tzinfo=dt.UTC)
        seconds = (then - now).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def error_from_answer(
    answer: Answer, *, host: str, project_id: str, now: dt.datetime, what: str = "recording"
) -> RecorderError:
    """Return the error a non-2xx answer stands for. `host`, `project_id` and `what` are for the sentences."""
    envelope = Envelope.of(answer)
    if answer.status == 429 or envelope.code == "throttled":
        return RateLimitedError(
            f"{host} asks us to slow down",
            retry_after_s=retry_after_s(answer.headers, now),
            hint="Nothing to do: it goes on by itself",
        )
    if answer.status >= 500:
        return _fault(answer, envelope, host=host, now=now)
    if 300 <= answer.status < 400:
        return _redirected(answer, host)
    if envelope.code in ("not_authenticated", "authentication_failed", "permission_denied"):
        return _sign_in(answer, envelope, host=host, project_id=project_id)
    if envelope.code == "not_found":
        return _not_found(envelope, host=host, project_id=project_id, what=what)
    return _rejected(answer, envelope, host)


def nonsense(answer: Answer, *, host: str) -> ServerFaultError:
    """Return the error for a success whose body is not what was asked for (a login page, half an answer)."""
    return ServerFaultError(
        f"{host} answered something we cannot read",
        status=answer.status,
        detail=f"Status {answer.status}, {answer.headers.get('content-type') or 'no content type'}",
        hint="Check the server's address, and whether a network login page is in the way",
    )


def _fault(answer: Answer, envelope: Envelope, *, host: str, now: dt.datetime) -> RecorderError:
    if answer.status == 503 and not envelope.code and "recall" in envelope.detail.lower():
        return NoRecallError(
            f"{host} cannot create desktop recordings",
            detail=envelope.detail,
            hint="The server needs a Recall.ai key; recordings stay safe on this computer meanwhile",
        )
    return ServerFaultError(
        f"{host} has a problem of its own",
        status=answer.status,
        retry_after_s=retry_after_s(answer.headers, now),
        detail=f"Status {answer.status}" + (f": {envelope.detail}" if envelope.detail else ""),
        hint="Nothing to do: it is tried again by itself",
    )


def _redirected(answer: Answer, host: str) -> RecorderError:
    return RejectedError(
        f"{host} sends us to another address",
        status=answer.status,
        code="redirected",
        detail=f"To {_line(answer.headers.get('location', ''))[:120] or 'nowhere'}",
        hint="Your key only goes to the address you entered; correct it if this is the right one",
    )


def _sign_in(answer: Answer, envelope: Envelope, *, host: str, project_id: str) -> RecorderError:
    code, detail = envelope.code, envelope.detail
    if code == "not_authenticated":
        return SignInError(
            f"{host} wants a key", code=code, hint="Add a personal API key with desktop_recording:write"
        )
    if code == "authentication_failed":
        other = _REGIONS.get(host)
        where = f"Regions are separate: check {other} too" if other else "Check the address"
        return SignInError(
            f"{host} does not know this key", code=code, hint=f"{where}, or make a new personal API key"
        )
    if scope := _MISSING_SCOPE.search(detail):
        return SignInError(
            f"The key lacks the scope {scope[1]}",
            code=code,
            detail=f"{host} refused it",
            hint=f"Make a personal API key with {scope[1]} at {host}",
        )
    if "does not support personal API key" in detail:
        # The path exists but not for this method; no other key would help.
        return RejectedError(f"{host} does not offer this", status=answer.status, code=code, detail=detail)
    if "project" in detail.lower():
        return SignInError(
            f"The key is not for project {project_id}",
            code=code,
            detail=detail,
            hint="Choose another project, or a key that may use this one",
        )
    return SignInError(f"{host} refuses this key", code=code, detail=detail, hint="Check what the key may do")


def _not_found(envelope: Envelope, *, host: str, project_id: str, what: str) -> RecorderError:
    if envelope.detail == PROJECT_NOT_FOUND:
        return SignInError(
            f"{host} has no project {project_id}",
            code=envelope.code,
            hint="Check the project's number in PostHog's settings; regions are separate",
        )
    if envelope.detail == ENDPOINT_NOT_FOUND:
        return RejectedError(
            f"{host} has no desktop recordings" if what == "recording" else f"{host} has no {what}s",
            status=404,
            code=envelope.code,
            detail=envelope.detail,
            hint="Check the address; an old self-hosted PostHog may need an update",
        )
    return NotFoundError(f"{host} no longer has this {what}", hint="Somebody may have deleted it there")


def _rejected(answer: Answer, envelope: Envelope, host: str) -> RecorderError:
    if not envelope.code and answer.status in (401, 403, 404, 407, 408, 425, 451):
        # Not PostHog's own words: a proxy, a login page, a wrong host. That may pass without us.
        return ServerFaultError(
            f"Something between here and {host} refuses",
            status=answer.status,
            detail=f"Status {answer.status} without the server's own error",
            hint="Check the server's address, the network login and the proxy",
        )
    return RejectedError(
        f"{host} refused the request",
        status=answer.status,
        code=envelope.code or f"http_{answer.status}",
        attr=envelope.attr,
        detail=" ".join(part for part in (envelope.attr and f"{envelope.attr}:", envelope.detail) if part)
        or f"Status {answer.status}",
    )
