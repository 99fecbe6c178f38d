"""What lies in the trash and since when, and whose sound could leave this computer. Reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from recorder_app.library import rows
from recorder_app.library.database import Database
from recorder_app.models import Recording


class Trash:
    """Thread-safe; every method may raise LibraryError."""

    def __init__(self, database: Database, base: Path) -> None:
        self._database = database
        self._base = base

    def listing(self) -> list[Recording]:
        """Everything in the trash, what was thrown away last first."""
        return self._found("trashed_at IS NOT NULL ORDER BY trashed_at DESC, id", ())

    def thrown_before(self, moment: dt.datetime) -> list[Recording]:
        """What has been in the trash since before `moment`, oldest first."""
        return self._found("trashed_at <= ? ORDER BY trashed_at, id", (rows.utc_text(moment),))

    def uploaded_before(self, moment: dt.datetime, *, except_workspace: str) -> list[Recording]:
        """Recordings that ended before `moment`, whose sound a server confirmed and is still here too."""
        return self._found(
            "is_uploaded = 1 AND is_on_disk = 1 AND media <> '[]' AND workspace <> ? "
            "AND coalesce(completed_at, started_at) <= ? ORDER BY started_at",
            (except_workspace, rows.utc_text(moment)),
        )

    def _found(self, condition: str, values: Sequence[str]) -> list[Recording]:
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT * FROM recordings WHERE {condition}",  # noqa: S608 — our own conditions
                values,
            ).fetchall()
        return [rows.to_recording(row, self._base) for row in found]
