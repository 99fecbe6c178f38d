"""Two tracks onto one timeline, without a clock: what arrives is kept, in its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recorder_app.capture.base import BLOCK_FRAMES, RATE
from recorder_app.capture.timeline import Timeline
from recorder_app.models import Track

BOTH = frozenset(Track)
STEP = BLOCK_FRAMES / RATE
MIC, SYSTEM = Track.MIC, Track.SYSTEM


def _pcm(first: int, frames: int = BLOCK_FRAMES) -> bytes:
    """A ramp that says of each frame which one it is (never zero)."""
    return ((np.arange(first, first + frames) % 30_000) + 1).astype("<i2").tobytes()


class Feed:
    """Delivers numbered blocks of one track that began at `begin`."""

    def __init__(self, timeline: Timeline, track: Track, begin: float) -> None:
        self.timeline, self.track, self.begin, self.sent = timeline, track, begin, 0

    def until(self, now: float, *, late_s: float = 0.0) -> None:
        while self.begin + (self.sent + BLOCK_FRAMES) / RATE + late_s <= now + 1e-9:
            arrived = self.begin + (self.sent + BLOCK_FRAMES) / RATE + late_s
            self.timeline.add(self.track, _pcm(self.sent), arrived)
            self.sent += BLOCK_FRAMES


def _stereo(chunks: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    samples = np.frombuffer(b"".join(chunks), dtype="<i2").reshape(-1, 2)
    return samples[:, 0], samples[:, 1]


def _run(timeline: Timeline, feeds: list[Feed], start: float, stop: float, step: float = 0.1) -> list[bytes]:
    out = []
    for now in np.arange(start, stop, step):
        for feed in feeds:
            feed.until(float(now))
        out.append(timeline.take(float(now)))
    return out


def test_the_later_track_begins_later_to_the_frame():
    timeline = Timeline(BOTH)
    timeline.open(MIC, 100.0)
    timeline.open(SYSTEM, 100.0)
    feeds = [Feed(timeline, MIC, 100.0), Feed(timeline, SYSTEM, 100.05)]

    out = _run(timeline, feeds, 100.0, 102.0)
    out.append(timeline.finish(102.0))

    left, right = _stereo(out)
    assert left[0] == 1
    assert not right[:2400].any()
    assert right[2400] == 1
    assert timeline.gaps() == []


def test_one_track_alone_has_silence_on_the_other_side():
    timeline = Timeline(frozenset({SYSTEM}))
    timeline.open(SYSTEM, 0.0)

    out = _run(timeline, [Feed(timeline, SYSTEM, 0.0)], 0.0, 1.0)
    out.append(timeline.finish(1.0))

    left, right = _stereo(out)
    assert not left.any()
    assert right.all()


def test_a_late_burst_is_real_sound_and_holds_the_other_side_back():
    timeline = Timeline(BOTH)
    mic, system = Feed(timeline, MIC, 0.0), Feed(timeline, SYSTEM, 0.0)
    for track in BOTH:
        timeline.open(track, 0.0)
    out = _run(timeline, [mic, system], 0.0, 1.0)

    out += _run(timeline, [mic], 1.0, 4.0)
    held = timeline.frames
    out += _run(timeline, [mic, system], 4.0, 5.0)
    out.append(timeline.finish(5.0))

    left, right = _stereo(out)
    assert held < 1.1 * RATE
    assert np.array_equal(left, right)
    assert right.all()
    assert timeline.gaps() == []


def test_a_dead_track_is_silent_until_it_is_heard_again_and_the_gap_is_told():
    timeline = Timeline(BOTH)
    mic = Feed(timeline, MIC, 0.0)
    for track in BOTH:
        timeline.open(track, 0.0)
    out = _run(timeline, [mic, Feed(timeline, SYSTEM, 0.0)], 0.0, 1.0)

    timeline.lose(SYSTEM, "device_lost")
    out += _run(timeline, [mic], 1.0, 2.0)
    timeline.open(SYSTEM, 2.0)
    out += _run(timeline, [mic, Feed(timeline, SYSTEM, 2.25)], 2.0, 4.0)
    out.append(timeline.finish(4.0))

    left, right = _stereo(out)
    (gap,) = timeline.gaps()
    assert left.all()
    assert (gap.track, gap.cause, gap.end_ms) == (SYSTEM, "device_lost", 2250)
    silent = slice(gap.start_ms * 48, gap.end_ms * 48)
    assert not right[silent].any()
    assert right[gap.end_ms * 48] == 1
    assert gap.wall_ms == gap.end_ms - gap.start_ms


def test_both_dead_goes_on_by_the_clock():
    timeline = Timeline(BOTH)
    feeds = [Feed(timeline, track, 0.0) for track in Track]
    for track in BOTH:
        timeline.open(track, 0.0)
    out = _run(timeline, feeds, 0.0, 1.0)
    for track in BOTH:
        timeline.lose(track, "server_lost")

    out += _run(timeline, [], 1.0, 6.0)
    out.append(timeline.finish(6.0))

    assert len(_stereo(out)[0]) == pytest.approx(6 * RATE, abs=RATE * 0.02)
    assert {gap.track for gap in timeline.gaps()} == BOTH


def test_a_pause_is_a_hole_in_the_file_at_the_same_place_on_both_sides():
    timeline = Timeline(BOTH)
    feeds = [Feed(timeline, MIC, 0.0), Feed(timeline, SYSTEM, 0.013)]
    for track in BOTH:
        timeline.open(track, 0.0)
    out = _run(timeline, feeds, 0.0, 1.0)

    timeline.pause(1.0)
    out += _run(timeline, feeds, 1.0, 2.5)
    paused_frames = timeline.frames
    timeline.resume(2.5)
    out += _run(timeline, feeds, 2.5, 3.5)
    out.append(timeline.finish(3.5))

    left, right = _stereo(out)
    assert paused_frames == RATE
    assert left[RATE - 1] == (RATE - 1) % 30_000 + 1
    assert left[RATE] == int(2.5 * RATE) % 30_000 + 1
    assert right[RATE] == (int(2.5 * RATE) - 624) % 30_000 + 1
    (gap,) = timeline.gaps()
    assert (gap.start_ms, gap.end_ms, gap.track, gap.cause, gap.wall_ms) == (1000, 1000, None, "pause", 1500)


def test_dropped_blocks_leave_a_marked_hole_of_their_length():
    timeline = Timeline(frozenset({MIC}))
    timeline.open(MIC, 0.0)
    out = _run(timeline, [Feed(timeline, MIC, 0.0)], 0.0, 1.0)
    before = timeline.frames

    timeline.add(MIC, _pcm(0), 3.0, lost_frames=RATE)
    out.append(timeline.finish(3.0))

    left, _ = _stereo(out)
    (gap,) = timeline.gaps()
    assert (gap.cause, gap.wall_ms) == ("overrun", 1000)
    assert not left[before + BLOCK_FRAMES * 0 : before + RATE].all()
    assert len(left) >= before + RATE + BLOCK_FRAMES


def test_sound_that_waits_to_be_vouched_for_keeps_its_place():
    timeline = Timeline(BOTH)
    mic, system = Feed(timeline, MIC, 0.0), Feed(timeline, SYSTEM, 0.0)
    for track in BOTH:
        timeline.open(track, 0.0)
    timeline.expect(SYSTEM)

    out = _run(timeline, [mic], 0.0, 3.0)
    out += _run(timeline, [mic, system], 3.0, 4.0)
    out.append(timeline.finish(4.0))

    left, right = _stereo(out)
    assert np.array_equal(left, right)
    assert timeline.gaps() == []


@st.composite
def _histories(draw):
    """Begin of each track, and a list of (seconds, what happens) steps."""
    begins = [draw(st.floats(0.0, 0.4)) for _ in Track]
    steps = draw(
        st.lists(
            st.tuples(
                st.floats(0.05, 1.5),
                st.sampled_from(
                    ["run", "stall mic", "stall system", "lose mic", "lose system", "pause", "resume"]
                ),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return begins, steps


@settings(max_examples=60, deadline=None)
@example(([0.25, 0.25], [(1.0, "pause")]))
@given(_histories())
def test_whatever_happens_the_sides_stay_together_and_no_sound_is_invented(history):
    begins, steps = history
    timeline = Timeline(BOTH)
    feeds = {track: Feed(timeline, track, begin) for track, begin in zip(Track, begins, strict=True)}
    for track in Track:
        timeline.open(track, 0.0)
    now, out, paused_s, paused_at = 0.0, [], 0.0, None

    for seconds, what in [*steps, (1.0, "run")]:
        if what == "pause" and paused_at is None:
            paused_at = now
            timeline.pause(now)
        elif what == "resume" and paused_at is not None:
            paused_s, paused_at = paused_s + now - paused_at, None
            timeline.resume(now)
        elif what.startswith("lose"):
            track = Track(what.split()[1])
            timeline.lose(track, "device_lost")
            timeline.open(track, now)
            feeds[track] = Feed(timeline, track, now + 0.05)
        live = [feed for track, feed in feeds.items() if what != f"stall {track}"]
        out += _run(timeline, live, now, now + seconds)
        now += seconds
    for feed in feeds.values():
        feed.until(now)
    if paused_at is not None:
        paused_s += now - paused_at
    out.append(timeline.finish(now))

    left, right = _stereo(out)
    origin = min(begins)
    assert len(left) == len(right) == timeline.frames
    assert abs(len(left) / RATE - (now - origin - paused_s)) < 0.6
    gaps = timeline.gaps()
    assert all(0 <= gap.start_ms <= gap.end_ms <= len(left) // 48 + 1 for gap in gaps)
    for side in (left, right):
        # Between two sounding frames the ramp goes on by one, or something was cut out there.
        both = (side[1:] != 0) & (side[:-1] != 0)
        steps_taken = np.diff(side.astype(int))[both]
        jumps = np.count_nonzero((steps_taken != 1) & (steps_taken != -29_999))
        assert jumps <= 2 * len(steps)
