"""How everybody else reaches the capture process. Cheap to import: no numpy, no sound library.

Owns connections only; a recording goes on whether or not anybody is connected.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import threading
import time
from multiprocessing.connection import Client, Connection
from typing import Any

from recorder_app.capture import wire
from recorder_app.capture.facts import Finished, StartRequest
from recorder_app.errors import BusyError, SoundError
from recorder_app.models import CaptureStatus, SourceInfo
from recorder_app.paths import Paths, child_command

MODULE = "recorder_app.capture.process"
START_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 20.0
"""Longer than opening two dead devices takes; a status answer takes less than 2 ms."""
POLL_S = 0.01


class CaptureClient:
    """Thread-safe. Two connections: a status never waits behind a start."""

    def __init__(self, paths: Paths, *, idle_s: float | None = None) -> None:
        """`idle_s`: how long a process that `ensure` starts waits for work before it ends."""
        self._paths = paths
        self._idle_s = idle_s
        self._commands = _Line(paths)
        self._glances = _Line(paths)

    def attach(self) -> bool:
        """Connect to a running capture process; False if there is none."""
        return self._commands.connect() and self._glances.connect()

    def ensure(self) -> None:
        """Attach; else start a process that outlives us, and wait until it answers. Raises SoundError."""
        if self.attach():
            return
        self._paths.ensure()
        self._launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.attach():
            if time.monotonic() > deadline:
                raise SoundError(
                    "The capture process does not start",
                    detail=f"No answer within {START_TIMEOUT_S:.0f} s",
                    hint=f"See {self._paths.logs / 'capture.log'}",
                )
            time.sleep(POLL_S)

    def start(self, request: StartRequest) -> CaptureStatus:
        """Return once the first block was captured. Raises SoundError, StorageError, BusyError."""
        return wire.status_from_json(self._ask_started("start", **wire.request_to_json(request)))

    def stop(self) -> Finished:
        """Return what the file holds. Raises BusyError when nothing is being recorded."""
        return wire.finished_from_json(self._ask_running("stop"))

    def pause(self) -> CaptureStatus:
        return wire.status_from_json(self._ask_running("pause"))

    def resume(self) -> CaptureStatus:
        return wire.status_from_json(self._ask_running("resume"))

    def bookmark(self, note: str = "") -> CaptureStatus:
        return wire.status_from_json(self._ask_running("bookmark", note=note))

    def status(self) -> CaptureStatus:
        """`pid` is None (and the state idle) when no capture process runs."""
        if not self._glances.connect():
            return CaptureStatus(state="idle")
        try:
            return wire.status_from_json(self._glances.ask("status"))
        except _GoneError:
            return CaptureStatus(state="idle")

    def sources(self) -> list[SourceInfo]:
        return [wire.source_from_json(raw) for raw in self._ask_started("sources")["sources"]]

    def quit(self) -> None:
        """Ask the process to finalise and end; fine when there is none."""
        if self._commands.connect():
            try:
                self._commands.ask("quit")
            except _GoneError:
                # It may be gone before its answer is read.
                pass
        self.close()

    def close(self) -> None:
        """Drop the connections only."""
        self._commands.close()
        self._glances.close()

    def _ask_started(self, command: str, **fields: Any) -> dict[str, Any]:
        self.ensure()
        try:
            return self._commands.ask(command, **fields)
        except _GoneError:
            # It died just now. Whatever it began died with it: a new process goes on in a new part.
            self.ensure()
            return self._commands.ask(command, **fields)

    def _ask_running(self, command: str, **fields: Any) -> dict[str, Any]:
        if not self._commands.connect():
            raise BusyError("Nothing is being recorded", hint="Start a recording first")
        return self._commands.ask(command, **fields)

    def _launch(self) -> None:
        command, environment = child_command(
            MODULE, "--detach", f"--home={self._paths.home}", f"--runtime={self._paths.runtime}"
        )
        if self._idle_s is not None:
            command.append(f"--idle-s={self._idle_s}")
        nothing = subprocess.DEVNULL
        detached: dict[str, Any] = {}
        if os.name == "nt":
            detached["creationflags"] = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP  # type: ignore[attr-defined]  # Windows only
        starter = subprocess.Popen(
            command,
            env=environment,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            cwd=self._paths.home,
            start_new_session=True,
            **detached,
        )
        if os.name == "posix":
            # It forks away at once: the process itself is nobody's child, so there is nothing to wait for.
            starter.wait(START_TIMEOUT_S)


class _GoneError(SoundError):
    """The process ended while we were talking to it."""

    def __init__(self) -> None:
        super().__init__(
            "The capture process has ended",
            detail="It was killed or crashed while it was asked",
            hint="What was heard until then is on disk; start again to go on in a new part",
        )


class _Line:
    """One connection; one question at a time."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._lock = threading.Lock()
        self._connection: Connection[bytes, bytes] | None = None

    def connect(self) -> bool:
        with self._lock:
            if self._connection is not None:
                if not self._is_stale(self._connection):
                    return True
                self._drop()
            return self._open()

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        """Raise what the process raised; _GoneError when it died."""
        with self._lock:
            connection = self._connection
            if connection is None:
                raise _GoneError
            try:
                connection.send_bytes(wire.pack({"do": command, **fields}))
                if not connection.poll(ANSWER_TIMEOUT_S):
                    self._drop()
                    raise SoundError(
                        "The capture process does not answer", hint="What was heard until now is on disk"
                    )
                message = wire.unpack(connection.recv_bytes(wire.LONGEST_MESSAGE))
            except (EOFError, OSError) as error:
                self._drop()
                raise _GoneError from error
        if "error" in message:
            raise wire.error_from_json(message["error"])
        answer = message.get("ok")
        return answer if isinstance(answer, dict) else {}

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _open(self) -> bool:
        address, family = wire.address(self._paths)
        try:
            key = self._paths.control_key.read_bytes()
            self._connection = Client(address, family, authkey=key)
        except (OSError, EOFError, multiprocessing.AuthenticationError):
            # No key or no listener: none runs. A refused key: a new process is just taking over.
            return False
        return True

    @staticmethod
    def _is_stale(connection: Connection[bytes, bytes]) -> bool:
        """Nothing may be waiting between questions, except the end of a dead process."""
        try:
            return connection.poll(0)
        except (OSError, EOFError):
            return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


__all__ = ["CaptureClient", "Finished", "StartRequest"]
