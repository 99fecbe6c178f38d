"""The capture process's one desk: holds the current session and answers commands, whoever asks.

Knows nothing of sockets. Thread-safe; `status` never waits for a start or stop in progress.
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recorder_app.capture import wire
from recorder_app.capture.backends import Backends
from recorder_app.capture.disk import Reserve
from recorder_app.capture.facts import Finished, StartRequest
from recorder_app.capture.power import SleepWatch
from recorder_app.capture.session import Session
from recorder_app.errors import BusyError, UsageError
from recorder_app.models import CaptureStatus


class Host:
    def __init__(
        self,
        home: Path,
        clock: Callable[[], float] = time.monotonic,
        *,
        on_quit: Callable[[], None] = lambda: None,
    ) -> None:
        """`home` is the data folder: the ballast lies there."""
        self.reserve = Reserve(home)
        self._clock = clock
        self._on_quit = on_quit
        self._backends = Backends(clock)
        self._session: Session | None = None
        self._starting: str | None = None
        self._commands = threading.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether ending the process would end a recording."""
        session = self._session
        return session is not None and session.state != "idle"

    def handle(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a client asks and return the answer's fields. Raises RecorderError."""
        command = message.get("do")
        if command == "status":
            return wire.status_to_json(self.status())
        if command == "quit":
            self.quit()
            return {}
        if command == "sources":
            return {"sources": [dataclasses.asdict(source) for source in self._backends.sources()]}
        with self._commands:
            if command == "start":
                return wire.status_to_json(self.start(wire.request_from_json(message)))
            if command == "stop":
                return wire.finished_to_json(self.stop())
            if command in ("pause", "resume", "bookmark"):
                return wire.status_to_json(self._change(command, str(message.get("note", ""))))
        raise UsageError("The capture process does not know this command", detail=repr(command))

    def warm_up(self) -> None:
        """Load what the first start needs, so that a hotkey is answered at once."""
        self._backends.warm_up()

    def status(self) -> CaptureStatus:
        session = self._session
        if session is None and self._starting is not None:
            # From its first file on nobody may take it for an abandoned one.
            return CaptureStatus(state="starting", recording_id=self._starting, pid=os.getpid())
        if session is None:
            return CaptureStatus(state="idle", pid=os.getpid())
        return session.status(pid=os.getpid())

    def start(self, request: StartRequest) -> CaptureStatus:
        if self._session is not None and self._session.state != "idle":
            raise BusyError(
                "A recording is running already",
                detail=f"Its id is {self._session.request.recording_id}",
                hint="Stop it first",
            )
        if not request.folder.exists():
            # One that goes on may use what is left, however little.
            self.reserve.require_room(request.folder, request.bitrate)
        session = Session(request, self._backends, clock=self._clock, reserve=self.reserve)
        self._starting = request.recording_id
        try:
            session.prepare()
            self._session = session
            session.start()
        except BaseException:
            self._session = None
            raise
        finally:
            self._starting = None
        SleepWatch(session).start()
        return self.status()

    def stop(self) -> Finished:
        """End the recording; also hands over one that a full disk has ended before."""
        if self._session is None:
            raise BusyError("Nothing is being recorded", hint="Start a recording first")
        finished = self._session.stop()
        self._session = None
        return finished

    def quit(self) -> None:
        """Finalise and let the process end. In words of the journal this is an ordinary stop."""
        session = self._session
        if session is not None:
            session.stop()
        self._on_quit()

    def _change(self, command: str, note: str) -> CaptureStatus:
        session = self._session
        if session is None or session.state == "idle":
            raise BusyError("Nothing is being recorded", hint="Start a recording first")
        if command == "pause":
            session.pause()
        elif command == "resume":
            session.resume()
        else:
            session.bookmark(note)
        return self.status()
