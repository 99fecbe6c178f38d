"""A scripted server on loopback: one scene a connection, bytes exactly as written, then whatever it says."""

from __future__ import annotations

import dataclasses
import socket
import struct
import threading
import time
from typing import Self


@dataclasses.dataclass(frozen=True)
class Scene:
    """What happens to one connection."""

    reply: bytes = b""
    reads_request: bool = True
    is_reset: bool = False
    stalls_s: float = 0.0


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class MisbehavingServer:
    """Plays its scenes in order and keeps every request it read; further connections are reset."""

    def __init__(self, *scenes: Scene | bytes) -> None:
        self._scenes: list[Scene] = []
        self.play(*scenes)
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="misbehaving-server", daemon=True)
        self._thread.start()

    def play(self, *scenes: Scene | bytes) -> None:
        """Add scenes, for those that need to know the address first."""
        self._scenes += [scene if isinstance(scene, Scene) else Scene(scene) for scene in scenes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        # Wakes accept(): closing a listener does not.
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join(5)
        self._listener.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            connection, _ = self._listener.accept()
            with connection:
                if not self._ended.is_set():
                    self._play(connection)

    def _play(self, connection: socket.socket) -> None:
        scene = self._scenes.pop(0) if self._scenes else Scene(is_reset=True)
        connection.settimeout(5)
        if scene.reads_request:
            self.requests.append(_whole_request(connection))
        if scene.stalls_s:
            self._ended.wait(scene.stalls_s)
        if scene.reply:
            try:
                connection.sendall(scene.reply)
            except OSError:
                return  # the client gave up first, as it should
        if scene.is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _whole_request(connection: socket.socket) -> bytes:
    received = b""
    deadline = time.monotonic() + 5
    while b"\r\n\r\n" not in received and time.monotonic() < deadline:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().splitlines()
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
