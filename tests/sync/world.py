"""A whole little world: library, embedded backend, faults on the wire, a clock that stands still."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from recorder_app.api.client import RecordingsClient
from recorder_app.insights.rules import extract
from recorder_app.library.store import Library
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, MountedTransport
from recorder_app.models import Recording, Segment, Track
from recorder_app.sync.engine import SyncEngine
from recorder_app.sync.jobs import LANES
from recorder_app.sync.workspace import Workspace
from recorder_app.transports.tus import TusTransport

START = dt.datetime(2026, 3, 4, 9, 0, tzinfo=dt.UTC)
LINES = (
    Segment(0, 1800, "Good morning, shall we look at the release?", "You", 0.95, Track.MIC),
    Segment(2000, 4800, "I will send the release notes to Ana by Friday.", "Them", 0.93),
    Segment(5000, 7000, "We decided to ship the new importer next week.", "You", 0.9, Track.MIC),
    Segment(7001, 9000, "Straße, naïve, 東京: all of it stays as it is.", "Them", 0.9),
)


@dataclasses.dataclass(frozen=True)
class Transcript:
    segments: tuple[Segment, ...] = LINES
    engine: str = "scripted"
    is_draft: bool = False


class ScriptedSpeech:
    """A `Transcriber` that needs no sound; may raise, or wait until it is cancelled."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.heard: list[Path] = []
        self.is_slow = False
        self.transcript = Transcript()

    def transcribe(self, media, *, me="You", them="Them", on_progress, cancelled):
        self.heard.append(media)
        on_progress(50)
        if self.is_slow:
            cancelled.wait(30)
        if self.errors:
            raise self.errors.pop(0)
        return self.transcript


