"""The tray icon: a status line first, then what can be done now. Works without a tray host too."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from recorder_app.models import RecordingRow
from recorder_app.ui.actions import Actions
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import chip, status_line, title, tray_state

RECENT = 3


class Tray(QObject):
    """The icon is always made and shown: a tray may appear after we do."""

    open_wanted = Signal()
    recording_wanted = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge, actions: Actions) -> None:
        super().__init__()
        self._theme, self._bridge, self._actions = theme, bridge, actions
        self._state = ""
        self.icon = QSystemTrayIcon()
        self.menu = QMenu()
        self._status = QAction(self.menu)
        self._status.setEnabled(False)
        self.recent = QMenu(self.tr("Recent"), self.menu)
        self._fill()
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.menu.aboutToShow.connect(self._fetch_recent)
        bridge.capture_changed.connect(self.refresh)
        bridge.uploads_changed.connect(self.refresh)
        theme.changed.connect(self._restyle)
        self._watch = QTimer(self, interval=60_000)
        self._watch.timeout.connect(bridge.refresh)
        self._watch.start()
        self.refresh()

    def _fill(self) -> None:
        menu, actions = self.menu, self._actions
        menu.addAction(self._status)
        menu.addSeparator()
        for name in ("toggle", "pause", "bookmark"):
            menu.addAction(actions[name])
        menu.addSeparator()
        menu.addMenu(self.recent)
        menu.addAction(actions["uploads"])
        menu.addSeparator()
        menu.addAction(actions["open"])
        menu.addAction(actions["settings"])
        menu.addAction(actions["quit"])

    def show(self) -> None:
        self.icon.show()
        self._fetch_recent()

    def hide(self) -> None:
        self._watch.stop()
        self.icon.hide()

    @staticmethod
    def has_host() -> bool:
        """Tell whether anything shows the icon; asked when it matters, for hosts come and go."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def state(self) -> str:
        return self._state

    def status_text(self) -> str:
        return self._status.text()

    def refresh(self) -> None:
        capture, uploads = self._bridge.capture, self._bridge.uploads
        line = status_line(capture, uploads)
        if line != self._status.text():
            self._status.setText(line)
            self.icon.setToolTip(self.tr("Recorder – {status}").format(status=line))
        state = tray_state(capture, uploads)
        if state != self._state:
            self._state = state
            self._restyle()

    def _restyle(self) -> None:
        self.icon.setIcon(self._theme.icons.tray(self._state or "idle", panel=self._theme.color("text")))

    def _fetch_recent(self) -> None:
        self._bridge.refresh()
        self._bridge.run(
            lambda: self._bridge.recorder.recordings(limit=RECENT),
            self._show_recent,
            lambda _error: self._show_recent([]),
            newest="recent",
        )

    def _show_recent(self, rows: list[RecordingRow]) -> None:
        self.recent.clear()
        self.recent.setEnabled(bool(rows))
        for row in rows[:RECENT]:
            words = f"{title(row.recording)} · {chip(row.state, row.recording).text}".replace("&", "&&")
            action = self.recent.addAction(words)
            action.triggered.connect(lambda _=False, to=row.recording.id: self.recording_wanted.emit(to))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        ):
            self.open_wanted.emit()
