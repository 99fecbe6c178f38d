"""For servers that take no media (PostHog: its upload tokens work only inside Recall's own SDK)."""

from __future__ import annotations

from typing import ClassVar, NoReturn

from recorder_app.errors import UsageError
from recorder_app.transports.base import Confirmation, UploadTarget

REASON = "This server takes no media; the recording stays on this computer"


class LocalOnlyTransport:
    """An `UploadTransport` that says so: every method but `abort` raises UsageError with the reason.

    Callers ask `takes_media` first and never begin.
    """

    name: ClassVar[str] = "local_only"
    takes_media: ClassVar[bool] = False

    def __init__(self, http: object = None) -> None:
        """Take and ignore what the other transports need."""

    @staticmethod
    def probe(endpoint: str | None) -> str | None:  # noqa: ARG004 — the last resort suits everywhere
        """Return None: there is always a disk."""
        return None

    def begin(self, target: UploadTarget, *, filename: str) -> str:  # noqa: ARG002
        self._refuse()

    def offset(self, handle: str, target: UploadTarget) -> int:  # noqa: ARG002
        self._refuse()

    def append(self, handle: str, target: UploadTarget, offset: int, data: bytes) -> int:  # noqa: ARG002
        self._refuse()

    def finish(self, handle: str, target: UploadTarget, *, size: int, sha256: str) -> Confirmation:  # noqa: ARG002
        self._refuse()

    def abort(self, handle: str, target: UploadTarget) -> None:
        """Do nothing: there is nothing to drop."""

    @staticmethod
    def _refuse() -> NoReturn:
        raise UsageError(
            REASON,
            detail="PostHog's upload tokens work only inside Recall's own SDK",
            hint="Set an upload address of your own (tus) in the settings",
        )
