"""Search as somebody types, over a library of a thousand one-hour meetings."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import statistics
import tempfile
import time
from pathlib import Path

from recorder_app.insights import lexicon
from recorder_app.library.store import Library
from recorder_app.models import Recording, Segment, SummaryLine, Task, Track, Word
from tests.benchmarks.table import Result, Row

MEETINGS = 1000
QUERIES = (
    "budget",
    "th",
    "we agreed to send",
    "invoice anna",
    "café",
    '"next week"',
    "quarterly review",
    "zzz",
)
_SYLLABLES = [
    "an",
    "ba",
    "be",
    "ca",
    "co",
    "da",
    "de",
    "di",
    "en",
    "er",
    "fa",
    "fi",
    "ga",
    "ha",
    "in",
    "ka",
    "la",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "na",
    "ne",
    "no",
    "on",
    "or",
    "pa",
    "pe",
    "po",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "so",
    "ta",
    "te",
    "ti",
    "to",
    "un",
    "va",
    "ve",
    "wa",
]


def generated(path: Path, meetings: int) -> Library:
    """Meetings of 600 to 1,000 lines, a common word in most of them and a rare one in few (Zipf)."""
    dice = random.Random(7)
    known = sorted(
        {word for value in vars(lexicon).values() if isinstance(value, frozenset) for word in value}
    )
    made = {"".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4))) for _ in range(20_000)}
    vocabulary = [
        "the",
        "we",
        "to",
        "and",
        "that",
        *known,
        *sorted(made),
        "budget",
        "invoice",
        "café",
        "anna",
    ]
    dice.shuffle(vocabulary)
    weights = list(itertools.accumulate(1 / (rank + 4) for rank in range(len(vocabulary))))
    library = Library(path)
    for number in range(meetings):
        words = iter(dice.choices(vocabulary, cum_weights=weights, k=1000 * 12 + 400))
        library.add(_meeting(number, lambda count: " ".join(itertools.islice(words, count))))  # noqa: B023
        lines = [_line(at, " ".join(itertools.islice(words, 10))) for at in range(dice.randint(600, 1000))]
        library.set_segments(str(number), lines)
    return library


def _meeting(number: int, said) -> Recording:
    started = dt.datetime(2024, 1, 1, 9, tzinfo=dt.UTC) + dt.timedelta(hours=7 * number)
    return Recording(
        id=str(number),
        started_at=started,
        title=said(4),
        notes="\n".join(said(12) for _ in range(10)),
        participants=(said(2).title(), said(2).title(), "Anna Ström"),
        summary_lines=tuple(SummaryLine(said(12), (at * 5000,)) for at in range(6)),
        tasks=tuple(Task(str(at), said(7), assignee=said(1), evidence=(at * 5000,)) for at in range(4)),
    )


def _line(at: int, text: str) -> Segment:
    words = tuple(
        Word(at * 4000 + n * 300, at * 4000 + n * 300 + 250, word, 0.9) for n, word in enumerate(text.split())
    )
    track = Track.MIC if at % 2 else Track.SYSTEM
    return Segment(at * 4000, at * 4000 + 3500, text, "You" if at % 2 else "Them", 0.9, track, words=words)


def as_you_type(is_quick: bool) -> Result:
    """Each keystroke of each query is one search for the first fifty hits with their lines."""
    with tempfile.TemporaryDirectory(prefix="rb-") as folder:
        path = Path(folder) / "library.sqlite"
        began = time.perf_counter()
        library = generated(path, MEETINGS)
        built_s = time.perf_counter() - began
        samples, plain = [], []
        for _ in range(1 if is_quick else 5):
            for query in QUERIES:
                for end in range(1, len(query) + 1):
                    began = time.perf_counter()
                    library.search(query[:end])
                    samples.append((time.perf_counter() - began) * 1000)
        library.close()
        unindexed = Library(path, has_full_text=False)
        for query in QUERIES:
            began = time.perf_counter()
            unindexed.search(query)
            plain.append((time.perf_counter() - began) * 1000)
        unindexed.close()
        size_mb = path.stat().st_size / 1e6
        index_mb = _index_mb(path)
    return Result(
        statistics.quantiles(samples, n=20)[-1],
        "ms (p95)",
        rival=statistics.quantiles(plain, n=20)[-1],
        rival_name="the same without the index",
        at_most=50.0,
        samples=tuple(samples),
        note=f"{MEETINGS} meetings written in {built_s:.0f} s, {size_mb:.0f} MB, of which the index {index_mb:.0f} MB",
    )


def _index_mb(path: Path) -> float:
    import sqlite3

    with sqlite3.connect(path) as connection:
        size = connection.execute("SELECT sum(length(block)) FROM search_words_data").fetchone()[0]
    connection.close()
    return size / 1e6


ROWS = (Row("search as you type, 1,000 meetings", as_you_type),)
