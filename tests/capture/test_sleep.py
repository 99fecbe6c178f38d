"""The machine sleeps and wakes: announced by logind, or found out by the clocks."""

from __future__ import annotations

import threading
import time

import pytest

from recorder_app.capture import journal
from recorder_app.capture.backends import Backends
from recorder_app.capture.facts import StartRequest
from recorder_app.capture.power import Clocks, SleepClock, SleepWatch, read_clocks
from recorder_app.capture.session import Session
from tests.capture.conftest import decode, until
from tests.support.fake_logind import logind  # noqa: F401 — a fixture
from tests.support.sound import tone_level


def _slept(*looks: tuple[float, float | None, float, bool]) -> list[float]:
    """Looks at (monotonic, boottime, wall, is_heard), the first at zero."""
    clock = SleepClock(Clocks(0.0, None if looks[0][1] is None else 0.0, 1000.0))
    return [clock.look(Clocks(m, b, w), is_heard=heard) for m, b, w, heard in looks]


@pytest.mark.parametrize(
    ("looks", "slept"),
    [
        # Awake; the wall clock is set by an hour, which is nobody's sleep.
        ([(0.5, 0.5, 1000.5, True), (1.0, 1.0, 4600.0, True), (1.5, 1.5, 4600.5, False)], [0, 0, 0]),
        # An hour of sleep, told once.
        ([(0.5, 3600.5, 4600.5, True), (1.0, 3601.0, 4601.0, True)], [3600, 0]),
        # A frozen process is not a sleeping machine.
        ([(300.0, 300.0, 1300.0, False)], [0]),
        # Without CLOCK_BOOTTIME: the wall jumped, and no sound comes afterwards.
        ([(0.5, None, 4600.5, True), (1.0, None, 4601.0, False), (1.5, None, 4601.5, False)], [0, 3600, 0]),
        # … it only was set: sound goes on.
        ([(0.5, None, 4600.5, True), (1.0, None, 4601.0, True)], [0, 0]),
        # … or corrected by little, or set back.
        ([(0.5, None, 1003.0, False), (1.0, None, 1003.5, False)], [0, 0]),
        ([(0.5, None, 100.0, False), (1.0, None, 100.5, False)], [0, 0]),
    ],
)
def test_the_clocks_tell_sleep_from_everything_else(looks, slept):
    assert _slept(*looks) == pytest.approx(slept)


def test_the_real_clocks_agree_while_awake():
    clock = SleepClock(read_clocks())

    assert clock.look(read_clocks(), is_heard=True) == 0.0


class Dreams:
    """Real clocks, with sleep added on demand."""

    def __init__(self) -> None:
        self.slept_s = 0.0

    def __call__(self) -> Clocks:
        now = read_clocks()
        return Clocks(now.monotonic, (now.boottime or now.monotonic) + self.slept_s, now.wall + self.slept_s)


def _no_bus():
    raise FileNotFoundError("no bus here")


def _session(tmp_path, mic="fake:tone:440") -> Session:
    session = Session(StartRequest("x", tmp_path / "x", mic, "fake:tone:1000"), Backends())
    session.prepare()
    session.start()
    return session


def _events(folder) -> list[str]:
    return [event["event"] for event in journal.read(folder)]


@pytest.mark.parametrize("is_paused", [False, True])
def test_an_hour_of_sleep_is_marked_and_the_devices_are_opened_again(tmp_path, is_paused):
    session, clocks = _session(tmp_path), Dreams()
    SleepWatch(session, clocks=clocks, connect=_no_bus).start()
    until(lambda: session.status(pid=1).elapsed_ms > 700, what="recording")
    before = {thread for thread in threading.enumerate() if thread.name.startswith("recorder-fake")}
    if is_paused:
        session.pause()

    clocks.slept_s = 3600.0

    until(lambda: "gap" in _events(tmp_path / "x"), what="the gap is marked")
    until(lambda: not any(thread.is_alive() for thread in before), what="the old streams are closed")
    if is_paused:
        session.resume()
    woken_ms = session.status(pid=1).elapsed_ms
    until(lambda: session.status(pid=1).elapsed_ms > woken_ms + 800, what="it goes on")
    finished = session.stop()

    (gap,) = [gap for gap in finished.gaps if gap.cause == "sleep"]
    assert gap.track is None
    assert gap.start_ms == gap.end_ms
    assert gap.wall_ms == pytest.approx(3_600_000, abs=50)
    assert all(gap.end_ms - gap.start_ms < 1500 for gap in finished.gaps)
    assert {gap.cause for gap in finished.gaps} <= {"sleep", "pause", "device_lost"}
    left, right = decode(finished.media[0])
    assert tone_level(left[-19_200:], 440) > 0.2
    assert tone_level(right[-19_200:], 1000) > 0.2


def test_logind_is_held_back_until_everything_is_on_the_disk(logind, client, request_for):  # noqa: F811
    request = request_for()
    client.start(request)
    until(lambda: logind.held == 1, what="the lock")
    until(lambda: client.status().elapsed_ms > 500, what="recording")

    began = time.monotonic()
    logind.prepare_for_sleep(is_going=True)
    until(lambda: logind.held == 0, what="the lock is given back")
    took_s = time.monotonic() - began
    at_sleep = _events(request.folder)
    logind.prepare_for_sleep(is_going=False)
    until(lambda: logind.held == 1, what="the lock for the next time")
    until(lambda: _events(request.folder)[-1] == "wake", what="it woke")
    went_ms = client.status().elapsed_ms
    until(lambda: client.status().elapsed_ms > went_ms + 300, what="it goes on")
    finished = client.stop()

    assert took_s < 2.0
    assert at_sleep[-1] == "sleep"
    assert logind.asked[0] == ("sleep", "Recorder", "The recording is written to disk first", "delay")
    # The machine did not really sleep, so nothing is missing.
    assert finished.gaps == ()
    until(lambda: logind.held == 0, what="no recording, no lock")


def test_a_bus_that_dies_costs_nothing(logind, client, request_for):  # noqa: F811
    client.start(request_for())
    until(lambda: logind.held == 1, what="the lock")

    logind.daemon.kill()

    went_ms = client.status().elapsed_ms
    until(lambda: client.status().elapsed_ms > went_ms + 1200, what="it goes on")
    assert client.stop().gaps == ()
