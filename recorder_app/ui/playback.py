"""Plays one recording: its sound is opened on first use, off the GUI thread; its clock drives the page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from recorder_app.errors import RecorderError
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.facade import Player

TICK_MS = 33
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


class Playback(QObject):
    """Lives in the GUI thread. The Player is touched on the bridge's "sound" lane, read on this one."""

    moved = Signal(int)
    """Position in ms: while playing at 30 Hz, and after every seek."""
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    failed = Signal(object)
    _ended = Signal()
    _broke = Signal(object)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._recording_id: str | None = None
        self._player: Player | None = None
        self._is_opening = False
        self.position_ms = 0
        self.duration_ms = 0
        self.is_playing = False
        self.speed = 1.0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._ended.connect(self._end)
        self._broke.connect(self._fail)

    def take(self, recording_id: str | None, duration_ms: int) -> None:
        """Make another recording the one that plays; the old one stops."""
        if recording_id != self._recording_id:
            self.release()
            self._recording_id = recording_id
            self.position_ms = 0
        self.duration_ms = duration_ms
        self.moved.emit(self.position_ms)

    def release(self) -> None:
        """Stop and close the sound."""
        self._set_playing(is_playing=False)
        player, self._player = self._player, None
        self._recording_id = None
        if player is not None:
            self._bridge.run(player.close, lane="sound")

    def toggle(self) -> None:
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        if self.duration_ms and self.position_ms >= self.duration_ms:
            self.position_ms = 0
        self._with_player(self._start)

    def pause(self) -> None:
        self._set_playing(is_playing=False)
        if self._player is not None:
            self._bridge.run(self._player.pause, lane="sound")

    def play_from(self, ms: int) -> None:
        self.seek(ms)
        if not self.is_playing:
            self.play()

    def seek(self, ms: int) -> None:
        self.position_ms = max(0, min(ms, self.duration_ms))
        self.moved.emit(self.position_ms)
        player, at = self._player, self.position_ms
        if player is not None:
            # Only the newest of many seeks (a drag) need reach the device.
            self._bridge.run(lambda: player.seek(at), lane="sound")

    def skip(self, by_ms: int) -> None:
        self.seek(self.position_ms + by_ms)

    def set_speed(self, speed: float) -> None:
        self.speed = speed
        if self._player is not None:
            self._player.speed = speed
        self.speed_changed.emit(speed)

    def step_speed(self, by: int) -> None:
        nearest = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - self.speed))
        self.set_speed(SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + by))])

    def _with_player(self, then: Callable[[Player], None]) -> None:
        if self._player is not None:
            then(self._player)
            return
        wanted = self._recording_id
        if wanted is None or self._is_opening:
            return
        self._is_opening = True

        def opened(player: Player) -> None:
            self._is_opening = False
            if wanted != self._recording_id:
                self._bridge.run(player.close, lane="sound")
                return
            self._player = player
            player.on_ended = self._ended.emit
            player.on_problem = self._broke.emit
            self.duration_ms = player.duration_ms or self.duration_ms
            then(player)

        def fail(error: RecorderError) -> None:
            self._is_opening = False
            self.failed.emit(error)

        self._bridge.run(lambda: self._bridge.recorder.player(wanted), opened, fail, lane="sound")

    def _start(self, player: Player) -> None:
        at, speed = self.position_ms, self.speed

        def start() -> None:
            player.speed = speed
            player.seek(at)
            player.play()

        self._bridge.run(start, lambda _: self._set_playing(is_playing=True), self._fail, lane="sound")

    def _fail(self, error: RecorderError) -> None:
        self._set_playing(is_playing=False)
        self.failed.emit(error)

    def _tick(self) -> None:
        if self._player is not None and self.is_playing:
            self.position_ms = self._player.position_ms
            self.moved.emit(self.position_ms)

    def _end(self) -> None:
        self._set_playing(is_playing=False)
        self.position_ms = self.duration_ms
        self.moved.emit(self.position_ms)

    def _set_playing(self, *, is_playing: bool) -> None:
        if is_playing:
            self._timer.start()
        else:
            self._timer.stop()
        if is_playing != self.is_playing:
            self.is_playing = is_playing
            self.playing_changed.emit(is_playing)
