"""The table itself: what holds, what fails the run, and that a broken row is never taken for a good one."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks import __main__ as command
from tests.benchmarks.table import (
    Measured,
    NotAvailableError,
    Result,
    Row,
    as_json,
    as_text,
    median_result,
    run,
)


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        (Result(1.0, "s", at_most=1.0), True),
        (Result(1.1, "s", at_most=1.0), False),
        (Result(1.2, "s", rival=1.0, ratio_at_most=1.25), True),
        (Result(1.3, "s", rival=1.0, ratio_at_most=1.25), False),
        (Result(1.3, "s", at_most=1.0, rival=2.0, ratio_at_most=1.25), False),
        (median_result([0.1, 0.2, 5.0], "s", at_most=1.0), True),
        (median_result([0.1, 0.2, 5.0], "s", at_most=1.0, is_worst_counted=True), False),
    ],
)
def test_a_row_holds_only_within_all_its_limits(result, holds):
    assert result.holds is holds


def _fail(is_quick: bool) -> Result:
    raise RuntimeError("the device exploded")


def _miss(is_quick: bool) -> Result:
    raise NotAvailableError("no ffmpeg")


@pytest.mark.parametrize(
    ("measure", "code", "words"),
    [
        (lambda is_quick: median_result([1.0 if is_quick else 9.0, 3.0, 2.0], "s", at_most=2.0), 0, "yes"),
        (lambda is_quick: Result(3.0, "s", at_most=2.0), 1, "NO"),
        (_fail, 1, "the device exploded"),
        (_miss, 0, "no ffmpeg"),
    ],
)
def test_the_exit_code_tells_whether_what_was_measured_holds(monkeypatch, capsys, measure, code, words):
    monkeypatch.setattr(command, "ROWS", (Row("one thing", measure),))

    assert command.main(["--quick"]) == code
    assert words in capsys.readouterr().out


def test_an_unknown_row_is_a_mistake_and_not_a_success(capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["--only", "no such row"])

    assert caught.value.code == 2


def test_the_table_shows_the_rival_the_ratio_and_the_spread():
    result = median_result([1.0, 2.0, 4.0], "s", rival=4.0, rival_name="curl", ratio_at_most=1.0)
    text = as_text([Measured("upload", result)])

    assert "upload  2 s   4 s (curl)  0.50   ≤ 1 × curl  yes" in text
    assert "n = 3: min 1, median 2, max 4 s" in text


def test_json_holds_the_same_facts_and_the_machine():
    told = json.loads(as_json([run(Row("a", lambda _: Result(1.0, "s", at_most=2.0)), is_quick=True)]))

    assert told["machine"]["cores"]
    assert (told["rows"][0]["ours"], told["rows"][0]["holds"]) == (1.0, True)


def test_names_are_unique_so_that_only_finds_them():
    names = [row.name for row in command.ROWS]

    assert len(set(names)) == len(names)
