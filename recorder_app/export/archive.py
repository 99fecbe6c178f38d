"""A ZIP with the sound and three readings of it: what one gives to somebody, or keeps for years."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import BinaryIO

from recorder_app.export.base import Exporter
from recorder_app.export.document import file_name
from recorder_app.export.json_view import JSON
from recorder_app.export.markdown import MARKDOWN
from recorder_app.export.webvtt import WEBVTT
from recorder_app.models import RecordingDetail

DOCUMENTS = (MARKDOWN, JSON, WEBVTT)
ABSENT = "sound is missing.txt"


def write_zip(detail: RecordingDetail, file: BinaryIO) -> None:
    """Stream it into `file`. Sound that is not on this computer is named in `ABSENT`. Raises OSError."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for exporter in DOCUMENTS:
            archive.writestr(file_name(detail, exporter.suffix), exporter.render(detail))
        absent = [path.name for path in detail.recording.media if not _add(archive, detail, path)]
        if absent:
            archive.writestr(ABSENT, "Not on this computer: " + ", ".join(absent) + "\n")


def _add(archive: zipfile.ZipFile, detail: RecordingDetail, path: Path) -> bool:
    if not path.is_file():
        return False
    is_only = len(detail.recording.media) == 1
    name = file_name(detail, path.suffix if is_only else f" {path.name}")
    # Opus does not compress any further.
    archive.write(path, name, zipfile.ZIP_STORED)
    return True


def to_zip(detail: RecordingDetail) -> bytes:
    file = io.BytesIO()
    write_zip(detail, file)
    return file.getvalue()


ZIP = Exporter(
    name="zip",
    title="Everything with the sound (ZIP)",
    suffix=".zip",
    media_type="application/zip",
    render=to_zip,
    write=write_zip,
    is_text=False,
)
