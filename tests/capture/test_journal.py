"""The journal: one line an event, readable whatever happened to its end."""

from __future__ import annotations

import stat

from recorder_app.capture import journal
from recorder_app.capture.journal import Journal


def test_what_is_appended_is_read_back_in_order(tmp_path):
    book = Journal(tmp_path)
    book.append("started", is_important=True, id="a", title="Zürich / Q3")
    book.append("bookmark", at_ms=12, note="")
    book.close()

    events = journal.read(tmp_path)

    assert [event["event"] for event in events] == ["started", "bookmark"]
    assert events[0]["title"] == "Zürich / Q3"
    assert events[0]["at"].endswith("+00:00")


def test_only_its_owner_may_read_it(tmp_path):
    Journal(tmp_path).close()

    assert stat.S_IMODE((tmp_path / journal.NAME).stat().st_mode) == 0o600


def test_a_torn_last_line_is_left_out_and_the_next_line_is_whole(tmp_path):
    book = Journal(tmp_path)
    book.append("started", id="a")
    book.append("bookmark", at_ms=12)
    book.close()
    path = tmp_path / journal.NAME
    path.write_bytes(path.read_bytes()[:-9])

    assert [event["event"] for event in journal.read(tmp_path)] == ["started"]
    again = Journal(tmp_path)
    again.append("recovered")
    again.close()
    assert [event["event"] for event in journal.read(tmp_path)] == ["started", "recovered"]


def test_garbage_and_no_journal_are_no_events(tmp_path):
    assert journal.read(tmp_path) == []
    (tmp_path / journal.NAME).write_bytes(b"\xff\xfe\x00\n[1,2]\n{}\n")
    assert journal.read(tmp_path) == []
