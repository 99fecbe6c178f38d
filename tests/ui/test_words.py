from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder_app.models import CaptureStatus, Gap, State, StateKind, Track, TrackStatus, UploadsStatus
from recorder_app.ui.formats import clock, day, length, short_day, size
from recorder_app.ui.meter import FLOOR_DBFS, Ballistics
from recorder_app.ui.note_times import NoteLine, join, parse
from recorder_app.ui.safety import cells, facts
from recorder_app.ui.transcript_model import lines, word_ranges
from recorder_app.ui.words import chip, gap_sentence, page_meta, status_line, title, track_word, tray_state
from tests.support.sample_week import CHECKOUT, NOW, at, live, long_meeting, ms, recording, said, week

READY = State(StateKind.READY)
MIC_OK = TrackStatus("Built-in", -20.0, is_ok=True)
LOST = TrackStatus("Headset", None, is_ok=False, reason="The headset was unplugged.")


@pytest.mark.parametrize(
    ("ms_", "text"), [(0, "00:00"), (761_400, "12:41"), (3_672_000, "1:01:12"), (-5, "00:00")]
)
def test_positions_are_written_like_a_clock(ms_, text):
    assert clock(ms_) == text


@pytest.mark.parametrize(
    ("ms_", "text"), [(40_000, "40 s"), (2_880_000, "48 min"), (3_840_000, "1 h 04 min"), (59_600, "1 min")]
)
def test_lengths_are_written_in_words(ms_, text):
    assert length(ms_) == text


def test_sizes_are_decimal():
    assert [size(999), size(20_400_000), size(1_000)] == ["999 B", "20.4 MB", "1.0 kB"]


def test_days_have_names_near_and_dates_far():
    assert day(at(16, 9, 0), NOW) == "Today"
    assert day(at(15, 23, 59), NOW) == "Yesterday"
    assert day(at(13, 9, 0), NOW) == "Friday 13 November"
    assert day(at(13, 9, 0).replace(year=2025), NOW) == "Thursday 13 November 2025"
    assert short_day(at(12, 9, 0), NOW) == "Thu 12 Nov"


def test_every_state_has_a_chip_of_at_most_three_words():
    for kind in StateKind:
        words = chip(State(kind, 43), recording("x", at(16, 9, 0), 5)).text

        assert 1 <= len(words.replace(" %", "").split()) <= 3
        assert not words.endswith(".")


def test_a_draft_says_so_instead_of_ready():
    row = recording("x", at(16, 9, 0), 5, has_draft_transcript=True)

    assert chip(READY, row).text == "Draft transcript"
    assert cells(row, READY)[3].text == "Draft transcript"


def test_the_badge_is_all_done_only_when_everything_is():
    row = recording("x", at(16, 9, 0), 5)

    assert [cell.tone for cell in cells(row, READY)] == ["done"] * 4
    not_up = dataclasses.replace(row, is_uploaded=False)
    assert cells(not_up, State(StateKind.UPLOADING, 43))[2].text == "Uploading 43 %"
    assert cells(not_up, State(StateKind.NEEDS_SIGN_IN))[2].tone == "needs_you"
    assert cells(not_up, State(StateKind.KEPT_HERE))[2].text == "Sound kept here"


def test_a_gap_is_never_hidden_but_a_pause_is_no_gap():
    hole, pause = Gap(0, 10, Track.MIC, "device_lost"), Gap(5, 5, None, "pause", 60_000)

    assert cells(recording("x", at(16, 9, 0), 5, gaps=(hole,)), READY)[0].text == "Captured, 1 gap"
    assert cells(recording("x", at(16, 9, 0), 5, gaps=(hole, hole)), READY)[0].text == "Captured, 2 gaps"
    assert cells(recording("x", at(16, 9, 0), 5, gaps=(pause,)), READY)[0].text == "Captured"


def test_details_name_reason_and_next_try():
    shown = dict(
        facts(recording("x", at(16, 9, 0), 5), State(StateKind.WAITING, None, "No network.", at(16, 15, 31)))
    )

    assert shown["Why"] == "No network."
    assert shown["Next try"] == "15:31"
    assert len(shown["Checksum"]) == 64


def test_gap_sentences_have_side_times_and_cause():
    gap = Gap(ms("13:04"), ms("13:18"), Track.SYSTEM, "device_lost", 14_000)

    assert gap_sentence(gap) == "Their side not captured, 13:04 to 13:18: device lost"
    assert gap_sentence(Gap(60_000, 60_000, None, "pause", 180_000)) == "Paused by you at 01:00 for 3 min"


