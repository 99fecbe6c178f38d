from __future__ import annotations

import dataclasses
import datetime as dt
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recorder_app.errors import LibraryError, NotFoundError
from recorder_app.library import schema
from recorder_app.library.store import Library
from recorder_app.models import (
    Bookmark,
    Gap,
    Platform,
    Recording,
    Segment,
    Status,
    SummaryLine,
    Task,
    Track,
    Word,
)

START = dt.datetime(2026, 3, 4, 9, 30, 0, 123456, tzinfo=dt.UTC)


def full(folder: Path) -> Recording:
    """A recording with every field away from its default."""
    return Recording(
        id="r-1",
        started_at=START,
        status=Status.PROCESSING,
        server_id="s-1",
        workspace="https://eu.posthog.com",
        platform=Platform.ZOOM,
        title="Søren / weekly “sync”",
        meeting_url="https://zoom.us/j/1",
        completed_at=START + dt.timedelta(minutes=3),
        duration_ms=180_000,
        participants=("Ana", "Söhne & Co"),
        notes="line one\nline \\ two",
        error="went wrong",
        summary_lines=(SummaryLine("We agreed.", (1000, 2000)),),
        summary_source="rules",
        summary_generated_at=START,
        insights_withheld="too uncertain",
        tasks=(Task("t", "Send it", "to Ana", "Bob", "by Friday", (1000,), is_done=True, is_confirmed=True),),
        tasks_generated_at=START,
        gaps=(Gap(0, 5, None, "pause", 7), Gap(9, 10, Track.MIC, "device_lost")),
        bookmarks=(Bookmark(500, "here"),),
        media=(folder / "recordings" / "r-1" / "part-001.ogg", Path("/elsewhere/x.ogg")),
        media_bytes=4_000_000_000,
        media_sha256="ab" * 32,
        is_on_disk=True,
        is_uploaded=True,
        is_transcribed=True,
        engine="pocketsphinx",
        has_draft_transcript=True,
        was_recovered=True,
        created_at=START,
    )


SEGMENTS = (
    Segment(0, 900, "Hello “there”", "You", 0.5, Track.MIC, words=(Word(0, 400, "Hello", 0.4),)),
    Segment(1000, 1900, "Straße, 100% done", "Them", None, is_final=False),
)


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    yield opened
    opened.close()


def test_a_recording_comes_back_as_it_was_stored(library, tmp_path):
    stored = library.add(full(tmp_path))

    again = library.get("r-1")

    assert again == stored
    assert dataclasses.replace(again, updated_at=None) == full(tmp_path)


def test_every_field_differs_from_its_default_in_the_test_above(tmp_path):
    given = full(tmp_path)

    same = [
        field.name
        for field in dataclasses.fields(Recording)
        if field.default is not dataclasses.MISSING and getattr(given, field.name) == field.default
    ]

    # The trash would hide it from every search below; test_backlog_and_trash.py stores that one.
    assert same == ["trashed_at", "updated_at"]


def test_segments_come_back_whole_and_in_order(library, tmp_path):
    library.add(full(tmp_path))

    library.set_segments("r-1", tuple(reversed(SEGMENTS)))

    assert library.segments("r-1") == SEGMENTS


def test_setting_segments_again_replaces_them(library, tmp_path):
    library.add(full(tmp_path))
    library.set_segments("r-1", SEGMENTS)

    library.set_segments("r-1", SEGMENTS[1:])

    assert library.segments("r-1") == SEGMENTS[1:]
    assert library.list("hello") == []


def test_two_segments_in_one_millisecond_are_refused_and_nothing_changes(library, tmp_path):
    library.add(full(tmp_path))
    library.set_segments("r-1", SEGMENTS)

    with pytest.raises(ValueError, match="same millisecond"):
        library.set_segments("r-1", [SEGMENTS[0], SEGMENTS[0]])

    assert library.segments("r-1") == SEGMENTS


def test_adding_an_id_twice_keeps_the_first(library, tmp_path):
    library.add(full(tmp_path))

    kept = library.add(Recording(id="r-1", started_at=START, title="another"))

    assert kept.title == full(tmp_path).title


def test_an_update_changes_only_what_it_names_and_moves_updated_at(library, tmp_path):
    before = library.add(full(tmp_path))

    after = library.update("r-1", title="New", tasks=())

    assert (after.title, after.tasks) == ("New", ())
    assert after.updated_at > before.updated_at
    assert dataclasses.replace(after, title=before.title, tasks=before.tasks, updated_at=None) == (
        dataclasses.replace(before, updated_at=None)
    )


def test_unknown_fields_and_unknown_recordings_are_told_apart(library, tmp_path):
    library.add(full(tmp_path))

    with pytest.raises(TypeError):
        library.update("r-1", colour="red")
    with pytest.raises(TypeError):
        library.update("r-1", id="r-2")
    with pytest.raises(NotFoundError):
        library.update("nobody", title="x")
    with pytest.raises(NotFoundError):
        library.set_segments("nobody", SEGMENTS)


def test_deleting_takes_lines_and_jobs_along(library, tmp_path):
    library.add(full(tmp_path))
    library.set_segments("r-1", SEGMENTS)

    library.delete("r-1")

    assert library.get("r-1") is None
    assert library.segments("r-1") == ()
    assert library.list() == []


