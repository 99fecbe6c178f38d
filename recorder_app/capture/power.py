"""Sleep of the machine: announced by logind, or found out afterwards by the clocks.

The only importer of jeepney here. Lives in a thread of its own for as long as a recording does; without a
bus or logind the clocks alone tell.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from jeepney.fds import FileDescriptor
    from jeepney.io.blocking import DBusConnection
    from jeepney.low_level import Message

logger = logging.getLogger(__name__)

LOOK_S = 0.5
SLEPT_S = 1.0
"""CLOCK_BOOTTIME counts sleep and CLOCK_MONOTONIC does not: they differ by just that, within microseconds."""
WALL_JUMP_S = 5.0
"""Without CLOCK_BOOTTIME: a smaller step of the wall clock is a correction."""
ANSWER_S = 2.0
RECONNECT_S = 30.0
LOGIND = "org.freedesktop.login1"


class Sleeper(Protocol):
    """What a recording does about sleep. Called on the watch's thread."""

    @property
    def is_live(self) -> bool:
        """False once the recording is over; the watch ends then."""

    def before_sleep(self) -> None:
        """Have everything on the disk; logind waits five seconds at most."""

    def after_sleep(self, slept_s: float) -> None:
        """The machine woke. `slept_s` is 0.0 where it did not really sleep."""

    def has_heard_since(self, moment: float) -> bool: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Clocks:
    """Three clocks read together, in seconds."""

    monotonic: float
    boottime: float | None
    """Monotonic with sleep counted; None where the system has none."""
    wall: float


def read_clocks() -> Clocks:
    boottime = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else None
    return Clocks(time.monotonic(), boottime, time.time())


class SleepClock:
    """Tells from the clocks whether the machine slept since the last look. Pure."""

    def __init__(self, first: Clocks) -> None:
        self._last = first
        self._jump_s = 0.0

    def look(self, now: Clocks, *, is_heard: bool) -> float:
        """Seconds slept; `is_heard`: sound came since the last look.

        Where only the wall clock jumped it may have been set: it was sleep if no sound comes afterwards.
        """
        last, self._last = self._last, now
        passed_s = now.monotonic - last.monotonic
        if now.boottime is not None and last.boottime is not None:
            slept_s = now.boottime - last.boottime - passed_s
            return slept_s if slept_s >= SLEPT_S else 0.0
        waiting_s, self._jump_s = self._jump_s, now.wall - last.wall - passed_s
        if self._jump_s < WALL_JUMP_S:
            self._jump_s = 0.0
        return waiting_s if waiting_s and not is_heard else 0.0


class Logind:
    """A connection to the system bus and a lock that delays sleep. One thread. Raises OSError."""

    def __init__(self) -> None:
        from jeepney import DBusAddress, MatchRule, message_bus
        from jeepney.io.blocking import Proxy, open_dbus_connection

        self._connection: DBusConnection = open_dbus_connection(bus="SYSTEM", enable_fds=True)
        self._manager = DBusAddress("/org/freedesktop/login1", LOGIND, f"{LOGIND}.Manager")
        self._lock: FileDescriptor | None = None
        self._signals: deque[Message] = deque()
        signal = {"type": "signal", "interface": f"{LOGIND}.Manager", "member": "PrepareForSleep"}
        # The bus passes on only what logind itself sends.
        Proxy(message_bus, self._connection, timeout=ANSWER_S).AddMatch(MatchRule(sender=LOGIND, **signal))
        self._filter = self._connection.filter(MatchRule(**signal), queue=self._signals)
        self._filter.__enter__()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._connection.close()

    def hold(self) -> bool:
        """Delay sleep until `release`. False when logind refuses or is not there."""
        from jeepney import MessageType, new_method_call

        words = ("sleep", "Recorder", "The recording is written to disk first", "delay")
        call = new_method_call(self._manager, "Inhibit", "ssss", words)
        reply = self._connection.send_and_get_reply(call, timeout=ANSWER_S)
        if reply.header.message_type is MessageType.error:
            logger.info("logind gives no lock")
            return False
        self._lock = reply.body[0]
        return True

    def release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.close()

    def wait(self, timeout_s: float) -> bool | None:
        """True: about to sleep; False: awake again; None: nothing was announced within the time."""
        try:
            signal = self._connection.recv_until_filtered(self._signals, timeout=timeout_s)
        except TimeoutError:
            return None
        return bool(signal.body[0])


class SleepWatch:
    """Starts with a recording and ends by itself after it."""

    def __init__(
        self,
        sleeper: Sleeper,
        *,
        clocks: Callable[[], Clocks] = read_clocks,
        connect: Callable[[], Logind] = Logind,
    ) -> None:
        self._sleeper = sleeper
        self._read = clocks
        self._connect = connect
        self._clock = SleepClock(clocks())
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="recorder-sleep-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while self._sleeper.is_live:
            try:
                with self._connect() as logind:
                    logind.hold()
                    self._follow(lambda logind=logind: self._heed(logind))  # type: ignore[misc]  # bound now
            except (OSError, ImportError, ValueError) as error:
                # ValueError: jeepney's own for a bus that does not let us in.
                logger.info("sleep is not announced here: %s", error)
            except Exception:
                # Our own bug, or a bus that talks nonsense: the clocks still tell.
                logger.exception("listening to logind failed")
            until = time.monotonic() + RECONNECT_S
            self._follow(lambda until=until: self._sit(until))  # type: ignore[misc]  # bound now

    def _follow(self, turn: Callable[[], bool]) -> None:
        """Take turns of about LOOK_S until the recording is over or a turn says False."""
        while self._sleeper.is_live and turn():
            self._look()

    @staticmethod
    def _sit(until: float) -> bool:
        time.sleep(LOOK_S)
        return time.monotonic() < until

    def _heed(self, logind: Logind) -> bool:
        announced = logind.wait(LOOK_S)
        if announced is True:
            self._sleeper.before_sleep()
            logind.release()
        elif announced is False:
            logind.hold()
            if not self._look():
                self._sleeper.after_sleep(0.0)
        return True

    def _look(self) -> bool:
        since, self._looked_at = self._looked_at, time.monotonic()
        slept_s = self._clock.look(self._read(), is_heard=self._sleeper.has_heard_since(since))
        if slept_s:
            logger.info("the machine slept for %.0f s", slept_s)
            self._sleeper.after_sleep(slept_s)
        return slept_s > 0