def test_the_line_below_the_title():
    row = week()[2].recording

    assert page_meta(row, READY, NOW) == "Today 10:02 to 10:50 · 48 min · Zoom · You, Mira, Jonas, Priya"
    assert page_meta(row, READY, NOW, is_short=True) == "Today 10:02 · 48 min · 4 people"
    assert page_meta(live().recording, live().state, NOW).startswith("Today, since 15:11")


def test_no_title_is_no_blank():
    assert title(recording("x", at(16, 14, 30), 5, title="")) == "Meeting at 14:30"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (MIC_OK, "ok"),
        (TrackStatus("", -50.0, is_ok=True), "quiet"),
        (TrackStatus("", -120.0, is_ok=True), "silent"),
        (TrackStatus("", -0.1, is_ok=True), "clipping"),
        (LOST, "lost"),
        (TrackStatus("", None, is_ok=True, is_enabled=False), "off"),
        (None, "off"),
    ],
)
def test_the_word_beside_a_meter(status, word):
    assert track_word(status) == word


def test_the_status_line_of_the_tray():
    tracks = {Track.MIC: MIC_OK, Track.SYSTEM: MIC_OK}
    running = CaptureStatus("recording", "x", 761_000, 1, tracks, 190)

    assert status_line(running, UploadsStatus()) == "● 12:41 · mic ok · call ok · 3 h 10 min free"
    paused = dataclasses.replace(running, state="paused")
    assert status_line(paused, UploadsStatus()) == "❙❙ 12:41 · paused, nothing is recorded"
    assert status_line(CaptureStatus("idle"), UploadsStatus(waiting=3)) == "↑ 3 waiting to upload"


def test_a_problem_outranks_recording_outranks_uploading():
    idle, running = CaptureStatus("idle"), CaptureStatus("recording", "x", tracks={Track.MIC: MIC_OK})

    assert tray_state(idle, UploadsStatus()) == "idle"
    assert tray_state(idle, UploadsStatus(waiting=2)) == "uploading"
    assert tray_state(idle, UploadsStatus(waiting=2, failing=1)) == "problem"
    assert tray_state(running, UploadsStatus(waiting=2, failing=1)) == "recording"
    assert tray_state(dataclasses.replace(running, tracks={Track.MIC: LOST}), UploadsStatus()) == "problem"
    assert tray_state(dataclasses.replace(running, state="paused"), UploadsStatus()) == "paused"


@given(st.text(alphabet=st.sampled_from("0123456789: abü\n"), max_size=60))
def test_notes_come_back_as_they_were_typed(text):
    assert join(parse(text)) == text


def test_only_times_we_would_write_are_taken_off():
    assert parse("12:41 Ask Priya") == [NoteLine("Ask Priya", 761)]
    assert parse("1:01:12 late") == [NoteLine("late", 3672)]
    assert parse("9:05 tea\n00:75 x\n12:41") == [NoteLine("9:05 tea"), NoteLine("00:75 x"), NoteLine("12:41")]


def test_a_meter_rises_at_once_falls_slowly_and_holds_its_peak():
    needle = Ballistics()

    needle.feed(-10.0, 1.0)
    assert (needle.level, needle.peak) == (-10.0, -10.0)
    needle.feed(-60.0, 1.5)
    assert needle.level == pytest.approx(-20.0)
    assert needle.peak == -10.0
    needle.feed(None, 2.6)
    assert needle.peak == needle.level < -10.0
    needle.feed(-120.0, 9.0)
    assert needle.level == FLOOR_DBFS


def test_lines_merge_gaps_in_time_and_omit_repeated_names():
    made = lines(long_meeting(), week()[2].recording.gaps)

    assert [line.start_ms for line in made] == sorted(line.start_ms for line in made)
    assert sum(line.gap is not None for line in made) == 2
    twice = next(line for line in made if line.start_ms == ms("13:47"))
    assert not twice.shows_name
    after_gap = next(line for line in made if line.start_ms == ms("13:20"))
    assert after_gap.shows_name
    assert [CHECKOUT[5].text[a:b] for a, b in after_gap.weak] == ["Issuer", "idempotent"]


def test_words_are_found_in_order_even_when_repeated():
    segment = said("00:01", "You", "well, well, that is well said")

    found = [segment.text[a:b] for a, b in word_ranges(segment)]

    assert found == ["well", "well", "that", "is", "well", "said"]
    starts = [a for a, _ in word_ranges(segment)]
    assert starts == sorted(set(starts))


def test_a_word_the_text_does_not_have_is_nowhere():
    segment = dataclasses.replace(said("00:01", "You", "one two"), text="two")

    assert word_ranges(segment) == [(0, 0), (0, 3)]


def test_times_are_local(monkeypatch):
    noon = dt.datetime(2026, 11, 16, 12, 0, tzinfo=dt.UTC)

    assert title(recording("x", noon.astimezone(), 5, title="")).endswith(noon.astimezone().strftime("%H:%M"))
