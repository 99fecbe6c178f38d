"""An HTTP proxy that does everything a network and a server can do wrong, the same for the same seed.

One request a connection, one connection at a time: with a client in one thread the order is that of the seed.
"""

from __future__ import annotations

import email.utils
import random
import re
import select
import socket
import struct
import threading
from collections.abc import Callable

LOGIN_PAGE = b"<html><body>Please sign in to the network.</body></html>"
STALL_S = 5.0
"""Longer than any client here waits."""


def answer(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> bytes:
    now = email.utils.formatdate(usegmt=True)
    lines = [
        f"HTTP/1.1 {status} X",
        f"Date: {now}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def envelope(code: str) -> bytes:
    return b'{"type":"server_error","code":"%s","detail":"x","attr":null}' % code.encode()


class ChaosProxy:
    """Between a client and a server on loopback. `restart` kills the server, starts it again, returns its port."""

    def __init__(self, upstream: int, restart: Callable[[], int]) -> None:
        self._upstream = upstream
        self._restart = restart
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self.calm()
        self.forgets_keys = False
        """As PostHog: an idempotency key means nothing."""
        self._thread = threading.Thread(target=self._run, name="chaos-proxy", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rage(self, seed: int, *, most: int, likelihood: float = 0.4) -> None:
        """Spoil at most so many of the next requests."""
        self._chance = random.Random(seed)
        self._left, self._likelihood = most, likelihood
        self.done: list[str] = []
        """What was done to which request, for the report of a failure."""

    def calm(self) -> None:
        self.rage(0, most=0)

    def close(self) -> None:
        self._ended.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join(10)
        self._listener.close()

    def _run(self) -> None:
        while True:
            client, _ = self._listener.accept()
            with client:
                if self._ended.is_set():
                    return
                client.settimeout(STALL_S)
                try:
                    self._serve(client)
                except OSError:
                    continue  # the client gave up first

    def _serve(self, client: socket.socket) -> None:
        request = _whole(client)
        if not request:
            return
        fault = None
        if self._left and self._chance.random() < self._likelihood:
            self._left -= 1
            fault = self._chance.choice(FAULTS)
        self.done.append(f"{request.split(b' HTTP')[0].decode()[:90]}: {fault or 'passed'}")
        if fault is None:
            client.sendall(self._forward(request))
        else:
            getattr(self, f"_{fault}")(client, request)

    def _forward(self, request: bytes, *, only: int | None = None) -> bytes:
        """Return the server's whole answer; of `only` so many bytes of the request: nothing."""
        head, _, body = request.partition(b"\r\n\r\n")
        head = re.sub(rb"(?mi)^connection:[^\r]*", b"Connection: close", head)
        if self.forgets_keys:
            head = re.sub(rb"(?mi)^idempotency-key:[^\r]*", b"X-Dropped: yes", head)
        request = self._readdressed(head, self.port, self._upstream) + b"\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self._upstream)) as server:
            server.sendall(request[:only])
            if only is not None:
                _reset(server)
                return b""
            received = b""
            while piece := server.recv(1 << 20):
                received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        if self.forgets_keys:
            head = re.sub(rb"(?mi)^recorder-honours[^\r]*", b"X-Dropped: yes", head)
        is_text = b"json" in head
        body = self._readdressed(body, self._upstream, self.port) if is_text else body
        return self._readdressed(head, self._upstream, self.port) + b"\r\n\r\n" + body

    @staticmethod
    def _readdressed(data: bytes, old: int, new: int) -> bytes:
        assert len(str(old)) == len(str(new))
        return data.replace(b"127.0.0.1:%d" % old, b"127.0.0.1:%d" % new)

    def _somewhere(self, data: bytes) -> int:
        return self._chance.randint(1, max(1, len(data) - 1))

    def _killed(self) -> None:
        self._upstream = self._restart()

    # ---- what can go wrong ------------------------------------------------------------------------

    def _request_lost(self, client: socket.socket, _request: bytes) -> None:
        _reset(client)

    def _request_cut(self, client: socket.socket, request: bytes) -> None:
        self._forward(request, only=self._somewhere(request))
        _reset(client)

    def _answer_lost(self, client: socket.socket, request: bytes) -> None:
        self._forward(request)
        _reset(client)

    def _answer_cut(self, client: socket.socket, request: bytes) -> None:
        got = self._forward(request)
        client.sendall(got[: self._somewhere(got)])
        _reset(client)

    def _length_too_long(self, client: socket.socket, request: bytes) -> None:
        got = self._forward(request)
        client.sendall(re.sub(rb"(?mi)^content-length: (\d+)", b"Content-Length: 9\\1", got, count=1))

    def _length_too_short(self, client: socket.socket, request: bytes) -> None:
        head, _, body = self._forward(request).partition(b"\r\n\r\n")
        claimed = b"Content-Length: %d" % (len(body) // 2)
        client.sendall(re.sub(rb"(?mi)^content-length: \d+", claimed, head, count=1) + b"\r\n\r\n" + body)

    def _truncated_json(self, client: socket.socket, request: bytes) -> None:
        status = 201 if request.startswith(b"POST") else 200
        client.sendall(answer(status, self._forward(request).partition(b"\r\n\r\n")[2][:-7]))

    def _stall(self, client: socket.socket, _request: bytes) -> None:
        _until_gone(client)

    def _stall_saved(self, client: socket.socket, request: bytes) -> None:
        self._forward(request)
        _until_gone(client)

    def _throttled(self, client: socket.socket, _request: bytes) -> None:
        client.sendall(answer(429, envelope("throttled"), Retry_After="7"))

    def _failed(self, client: socket.socket, _request: bytes) -> None:
        client.sendall(answer(500, envelope("error")))

    def _failed_saved(self, client: socket.socket, request: bytes) -> None:
        self._forward(request)
        client.sendall(answer(500, envelope("error")))

    def _gateway_saved(self, client: socket.socket, request: bytes) -> None:
        self._forward(request)
        client.sendall(answer(504, b"<html>Gateway Time-out</html>", "text/html"))

    def _unavailable(self, client: socket.socket, _request: bytes) -> None:
        client.sendall(answer(503, envelope("unavailable"), Retry_After="3"))

    def _no_recall(self, client: socket.socket, request: bytes) -> None:
        if not request.startswith(b"POST") or b"/desktop_recordings/ " not in request[:200]:
            self._bare_unavailable(client, request)
            return
        client.sendall(answer(503, b'{"detail":"Recall.ai API key not configured"}'))

    def _bare_unavailable(self, client: socket.socket, _request: bytes) -> None:
        client.sendall(answer(503, b""))

    def _login_page(self, client: socket.socket, _request: bytes) -> None:
        client.sendall(answer(self._chance.choice((200, 403, 502)), LOGIN_PAGE, "text/html"))

    def _wrong_offset(self, client: socket.socket, request: bytes) -> None:
        got = self._forward(request)
        lie = self._chance.choice((b"0", b"7", b"999999999", b"-1", b"many"))
        client.sendall(re.sub(rb"(?mi)^upload-offset: \d+", b"Upload-Offset: " + lie, got, count=1))

    def _killed_before(self, client: socket.socket, _request: bytes) -> None:
        self._killed()
        _reset(client)

    def _killed_after(self, client: socket.socket, request: bytes) -> None:
        self._forward(request)
        self._killed()
        _reset(client)

    def _killed_amid(self, client: socket.socket, request: bytes) -> None:
        self._forward(request, only=self._somewhere(request))
        self._killed()
        _reset(client)


COMMON = (
    "request_lost",
    "request_cut",
    "answer_lost",
    "answer_cut",
    "length_too_long",
    "length_too_short",
    "truncated_json",
    "throttled",
    "failed",
    "failed_saved",
    "gateway_saved",
    "unavailable",
    "no_recall",
    "bare_unavailable",
    "login_page",
    "wrong_offset",
)
SLOW = ("stall", "stall_saved", "killed_before", "killed_after", "killed_amid")
"""Cost a time-out or a start of the server each, so they are drawn less often."""
FAULTS = COMMON * 3 + SLOW


def _whole(client: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = client.recv(1 << 16)
        if not piece:
            return b""
        received += piece
    head, _, _ = received.partition(b"\r\n\r\n")
    found = re.search(rb"(?mi)^content-length: (\d+)", head)
    length = len(head) + 4 + (int(found[1]) if found else 0)
    while len(received) < length:
        piece = client.recv(1 << 20)
        if not piece:
            return b""
        received += piece
    return received


def _until_gone(client: socket.socket) -> None:
    select.select([client], [], [], STALL_S)


def _reset(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
