"""A row of the benchmark table: what it is called, how it is measured, and what it must not exceed."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path


class NotAvailableError(Exception):
    """This row cannot be measured here; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """`ours` and `rival` are medians in `unit`; smaller is better."""

    ours: float
    unit: str
    rival: float | None = None
    rival_name: str = ""
    at_most: float | None = None
    """Limit on `ours`, in `unit`."""
    ratio_at_most: float | None = None
    """Limit on `ours / rival`."""
    samples: tuple[float, ...] = ()
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.rival if self.rival else None

    @property
    def holds(self) -> bool:
        worst = max(self.samples, default=self.ours) if self.is_worst_counted else self.ours
        within = self.at_most is None or worst <= self.at_most
        return within and (
            self.ratio_at_most is None or self.ratio is None or self.ratio <= self.ratio_at_most
        )

    is_worst_counted: bool = False
    """The limit is one on every sample and not on the median: losses, not speeds."""

    @property
    def target(self) -> str:
        limits = [f"≤ {self.at_most:g} {self.unit}"] if self.at_most is not None else []
        limits += [f"≤ {self.ratio_at_most:g} × {self.rival_name}"] if self.ratio_at_most is not None else []
        return " and ".join(limits)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    name: str
    measure: Callable[[bool], Result]
    """Gets whether the run is quick. Raises NotAvailableError."""


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    name: str
    result: Result | None
    reason: str = ""
    is_broken: bool = False
    """The measurement itself went wrong, which is no reason to be content."""

    @property
    def is_failed(self) -> bool:
        return self.is_broken or (self.result is not None and not self.result.holds)


def run(row: Row, *, is_quick: bool) -> Measured:
    try:
        return Measured(row.name, row.measure(is_quick))
    except NotAvailableError as error:
        return Measured(row.name, None, str(error))
    except Exception as error:
        # One broken row must not cost the others their numbers.
        traceback.print_exc()
        return Measured(row.name, None, f"{type(error).__name__}: {error}", is_broken=True)


def median_result(samples: Sequence[float], unit: str, **limits: object) -> Result:
    return Result(statistics.median(samples), unit, samples=tuple(samples), **limits)  # type: ignore[arg-type]  # names are Result's


def as_text(measured: Sequence[Measured]) -> str:
    """The table, with each row's spread beneath it."""
    head = ("name", "ours", "rival", "ratio", "target", "holds")
    rows = [head, *(_cells(one) for one in measured)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = []
    for index, row in enumerate(rows):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if index == 0:
            lines.append("  ".join("-" * width for width in widths))
        else:
            lines += [f"    {text}" for text in _remarks(measured[index - 1])]
    return "\n".join(lines)


def _cells(one: Measured) -> tuple[str, ...]:
    result = one.result
    if result is None:
        return (
            (one.name, "broken", "", "", "", "NO")
            if one.is_broken
            else (one.name, "not available", "", "", "", "–")
        )
    rival = f"{result.rival:.4g} {result.unit} ({result.rival_name})" if result.rival is not None else "–"
    ratio = f"{result.ratio:.2f}" if result.ratio is not None else "–"
    return (
        one.name,
        f"{result.ours:.4g} {result.unit}",
        rival,
        ratio,
        result.target,
        "yes" if result.holds else "NO",
    )


def _remarks(one: Measured) -> list[str]:
    if one.result is None:
        return [one.reason]
    remarks = [one.result.note] if one.result.note else []
    if len(one.result.samples) > 1:
        low, middle, high = (pick(one.result.samples) for pick in (min, statistics.median, max))
        spread = f"min {low:.4g}, median {middle:.4g}, max {high:.4g} {one.result.unit}"
        remarks.append(f"n = {len(one.result.samples)}: {spread}")
    return remarks


def as_json(measured: Sequence[Measured]) -> str:
    rows = []
    for one in measured:
        facts = dataclasses.asdict(one.result) if one.result else {"reason": one.reason}
        told = (
            {"ratio": one.result.ratio, "target": one.result.target, "holds": one.result.holds}
            if one.result
            else {}
        )
        rows.append({"name": one.name, "is_available": one.result is not None, **facts, **told})
    return json.dumps({"machine": machine(), "rows": rows}, indent=2, ensure_ascii=False)


def machine() -> dict[str, str]:
    """What one must know to compare two runs."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "processor": model,
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load before": load,
    }
