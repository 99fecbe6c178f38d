"""The server's error envelope: what every refusal of the embedded backend looks like on the wire."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, jsonify

_TYPES = {
    "not_authenticated": "authentication_error",
    "authentication_failed": "authentication_error",
    "permission_denied": "authentication_error",
    "not_found": "invalid_request",
    "not_acceptable": "invalid_request",
    "parse_error": "invalid_request",
    "unsupported_media_type": "invalid_request",
    "error": "server_error",
    "unavailable": "server_error",
}


class RefusedError(Exception):
    """Ends a request with an envelope; `type` follows from `code` as on the real server."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        attr: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.attr = attr
        self.headers = dict(headers or {})

    def response(self) -> Response:
        kind = _TYPES.get(self.code, "validation_error" if self.status == 400 else "invalid_request")
        answer = jsonify(type=kind, code=self.code, detail=self.detail, attr=self.attr)
        answer.status_code = self.status
        answer.headers.extend(self.headers)
        return answer


def not_found() -> RefusedError:
    return RefusedError(404, "not_found", "Not found.")


def endpoint_not_found() -> RefusedError:
    return RefusedError(404, "not_found", "Endpoint not found.")


def permission_denied(detail: str) -> RefusedError:
    # 403 also for a missing key: on recordings the real server never says 401 (posthog/README §3).
    return RefusedError(403, "permission_denied", detail)
