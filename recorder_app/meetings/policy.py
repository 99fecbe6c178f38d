"""Decides when a call is going on, when to suggest recording it, and when to offer to stop. Pure.

Knows programs and times; asks no sound server, starts nothing. The clock's seconds come with each look.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.meetings.apps import MeetingApp, app_of
from recorder_app.models import CaptureStatus, Track

OFF, SUGGEST, AUTOMATIC = "off", "suggest", "automatic"
LAPSE_S = 10.0
"""A longer break between two looks (sleep, a frozen machine) counts for nothing: nobody saw the countdown."""
SILENT_DBFS = -50.0
"""Below this peak nobody speaks. A noisy microphone stays above and is then never called silent: an offer
too few is better than an ended recording."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """All in seconds."""

    sustained_s: float = 10.0
    """So long a program must hold the microphone: sound checks and voice messages are shorter."""
    gap_s: float = 3.0
    """A shorter break does not begin that anew: programs reopen the device on joining."""
    debounce_s: float = 1.0
    """A shorter hold is a probe (PortAudio opens each source once to ask for its format)."""
    release_s: float = 15.0
    """So long without the microphone, a call is over."""
    silence_s: float = 15 * 60.0
    cool_down_s: float = 10 * 60.0
    """After a suggestion or an answer to one, so long nothing is asked about the same program."""
    quiet_s: float = 15.0
    """The far side must have been silent so long before anything stops by itself: some programs let go of
    the microphone while muted."""
    countdown_s: float = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """What to show now."""

    kind: str
    """suggest_start | offer_stop"""
    cause: str
    """call | call_ended | silence"""
    app: MeetingApp | None
    stops_at: float | None = None
    """On the policy's clock; None: nothing happens by itself."""


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    app: MeetingApp


@dataclasses.dataclass(frozen=True, slots=True)
class Stop:
    recording_id: str


@dataclasses.dataclass(slots=True)
class _Hold:
    """One program at the microphone, from when it took it until it has been gone for long enough."""

    app: MeetingApp
    since: float
    missing_since: float | None = None
    back_since: float | None = None
    is_call: bool = False
    is_settled: bool = False
    """Suggested, started or recorded already: this call is asked about once."""

    @property
    def is_present(self) -> bool:
        return self.missing_since is None or self.back_since is not None

    def see(self, now: float, limits: Limits, *, is_present: bool) -> bool:
        """Take one look into account; return whether the hold goes on."""
        if not is_present:
            self.back_since = None
            self.missing_since = now if self.missing_since is None else self.missing_since
        elif self.missing_since is not None:
            self.back_since = now if self.back_since is None else self.back_since
            if now - self.back_since >= limits.debounce_s:
                self.missing_since = self.back_since = None
        if self.missing_since is None:
            self.is_call = self.is_call or now - self.since >= limits.sustained_s
            return True
        return now - self.missing_since < (limits.release_s if self.is_call else limits.gap_s)

    def excuse(self, now: float) -> None:
        """Nobody can tell at the moment: what was not seen is not held against it."""
        self.back_since = None
        if self.missing_since is not None:
            self.missing_since = now


@dataclasses.dataclass(slots=True)
class _Session:
    """One recording as the policy sees it."""

    recording_id: str
    heard_at: float
    """When either side was last not known to be silent."""
    far_heard_at: float
    app: MeetingApp | None = None
    """The call it belongs to; None as long as there was none."""
    app_since: float = float("-inf")
    waved_off: str | None = None
    """The cause somebody said no to."""
    silent_until: float = float("-inf")
    """Nothing is offered before."""
    may_stop_itself: bool = True
    """False for good once somebody said no, or once it was tried."""


