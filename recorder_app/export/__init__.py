"""A recording as a document. A new format is one new file and its name in EXPORTERS.

Everything comes from the RecordingDetail; only the archive reads a file, the sound. Must not ask a server.
"""

from __future__ import annotations

from recorder_app.errors import UsageError
from recorder_app.export.archive import ZIP
from recorder_app.export.base import Exporter
from recorder_app.export.docx import DOCX
from recorder_app.export.json_view import JSON
from recorder_app.export.markdown import MARKDOWN
from recorder_app.export.pdf import PDF
from recorder_app.export.srt import SRT
from recorder_app.export.text import TEXT
from recorder_app.export.webvtt import WEBVTT
from recorder_app.models import RecordingDetail

EXPORTERS: tuple[Exporter, ...] = (MARKDOWN, TEXT, DOCX, PDF, SRT, WEBVTT, JSON, ZIP)
"""In the order in which they are offered."""


def exporter_named(name: str) -> Exporter:
    """Raise UsageError for a format that is not in EXPORTERS."""
    for exporter in EXPORTERS:
        if exporter.name == name:
            return exporter
    raise UsageError(
        f"There is no export format “{name}”",
        hint="Choose one of: " + ", ".join(exporter.name for exporter in EXPORTERS),
    )


def export(detail: RecordingDetail, format: str = "markdown") -> str:  # noqa: A002 — the word of `--format`
    """Render a recording as text. Raises UsageError for an unknown format and for one that is no text."""
    exporter = exporter_named(format)
    if not exporter.is_text:
        raise UsageError(
            f"{exporter.title} is not text that can be shown", hint="Name a file for it: --output FILE"
        )
    return exporter.render(detail).decode()
