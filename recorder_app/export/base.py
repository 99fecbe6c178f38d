"""What an exporter is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from recorder_app.models import RecordingDetail


@dataclasses.dataclass(frozen=True, slots=True)
class Exporter:
    """A pure function from a recording to text, with the names it is offered under."""

    name: str
    """What `--format` takes."""
    title: str
    """What a menu shows."""
    suffix: str
    """Of a file name, with its dot."""
    render: Callable[[RecordingDetail], str]
