"""A recording as PDF, set by Qt in a process of its own.

Decision: Qt is here already, shapes every script, orders right-to-left text and falls back over the system's
fonts. fpdf2 (LGPL-3) and reportlab (BSD) need font files handed to them, so we would have to ship some 700 kB
for Latin, Greek and Cyrillic alone, and uharfbuzz for the rest. What this computer has no font for becomes
boxes, and the page says so. A process of its own, because the core imports no Qt, a QGuiApplication belongs
to the main thread, and a broken font must not take the app along.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

from recorder_app.errors import RecorderError
from recorder_app.export.base import Exporter
from recorder_app.export.document import blocks, title
from recorder_app.models import RecordingDetail
from recorder_app.paths import child_command

TIMEOUT_S = 180.0
"""Ten times what 10,000 segments take on a slow machine."""
_HINT = "Export it as Word or Markdown instead"


def to_pdf(detail: RecordingDetail) -> bytes:
    """Blocks for the child process: 0.5 s, and 2 s for 10,000 segments. Raises RecorderError."""
    request = {
        "title": title(detail.recording),
        "blocks": [dataclasses.asdict(block) | {"kind": block.kind.value} for block in blocks(detail)],
    }
    command, environment = child_command("recorder_app.export.pdf_page")
    if sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    try:
        done = subprocess.run(
            command,
            input=json.dumps(request).encode(),
            env=environment,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RecorderError("The PDF could not be made", detail=type(error).__name__, hint=_HINT) from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RecorderError("The PDF could not be made", detail=told[-1] if told else "", hint=_HINT)
    return done.stdout


PDF = Exporter(
    name="pdf",
    title="PDF",
    suffix=".pdf",
    media_type="application/pdf",
    render=to_pdf,
    is_text=False,
)
