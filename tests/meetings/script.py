"""A meeting policy fed second by second, and what it said when."""

from __future__ import annotations

import dataclasses

from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.meetings.policy import MeetingPolicy, Notice, Start, Stop
from recorder_app.models import CaptureStatus, Track, TrackStatus

IDLE = CaptureStatus(state="idle")
LOUD, SILENT = -20.0, -90.0


def users(*programs: str) -> list[MicUser]:
    return [MicUser(app_id=program, name=program, pid=number) for number, program in enumerate(programs, 100)]


def recording(
    *, mic: float | None = LOUD, system: float | None = LOUD, state: str = "recording", name: str = "r1"
) -> CaptureStatus:
    tracks = {
        track: TrackStatus(source="a device", level_dbfs=level, is_ok=level is not None)
        for track, level in ((Track.MIC, mic), (Track.SYSTEM, system))
    }
    return CaptureStatus(state=state, recording_id=name, tracks=tracks)


SILENCE = recording(mic=SILENT, system=SILENT)


@dataclasses.dataclass
class Play:
    """Time goes on in steps of one second."""

    policy: MeetingPolicy
    now: float = 1000.0
    notices: list[tuple[float, Notice]] = dataclasses.field(default_factory=list)
    """Each that was not shown a second before, with its time."""
    acts: list[tuple[float, Start | Stop]] = dataclasses.field(default_factory=list)

    def go(self, seconds: int, *programs: str, status: CaptureStatus = IDLE, can_tell: bool = True) -> Play:
        for _ in range(seconds):
            self.now += 1
            before = self.policy.notice
            act = self.policy.look(self.now, users(*programs) if can_tell else None, status)
            after = self.policy.notice
            if after is not None and (
                before is None or (before.kind, before.cause) != (after.kind, after.cause)
            ):
                self.notices.append((self.now, after))
            if act is not None:
                self.acts.append((self.now, act))
        return self

    @property
    def notice(self) -> Notice | None:
        return self.policy.notice

    def dismiss(self) -> None:
        self.policy.dismiss(self.now)

    @property
    def shown(self) -> str | None:
        """kind, cause and program of the notice, as one word."""
        notice = self.policy.notice
        return notice and f"{notice.kind} {notice.cause} {notice.app.name if notice.app else '-'}"
