"""search, export and import on the command line."""

from __future__ import annotations

import json

import pytest

from recorder_app.recorder import Recorder
from tests.support import command
from tests.support.sound import tone, write_wav


@pytest.fixture
def recording(home, tmp_path):
    recorder = Recorder(home)
    recorder.open(is_working=False)
    try:
        made = recorder.import_file(write_wav(tmp_path / "Weekly plan.wav", tone(440, 1)))
        recorder.set_notes(made.id, "ask for the next quarter")
    finally:
        recorder.close()
    return made


def test_search_shows_the_line_and_speaks_json(recording):
    shown = command.run("search", "quarter").stdout
    (hit,) = command.run_json("search", "next quarter")

    assert "Weekly plan" in shown
    assert "notes: ask for the next quarter" in shown
    assert hit["field"] == "notes"
    assert [hit["text"][start:end] for start, end in hit["ranges"]] == ["next quarter"]
    assert hit["recording"]["local"]["id"] == recording.id
    assert command.run_json("search", "quarter next") == []
    assert "Nothing" in command.run("search", "nowhere").stdout


def test_a_format_that_is_no_text_needs_a_file(recording, tmp_path):
    refused = command.run("export", "last", "--format", "pdf")
    done = command.run("export", "last", "--format", "pdf", "--output", str(tmp_path / "x.pdf"))
    again = command.run("export", "last", "--format", "pdf", "--output", str(tmp_path / "x.pdf"))

    assert refused.returncode == 2
    assert "--output" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    assert again.returncode == 2
    assert "exists" in again.stderr


def test_json_is_exported_as_it_is_shown(recording):
    exported = json.loads(command.run("export", "last", "--format", "json").stdout)

    assert exported == command.run_json("show", "last")


def test_one_title_for_several_files_is_refused(home, tmp_path):
    result = command.run("import", "a.wav", "b.wav", "--title", "T")

    assert result.returncode == 2
    assert "--title" in result.stderr


@pytest.mark.slow
def test_several_files_are_imported_and_the_bad_one_is_named(home, tmp_path):
    good = write_wav(tmp_path / "good.wav", tone(440, 1))
    (tmp_path / "bad.wav").write_text("no sound")

    result = command.run("import", str(good), str(tmp_path / "bad.wav"), "--json")

    views = json.loads(result.stdout)
    assert result.returncode == 2
    assert "bad.wav" in result.stderr
    assert views[0]["recording"]["meeting_title"] == "good"
    assert views[1]["recording"] is None
