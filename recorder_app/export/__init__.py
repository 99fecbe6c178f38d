"""A recording as a document. A new format is one new file and its name in EXPORTERS.

Must not read files or ask a server: everything comes from the RecordingDetail.
"""

from __future__ import annotations

from recorder_app.errors import UsageError
from recorder_app.export.base import Exporter
from recorder_app.export.markdown import MARKDOWN
from recorder_app.models import RecordingDetail

EXPORTERS: tuple[Exporter, ...] = (MARKDOWN,)
"""In the order in which they are offered."""


def export(detail: RecordingDetail, format: str = "markdown") -> str:  # noqa: A002 — the word of `--format`
    """Render a recording. Raises UsageError for a format that is not in EXPORTERS."""
    for exporter in EXPORTERS:
        if exporter.name == format:
            return exporter.render(detail)
    raise UsageError(
        f"There is no export format “{format}”",
        hint="Choose one of: " + ", ".join(exporter.name for exporter in EXPORTERS),
    )
