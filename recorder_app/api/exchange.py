"""One HTTP exchange: a request out, the whole answer back, or one of our errors.

The only place where httpx's exceptions are translated. Follows no redirect, adds no credentials.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from recorder_app.api.errors import Answer
from recorder_app.errors import NetworkError, RecorderError, ServerFaultError, UsageError

MAX_ANSWER_BYTES = 256 * 2**20
"""A page of twenty one-hour meetings is 8 MB; what is far beyond that is not an answer."""
MAX_ANSWER_S = 600.0
"""httpx limits each read, not the whole: a server that drips would hold us for ever."""


def origin_of(url: str) -> str:
    """Return scheme, host and port of an http(s) address in one canonical spelling. UsageError otherwise."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise UsageError("This is not a server's address", detail=url[:100]) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "This is not a server's address", detail=url[:100], hint="Write it as https://eu.posthog.com"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def host_of(url: str) -> str:
    """Return host (and an unusual port) as a person would say it."""
    return origin_of(url).split("://", 1)[1]


def exchange(
    http: httpx.Client,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    content: bytes | None = None,
    params: Mapping[str, Any] | None = None,
    timeout_s: float = 30.0,
) -> Answer:
    """Send one request and read the whole answer. Blocks up to `timeout_s` for each read.

    Raises NetworkError (`was_sent` False only when no byte of the request can have arrived) and
    ServerFaultError for an answer without end.
    """
    with _translated(host_of(url)):
        # auth=None also keeps a ~/.netrc entry from replacing our bearer.
        request = http.build_request(
            method,
            url,
            headers=dict(headers),
            content=content,
            params=dict(params) if params else None,
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
        )
        response = http.send(request, auth=None, follow_redirects=False, stream=True)
        try:
            body = _whole_body(response, host_of(url))
        finally:
            response.close()
    return Answer(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
    )


def _whole_body(response: httpx.Response, host: str) -> bytes:
    deadline = time.monotonic() + MAX_ANSWER_S
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
            raise ServerFaultError(f"{host} sends an answer without end", status=response.status_code)
    return bytes(body)


@contextlib.contextmanager
def _translated(host: str) -> Iterator[None]:
    try:
        yield
    except RecorderError:
        raise
    except httpx.ConnectError as error:
        if "CERTIFICATE" in str(error).upper():
            raise NetworkError(
                f"{host} cannot prove who it is",
                was_sent=False,
                detail="Its certificate is not trusted here",
                hint="Check the address and the computer's clock",
            ) from error
        raise _unreachable(host, error) from error
    except (httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
        raise _unreachable(host, error) from error
    except httpx.TimeoutException as error:
        raise NetworkError(
            f"{host} does not answer", was_sent=True, detail=type(error).__name__, hint="It is tried again"
        ) from error
    except httpx.InvalidURL as error:
        raise UsageError("This is not a server's address", detail=str(error)) from error
    except httpx.HTTPError as error:
        raise NetworkError(
            f"The connection to {host} broke",
            was_sent=True,
            detail=type(error).__name__,
            hint="It is tried again",
        ) from error


def _unreachable(host: str, error: Exception) -> NetworkError:
    return NetworkError(
        f"{host} cannot be reached",
        was_sent=False,
        detail=type(error).__name__,
        hint="Check the network; it goes on by itself when the server is back",
    )
