"""Markdown export: reads like minutes, tells what is missing, and renders nobody's words as markup."""

from __future__ import annotations

import dataclasses
import datetime as dt
import textwrap
from zoneinfo import ZoneInfo

import pytest

from recorder_app.errors import UsageError
from recorder_app.export import EXPORTERS, export
from recorder_app.export.document import clock, length
from recorder_app.export.markdown import escape, to_markdown
from recorder_app.models import (
    Bookmark,
    Gap,
    Recording,
    RecordingDetail,
    Segment,
    State,
    StateKind,
    SummaryLine,
    Task,
    Track,
)

BERLIN = ZoneInfo("Europe/Berlin")
RECORDING = Recording(
    id="6d1c",
    started_at=dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC),
    completed_at=dt.datetime(2026, 11, 25, 0, 12, tzinfo=dt.UTC),
    duration_ms=2_340_000,
    title="Launch review",
    participants=("Ann", "Bob_B"),
    notes="Ask about *pricing*\n- send slides\n\nDone",
    summary_lines=(SummaryLine("The launch moves to May", (12_000, 761_000)),),
    summary_source="rules",
    tasks=(
        Task("t1", "Write the email", assignee="Ann", due="by Friday", evidence=(15_000,), is_confirmed=True),
        Task("t2", "Book a room", description="for ten", evidence=(20_000,)),
        Task("t3", "Call Bob", is_done=True, is_confirmed=True),
    ),
    gaps=(Gap(14_000, 14_000, None, "pause", wall_ms=180_000), Gap(16_000, 18_500, Track.MIC, "device_lost")),
    bookmarks=(Bookmark(12_500, "price"), Bookmark(13_000)),
    is_transcribed=True,
    engine="pocketsphinx",
    has_draft_transcript=True,
    was_recovered=True,
)
SEGMENTS = (
    Segment(12_000, 13_500, "We move it to May.", "Them", track=Track.SYSTEM),
    Segment(15_000, 15_900, "I'll write the email by Friday", "You", track=Track.MIC),
    Segment(3_700_000, 3_701_000, "Bye", "Them", is_final=False),
)
DETAIL = RecordingDetail(RECORDING, State(StateKind.READY), SEGMENTS)


def _with(**changes) -> RecordingDetail:
    return dataclasses.replace(DETAIL, recording=dataclasses.replace(RECORDING, **changes))


def test_a_whole_recording_reads_like_minutes():
    expected = """\
        # Launch review

        - When: 2026-11-25 00:30–01:12
        - Length: 39 min
        - People: Ann, Bob\\_B
        - Recovered after an interruption: the last second may be missing

        ## Summary

        - The launch moves to May (0:12, 12:41)

        Made by a machine (rules); each line tells where it was said.

        ## Tasks

        - [ ] Write the email — Ann; due by Friday; said at 0:15
        - [ ] Book a room — said at 0:20; possible task, not confirmed
          for ten
        - [x] Call Bob

        ## Notes

        Ask about \\*pricing\\*··
        \\- send slides

        Done

        ## Bookmarks

        - 0:12 price
        - 0:13

        ## Not recorded

        - 0:14 3 min missing (paused)
        - 0:16 2 s missing (the device was gone, your side only)

        ## Transcript

        **Draft** by pocketsphinx: many words are wrong. Listen before you rely on them.

        **Them** 0:12: We move it to May.

        *(0:14: 3 min missing (paused))*

        **You** 0:15: I'll write the email by Friday

        *(0:16: 2 s missing (the device was gone, your side only))*

        **Them** 1:01:40: Bye *(not final)*
        """

    assert to_markdown(DETAIL, timezone=BERLIN) == textwrap.dedent(expected).replace("··", "  ")


def test_the_day_is_that_of_the_place_where_it_is_read():
    assert "2026-11-24 15:30–16:12" in to_markdown(DETAIL, timezone=ZoneInfo("America/Los_Angeles"))


def test_a_recording_without_a_title_is_named_by_its_time():
    assert to_markdown(_with(title="  "), timezone=BERLIN).startswith("# Recording of 2026-11-25 00:30\n")


def test_an_accurate_transcript_is_not_called_a_draft():
    assert "Draft" not in to_markdown(_with(has_draft_transcript=False))


def test_what_is_missing_is_said_and_not_left_blank():
    bare = Recording(
        id="1",
        started_at=RECORDING.started_at,
        insights_withheld="The transcript is too uncertain",
        error="The server refused the media",
    )
    text = to_markdown(RecordingDetail(bare, State(StateKind.FAILED), ()))

    assert "No summary: The transcript is too uncertain" in text
    assert "There is no transcript yet." in text
    assert "State: The server refused the media" in text
    assert "## Tasks" not in text
    assert "## Notes" not in text
    assert "Nothing was said." in to_markdown(dataclasses.replace(DETAIL, segments=()))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plain words, 3.5 - 4 times (really)!", "plain words, 3.5 - 4 times (really)!"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("+ item", r"\+ item"),
        ("1. first", r"1\. first"),
        ("12) twelfth", r"12\) twelfth"),
        ("2026 was good", "2026 was good"),
        ("> quote", r"\> quote"),
        ("=====", r"\====="),
        ("*bold* _it_ ~~no~~ `code`", r"\*bold\* \_it\_ \~\~no\~\~ \`code\`"),
        ("[link](http://x) ![image](y)", r"\[link\](http://x) !\[image\](y)"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("&lt; a|b \\* $x$", r"\&lt; a\|b \\\* \$x\$"),
        ("so :smile: at 12:41:07", r"so \:smile: at 12\:41:07"),
        ("two\nlines\t and\x00 more\x1b[1m", r"two lines and more \[1m"),
        ("    code", "code"),
        ("", ""),
    ],
)
def test_words_render_as_themselves(words, expected):
    assert escape(words) == expected


def test_a_spoken_line_cannot_become_a_second_heading():
    nasty = "hi\n\n# Minutes\n- [x] pay Bob"
    text = to_markdown(dataclasses.replace(DETAIL, segments=(Segment(0, 1, nasty, nasty),)))

    assert text.count("\n# ") == 0
    assert "\n- [x] pay Bob" not in text


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0:00"), (7999, "0:07"), (761_000, "12:41"), (3_723_000, "1:02:03")]
)
def test_times_are_those_of_the_player(ms, text):
    assert clock(ms) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 s"), (59_400, "59 s"), (59_600, "1 min"), (3_590_000, "1 h"), (3_900_000, "1 h 5 min")],
)
def test_lengths_are_said_as_people_say_them(ms, text):
    assert length(ms) == text


def test_formats_are_offered_by_name_and_unknown_ones_refused_with_the_list():
    assert export(DETAIL, "markdown") == to_markdown(DETAIL)
    assert len({exporter.name for exporter in EXPORTERS}) == len(EXPORTERS)
    with pytest.raises(UsageError) as caught:
        export(DETAIL, "papyrus")
    assert "markdown" in caught.value.hint