class Wire(httpx.BaseTransport):
    """Passes requests on, records them, and spoils those it was told to."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.requests: list[tuple[str, str]] = []
        self._faults: list[list] = []
        self.in_flight: dict[str, int] = {}
        self.worst: dict[str, int] = {}
        self._lock = threading.Lock()

    def spoil(self, method: str, part: str, how: Callable, times: int = 1) -> None:
        """`how(request, pass_on)` answers the next `times` requests whose path holds `part`."""
        self._faults.append([method, part, how, times])

    def pass_on(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        answer.read()
        return answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        row = path.split("desktop_recordings/")[1].split("/")[0] if "desktop_recordings/" in path else ""
        with self._lock:
            self.requests.append((request.method, path))
            self.in_flight[row] = self.in_flight.get(row, 0) + 1
            self.worst[row] = max(self.worst.get(row, 0), self.in_flight[row])
            fault = next(
                (f for f in self._faults if f[3] > 0 and f[0] == request.method and f[1] in path), None
            )
            if fault:
                fault[3] -= 1
        try:
            return fault[2](request, self.pass_on) if fault else self.pass_on(request)
        finally:
            with self._lock:
                self.in_flight[row] -= 1

    def count(self, method: str, part: str) -> int:
        return sum(1 for m, path in self.requests if m == method and part in path)


def refused_connection(request, _pass_on):
    raise httpx.ConnectError("refused", request=request)


def lost_request(request, _pass_on):
    raise httpx.ReadTimeout("nothing came back", request=request)


def lost_answer(request, pass_on):
    pass_on(request)
    raise httpx.ReadTimeout("nothing came back", request=request)


def saved_but_500(request, pass_on):
    pass_on(request)
    return httpx.Response(500, json={"type": "server_error", "code": "error", "detail": "x", "attr": None})


def answers(status: int, code: str = "error", detail: str = "No.", headers: dict | None = None):
    body = {"type": "x", "code": code, "detail": detail, "attr": None}
    return lambda _request, _pass_on: httpx.Response(status, json=body, headers=headers)


bad_key = answers(403, "authentication_failed", "Personal API key found is invalid.")


class World:
    """`settle()` runs every lane in this thread until nothing is due: no waiting, no luck."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "local",
        honours: bool = True,
        upload_url: str | None = None,
        upload_key: str | None = None,
        served: tuple[str, str] | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        """`served` is the address and the key of a server; without it the embedded one is mounted."""
        self.folder = folder
        self.recordings = folder / "recordings"
        self.recordings.mkdir(parents=True, exist_ok=True)
        self.now = time.time()
        self.library = Library(folder / "library.sqlite")
        inner = httpx.HTTPTransport() if served else MountedTransport(folder / "server")
        self.wire = Wire(inner)
        self.http = httpx.Client(transport=self.wire, trust_env=False)
        origin, key = served or (LOCAL_ORIGIN, None)
        self.client = RecordingsClient(
            self.http,
            origin=origin,
            project_id=LOCAL_PROJECT,
            api_key=key,
            timeout_s=timeout_s,
            now=lambda: dt.datetime.fromtimestamp(self.now, dt.UTC),
        )
        self.speech = ScriptedSpeech()
        self.workspace = Workspace(
            name=name,
            client=self.client,
            transport=TusTransport(self.http, timeout_s=timeout_s),
            upload_url=upload_url,
            upload_key=upload_key,
            honours_idempotency_key=honours,
        )
        self.engine = self.new_engine()

    def new_engine(self, **changes) -> SyncEngine:
        wanted = {
            "recordings": self.recordings,
            "transcriber": self.speech,
            "extract": extract,
            "clock": lambda: self.now,
            "chance": lambda: 0.5,
            "is_polling": False,
        }
        return SyncEngine(self.library, self.workspace, **(wanted | changes))

    def close(self) -> None:
        self.engine.stop(5)
        self.library.close()
        self.http.close()

    def begin(self, name: str = "r1", **fields) -> Recording:
        """A recording that has just begun."""
        (self.recordings / name).mkdir(exist_ok=True)
        fields = {"title": f"Meeting {name}", "workspace": self.workspace.name} | fields
        recording = self.library.add(Recording(id=name, started_at=START, **fields))
        self.engine.plan(name)
        return recording

    def media(self, name: str = "r1") -> Path:
        return self.recordings / name / "part-001.ogg"

    def grow(self, data: bytes, name: str = "r1") -> None:
        with self.media(name).open("ab") as file:
            file.write(data)

    def end(self, name: str = "r1") -> Recording:
        """The recording stops with what is in its file."""
        data = self.media(name).read_bytes()
        self.library.update(
            name,
            is_on_disk=True,
            media=(self.media(name),),
            media_bytes=len(data),
            media_sha256=hashlib.sha256(data).hexdigest(),
            duration_ms=9_400,
            completed_at=START + dt.timedelta(seconds=9),
            participants=("You", "Them"),
        )
        self.engine.plan(name)
        return self.library.get(name)

    def whole(self, name: str = "r1", data: bytes = b"OggS" * 5000, **fields) -> Recording:
        self.begin(name, **fields)
        self.grow(data, name)
        return self.end(name)

    def settle(self, engine: SyncEngine | None = None) -> None:
        engine = engine or self.engine
        for _ in range(200):
            ran = [engine.run_one(lane) for lane in LANES]
            if True not in ran:
                return
        raise AssertionError("it never came to rest")

    def later(self, seconds: float) -> None:
        self.now += seconds

    def in_time(self, seconds: float = 400, turns: int = 20) -> None:
        """Let every back-off run out again and again."""
        for _ in range(turns):
            self.settle()
            self.later(seconds)
        self.settle()

    def rows(self):
        return self.client.list(limit=100).results

    def row(self, name: str = "r1"):
        return self.client.retrieve(self.library.get(name).server_id)

    def uploaded(self, name: str = "r1") -> bytes:
        found = self.http.get(self.row(name).video_url)
        found.raise_for_status()
        return found.content

    def jobs(self, name: str = "r1") -> dict[str, str]:
        return {job.kind: job.state for job in self.library.jobs.of(name)}

    def job(self, kind: str, name: str = "r1"):
        return self.library.jobs.one(name, kind)


def until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Bounded polling on a condition."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
