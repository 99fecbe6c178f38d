"""`python -m tests.benchmarks [--quick] [--json] [--only WORD]`: exit code 1 if a measured row does not hold."""

from __future__ import annotations

import argparse
import sys

from tests.benchmarks import capture, media, search, server
from tests.benchmarks.table import Measured, Row, as_json, as_text, machine, run

ROWS: tuple[Row, ...] = (*capture.ROWS, *server.ROWS, *media.ROWS, *search.ROWS)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: about two minutes")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--only", metavar="WORD", default="", help="only rows whose name holds this word")
    options = parser.parse_args(arguments)
    facts = machine()
    rows = [row for row in ROWS if options.only.lower() in row.name.lower()]
    if not rows:
        parser.error(f"no row is called “{options.only}”")
    measured: list[Measured] = []
    for row in rows:
        print(f"measuring: {row.name} …", file=sys.stderr, flush=True)
        measured.append(run(row, is_quick=options.quick))
    if options.json:
        print(as_json(measured))
    else:
        print(", ".join(f"{name}: {value}" for name, value in facts.items()))
        print(as_text(measured))
    return 1 if any(one.is_failed for one in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
