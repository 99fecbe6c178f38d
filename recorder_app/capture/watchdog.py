"""Keeps one track heard: notices a dead, late or misled stream, marks the loss, opens again for ever.

PortAudio's own flags were never set in any failure (reference/audio.md §2), so the judgement is ours.
"""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from recorder_app.capture.base import CaptureBackend, Stream, Surroundings, Surveyed
from recorder_app.capture.inlet import Inlet
from recorder_app.capture.writer import Writer
from recorder_app.errors import NoSoundServerError, RecorderError, SoundError, UnknownSourceError
from recorder_app.models import Track, TrackStatus

logger = logging.getLogger(__name__)

LATE_S = 2.0
"""Without a block for this long a track is not ok."""
DEAD_S = 5.0
"""… and this long it is dead. A frozen sound server delivers its backlog when it thaws: wait for it."""
OPEN_TIMEOUT_S = 4.0
CLOSE_TIMEOUT_S = 2.0
BACK_OFF_S = (0.5, 1.0, 2.0, 4.0, 10.0)
SIDES = {Track.MIC: "Your microphone", Track.SYSTEM: "The call's sound"}

T = TypeVar("T")


class Verdict(enum.Enum):
    FINE = "fine"
    LATE = "late"
    DEAD = "dead"


def judge(
    *, is_active: bool, wrong: str | None, quiet_s: float, is_new: bool, is_other_heard: bool
) -> Verdict:
    """Decide what a stream is. `quiet_s`: since its last block, or since it was opened (`is_new`).

    While the other side is heard the server is not frozen, so a quiet stream is dead sooner; a new one may
    take two seconds to begin on an idle sink.
    """
    if not is_active or wrong:
        return Verdict.DEAD
    limit_s = LATE_S if is_other_heard and not is_new else DEAD_S
    if quiet_s >= limit_s:
        return Verdict.DEAD
    return Verdict.LATE if quiet_s >= LATE_S else Verdict.FINE


def back_off_s(attempt: int) -> float:
    """How long to wait before opening again after so many failures."""
    return BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]


