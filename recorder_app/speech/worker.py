"""The speech worker: `python -m recorder_app.speech.worker`, JSON lines on stdin and stdout.

All native speech code runs here and nowhere else. Audio comes by path, never through the pipe. The process
is niced, keeps nothing between requests but the loaded engine, and ends when its parent does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from recorder_app.errors import RecorderError
from recorder_app.media.decode import probe, read_pcm
from recorder_app.models import Track
from recorder_app.speech import bleed, mute, protocol, vad
from recorder_app.speech.base import RATE, Engine
from recorder_app.speech.engines import choose

HEARTBEAT_S = 1.0
POSITION_EACH_MS = 5_000
NICE = 10
"""Recording always wins (DESIGN §9)."""
CHANNELS = {Track.MIC: 0, Track.SYSTEM: 1}


class Lines:
    """Writes whole JSON lines from any thread."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()


class Worker:
    """Carries out one request after the other in the main thread; the engine stays loaded in between."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._engine: Engine | None = None
        self._asked_for = ""

    def carry_out(self, request: protocol.Request) -> None:
        """Hear every track that is not done. What can be explained is sent as a failure."""
        try:
            engine = self._loaded(request.engine)
            media = Path(request.media)
            info = probe(media)
            # One channel tells nothing about who speaks: it is the call's side, with nobody's name on it.
            channels = CHANNELS if info.channels > 1 else {Track.SYSTEM: 0}
            self._send({
                "event": protocol.STARTED, "engine": engine.info.id, "is_draft": engine.info.is_draft,
                "duration_ms": info.duration_ms, "tracks": list(channels),
            })  # fmt: skip
            for track in channels:
                if track not in request.done:
                    listener = _Listener(media, track, channels, engine=engine, send=self._send)
                    listener.run(request.skip_ms.get(track, 0))
            self._send({"event": protocol.DONE})
        except RecorderError as error:
            self._send(protocol.failure(error))

    def _loaded(self, name: str) -> Engine:
        if self._engine is None or self._asked_for != name:
            engine = choose(name)
            engine.load()
            self._engine, self._asked_for = engine, name
        return self._engine


class _Listener:
    """Hears one track of one file from start to end."""

    def __init__(
        self,
        media: Path,
        track: Track,
        channels: dict[Track, int],
        *,
        engine: Engine,
        send: Callable[[dict[str, Any]], None],
    ) -> None:
        self._media = media
        self._track = track
        self._channel = channels[track]
        self._call = channels[Track.SYSTEM] if track is Track.MIC else None
        """The channel that may leak into this one."""
        self._engine = engine
        self._send = send
        self._told_ms = 0

    def run(self, skip_ms: int) -> None:
        blocks = self._blocks(skip_ms)
        judge = vad.load_judge()
        for utterance in vad.utterances(blocks, judge, lambda ms: self._tell(skip_ms + ms)):
            start_ms = skip_ms + utterance.start_ms
            end_ms = skip_ms + utterance.end_ms
            heard = tuple(
                protocol.shifted(one, start_ms) for one in self._engine.transcribe(utterance.samples)
            )
            likeness = self._likeness(utterance.samples, start_ms, end_ms)
            self._send(protocol.HeardUtterance(self._track, start_ms, end_ms, heard, likeness).to_json())
        self._send({"event": protocol.TRACK_DONE, "track": self._track})

    def _blocks(self, skip_ms: int) -> Iterator[NDArray[np.int16]]:
        if self._call is None:
            return read_pcm(self._media, rate=RATE, channel=self._channel, start_ms=skip_ms)
        both = read_pcm(self._media, rate=RATE, start_ms=skip_ms)
        return mute.without_call(both, mic=self._channel, call=self._call)

    def _tell(self, position_ms: int) -> None:
        if position_ms - self._told_ms >= POSITION_EACH_MS:
            self._told_ms = position_ms
            self._send({"event": protocol.POSITION, "track": self._track, "ms": position_ms})

    def _likeness(self, samples: NDArray[np.int16], start_ms: int, end_ms: int) -> bleed.Likeness | None:
        """Compare with the call's side of the same stretch, read again so that nothing is held in memory."""
        if self._call is None:
            return None
        first_ms = max(0, start_ms - bleed.REACH_MS)
        blocks = read_pcm(
            self._media, rate=RATE, channel=self._call, start_ms=first_ms, end_ms=end_ms + bleed.REACH_MS
        )
        call = np.concatenate([np.zeros(0, np.int16), *blocks])
        return bleed.likeness(samples, call, (start_ms - first_ms) * RATE // 1000)


def take_stdout() -> IO[bytes]:
    """Keep stdout for the protocol; what native code prints goes to stderr from now on."""
    protocol_file = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol_file


def requests(file: IO[bytes]) -> Iterator[protocol.Request]:
    """Yield requests as they come; the process ends with its parent, even while it is busy."""
    waiting: queue.Queue[protocol.Request] = queue.Queue()

    def read() -> None:
        for line in file:
            waiting.put(protocol.Request.from_json(json.loads(line)))
        os._exit(0)

    threading.Thread(target=read, name="speech-requests", daemon=True).start()
    while True:
        yield waiting.get()


def beat(send: Callable[[dict[str, Any]], None]) -> None:
    """Say "alive" for ever; a parent that stopped reading has gone."""
    while True:
        try:
            send({"event": protocol.ALIVE})
        except OSError:
            os._exit(0)
        time.sleep(HEARTBEAT_S)


def main() -> None:
    # Ctrl+C in a terminal reaches the whole group; what it means is the parent's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lines = Lines(take_stdout())
    if hasattr(os, "nice"):
        with contextlib.suppress(OSError):
            os.nice(NICE)
    threading.Thread(target=beat, args=(lines.send,), name="speech-heartbeat", daemon=True).start()
    worker = Worker(lines.send)
    for request in requests(sys.stdin.buffer):
        worker.carry_out(request)


if __name__ == "__main__":
    main()
