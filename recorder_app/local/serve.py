"""The embedded backend on a loopback port: what `recorder serve` runs until it is told to end."""

from __future__ import annotations

import contextlib
import errno
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from recorder_app.errors import UsageError
from recorder_app.local.mount import LOCAL_PROJECT

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
"""Loopback only: recordings are nobody else's business, and there is no TLS here."""
THREADS = 8


def serve(data: Path, *, port: int, key: str | None, on_ready: Callable[[dict[str, str]], None]) -> None:
    """Serve `data` on 127.0.0.1 and block until SIGTERM or SIGINT (or KeyboardInterrupt).

    `port` 0 takes a free one, `key` None makes one; `on_ready` gets {url, project_id, key} once requests are
    answered. Raises UsageError for a taken port or an impossible key, LibraryError, StorageError.
    """
    import waitress.server

    from recorder_app.local.app import close_app, create_app

    key = secrets.token_urlsafe(32) if key is None else _usable_key(key)
    listener = _listening_socket(port)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    with contextlib.closing(listener):
        app = create_app(data, key=key, base_url=url)
        server = waitress.server.create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            ident=None,
            # The defaults read 8 KiB at a time and spill to disk beyond 512 KiB: a third of the throughput.
            recv_bytes=1 << 18,
            inbuf_overflow=8 << 20,
            max_request_body_size=1 << 30,
        )
        try:
            with _ended_by_signals():
                on_ready({"url": url, "project_id": LOCAL_PROJECT, "key": key})
                logger.info("serving on %s", url)
                server.run()
        finally:
            server.task_dispatcher.shutdown()
            server.close()
            close_app(app)


def _usable_key(key: str) -> str:
    if len(key) < 2 or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("This key cannot be sent in a header", hint="Use letters, digits, - and _ only")
    return key


def _listening_socket(port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise UsageError("There is no such port", detail=str(port), hint="Choose one up to 65535, or 0")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Not on Windows, where it would let two servers share the port.
        if hasattr(signal, "SIGUSR1"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"Port {port} is in use", hint="Choose another with --port, or 0 for any free one"
            ) from error
        raise UsageError(f"Port {port} cannot be opened", detail=str(error.strerror)) from error
    return listener


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGINT into the KeyboardInterrupt that ends waitress's loop."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        pass  # between two steps of ours: the same wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
