"""When to raise the alarm: a pure policy over what was observed. No clock, no devices, no disk.

Each alarm comes once an episode and goes by itself when its cause is gone. Ordinary silence, with nothing
playing, is never one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from recorder_app.models import Alarm, Track

SILENT_S = 20.0
"""Digital silence of this long is no pause between two sentences (reference/audio.md §7)."""
SETTLE_S = 5.0
"""A device that comes and goes within this is one episode."""
LOW_MINUTES = 30
VERY_LOW_MINUTES = 10
SPARE_MINUTES = 5
"""So much more than the limit ends an episode: a number that wavers is one."""


class Action:
    """What the button beside an alarm does; ids for window, HUD and scripts."""

    CHECK_SOUND = "check_sound"
    CHOOSE_MICROPHONE = "choose_microphone"
    CHOOSE_CALL_SOUND = "choose_call_sound"
    FREE_DISK = "free_disk"


CHOOSE = {Track.MIC: Action.CHOOSE_MICROPHONE, Track.SYSTEM: Action.CHOOSE_CALL_SOUND}


@dataclasses.dataclass(frozen=True, slots=True)
class Hearing:
    """One track at one moment."""

    is_arriving: bool = True
    is_zero: bool = False
    """The last 100 ms are exact zeros: no microphone in a room gives that."""
    reason: str | None = None
    """Why the track is not ok."""
    is_misled: bool = False
    """… and it is because somebody moved our stream elsewhere."""
    is_muted: bool = False
    playing: str | None = None
    """Who plays into what we record; None when nobody does."""


@dataclasses.dataclass(frozen=True, slots=True)
class Observed:
    tracks: Mapping[Track, Hearing]
    disk_minutes_left: int | None = None
    reserve_minutes: int | None = None
    """How long the reserve lasts; None while it is untouched."""
    is_paused: bool = False


class Alarms:
    """Used by one thread; `active` may be read from any."""

    def __init__(self, *, silent_s: float = SILENT_S, settle_s: float = SETTLE_S) -> None:
        self.active: tuple[Alarm, ...] = ()
        self._silent_s = silent_s
        self._settle_s = settle_s
        self._silence: dict[Track, Alarm] = {}
        self._silent_since: dict[Track, float] = {}
        self._devices: dict[Track, Alarm] = {}
        self._well_since: dict[Track, float] = {}
        self._disk_level = 0
        self._disk_told = 0
        self._disk: Alarm | None = None

    def look(self, now: float, observed: Observed) -> tuple[Alarm, ...]:
        """Take in what was observed at `now` (seconds, monotonic) and return the alarms that are new."""
        before = self.active
        for track, hearing in observed.tracks.items():
            self._look_at_device(now, track, hearing)
            if not observed.is_paused:
                self._listen(now, track, hearing)
            elif track not in self._silence:
                self._silent_since.pop(track, None)
        is_worse = self._look_at_disk(observed)
        sound = [*self._devices.values(), *self._silence.values()]
        new = [alarm for alarm in sound if alarm not in before]
        disk = [self._disk] if self._disk else []
        self.active = (*sound, *disk)
        return (*new, *(disk if is_worse else ()))

    def _look_at_device(self, now: float, track: Track, hearing: Hearing) -> None:
        if hearing.reason is not None:
            self._well_since.pop(track, None)
            if track not in self._devices:
                kind = "wrong_source" if hearing.is_misled else "device_gone"
                self._devices[track] = Alarm(kind, track, hearing.reason, CHOOSE[track])
        elif track in self._devices and now - self._well_since.setdefault(track, now) >= self._settle_s:
            del self._devices[track]

    def _listen(self, now: float, track: Track, hearing: Hearing) -> None:
        is_explained = track is Track.SYSTEM and hearing.playing is None
        if not hearing.is_arriving or not hearing.is_zero or is_explained:
            self._silent_since.pop(track, None)
            self._silence.pop(track, None)
        elif now - self._silent_since.setdefault(track, now) >= self._silent_s:
            self._silence.setdefault(track, silence_alarm(track, hearing))

    def _look_at_disk(self, observed: Observed) -> bool:
        """Whether it is worse than was told in this episode."""
        level = disk_level(observed, self._disk_level)
        if level != self._disk_level:
            self._disk_level = level
            self._disk = disk_alarm(level, observed.reserve_minutes)
        is_worse = level > self._disk_told
        self._disk_told = max(level, self._disk_told) if level else 0
        return is_worse


def silence_alarm(track: Track, hearing: Hearing) -> Alarm:
    """In words, for a track that brings digital silence though it should not."""
    if track is Track.SYSTEM:
        sentence = (
            "The call's sound is muted in the sound settings"
            if hearing.is_muted
            else f"Nothing is heard of the call, although {hearing.playing} is playing"
        )
        return Alarm("far_side_silent", track, sentence, Action.CHECK_SOUND)
    if hearing.is_muted:
        sentence = "Your microphone is muted in the sound settings"
        return Alarm("microphone_muted", track, sentence, Action.CHECK_SOUND)
    sentence = "Your microphone brings nothing but silence; it may be muted or unplugged"
    return Alarm("microphone_silent", track, sentence, Action.CHOOSE_MICROPHONE)


def disk_level(observed: Observed, before: int) -> int:
    """0 enough · 1 below half an hour · 2 below ten minutes · 3 living on the reserve."""
    if observed.reserve_minutes is not None:
        return 3
    minutes = observed.disk_minutes_left
    if minutes is None:
        return min(before, 2)
    for level, limit in ((2, VERY_LOW_MINUTES), (1, LOW_MINUTES)):
        if minutes < limit + (SPARE_MINUTES if before >= level else 0):
            return level
    return 0


def disk_alarm(level: int, reserve_minutes: int | None) -> Alarm | None:
    if level == 3:
        sentence = (
            f"The disk is full; a reserve keeps the recording going for about {reserve_minutes} minutes"
        )
        return Alarm("disk_reserve", None, sentence, Action.FREE_DISK)
    if not level:
        return None
    limit = VERY_LOW_MINUTES if level == 2 else LOW_MINUTES
    kind = "disk_very_low" if level == 2 else "disk_low"
    return Alarm(
        kind,
        None,
        f"Less than {limit} minutes of recording fit on the disk; free some space",
        Action.FREE_DISK,
    )
