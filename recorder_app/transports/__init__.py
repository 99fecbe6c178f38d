"""How media bytes reach a server: the transports in order of preference, and the choice among them.

A new one is one file with a class like `base.UploadTransport` plus `name`, `takes_media` and `probe`,
and its name in `TRANSPORTS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder_app.transports.local_only import LocalOnlyTransport
from recorder_app.transports.tus import TusTransport

if TYPE_CHECKING:
    import httpx

    from recorder_app.transports.base import UploadTransport

TRANSPORTS = (TusTransport, LocalOnlyTransport)
"""The first whose `probe` finds nothing against it is taken; the last suits everywhere."""


def choose(endpoint: str | None, http: httpx.Client) -> UploadTransport:
    """Return the transport for a server's upload endpoint; None where it named none."""
    suitable = next(transport for transport in TRANSPORTS if transport.probe(endpoint) is None)
    return suitable(http)
