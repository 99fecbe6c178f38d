"""A TCP proxy that cuts connections after so many bytes, before or after the server has answered."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Iterable


class CuttingProxy:
    """Resets the n-th connection after `cuts[n]` bytes from the client; None lets it live.

    A negative number lets the whole request through and swallows the answer instead.
    """

    def __init__(self, upstream: int, cuts: Iterable[int | None]) -> None:
        self._upstream = upstream
        self._cuts = iter(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self.count_cut = 0
        self._acceptor = threading.Thread(target=self._accept, name="cutting-proxy", daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def close(self) -> None:
        self._ended.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._acceptor.join(5)
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._ended.is_set():
                client.close()
                return
            cut = next(self._cuts, None)
            thread = threading.Thread(target=self._relay, args=(client, cut), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _relay(self, client: socket.socket, cut: int | None) -> None:
        with client, socket.create_connection(("127.0.0.1", self._upstream)) as server:
            passed = 0
            with selectors.DefaultSelector() as ready:
                ready.register(client, selectors.EVENT_READ)
                ready.register(server, selectors.EVENT_READ)
                while not self._ended.is_set():
                    for key, _ in ready.select(0.2):
                        data = _received(key.fileobj)
                        if not data:
                            return
                        if key.fileobj is server:
                            if cut is not None and cut < 0:
                                self._reset(client)
                                return
                            client.sendall(data)
                            continue
                        if cut is not None and 0 <= cut <= passed + len(data):
                            server.sendall(data[: cut - passed])
                            self._reset(client, server)
                            return
                        server.sendall(data)
                        passed += len(data)

    def _reset(self, *sockets: socket.socket) -> None:
        self.count_cut += 1
        for end in sockets:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _received(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""