class Keeper:
    """One track of a session. Used by the session's starting thread, then by its watchdog thread."""

    def __init__(
        self,
        track: Track,
        source: str,
        backend: Callable[[], CaptureBackend],
        writer: Writer,
        *,
        clock: Callable[[], float],
        on_problem: Callable[[Track, str], None],
    ) -> None:
        self.track = track
        self._source = source
        self._backend = backend
        self._writer = writer
        self._clock = clock
        # Under a faster clock a hiccup of this machine must not look like a dead device.
        self._speed = getattr(clock, "speed", 1.0)
        self._on_problem = on_problem
        self._stream: Stream | None = None
        self._inlet = Inlet()
        self._opened_at = self._patient_from = float("-inf")
        self._attempts = 0
        self._retry_at = 0.0
        self._reason: str | None = None
        self.is_misled = False
        """Whether the last stream was lost because it was moved to another source."""
        self._name = source
        self._is_closed = False

    @property
    def reason(self) -> str | None:
        """Why the track is not ok, or None."""
        return self._reason

    @property
    def inlet(self) -> Inlet:
        return self._inlet

    def status(self) -> TrackStatus:
        level = self._writer.level_dbfs(self.track)
        reason = self._reason
        last = self._inlet.last_arrival
        if reason is None and last is not None and self._clock() - last > LATE_S * self._speed:
            # A frozen sound server holds the watchdog too.
            reason = f"{SIDES[self.track]} has stopped arriving"
        return TrackStatus(self._name, level, is_ok=reason is None, reason=reason)

    def open(self) -> None:
        """Open the source and hand its blocks to the writer. Raises RecorderError; may block for 4 s."""
        inlet = Inlet()
        opening = _Bounded(
            lambda: self._backend().open(self._source, self.track, inlet.put),
            name=f"recorder-open-{self.track}",
            discard=lambda stream: stream.close(),
        )
        began_at = self._clock()
        stream = opening.result(OPEN_TIMEOUT_S)
        if self._is_closed:
            stream.close()
            return
        self._stream, self._inlet, self._opened_at = stream, inlet, began_at
        self._name = stream.name
        self._writer.attach(self.track, inlet)
        self._reason = None

    def fail(self, error: RecorderError) -> None:
        """Opening did not work: the track is silent, and tried again later."""
        cause = "server_lost" if isinstance(error, NoSoundServerError) else "device_lost"
        self._writer.lose(self.track, cause)
        self._say(error.title)
        self._retry_at = self._clock() + back_off_s(self._attempts)
        self._attempts += 1

    def look(self, now: float, *, is_other_heard: bool) -> None:
        """One turn of the watchdog: vouch for what came, or lose the stream, or open again.

        `now` is when the turn began: asking a frozen sound server may take seconds.
        """
        stream = self._stream
        if stream is None:
            if now >= self._retry_at and not self._is_closed:
                self._reopen()
            return
        wrong = self._vouch(stream, now)
        last = self._inlet.last_arrival
        verdict = judge(
            is_active=stream.is_active,
            wrong=wrong,
            quiet_s=(now - max(self._patient_from, self._opened_at if last is None else last)) / self._speed,
            is_new=last is None,
            is_other_heard=is_other_heard,
        )
        if verdict is Verdict.DEAD:
            self._lose(stream, wrong)
        elif verdict is Verdict.LATE:
            self._say(f"{SIDES[self.track]} has stopped arriving")
        else:
            self._reason = None
            self._name = stream.name
            self._attempts = 0 if last is not None else self._attempts

    def be_patient(self, since: float) -> None:
        """The sound server was frozen until now: its backlog is on the way."""
        self._patient_from = since

    def renew(self) -> None:
        """Drop a stream that may only look alive, and open it at the next turn. The watchdog's thread."""
        stream, self._stream = self._stream, None
        self._attempts, self._retry_at = 0, float("-inf")
        if stream is not None:
            self._writer.lose(self.track, "device_lost")
            _close_soon(stream)

    def is_heard(self, now: float) -> bool:
        """Whether a block came within the last half second."""
        last = self._inlet.last_arrival
        return self._stream is not None and last is not None and now - last < 0.5 * self._speed

    def survey(self) -> Surroundings:
        """What the sound server says about a silent stream. The watchdog's thread."""
        stream = self._stream
        return stream.survey() if isinstance(stream, Surveyed) else Surroundings()

    def vouch(self) -> None:
        """The last check before the end: release what is waiting if it came from the right place."""
        if self._stream is not None:
            self._vouch(self._stream, self._clock())

    def close(self) -> threading.Thread | None:
        """Close in the background: a dead device may take its time. Returns the thread that does it."""
        self._is_closed = True
        stream, self._stream = self._stream, None
        return _close_soon(stream) if stream else None

    def _vouch(self, stream: Stream, now: float) -> str | None:
        wrong = stream.verify()
        if wrong is None:
            self._inlet.clear(now)
        return wrong

    def _lose(self, stream: Stream, wrong: str | None) -> None:
        self.is_misled = wrong is not None and stream.is_active
        is_server_gone = not stream.is_active and not self._backend().probe().is_ok
        self._stream = None
        self._writer.lose(self.track, "server_lost" if is_server_gone else "device_lost")
        _close_soon(stream)
        self._say(wrong or f"{SIDES[self.track]} has stopped; opening it again")
        # A misled stream can be opened at the right place at once.
        is_first_try = stream.is_active and not self._attempts
        self._retry_at = self._clock() + (0.0 if is_first_try else back_off_s(self._attempts))
        self._attempts += 1

    def _reopen(self) -> None:
        try:
            self.open()
            logger.info("%s is heard again", self.track)
        except UnknownSourceError as error:
            self._fall_back(error)
        except RecorderError as error:
            self.fail(error)

    def _fall_back(self, error: UnknownSourceError) -> None:
        """A chosen device that was unplugged: the system's default one is better than silence."""
        chosen = self._source
        if chosen == "default" or chosen.startswith("fake:"):
            self.fail(error)
            return
        self._source = "default"
        try:
            self.open()
        except RecorderError as second:
            self.fail(second)
        finally:
            # The next loss tries the chosen one first.
            self._source = chosen

    def _say(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            logger.info("%s: %s", self.track, reason)
            self._on_problem(self.track, reason)


class _Bounded(Generic[T]):
    """A call that may hang in a C library, in a thread of its own; a late result is discarded."""

    def __init__(self, call: Callable[[], T], *, name: str, discard: Callable[[T], None]) -> None:
        self._lock = threading.Lock()
        self._discard = discard
        self._is_given_up = False
        self._result: T | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), name=name, daemon=True)
        self._thread.start()

    def result(self, timeout_s: float) -> T:
        """Raise what the call raised, or SoundError when it takes too long."""
        self._thread.join(timeout_s)
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._result is None:
                self._is_given_up = True
                raise SoundError(
                    "The sound server does not answer",
                    detail=f"Opening took longer than {timeout_s:.0f} s",
                    hint="Restart the desktop's sound; recording goes on by itself then",
                )
            return self._result

    def _run(self, call: Callable[[], T]) -> None:
        result: T | None = None
        error: Exception | None = None
        try:
            result = call()
        except Exception as caught:  # noqa: BLE001 — raised again in the thread that asked
            error = caught
        with self._lock:
            self._result, self._error = result, error
            is_late = self._is_given_up
        if is_late and result is not None:
            self._discard(result)


def _close_soon(stream: Stream) -> threading.Thread:
    thread = threading.Thread(target=stream.close, name="recorder-close", daemon=True)
    thread.start()
    return thread
