"""One Recorder per user and data folder: a lock, and a local socket that the second start speaks to.

JSON lines: {"cmd": show|start|stop|toggle|status|quit} → {"ok": …}. Never keys or contents.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject
from PySide6.QtNetwork import QLocalServer, QLocalSocket

logger = logging.getLogger(__name__)

COMMANDS = ("show", "start", "stop", "toggle", "status", "quit")
LINE_LIMIT = 4096
CONNECT_MS, ANSWER_MS = 500, 5_000


class Instance(QObject):
    """The first process's end; lives in the GUI thread. Made by `claim` only."""

    def __init__(self, lock: QLockFile, server: QLocalServer) -> None:
        super().__init__()
        self._lock, self._server = lock, server
        self.on_command: Callable[[str], dict[str, Any]] = lambda _: {"ok": False, "error": "starting"}
        server.newConnection.connect(self._accept)

    def close(self) -> None:
        """Stop answering and let another process become the first."""
        self._server.close()
        self._lock.unlock()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            if socket.bytesAvailable():
                self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        while socket.canReadLine():
            answer = self._answer(bytes(socket.readLine(LINE_LIMIT).data()))
            socket.write(json.dumps(answer).encode() + b"\n")
            socket.flush()
        if socket.bytesAvailable() > LINE_LIMIT:
            # Nobody of ours sends this much without a line's end.
            socket.abort()

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            command = request["cmd"]
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "error": "not understood"}
        if command not in COMMANDS:
            return {"ok": False, "error": "unknown command"}
        logger.info("asked by another process: %s", command)
        return self.on_command(command)


def claim(runtime: Path) -> Instance | None:
    """Become the one instance of `runtime`, an existing folder of this user's; None when there is one.

    Order matters (reference/desktop.md §3b): the lock first, for only its holder may remove a dead socket.
    """
    lock = QLockFile(str(runtime / "app.lock"))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        return None
    address = _address(runtime)
    QLocalServer.removeServer(address)
    server = QLocalServer()
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    if not server.listen(address):
        logger.warning("the instance socket could not be opened: %s", server.errorString())
    return Instance(lock, server)


def ask(runtime: Path, command: str) -> dict[str, Any] | None:
    """Send a command to the running instance and return its answer; None when none answers.

    Blocks up to 5 s. Needs no QApplication.
    """
    socket = QLocalSocket()
    socket.connectToServer(_address(runtime))
    if not socket.waitForConnected(CONNECT_MS):
        return None
    socket.write(json.dumps({"cmd": command}).encode() + b"\n")
    socket.flush()
    while not socket.canReadLine():
        if not socket.waitForReadyRead(ANSWER_MS):
            return None
    answer = json.loads(bytes(socket.readLine(LINE_LIMIT).data()))
    socket.disconnectFromServer()
    return answer if isinstance(answer, dict) else None


def _address(runtime: Path) -> str:
    return str(runtime / "app")
