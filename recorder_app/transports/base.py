"""The seam of uploads: how media bytes reach a server.

A new transport is one file with a class like `UploadTransport`, and its name in `transports/__init__.py`.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where and with what right to upload; kept with the job until the upload is done."""

    endpoint: str
    """URL at which uploads are created."""
    token: str
    """Bearer of this one recording's upload."""
    server_id: str


@dataclasses.dataclass(frozen=True, slots=True)
class Confirmation:
    """What the server says it holds."""

    size: int
    sha256: str | None
    """Hex digest as computed by the server; None when it does not tell."""
    media_url: str | None


class UploadTransport(Protocol):
    """Stateless apart from its HTTP client; the handle (an upload's URL) is persisted by the job.

    Every method may raise NetworkError, ServerFaultError, RateLimitedError, SignInError, RejectedError;
    an upload the server no longer knows raises NotFoundError (begin again from 0).
    """

    def begin(self, target: UploadTarget, *, filename: str) -> str:
        """Create an upload of yet unknown length; return its URL."""

    def offset(self, handle: str, target: UploadTarget) -> int:
        """Bytes the server holds: the only truth about where to go on."""

    def append(self, handle: str, target: UploadTarget, offset: int, data: bytes) -> int:
        """Send bytes at `offset`; return the new offset as the server confirmed it."""

    def finish(self, handle: str, target: UploadTarget, *, size: int, sha256: str) -> Confirmation:
        """Declare the final length; return what the server holds once it has verified it."""

    def abort(self, handle: str, target: UploadTarget) -> None:
        """Drop an unfinished upload; unknown ones are fine."""
