"""Whatever happens in whatever order: no nagging, and no stop against somebody's word."""

from __future__ import annotations

import dataclasses
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_app.meetings.policy import Limits, MeetingPolicy, Start, Stop
from tests.meetings.script import IDLE, LOUD, SILENT, Play, recording

LIMITS = Limits()
PROGRAMS = ("zoom", "chrome", "dictation")


@dataclasses.dataclass(frozen=True)
class Spell:
    """So many seconds of the same, then perhaps an answer."""

    seconds: int
    programs: tuple[str, ...]
    does_obey: bool
    """Whether a recording runs when the policy or a person has begun one."""
    level: float
    answer: str


spells = st.lists(
    st.builds(
        Spell,
        seconds=st.sampled_from([1, 2, 5, 11, 16, 40, 700]),
        programs=st.sets(st.sampled_from(PROGRAMS)).map(lambda chosen: tuple(sorted(chosen))),
        does_obey=st.booleans(),
        level=st.sampled_from([LOUD, SILENT]),
        answer=st.sampled_from(["", "", "dismiss", "accept"]),
    ),
    min_size=1,
    max_size=25,
)


@dataclasses.dataclass
class World:
    """A person and a recorder around the policy: starts and stops happen as decided."""

    play: Play
    number: int = 0
    is_recording: bool = False
    dismissed: list[tuple[float, str, str, int]] = dataclasses.field(default_factory=list)

    def live(self, spell: Spell) -> None:
        for _ in range(spell.seconds):
            status = (
                recording(mic=spell.level, system=spell.level, name=f"r{self.number}")
                if self.is_recording
                else IDLE
            )
            acts = len(self.play.acts)
            self.play.go(1, *spell.programs, status=status)
            for _, act in self.play.acts[acts:]:
                self._carry_out(act)
        self._answer(spell.answer)
        if spell.does_obey != self.is_recording and spell.answer == "":
            self._carry_out(Stop("") if self.is_recording else None)

    def _carry_out(self, act) -> None:
        if isinstance(act, Stop):
            self.is_recording = False
        else:
            self.number += 1
            self.is_recording = True

    def _answer(self, answer: str) -> None:
        notice = self.play.notice
        if notice is None or not answer:
            return
        if answer == "dismiss":
            name = notice.app.name if notice.app else ""
            self.dismissed.append((self.play.now, notice.kind, name, self.number))
            self.play.dismiss()
            return
        accepted = self.play.policy.accept(self.play.now)
        self._carry_out(Stop("") if accepted.kind == "offer_stop" else None)


def live_through(mode: str, story: list[Spell]) -> World:
    world = World(Play(MeetingPolicy(mode)))
    for spell in story:
        world.live(spell)
    return world


@settings(max_examples=120, deadline=None)
@given(story=spells)
def test_no_program_is_suggested_twice_within_the_cool_down(story):
    world = live_through("suggest", story)

    for name in ("Zoom", "Chrome"):
        said = [
            at for at, notice in world.play.notices
            if notice.kind == "suggest_start" and notice.app.name == name
        ]  # fmt: skip
        assert all(later - earlier >= LIMITS.cool_down_s for earlier, later in itertools.pairwise(said))
        refused = [at for at, kind, who, _ in world.dismissed if (kind, who) == ("suggest_start", name)]
        assert not any(no < at < no + LIMITS.cool_down_s for no in refused for at in said)


@settings(max_examples=120, deadline=None)
@given(story=spells)
def test_suggest_does_nothing_by_itself(story):
    world = live_through("suggest", story)

    assert world.play.acts == []
    assert all(notice.stops_at is None for _, notice in world.play.notices)


@settings(max_examples=120, deadline=None)
@given(story=spells)
def test_a_recording_somebody_wants_to_go_on_is_never_stopped(story):
    world = live_through("automatic", story)

    for at, act in world.play.acts:
        if isinstance(act, Stop):
            refused = [
                name for when, kind, _, number in world.dismissed
                if kind == "offer_stop" and when <= at and (name := f"r{number}")
            ]  # fmt: skip
            assert act.recording_id not in refused


@settings(max_examples=60, deadline=None)
@given(story=spells)
def test_nothing_is_stopped_that_was_not_announced_for_thirty_seconds(story):
    world = World(Play(MeetingPolicy("automatic")))
    announced: dict[str, float] = {}
    for spell in story:
        for _ in range(spell.seconds):
            acts = len(world.play.acts)
            world.live(dataclasses.replace(spell, seconds=1, answer="-"))
            for at, act in world.play.acts[acts:]:
                if isinstance(act, Stop):
                    assert at - announced[act.recording_id] >= LIMITS.countdown_s - 1
                else:
                    assert isinstance(act, Start)
            notice = world.play.notice
            name = f"r{world.number}"
            if notice is None or notice.stops_at is None:
                announced.pop(name, None)
            else:
                announced.setdefault(name, world.play.now)
