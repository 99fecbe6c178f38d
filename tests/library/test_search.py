"""Search: finds what a person means, shows the line that says it, and no input breaks it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder_app.library import index, schema
from recorder_app.library.folding import fold, fold_character, ranges_of, terms_of
from recorder_app.library.store import Library
from recorder_app.models import Bookmark, Platform, Recording, Segment, Status, SummaryLine, Task

START = dt.datetime(2026, 3, 4, 9, 30, tzinfo=dt.UTC)


def recording(recording_id: str, day: int = 0, **fields) -> Recording:
    return Recording(id=recording_id, started_at=START + dt.timedelta(days=day), **fields)


def said(*texts: str, speaker: str = "Them") -> list[Segment]:
    return [Segment(at * 5000, at * 5000 + 4000, text, speaker) for at, text in enumerate(texts)]


@pytest.fixture(params=[True, False], ids=["with FTS5", "without FTS5"])
def library(request, tmp_path):
    opened = Library(tmp_path / "library.sqlite", has_full_text=request.param)
    yield opened
    opened.close()


@pytest.fixture
def indexed(tmp_path):
    opened = Library(tmp_path / "library.sqlite", has_full_text=True)
    yield opened
    opened.close()


def marked(hit) -> list[str]:
    return [hit.text[start:end] for start, end in hit.ranges]


def test_this_sqlite_has_the_index_that_the_promise_was_measured_with():
    assert index.has_fts5(sqlite3.connect(":memory:"))


def test_a_hit_shows_the_sentence_and_where_it_was_said(library):
    library.add(recording("r", title="Weekly"))
    library.set_segments("r", said("Good morning", "The budget, is tight", "Budget again"))

    (hit,) = library.search("budg tight")

    assert (hit.recording.id, hit.field, hit.text, hit.start_ms) == (
        "r", "transcript", "The budget, is tight", 5000,
    )  # fmt: skip
    assert marked(hit) == ["budg", "tight"]


@pytest.mark.parametrize(
    ("query", "field", "text", "start_ms"),
    [
        ("weekly", "title", "Weekly SYNC", None),
        ("ånna", "people", "Anna Ström", None),
        ("second", "notes", "the second line", None),
        ("april", "summary", "Launch moves to April", 7000),
        ("invoice", "tasks", "Send the invoice by post Bob", 9000),
        ("bob", "tasks", "Send the invoice by post Bob", 9000),
        ("price", "bookmarks", "price told", 11_000),
        ("carla", "people", "Carla", 0),
    ],
)
def test_every_place_is_searched_and_named(library, query, field, text, start_ms):
    library.add(
        recording(
            "r",
            title="Weekly SYNC",
            participants=("Anna Ström",),
            notes="first\nthe  second line",
            summary_lines=(SummaryLine("Launch moves to April", (7000, 8000)),),
            tasks=(Task("t", "Send the invoice", "by post", "Bob", evidence=(9000,)),),
            bookmarks=(Bookmark(11_000, "price told"),),
        )
    )
    library.set_segments("r", said("something else", speaker="Carla"))

    (hit,) = library.search(query)

    assert (hit.field, hit.text, hit.start_ms) == (field, text, start_ms)


def test_titles_come_first_then_what_was_written_then_what_was_said_newest_first(library):
    for number, fields in enumerate(
        ({"title": "Budget"}, {"notes": "budget"}, {}, {"title": "The budget"}, {"notes": "a budget"}, {})
    ):
        library.add(recording(f"r{number}", number, **fields))
    for spoken in ("r2", "r5"):
        library.set_segments(spoken, said("our budget"))

    assert [hit.recording.id for hit in library.search("budget")] == ["r3", "r0", "r4", "r1", "r5", "r2"]
    assert [each.id for each in library.list("budget")] == ["r5", "r4", "r3", "r2", "r1", "r0"]
    assert [hit.recording.id for hit in library.search("budget", limit=2, offset=1)] == ["r0", "r4"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("strasse", "Straße"),
        ("STRASSE", "Straße"),
        ("soren", "Søren"),
        ("cafe", "café"),
        ("cafe", "cafe\u0301"),
        ("θεσσαλονικη", "Θεσσαλονίκη"),
        ("елка", "Ёлка"),
        ("שלום", "שָׁלוֹם"),
        ("会议", "今天的会议很长"),
        ("ประชุม", "เราประชุมกัน"),
        ("हिन्दी", "हिन्दी"),
        ("한국", "한국어"),
        ("istanbul", "İstanbul"),
        ("don't", "don’t"),
    ],
)
def test_words_are_found_as_people_type_them(library, query, word):
    library.add(recording("r"))
    library.set_segments("r", said(f"we say {word} here"))

    (hit,) = library.search(query)

    assert hit.field == "transcript"
    assert [fold(text) for text in marked(hit)] == [fold(query)]


def test_a_word_is_found_from_its_start_and_not_in_the_middle(indexed):
    indexed.add(recording("r", title="Asynchronous"))

    assert indexed.search("asyn")
    assert not indexed.search("sync")


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ('"next quarter"', True),
        ('"quarter next"', False),
        ("quarter next", True),
        ("“next quarter”", True),
        ('"next qua', True),
        ("c++", True),
        ("c--", False),
        ("100%", True),
        ("10%", False),
        ("t-shirt", True),
        ("t_shirt", False),
        ("t-shoe", False),
    ],
)
def test_quotes_and_signs_are_taken_as_they_stand(library, query, is_found):
    library.add(recording("r", notes="100% of the t-shirt orders in C++"))
    library.set_segments("r", said("that is the next quarter"))

    assert bool(library.search(query)) is is_found
    assert bool(library.list(query)) is is_found


@pytest.mark.parametrize(
    "query",
    ['"', '""', "'", "*", "(", "a AND", "NOT", "OR OR", "NEAR(a b)", "title:x", "{title} : x", "-x", "^x",
     "a*b", "\x00", "\ud800", "%", "_", "\\", "🎙", "a🎙b", "𞤀𞤣", "x" * 5000, "a " * 500, "\n\t"],
)  # fmt: skip
def test_no_input_is_a_syntax_error(library, query):
    library.add(recording("r", title="x"))

    library.search(query)
    library.list(query)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(text=st.text(min_size=1, max_size=30))
def test_a_text_is_found_by_any_of_its_own_words(indexed, text):
    clean = text.encode("utf-8", "ignore").decode().replace('"', " ")
    indexed.delete("r")
    indexed.add(recording("r", notes=clean))

    for word in clean.split():
        if fold(word).strip():
            assert indexed.search(word), word


def test_python_and_sqlite_agree_where_words_end():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE search (id INTEGER PRIMARY KEY)")
    index.create_index(connection)

    for code in range(0x20, 0x30000):
        if 0xD800 <= code < 0xE000:
            continue
        for term in terms_of(f"a{chr(code)}b"):
            for token in term.tokens:
                connection.execute("SELECT 1 FROM search_words WHERE search_words MATCH ?", (f'"{token}"*',))


def test_edits_are_found_at_once_and_what_was_taken_away_is_not(library):
    library.add(recording("r", title="Alpha"))
    library.set_segments("r", said("gamma"))

    library.update("r", title="Beta", notes="delta")
    library.set_segments("r", said("epsilon"))

    assert not library.search("alpha")
    assert not library.search("gamma")
    assert library.search("beta delta epsilon")
    library.delete("r")
    assert not library.search("beta")
    library.add(recording("new", title="Zeta"))
    assert not library.search("beta")
    assert library.search("zeta")


def test_an_edit_that_is_rolled_back_leaves_no_trace_in_the_index(library):
    library.add(recording("r", title="Alpha"))

    with pytest.raises(RuntimeError), library.transaction():
        library.update("r", title="Beta")
        raise RuntimeError

    assert library.search("alpha")
    assert not library.search("beta")


def test_the_index_is_sound_after_a_thousand_edits_from_several_threads(indexed, tmp_path):
    def edit(number: int) -> None:
        mine = f"r{number}"
        indexed.add(recording(mine, number))
        for turn in range(60):
            indexed.update(mine, title=f"turn{turn}", notes=f"{mine} note")
            indexed.set_segments(mine, said(f"word{turn}", f"{mine} again"))
        if number % 2:
            indexed.delete(mine)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {hit.recording.id for hit in indexed.search("turn59 word59")} == {"r0", "r2"}
    assert not indexed.search("word58")
    with sqlite3.connect(tmp_path / "library.sqlite") as connection:
        connection.execute("INSERT INTO search_words (search_words, rank) VALUES ('integrity-check', 1)")
    connection.close()


def test_the_trash_is_not_searched_and_facets_narrow(library):
    library.add(recording("a", 0, title="plan", status=Status.READY, platform=Platform.ZOOM))
    library.add(recording("b", 1, title="plan", tasks=(Task("1", "x", is_done=True), Task("2", "y"))))
    library.add(recording("c", 2, title="plan", tasks=(Task("1", "x", is_done=True),)))
    library.add(recording("d", 3, title="plan", trashed_at=START))

    def ids(query="plan", **facets):
        return [hit.recording.id for hit in library.search(query, **facets)]

    assert ids() == ["c", "b", "a"]
    assert ids(status=Status.READY) == ["a"]
    assert ids(platform=Platform.ZOOM) == ["a"]
    assert ids(has_open_tasks=True) == ["b"]
    assert ids(has_open_tasks=False) == ["c", "a"]
    assert ids("", has_open_tasks=True) == ["b"]
    assert ids("nowhere", status=Status.READY) == []


def test_a_long_line_is_shortened_around_what_was_found(library):
    library.add(recording("r", notes="so " * 500 + "the needle here" + " on" * 500))

    (hit,) = library.search("needle")

    assert len(hit.text) <= 202
    assert hit.text.startswith("…")
    assert hit.text.endswith("…")
    assert marked(hit) == ["needle"]


def test_ranges_count_in_the_text_that_is_shown():
    text = "Straße — ﬁne Straßen"

    ranges = ranges_of(text, terms_of("strasse fi"))

    assert [text[start:end] for start, end in ranges] == ["Straße", "ﬁ", "Straße"]


def test_a_library_without_an_index_gets_one_when_it_is_opened(tmp_path):
    path = tmp_path / "library.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    schema.MIGRATIONS[0](connection)
    schema.MIGRATIONS[1](connection)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with sqlite3.connect(path) as connection:
        old = dataclasses.replace(recording("old", title="Before"), created_at=START, updated_at=START)
        from recorder_app.library import rows

        columns = rows.to_columns({name: getattr(old, name) for name in rows.COLUMNS}, tmp_path)
        marks = ", ".join("?" * len(columns))
        connection.execute(
            f"INSERT INTO recordings ({', '.join(columns)}) VALUES ({marks})", [*columns.values()]
        )
        for segment in said("spoken long ago"):
            connection.execute(
                "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows.from_segment("old", segment)
            )
    connection.close()

    library = Library(path)

    assert [hit.field for hit in library.search("before")] == ["title"]
    assert [hit.start_ms for hit in library.search("spoken")] == [0]
    library.close()


def test_what_was_written_without_fts5_is_found_once_it_is_there_again(tmp_path):
    path = tmp_path / "library.sqlite"
    for has_full_text, word in ((True, "one"), (False, "two"), (True, "three")):
        library = Library(path, has_full_text=has_full_text)
        library.add(recording(word, title=word))
        if word == "two":
            library.update("one", title="changed")
        found = {each: bool(library.search(each)) for each in ("one", "changed", "two", "three")}
        library.close()

    assert found == {"one": False, "changed": True, "two": True, "three": True}


def test_folding_is_the_same_for_a_text_and_its_characters():
    text = "Ǆ ﬀ ½ İı ẞ Å ΌΣΟΣ"

    assert fold(text) == "".join(fold_character(each) for each in text)
