"""What holds for every format: nobody's words are lost or become markup, and what is missing is told."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
import stat
import time
import zipfile

import pytest

from recorder_app.cli.parser import FORMATS
from recorder_app.errors import StorageError, UsageError
from recorder_app.export import EXPORTERS, export, exporter_named
from recorder_app.export.archive import ABSENT
from recorder_app.export.document import file_name
from recorder_app.export.markdown import to_markdown
from recorder_app.export.saving import save
from recorder_app.export.subtitles import cues
from recorder_app.models import Gap, Recording, RecordingDetail, Segment, State, StateKind
from tests.export.test_markdown import DETAIL, RECORDING, SEGMENTS
from tests.support.documents import docx_paragraphs, text_of

WORDS = ("Ålesund", "Ελληνικά", "Кириллица")
NASTY = [
    "<b>bold</b> & </w:t>",
    "a --> b",
    "{\\an8}top",
    "# no heading",
    "]]>",
    "1\n\n2 --> 3",
    "\x00\x1b[1m",
    "\ud800",
]
every_format = pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda each: each.name)
subtitles = pytest.mark.parametrize("name", ["srt", "vtt"])


def with_segments(*segments: Segment, **changes) -> RecordingDetail:
    return RecordingDetail(dataclasses.replace(RECORDING, **changes), State(StateKind.READY), segments)


def rendered(exporter, detail) -> str:
    return text_of(exporter.name, exporter.render(detail))


@every_format
def test_words_of_every_alphabet_arrive(exporter):
    text = rendered(exporter, with_segments(Segment(0, 900, " ".join(WORDS), "Søren"), title="Über Łódź"))

    for word in (*WORDS, "Søren", *(() if exporter.name == "srt" else ("Über", "Łódź"))):
        assert word in text, word


@every_format
def test_text_from_right_to_left_arrives(exporter):
    text = rendered(exporter, with_segments(Segment(0, 900, "שלום", "דנה")))

    for word in ("שלום", "דנה"):
        # A PDF is drawn from left to right whatever the script.
        assert word in text or (exporter.name == "pdf" and word[::-1] in text), word


@every_format
def test_an_empty_recording_is_a_whole_document(exporter):
    bare = Recording(id="1", started_at=RECORDING.started_at)
    text = rendered(exporter, RecordingDetail(bare, State(StateKind.FAILED), ()))

    if exporter.name in ("markdown", "text", "docx", "pdf", "zip"):
        assert "There is no transcript yet." in text
    elif exporter.name == "json":
        assert (
            json.loads(exporter.render(RecordingDetail(bare, State(StateKind.FAILED), ())))[
                "transcript_segments"
            ]
            == []
        )


@every_format
def test_what_is_missing_and_what_is_a_draft_is_told(exporter):
    text = rendered(exporter, DETAIL)

    if exporter.name == "json":
        assert '"has_draft_transcript": true' in text
        assert '"cause": "device_lost"' in text
        return
    # Subtitles are wrapped, with spaces where the lines break.
    assert "2 s missing (the device was gone, your side only)" in text
    assert "3 min missing (paused)" in text
    assert re.search(r"Draft\W* by pocketsphinx\W* many words are wrong", text)
    assert "Draft" not in rendered(exporter, with_segments(*SEGMENTS, has_draft_transcript=False, gaps=()))


@every_format
def test_times_beyond_an_hour_are_right(exporter):
    text = rendered(
        exporter, with_segments(Segment(3_723_004, 3_724_500, "late", "Them"), has_draft_transcript=False)
    )

    expected = {
        "srt": "01:02:03,004 --> 01:02:04,500", "vtt": "01:02:03.004 --> 01:02:04.500", "json": '"timestamp": 3723004'
    }  # fmt: skip
    assert expected.get(exporter.name, "1:02:03") in text


@every_format
@pytest.mark.parametrize("nasty", NASTY)
def test_nobodys_words_become_markup(exporter, nasty):
    detail = with_segments(
        Segment(0, 900, f"before {nasty} after", f"Ann {nasty}"),
        Segment(1000, 1900, "next", "Bob"),
        title=f"T {nasty}", notes=nasty, participants=(nasty,), engine=nasty,
    )  # fmt: skip

    text = rendered(exporter, detail)

    assert "before" in text
    assert "after" in text
    assert "\x00" not in text
    assert "\x1b" not in text


@subtitles
@pytest.mark.parametrize("nasty", NASTY)
def test_subtitles_have_as_many_cues_as_there_is_to_tell(name, nasty):
    detail = with_segments(Segment(5000, 5900, nasty, nasty), Segment(6000, 6900, f"so {nasty} x", "Bob"))
    text = export(detail, name)

    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(("WEBVTT", "NOTE"))]
    times = [line for line in text.splitlines() if re.fullmatch(r"[\d:.,]+ --> [\d:.,]+", line)]
    assert len(blocks) == len(times) == len(cues(detail))
    assert text.count("-->") == len(times)
    if name == "srt":
        assert [block.splitlines()[0] for block in blocks] == [str(n + 1) for n in range(len(blocks))]


@subtitles
def test_subtitles_are_in_order_have_a_length_and_fit_a_screen(name):
    detail = with_segments(Segment(4000, 4000, "word " * 40, "You"), Segment(8000, 9000, "b", "Them"))
    shown = cues(detail)

    assert [cue.start_ms for cue in shown] == sorted(cue.start_ms for cue in shown)
    assert all(cue.end_ms > cue.start_ms for cue in shown)
    spoken = [line for line in export(detail, name).splitlines() if line.startswith("word")]
    assert spoken
    assert all(len(line) <= 42 for line in spoken)


def test_a_voice_names_who_speaks_and_its_signs_are_escaped():
    text = export(with_segments(Segment(0, 900, "1 < 2 & 3", "A & <B>")), "vtt")

    assert "<v A &amp; &lt;B&gt;>1 &lt; 2 &amp; 3" in text


def test_word_sets_right_to_left_lines_from_the_right():
    data = exporter_named("docx").render(
        with_segments(Segment(0, 1, "שלום", "Dana"), Segment(2, 3, "hi", "Dana"))
    )

    right = ["".join(each.itertext()) for each in docx_paragraphs(data) if each.find("*/{*}bidi") is not None]
    assert len(right) == 1
    assert "שלום" in right[0]


def test_a_pdf_says_which_characters_it_could_not_draw():
    from tests.support.documents import pdf_text

    # No font has a glyph for a letter that does not exist.
    drawn = pdf_text(
        exporter_named("pdf").render(with_segments(Segment(0, 1, "known \U000106ff\u07fa 𐙀", "You")))
    )
    plain = pdf_text(exporter_named("pdf").render(with_segments(Segment(0, 1, "known", "You"))))

    assert "No font for these characters" in " ".join(drawn.split())
    assert "No font for these characters" not in " ".join(plain.split())


def test_a_pdf_that_cannot_be_made_is_said_in_words(monkeypatch):
    from recorder_app.errors import RecorderError

    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with pytest.raises(RecorderError) as caught:
        exporter_named("pdf").render(DETAIL)

    assert "Word or Markdown" in caught.value.hint


@every_format
def test_ten_thousand_segments_take_seconds_at_most(exporter):
    many = tuple(
        Segment(at * 3000, at * 3000 + 2500, f"Line {at} is said by somebody in a long meeting", "You")
        for at in range(10_000)
    )
    began = time.process_time() if exporter.name != "pdf" else time.monotonic()

    data = exporter.render(with_segments(*many))

    spent = (time.process_time() if exporter.name != "pdf" else time.monotonic()) - began
    assert spent < (60 if exporter.name == "pdf" else 5)
    if exporter.name != "zip":
        assert "Line 9999 is" in text_of(exporter.name, data)


# -- the archive and files ------------------------------------------------------------------------------------


def test_the_archive_holds_the_sound_as_it_is(tmp_path):
    sound = tmp_path / "part-001.ogg"
    sound.write_bytes(os.urandom(5000))
    detail = with_segments(*SEGMENTS, media=(sound,), title="Ä/b: c?")

    path = save(detail, exporter_named("zip"), tmp_path / "out.zip")

    with zipfile.ZipFile(path) as archive:
        names = sorted(name.rsplit(".", 1)[1] for name in archive.namelist())
        (ogg,) = [name for name in archive.namelist() if name.endswith(".ogg")]
        assert archive.read(ogg) == sound.read_bytes()
        assert all("/" not in name for name in archive.namelist())
    assert names == ["json", "md", "ogg", "vtt"]


def test_the_archive_names_several_parts_apart_and_tells_what_is_missing(tmp_path):
    (tmp_path / "part-001.ogg").write_bytes(b"one")
    detail = with_segments(*SEGMENTS, media=(tmp_path / "part-001.ogg", tmp_path / "part-002.ogg"))

    path = save(detail, exporter_named("zip"), tmp_path / "out.zip")

    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if name.endswith("part-001.ogg")]
        assert "part-002.ogg" in archive.read(ABSENT).decode()


@every_format
def test_a_file_is_written_whole_and_never_over_another_one(exporter, tmp_path):
    target = tmp_path / f"x{exporter.suffix}"

    assert save(DETAIL, exporter, target) == target
    first = target.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        save(DETAIL, exporter, target)
    assert target.read_bytes() == first
    save(with_segments(), exporter, target, is_overwriting=True)
    assert target.read_bytes() != first
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_folder_gets_a_file_with_a_name_that_any_system_takes(tmp_path):
    detail = with_segments(title=' a/b\\c:*?"<>|\n.. ' + "ü" * 300)

    path = save(detail, exporter_named("markdown"), tmp_path)

    assert path.parent == tmp_path
    assert re.fullmatch(r"2026-11-2\d a b c \.\. ü+\.md", path.name)
    assert len(path.name.encode()) < 150
    assert file_name(with_segments(title="///"), ".md").endswith(" Recording.md")


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path):
    with pytest.raises(StorageError) as caught:
        save(DETAIL, exporter_named("text"), tmp_path / "none" / "x.txt")

    assert caught.value.hint


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_an_exported_file_may_be_shared_as_the_person_usually_does(tmp_path):
    before = os.umask(0o022)
    try:
        path = save(DETAIL, exporter_named("text"), tmp_path / "x.txt")
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_names_are_those_of_the_command_line_and_only_text_is_printed():
    assert tuple(each.name for each in EXPORTERS) == FORMATS
    for exporter in EXPORTERS:
        if exporter.is_text:
            assert export(DETAIL, exporter.name).encode() == exporter.render(DETAIL)
        else:
            with pytest.raises(UsageError) as caught:
                export(DETAIL, exporter.name)
            assert "--output" in caught.value.hint


# -- a selection ----------------------------------------------------------------------------------------------


def test_a_selection_tells_where_it_is_from_that_it_is_a_draft_and_what_is_missing_in_it():
    text = to_markdown(DETAIL, segments=SEGMENTS[:2], timezone=dt.UTC)

    assert text == (
        "**Launch review**, 2026-11-24, 0:12–0:15\n\n"
        "**Draft** by pocketsphinx: many words are wrong. Listen before you rely on them.\n\n"
        "**Them** 0:12: We move it to May.\n\n"
        "*(0:14: 3 min missing (paused))*\n\n"
        "**You** 0:15: I'll write the email by Friday\n"
    )


def test_a_selection_of_one_line_has_no_holes_of_others():
    assert "missing" not in to_markdown(DETAIL, segments=SEGMENTS[2:])
    assert to_markdown(DETAIL, segments=()) == ""


def test_a_gap_of_an_unknown_cause_is_told_as_it_is():
    detail = with_segments(*SEGMENTS, gaps=(Gap(0, 5000, None, "gremlins"),))

    assert "5 s missing (gremlins)" in export(detail, "text")