def test_the_newest_recording_comes_first_and_pages_do_not_overlap(library):
    for number in range(5):
        library.add(Recording(id=f"r-{number}", started_at=START + dt.timedelta(hours=number)))

    pages = [[r.id for r in library.list(limit=2, offset=offset)] for offset in (0, 2, 4)]

    assert pages == [["r-4", "r-3"], ["r-2", "r-1"], ["r-0"]]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("søren", True),  # title, beyond ASCII
        ("LINE TWO", True),  # notes: every word, in any case
        ("line \\ two", True),
        ("agreed", True),  # summary
        ("friday", False),  # a due date is not searched
        ("send bob", True),  # task title and assignee
        ("söhne", True),  # people
        ("here", True),  # a bookmark's note, and the transcript
        ("strasse", True),  # ß folds
        ("100%", True),
        ("10%", False),  # a percent sign is no wildcard
        ("lin_", False),  # nor is an underscore
        ("agreed nowhere", False),
        ("  ", True),
    ],
)
def test_search_finds_words_wherever_they_are(library, tmp_path, query, is_found):
    library.add(full(tmp_path))
    library.set_segments("r-1", SEGMENTS)

    assert bool(library.list(query)) is is_found


def test_a_moved_data_folder_keeps_its_media(tmp_path):
    (tmp_path / "old").mkdir()
    first = Library(tmp_path / "old" / "library.sqlite")
    first.add(Recording(id="r", started_at=START, media=(tmp_path / "old" / "recordings" / "r" / "a.ogg",)))
    first.close()

    (tmp_path / "old").rename(tmp_path / "new")
    second = Library(tmp_path / "new" / "library.sqlite")

    assert second.get("r").media == (tmp_path / "new" / "recordings" / "r" / "a.ogg",)
    second.close()


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_nobody_else_may_read_the_library(library, tmp_path):
    library.add(full(tmp_path))

    for path in tmp_path.glob("library.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_a_transaction_is_all_or_nothing(library, tmp_path):
    library.add(full(tmp_path))

    with pytest.raises(RuntimeError, match="stop"), library.transaction():
        library.update("r-1", title="half")
        library.set_segments("r-1", SEGMENTS)
        raise RuntimeError("stop")

    assert library.get("r-1").title == full(tmp_path).title
    assert library.segments("r-1") == ()


def test_many_threads_write_without_losing_anything(library):
    def add(number: int) -> None:
        for index in range(10):
            library.add(Recording(id=f"{number}-{index}", started_at=START))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(library.list()) == 80


def test_two_processes_open_the_same_new_library_at_once(tmp_path):
    code = (
        "import sys, datetime as dt\n"
        "from pathlib import Path\n"
        "from recorder_app.library.store import Library\n"
        "from recorder_app.models import Recording\n"
        "library = Library(Path(sys.argv[1]))\n"
        "for n in range(20):\n"
        "    library.add(Recording(id=f'{sys.argv[2]}-{n}', started_at=dt.datetime.now(dt.UTC)))\n"
        "print(library.damaged)\n"
    )
    path = tmp_path / "library.sqlite"

    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    outputs = [process.communicate(timeout=30)[0].strip() for process in processes]

    assert outputs == ["None"] * 3
    library = Library(path)
    assert len(library.list()) == 60
    library.close()


def test_a_newer_library_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "library.sqlite"
    Library(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(LibraryError) as caught:
        Library(path)

    assert "newer Recorder" in caught.value.sentence
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["garbage", "truncated", "page"])
def test_a_damaged_library_is_moved_aside_and_a_new_one_made(tmp_path, damage):
    path = tmp_path / "library.sqlite"
    first = Library(path)
    for number in range(200):
        first.add(Recording(id=f"r-{number}", started_at=START, notes="x" * 500))
    first.close()
    content = path.read_bytes()
    path.write_bytes(
        {
            "garbage": b"not a database at all" * 1000,
            "truncated": content[:5000],
            "page": content[:100] + b"\xff" * 8000 + content[8100:],
        }[damage]
    )

    second = Library(path)

    assert second.damaged is not None
    assert second.damaged.name.startswith("library.damaged-")
    assert second.damaged.exists()
    assert second.list() == []
    second.add(Recording(id="again", started_at=START))
    assert [r.id for r in second.list()] == ["again"]
    second.close()


def test_a_library_that_is_not_readable_says_so(tmp_path):
    (tmp_path / "library.sqlite").mkdir()

    with pytest.raises(LibraryError) as caught:
        Library(tmp_path / "library.sqlite")

    assert "cannot be opened" in caught.value.title


def test_a_closed_library_says_so(tmp_path):
    library = Library(tmp_path / "library.sqlite")
    library.close()

    with pytest.raises(LibraryError):
        library.list()


def test_a_killed_writer_leaves_whole_commits_behind(tmp_path):
    path = tmp_path / "library.sqlite"
    Library(path).close()
    code = (
        "import sys, datetime as dt, itertools\n"
        "from pathlib import Path\n"
        "from recorder_app.library.store import Library\n"
        "from recorder_app.models import Recording, Segment\n"
        "library = Library(Path(sys.argv[1]))\n"
        "for n in itertools.count():\n"
        "    with library.transaction():\n"
        "        library.add(Recording(id=f'{n}', started_at=dt.datetime.now(dt.UTC)))\n"
        "        library.set_segments(f'{n}', [Segment(0, 1, 'x', 'You')])\n"
        "    print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    for _ in range(30):
        last = int(process.stdout.readline())
    process.kill()
    process.communicate()

    library = Library(path)

    found = library.list()
    assert library.damaged is None
    assert len(found) >= last + 1
    assert all(len(library.segments(recording.id)) == 1 for recording in found)
    library.close()
