"""What an exporter is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import BinaryIO

from recorder_app.models import RecordingDetail


@dataclasses.dataclass(frozen=True, slots=True)
class Exporter:
    """A function from a recording to the bytes of a file, with the names it is offered under."""

    name: str
    """What `--format` takes."""
    title: str
    """What a menu shows."""
    suffix: str
    """Of a file name, with its dot."""
    media_type: str
    render: Callable[[RecordingDetail], bytes]
    write: Callable[[RecordingDetail, BinaryIO], None] | None = None
    """For formats too large for memory; the file is open for writing and can seek."""
    is_text: bool = True
    """UTF-8 that a person can read; others cannot be printed."""

    def write_to(self, detail: RecordingDetail, file: BinaryIO) -> None:
        if self.write:
            self.write(detail, file)
        else:
            file.write(self.render(detail))
