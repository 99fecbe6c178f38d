"""Observes a session for the alarms: tracks, surroundings, disk. Decides nothing (see alarms.py)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from recorder_app.capture.alarms import Alarms, Hearing, Observed
from recorder_app.capture.base import Surroundings
from recorder_app.capture.disk import Reserve
from recorder_app.capture.watchdog import Keeper
from recorder_app.capture.writer import Writer
from recorder_app.models import Alarm, Track

logger = logging.getLogger(__name__)

SURVEY_S = 1.0
"""How often the sound server is asked what plays, and only while a track is silent."""


class Note(Protocol):
    """The session's journal."""

    def __call__(self, event: str, /, *, kind: str, track: Track | None, text: str) -> None: ...


class Lookout:
    """Lives in the watchdog thread; `active` may be read from any."""

    def __init__(
        self,
        keepers: Sequence[Keeper],
        writer: Writer,
        reserve: Reserve,
        *,
        bitrate: int,
        alarms: Alarms,
        note: Note,
    ) -> None:
        self._keepers = keepers
        self._writer = writer
        self._reserve = reserve
        self._bitrate = bitrate
        self._alarms = alarms
        self._note = note
        self._surroundings: dict[Track, Surroundings] = {}
        self._surveyed_at: dict[Track, float] = {}

    @property
    def active(self) -> tuple[Alarm, ...]:
        return self._alarms.active

    def look(self, now: float, *, is_paused: bool) -> None:
        """One turn: observe, decide, write down what is new and what is over."""
        before = self._alarms.active
        reserve = self._reserve
        observed = Observed(
            tracks={keeper.track: self._hear(keeper, now) for keeper in self._keepers},
            disk_minutes_left=self._writer.disk_minutes_left,
            reserve_minutes=reserve.minutes(self._bitrate) if reserve.is_in_use else None,
            is_paused=is_paused,
        )
        for alarm in self._alarms.look(now, observed):
            logger.info("alarm: %s", alarm.kind)
            self._note("alarm", kind=alarm.kind, track=alarm.track, text=alarm.sentence)
        for alarm in before:
            if alarm not in self._alarms.active:
                self._note("alarm_over", kind=alarm.kind, track=alarm.track, text=alarm.sentence)

    def _hear(self, keeper: Keeper, now: float) -> Hearing:
        recent = keeper.inlet.recent()
        is_zero = bool(recent) and recent.count(0) == len(recent)
        around = self._survey(keeper, now) if is_zero else Surroundings()
        return Hearing(
            is_arriving=keeper.is_heard(now),
            is_zero=is_zero,
            reason=keeper.reason,
            is_misled=keeper.is_misled,
            is_muted=around.is_muted,
            playing=around.playing,
        )

    def _survey(self, keeper: Keeper, now: float) -> Surroundings:
        if now - self._surveyed_at.get(keeper.track, float("-inf")) >= SURVEY_S:
            self._surveyed_at[keeper.track] = now
            self._surroundings[keeper.track] = keeper.survey()
        return self._surroundings[keeper.track]