class MeetingPolicy:
    """Fed with looks from one thread at a time; `notice` is what a person should see at the moment."""

    def __init__(
        self, mode: str = SUGGEST, *, ignored: Collection[str] = (), limits: Limits | None = None
    ) -> None:
        self.notice: Notice | None = None
        self._limits = limits or Limits()
        self._mode = mode
        self._ignored: frozenset[str] = frozenset()
        self._holds: dict[str, _Hold] = {}
        self._cool_until: dict[str, float] = {}
        self._session: _Session | None = None
        self._looked_at: float | None = None
        self.configure(mode, ignored)

    @property
    def is_watching(self) -> bool:
        """False: nobody needs to be asked who uses the microphone."""
        return self._mode != OFF

    def configure(self, mode: str, ignored: Collection[str]) -> None:
        """Follow the settings from the next look on."""
        self._mode = mode
        self._ignored = frozenset(_plain(name) for name in ignored)
        for name in [name for name in self._holds if _plain(name) in self._ignored]:
            del self._holds[name]
        if self._session and self._session.app and _plain(self._session.app.name) in self._ignored:
            self._forget_app()

    def look(self, now: float, users: Sequence[MicUser] | None, status: CaptureStatus) -> Start | Stop | None:
        """Take in what is so now, and return what has to be done.

        `now`: seconds of a steady clock. `users` is None when nobody can tell; nothing ends by itself then.
        """
        has_lapsed = self._looked_at is None or now - self._looked_at > LAPSE_S
        self._looked_at = now
        self._follow_session(now, status)
        if self._session is not None and (has_lapsed or not self.is_watching):
            self._session.heard_at = self._session.far_heard_at = now
        if not self.is_watching:
            self._holds.clear()
            self._forget_app()
            self.notice = None
            return None
        if users is None:
            for hold in self._holds.values():
                hold.excuse(now)
        else:
            self._follow_holds(now, users)
        if self._session is not None:
            return self._while_recording(now, self._session, status, can_tell=users is not None)
        return self._while_idle(now)

    def dismiss(self, now: float) -> None:
        """Somebody said no to `notice`: not about this call, and no stop by itself in this recording."""
        notice, self.notice = self.notice, None
        session = self._session
        if notice is None:
            return
        if notice.kind == "suggest_start":
            self._cool(now, notice.app)
        elif session is not None:
            session.waved_off = notice.cause
            session.may_stop_itself = False
            session.silent_until = now + self._limits.cool_down_s

    def accept(self, now: float) -> Notice | None:
        """Somebody said yes; return to what, or None if it no longer holds."""
        notice, self.notice = self.notice, None
        if notice is not None and notice.kind == "suggest_start":
            self._cool(now, notice.app)
        elif notice is not None and self._session is not None:
            self._session.may_stop_itself = False
        return notice

    # -- who is in a call ---------------------------------------------------------------------------------

    def _follow_holds(self, now: float, users: Sequence[MicUser]) -> None:
        present = {app.name: app for user in users if (app := app_of(user)) and not self._ignores(user, app)}
        for name, hold in list(self._holds.items()):
            if not hold.see(now, self._limits, is_present=name in present):
                del self._holds[name]
        for name, app in present.items():
            if name not in self._holds:
                self._holds[name] = _Hold(app, since=now)

    def _ignores(self, user: MicUser, app: MeetingApp) -> bool:
        return bool(self._ignored & {_plain(user.app_id), _plain(app.name)})

    def _calls(self) -> list[_Hold]:
        """Those in a call, the latest first."""
        return sorted((hold for hold in self._holds.values() if hold.is_call), key=lambda hold: -hold.since)

    def _cool(self, now: float, app: MeetingApp | None) -> None:
        if app is not None:
            self._cool_until[app.name] = now + self._limits.cool_down_s

    # -- while nothing is recorded ------------------------------------------------------------------------

    def _while_idle(self, now: float) -> Start | None:
        if self.notice is not None:
            held = self._holds.get(self.notice.app.name) if self.notice.app else None
            if held is None or not held.is_call:
                self.notice = None
            return None
        for hold in self._calls():
            if hold.is_settled or hold.missing_since is not None:
                continue
            if now < self._cool_until.get(hold.app.name, now):
                continue
            hold.is_settled = True
            if self._mode == AUTOMATIC:
                return Start(hold.app)
            self._cool(now, hold.app)
            self.notice = Notice("suggest_start", "call", hold.app)
            return None
        return None

    def _forget_app(self) -> None:
        """The call of this recording is no longer looked at, which is not its end."""
        if self._session is not None:
            self._session.app, self._session.app_since = None, float("-inf")

    # -- while something is recorded ----------------------------------------------------------------------

    def _follow_session(self, now: float, status: CaptureStatus) -> None:
        recording_id = status.recording_id if status.state != "idle" else None
        session = self._session
        if session is not None and session.recording_id != recording_id:
            # Stopped in the middle of a call: whoever did that does not want to be asked again soon.
            for hold in self._calls():
                self._cool(now, hold.app)
            self._session = self.notice = None
        if recording_id is not None and self._session is None:
            self._session = _Session(recording_id, heard_at=now, far_heard_at=now)
            self.notice = None

    def _while_recording(
        self, now: float, session: _Session, status: CaptureStatus, *, can_tell: bool
    ) -> Stop | None:
        self._listen(now, session, status)
        self._attribute(session)
        cause = self._cause(now, session)
        if cause != session.waved_off:
            session.waved_off = None
        if cause is None or cause == session.waved_off or now < session.silent_until:
            self.notice = None
            return None
        stops_at = None
        if can_tell and self._may_count_down(now, session, status):
            before = self.notice.stops_at if self.notice else None
            stops_at = now + self._limits.countdown_s if before is None else before
        self.notice = Notice("offer_stop", cause, session.app, stops_at)
        if stops_at is None or now < stops_at:
            return None
        session.may_stop_itself = False
        self.notice = None
        return Stop(session.recording_id)

    def _listen(self, now: float, session: _Session, status: CaptureStatus) -> None:
        if status.state == "paused":
            # Nobody listens in a pause, so nothing is known to be silent.
            session.heard_at = session.far_heard_at = now
            return
        if not is_silent(status, Track.SYSTEM):
            session.far_heard_at = now
        enabled = _enabled(status)
        if not enabled or not all(is_silent(status, track) for track in enabled):
            session.heard_at = now

    def _attribute(self, session: _Session) -> None:
        """The recording belongs to the call that began last, never back to an earlier one.

        A program that holds the microphone all day would else hide the end of every call beside it.
        """
        for hold in self._calls():
            hold.is_settled = True
            if hold.since > session.app_since:
                session.app, session.app_since = hold.app, hold.since

    def _is_over(self, session: _Session) -> bool:
        if session.app is None:
            return False
        hold = self._holds.get(session.app.name)
        return hold is None or hold.since != session.app_since

    def _cause(self, now: float, session: _Session) -> str | None:
        if self._is_over(session):
            return "call_ended"
        return "silence" if now - session.heard_at >= self._limits.silence_s else None

    def _may_count_down(self, now: float, session: _Session, status: CaptureStatus) -> bool:
        """Whether the recording may end without a person: sure that the call is over, and nobody objected."""
        return (
            self._mode == AUTOMATIC
            and session.may_stop_itself
            and self._is_over(session)
            and status.state == "recording"
            and Track.SYSTEM in _enabled(status)
            and now - session.far_heard_at >= self._limits.quiet_s
            and not any(hold.is_present for hold in self._holds.values())
        )


def is_silent(status: CaptureStatus, track: Track) -> bool:
    """Whether a side is known to be silent; one that is lost or off is not known to be."""
    heard = status.tracks.get(track)
    return (
        heard is not None and heard.is_ok and heard.level_dbfs is not None and heard.level_dbfs < SILENT_DBFS
    )


def _enabled(status: CaptureStatus) -> list[Track]:
    return [track for track, each in status.tracks.items() if each.is_enabled]


def _plain(name: str) -> str:
    return name.casefold().removesuffix(".exe")
