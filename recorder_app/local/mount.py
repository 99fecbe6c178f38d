"""The embedded backend inside this process: an httpx client without a port, a key or a socket."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from flask import Flask

LOCAL_ORIGIN = "http://recorder.local"
"""Goes nowhere: the transport below answers it. `.local` keeps it out of every real DNS zone."""
LOCAL_PROJECT = "1"
MAX_UPLOAD_CHUNK = 4 * 2**20


class MountedTransport(httpx.BaseTransport):
    """Serves a data folder at LOCAL_ORIGIN. Usable from several threads; the app is made at first use.

    Bodies pass through memory, so upload chunks beyond MAX_UPLOAD_CHUNK are refused (413).
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._app: Flask | None = None
        self._inner: httpx.WSGITransport | None = None
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if f"{request.url.scheme}://{request.url.host}" != LOCAL_ORIGIN:
            raise httpx.ConnectError("only the embedded server is mounted here", request=request)
        is_upload = request.headers.get("content-type") == "application/offset+octet-stream"
        if is_upload and len(request.read()) > MAX_UPLOAD_CHUNK:
            return httpx.Response(
                413, json={"detail": "Upload in chunks of at most 4 MiB.", "code": "too_large"}
            )
        # Header values beyond ASCII cannot be passed on, and none of ours are.
        return self._mounted().handle_request(request)

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            app, self._app, self._inner = self._app, None, None
        if app is not None:
            from recorder_app.local.app import close_app

            close_app(app)

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def _mounted(self) -> httpx.WSGITransport:
        with self._lock:
            if self._is_closed:
                raise httpx.ConnectError("the embedded server is closed")
            if self._inner is None:
                # Flask costs 0.1 s to import: not before somebody needs the server.
                from recorder_app.local.app import create_app

                self._app = create_app(self._data, key=None, base_url=LOCAL_ORIGIN)
                self._inner = httpx.WSGITransport(app=self._app)
            return self._inner


def mounted_client(data: Path) -> httpx.Client:
    """Return a client of the embedded backend over `data`; it reaches nothing else. Close it after use.

    The first request may raise LibraryError or StorageError.
    """
    return httpx.Client(transport=MountedTransport(data), trust_env=False)
