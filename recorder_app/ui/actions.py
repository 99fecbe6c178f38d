"""What a person can do, as data: one table shown in tray, menus and shortcuts alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from recorder_app.models import CaptureStatus, UploadsStatus


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("actions", text).format(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Now:
    """What the actions depend on."""

    capture: CaptureStatus
    uploads: UploadsStatus
    hotkey: str
    """The global shortcut that works, empty when there is none."""

    @property
    def is_recording(self) -> bool:
        return self.capture.state != "idle"


@dataclasses.dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing to do. `shortcut` works inside the window; the global one is the hotkey's business."""

    id: str
    text: Callable[[Now], str]
    is_visible: Callable[[Now], bool] = lambda _: True
    is_enabled: Callable[[Now], bool] = lambda _: True
    shortcut: str = ""
    shows_hotkey: bool = False


SPECS = (
    ActionSpec(
        "toggle",
        lambda now: tr("Stop and save") if now.is_recording else tr("Start recording"),
        is_enabled=lambda now: now.capture.state in ("idle", "recording", "paused"),
        shows_hotkey=True,
    ),
    ActionSpec(
        "pause",
        lambda now: tr("Resume") if now.capture.state == "paused" else tr("Pause"),
        is_visible=lambda now: now.is_recording,
        is_enabled=lambda now: now.capture.state in ("recording", "paused"),
    ),
    ActionSpec(
        "bookmark",
        lambda _: tr("Bookmark"),
        is_visible=lambda now: now.is_recording,
        is_enabled=lambda now: now.capture.state == "recording",
        shortcut="Ctrl+Alt+B",
    ),
    ActionSpec(
        "uploads",
        lambda now: (
            tr("Uploads ({count} waiting)", count=now.uploads.waiting)
            if now.uploads.waiting
            else tr("Nothing waits to upload")
        ),
        shortcut="Ctrl+U",
    ),
    ActionSpec("tasks", lambda _: tr("Tasks"), shortcut="Ctrl+T"),
    ActionSpec("open", lambda _: tr("Open Recorder")),
    ActionSpec("import", lambda _: tr("Import a file…"), shortcut="Ctrl+O"),
    ActionSpec("settings", lambda _: tr("Settings…"), shortcut="Ctrl+,"),
    ActionSpec("search", lambda _: tr("Search meetings"), shortcut="Ctrl+K"),
    ActionSpec("quit", lambda _: tr("Quit"), shortcut="Ctrl+Q"),
)


class Actions(QObject):
    """QActions made of SPECS; `update` brings their words and states up to date."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for spec in SPECS:
            action = QAction(self)
            action.setObjectName(spec.id)
            if spec.shortcut:
                action.setShortcut(QKeySequence(spec.shortcut))
            self._actions[spec.id] = action

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def all(self) -> list[QAction]:
        return list(self._actions.values())

    def update(self, now: Now) -> None:
        for spec in SPECS:
            action = self._actions[spec.id]
            action.setText(spec.text(now))
            action.setVisible(spec.is_visible(now))
            action.setEnabled(spec.is_enabled(now))
            if spec.shows_hotkey:
                action.setShortcut(QKeySequence(now.hotkey))


def combined(keys: str) -> int:
    """Return one key with its modifiers as the number a key event gives."""
    sequence = QKeySequence(keys)
    return sequence[0].toCombined()  # type: ignore[index, no-any-return]  # the stubs lack __getitem__
