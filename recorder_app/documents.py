"""The façade's side of files: what comes in, what is heard and looked at, what goes out.

Abstract: `Recorder` is the only one, and owns the library, the settings and the events.
"""

from __future__ import annotations

import abc
import datetime as dt
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recorder_app.errors import NotFoundError
from recorder_app.events import Event
from recorder_app.library.store import Library
from recorder_app.models import Recording, RecordingDetail
from recorder_app.paths import Paths
from recorder_app.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from recorder_app.intake import Outcome
    from recorder_app.media.player import Player


class Documents(abc.ABC):
    """All methods block, and may be called from any thread."""

    paths: Paths
    settings: Settings
    recording_changed: Event[str]
    _now: Callable[[], dt.datetime]

    @property
    @abc.abstractmethod
    def library(self) -> Library: ...

    @abc.abstractmethod
    def detail(self, recording_id: str) -> RecordingDetail: ...

    @abc.abstractmethod
    def _get(self, recording_id: str) -> Recording: ...

    @abc.abstractmethod
    def _wake(self) -> None: ...

    def import_file(
        self,
        path: Path,
        *,
        title: str = "",
        on_progress: Callable[[int], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Recording:
        """Copy a file's sound into the library and queue its upload and transcript. Blocks; see `intake`."""
        from recorder_app.intake import take_in

        recording = take_in(
            path, self.paths.recordings, self.library, self.settings,
            title=title, now=self._now, on_progress=on_progress, cancelled=cancelled,
        )  # fmt: skip
        self._wake()
        self.recording_changed.emit(recording.id)
        return recording

    def import_files(
        self,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[int, int], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> list[Outcome]:
        """Several files; one that fails does not stop the others. See `intake.take_in_all`."""
        from recorder_app.intake import take_in_all

        return take_in_all(paths, self.import_file, on_progress=on_progress, cancelled=cancelled)

    def export(self, recording_id: str, format_name: str = "markdown") -> str:
        """As text; a format that is none raises UsageError."""
        from recorder_app.export import export

        return export(self.detail(recording_id), format_name)

    def export_file(
        self, recording_id: str, format_name: str, target: Path, *, is_overwriting: bool = False
    ) -> Path:
        """Write any format, whole or not at all; a folder as `target` gets a file with a fitting name."""
        from recorder_app.export import exporter_named
        from recorder_app.export.saving import save

        exporter = exporter_named(format_name)
        return save(self.detail(recording_id), exporter, target, is_overwriting=is_overwriting)

    def player(self, recording_id: str) -> Player:
        from recorder_app.media.player import Player

        player = Player()
        player.load(self._media(recording_id))
        return player

    def peaks(self, recording_id: str, bars: int) -> NDArray[np.float32]:
        from recorder_app.media.peaks import peaks

        return peaks(self._media(recording_id), bars)

    def _media(self, recording_id: str) -> Path:
        for path in self._get(recording_id).media:
            if path.exists():
                return path
        raise NotFoundError("The sound is not on this computer")
