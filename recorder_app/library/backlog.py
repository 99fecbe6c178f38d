"""Recordings that the person said shall move to another workspace, and the one that is moving now.

Must not know what moving means; a queue with a mark, in the same file and commits as the recordings.
"""

from __future__ import annotations

from recorder_app.library.database import Database


class Backlog:
    """Thread-safe; every method may raise LibraryError and joins a surrounding transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_all(self, *, source: str, target: str) -> int:
        """Queue every recording of `source` that is not in the trash; return how many were added."""
        with self._database.writing() as connection:
            return connection.execute(
                "INSERT INTO backlog (recording_id, workspace) SELECT id, :target FROM recordings "
                "WHERE workspace = :source AND trashed_at IS NULL "
                "ON CONFLICT (recording_id) DO UPDATE SET workspace = :target WHERE is_begun = 0 "
                "AND workspace <> :target",
                {"source": source, "target": target},
            ).rowcount

    def waiting(self, target: str) -> list[str]:
        """Ids that have not begun to move to `target`, the oldest recording first."""
        return self._ids(target, is_begun=False)

    def moving(self, target: str) -> list[str]:
        """Ids that have begun to move and are not there yet."""
        return self._ids(target, is_begun=True)

    def begin(self, recording_id: str) -> None:
        with self._database.writing() as connection:
            connection.execute("UPDATE backlog SET is_begun = 1 WHERE recording_id = ?", (recording_id,))

    def remove(self, recording_id: str) -> None:
        """It arrived, or shall not move after all."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM backlog WHERE recording_id = ?", (recording_id,))

    def clear_waiting(self, target: str) -> int:
        """Let those stay that have not begun; return how many."""
        with self._database.writing() as connection:
            return connection.execute(
                "DELETE FROM backlog WHERE workspace = ? AND is_begun = 0", (target,)
            ).rowcount

    def _ids(self, target: str, *, is_begun: bool) -> list[str]:
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT b.recording_id FROM backlog b JOIN recordings r ON r.id = b.recording_id "
                "WHERE b.workspace = ? AND b.is_begun = ? ORDER BY r.started_at, r.id",
                (target, int(is_begun)),
            ).fetchall()
        return [str(row["recording_id"]) for row in found]
