"""What we know of the server's side: rights to upload, what a row said last, workspaces that are paused.

Tokens live here and nowhere else, only until their upload is done; nothing of this is ever logged.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from recorder_app.library.database import Database


@dataclasses.dataclass(frozen=True, slots=True)
class KeptUpload:
    """A recording's upload as it survives a restart."""

    server_id: str
    token: str = dataclasses.field(repr=False)
    """Given once by the server's create; empty when there is none, or no longer."""
    endpoint: str
    """Where uploads begin; empty where the server takes no media."""
    handle: str | None = dataclasses.field(default=None, repr=False)
    """The upload's own URL, once begun."""
    media_url: str | None = None
    """Where the finished media can be fetched; None if the server did not say."""


class Ledger:
    """Thread-safe; every method may raise LibraryError and joins a surrounding transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_upload(self, recording_id: str, upload: KeptUpload) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO uploads "
                "(recording_id, server_id, token, endpoint, handle, media_url) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    recording_id,
                    upload.server_id,
                    upload.token,
                    upload.endpoint,
                    upload.handle,
                    upload.media_url,
                ),
            )

    def upload(self, recording_id: str) -> KeptUpload | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT server_id, token, endpoint, handle, media_url FROM uploads WHERE recording_id = ?",
                (recording_id,),
            ).fetchone()
        return None if row is None else KeptUpload(*row)

    def set_handle(self, recording_id: str, handle: str | None) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE uploads SET handle = ? WHERE recording_id = ?", (handle, recording_id))

    def close_upload(
        self, recording_id: str, *, media_url: str | None, is_sha256_confirmed: bool = False
    ) -> None:
        """The upload is over: drop its token and handle for good."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE uploads SET token = '', handle = NULL, media_url = ?, is_sha256_confirmed = ? "
                "WHERE recording_id = ?",
                (media_url, int(is_sha256_confirmed), recording_id),
            )

    def is_sha256_confirmed(self, recording_id: str) -> bool:
        """Whether the server said by itself that it holds the very bytes, not only as many."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT is_sha256_confirmed FROM uploads WHERE recording_id = ?", (recording_id,)
            ).fetchone()
        return row is not None and bool(row["is_sha256_confirmed"])

    def leave_behind(self, recording_id: str, *, workspace: str, server_id: str | None) -> None:
        """Forget what is known of the server's side, but for the row that stays there until the purge."""
        with self._database.writing() as connection:
            if server_id is not None:
                connection.execute(
                    "INSERT OR IGNORE INTO former_rows VALUES (?, ?, ?)", (recording_id, workspace, server_id)
                )
            connection.execute("DELETE FROM uploads WHERE recording_id = ?", (recording_id,))
            connection.execute("DELETE FROM remotes WHERE recording_id = ?", (recording_id,))

    def left_behind(self, recording_id: str) -> list[tuple[str, str]]:
        """Workspace and server id of every row that a move left behind."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT workspace, server_id FROM former_rows WHERE recording_id = ?", (recording_id,)
            ).fetchall()
        return [(str(row["workspace"]), str(row["server_id"])) for row in found]

    def base(self, recording_id: str) -> dict[str, Any] | None:
        """What the server's row said when we last heard from it; None before that."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT base FROM remotes WHERE recording_id = ?", (recording_id,)
            ).fetchone()
        if row is None:
            return None
        found: dict[str, Any] = json.loads(row["base"])
        return found

    def set_base(self, recording_id: str, base: Mapping[str, Any]) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO remotes (recording_id, base) VALUES (?, ?) "
                "ON CONFLICT (recording_id) DO UPDATE SET base = excluded.base",
                (recording_id, json.dumps(base, ensure_ascii=False)),
            )

    def known_creator(self, workspace: str) -> int | None:
        """Our user id on that server, as the rows we created say; None before the first one."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT json_extract(m.base, '$.created_by') AS creator FROM remotes m "
                "JOIN recordings r ON r.id = m.recording_id "
                "WHERE r.workspace = ? AND creator IS NOT NULL ORDER BY r.started_at DESC LIMIT 1",
                (workspace,),
            ).fetchone()
        return None if row is None else int(row["creator"])

    def is_gone(self, recording_id: str) -> bool:
        """True once the server said that the row was deleted there."""
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT is_gone FROM remotes WHERE recording_id = ?", (recording_id,)
            ).fetchone()
        return row is not None and bool(row["is_gone"])

    def set_gone(self, recording_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO remotes (recording_id, base, is_gone) VALUES (?, '{}', 1) "
                "ON CONFLICT (recording_id) DO UPDATE SET is_gone = 1",
                (recording_id,),
            )

    def pause(self, workspace: str, reason: str) -> None:
        """Stop everything that would talk to this workspace until `resume`."""
        with self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO pauses VALUES (?, ?)", (workspace, reason))

    def paused_reason(self, workspace: str) -> str | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT reason FROM pauses WHERE workspace = ?", (workspace,)).fetchone()
        return None if row is None else str(row["reason"])

    def resume(self, workspace: str) -> None:
        with self._database.writing() as connection:
            connection.execute("DELETE FROM pauses WHERE workspace = ?", (workspace,))
