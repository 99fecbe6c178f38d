"""Puts theme, bridge, tray and window together and runs them until somebody quits.

The seam to the machine (hotkey, single instance) is two protocols that `desktop/` fulfils.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from recorder_app.paths import resources
from recorder_app.ui.actions import Actions, Now
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.dialogs import QuitChoice, QuitDialog
from recorder_app.ui.facade import Recorder
from recorder_app.ui.main_window import MainWindow
from recorder_app.ui.settings_pages import change
from recorder_app.ui.settings_window import SettingsWindow
from recorder_app.ui.style import FocusRing
from recorder_app.ui.theme import Theme
from recorder_app.ui.tray import Tray
from recorder_app.ui.welcome import WelcomeDialog
from recorder_app.ui.words import title

logger = logging.getLogger(__name__)


class Hotkey(Protocol):
    """A global shortcut (desktop/hotkey). `register` returns None, or the reason it does not work."""

    def register(self, keys: str, activated: Callable[[], None]) -> str | None: ...
    def unregister(self) -> None: ...


class Instance(Protocol):
    """The single-instance socket (desktop/instance). `on_command` is called on the GUI thread."""

    on_command: Callable[[str], dict[str, Any]]

    def close(self) -> None: ...


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Shell(QObject):
    """Lives in the GUI thread, one per process; owns everything of the window."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        hotkey: Hotkey | None = None,
        instance: Instance | None = None,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        super().__init__()
        self.application = application()
        self._recorder, self._hotkey, self._instance = recorder, hotkey, instance
        self._quitting = False
        self._is_closed = False
        self.hotkey_keys = ""
        self.settings: SettingsWindow | None = None
        self.welcome: WelcomeDialog | None = None
        self.theme = theme_for(self.application, appearance=recorder.settings.appearance)
        self.ring = FocusRing(self.application, self.theme)
        self.bridge = Bridge(recorder)
        self.actions = Actions(self)
        self.tray = Tray(self.theme, self.bridge, self.actions)
        self.window = MainWindow(self.theme, self.bridge, self.actions, now=clock)
        self.window.close_wanted = self.close_wanted
        self.application.setQuitOnLastWindowClosed(False)
        self._connect()
        self._register_hotkey()
        if instance is not None:
            instance.on_command = self.answer
        self.bridge.refresh()
        self._update_actions()

    def _connect(self) -> None:
        actions = {
            "toggle": self.bridge.toggle,
            "pause": self.bridge.pause_or_resume,
            "bookmark": self.bridge.bookmark,
            "open": self.show,
            "import": self.window.import_file,
            "search": self.window.focus_search,
            "tasks": lambda: self._open_page("tasks"),
            "uploads": lambda: self._open_page("uploads"),
            "settings": self.open_settings,
            "quit": self.quit,
        }
        for name, act in actions.items():
            self.actions[name].triggered.connect(lambda _=False, act=act: act())
        self.window.sidebar.settings_wanted.connect(self.open_settings)
        self.window.side.sign_in_wanted.connect(lambda: self.open_settings("workspace"))
        self.window.side.overview.changed.connect(self._welcome_once)
        self.tray.open_wanted.connect(self.show)
        self.tray.recording_wanted.connect(self._open_recording)
        self.bridge.capture_changed.connect(self._capture_changed)
        self.bridge.uploads_changed.connect(self._update_actions)
        self._last_state = ""

    def show(self) -> None:
        """Bring the window to the front, from the tray, from minimised, or for the first time."""
        if self.window.isMinimized():
            self.window.showNormal()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        self.ring.watch(self.window)

    def run(self, *, hidden: bool = False) -> int:
        """Show tray and window and return the exit code once somebody quits."""
        self.tray.show()
        # Without a tray nobody could reach a hidden process.
        if not hidden or not self.tray.has_host():
            QTimer.singleShot(0, self.show)
        code = self.application.exec()
        self.close()
        return code

    def close_wanted(self) -> bool:
        """Decide what closing the window means; a recording never stops by it."""
        if self._quitting:
            return True
        if self.tray.has_host():
            return True
        if self.bridge.capture.state != "idle":
            self.window.showMinimized()
            return False
        QTimer.singleShot(0, self.quit)
        return True

    def quit(self) -> None:
        """Quit, after asking when something is being recorded."""
        if self.bridge.capture.state == "idle":
            self.quit_now()
            return
        if not self._recorder.settings.confirm_quit:
            self._stop_then_quit()
            return
        live = self.window.page.detail
        dialog = QuitDialog(
            self.theme,
            title=title(live.recording) if live is not None else "",
            elapsed_ms=self.bridge.capture.elapsed_ms,
            parent=self.window if self.window.isVisible() else None,
        )
        QTimer.singleShot(0, dialog, lambda: self.ring.watch(dialog))
        dialog.exec()
        if dialog.choice is QuitChoice.STOP_AND_SAVE:
            self._stop_then_quit()
        elif dialog.choice is QuitChoice.KEEP_RECORDING:
            self._keep_recording()

    def quit_now(self) -> None:
        """End the event loop. What is being recorded goes on in the capture process."""
        self._quitting = True
        self.window.page.leave()
        self.application.quit()

    def close(self) -> None:
        """Let go of hotkey, tray, window and workers. Safe to call twice."""
        if self._is_closed:
            return
        self._is_closed = self._quitting = True
        if self._hotkey is not None:
            self._hotkey.unregister()
            self._hotkey = None
        if self._instance is not None:
            self._instance.close()
            self._instance = None
        self.window.page.leave()
        self.ring.close()
        self.tray.hide()
        for dialog in (self.settings, self.welcome):
            if dialog is not None:
                dialog.close()
        self.window.close()
        self.bridge.close()
        self.window.deleteLater()

    def answer(self, command: str) -> dict[str, Any]:
        """Carry out a command of another process ("show", "start", "stop", "toggle", "status", "quit")."""
        acts: dict[str, Callable[[], object]] = {
            "show": self.show,
            "start": self.bridge.start,
            "stop": self.bridge.stop,
            "toggle": self.bridge.toggle,
            "status": lambda: None,
            "quit": lambda: QTimer.singleShot(0, self.quit_now),
        }
        if command not in acts:
            return {"ok": False, "error": "unknown command"}
        state = self.bridge.capture.state
        acts[command]()
        return {"ok": True, "state": state}

    def _keep_recording(self) -> None:
        """Go to the background: the tray, or minimised where there is none."""
        if self.tray.has_host():
            self.window.hide()
        else:
            self.window.showMinimized()

    def _stop_then_quit(self) -> None:
        self.bridge.command("stop", self._stop)

    def _stop(self) -> None:
        self._recorder.stop_recording()
        QTimer.singleShot(0, self, self.quit_now)

    def _register_hotkey(self) -> None:
        wanted = self._recorder.settings.hotkey
        if self._hotkey is None or not wanted:
            return
        reason = self._hotkey.register(wanted, self.bridge.toggle)
        if reason is None:
            self.hotkey_keys = wanted
        else:
            logger.info("global shortcut not available")
            self.window.toast.say(
                self.tr("{reason} Start from the tray, or bind the command “recorder toggle”.").format(
                    reason=reason
                )
            )
        self.window.set_hotkey(self.hotkey_keys)

    def _open_page(self, name: str) -> None:
        self.show()
        self.window.side.show(name)

    def open_settings(self, page: str = "") -> None:
        """Open the settings, or bring them to the front."""
        if self.settings is None:
            self.show()
            self.settings = SettingsWindow(
                self.theme,
                self.bridge,
                self.window.side.overview,
                take_hotkey=self.take_hotkey,
                working_hotkey=self.hotkey_keys,
                parent=self.window,
            )
            self.settings.workspace_used.connect(self.window.sidebar.workspace_changed)
            self.settings.destroyed.connect(self._settings_closed)
            self.settings.show()
            self.ring.watch(self.settings)
        if page:
            self.settings.show_page(page)
        self.settings.raise_()
        self.settings.activateWindow()

    def _welcome_once(self) -> None:
        """Show the first steps on an empty library, once in its life."""
        overview = self.window.side.overview
        is_due = overview.is_loaded and not overview.problem and not self._recorder.settings.is_welcomed
        if not is_due or overview.rows() or self.welcome is not None or not self.window.isVisible():
            return
        self.welcome = WelcomeDialog(
            self.theme,
            self.bridge,
            take_hotkey=self.take_hotkey,
            working_hotkey=self.hotkey_keys,
            parent=self.window,
        )
        self.welcome.workspace.used.connect(self.window.sidebar.workspace_changed)
        self.welcome.finished.connect(self._welcomed)
        self.welcome.show()
        self.ring.watch(self.welcome)

    def _welcomed(self, _result: int) -> None:
        self.welcome = None
        if not self._is_closed:
            change(self.bridge, is_welcomed=True)

    def _settings_closed(self) -> None:
        self.settings = None

    def take_hotkey(self, keys: str) -> str | None:
        """Make `keys` the global shortcut and remember them; return None, or in a sentence why not."""
        if self._hotkey is None:
            return self.tr("This desktop gives Recorder no global shortcut.")
        reason = self._hotkey.register(keys, self.bridge.toggle)
        if reason is not None:
            if self.hotkey_keys:
                # The one that worked goes on working.
                self._hotkey.register(self.hotkey_keys, self.bridge.toggle)
            return reason
        self.hotkey_keys = keys
        self.window.set_hotkey(keys)
        self._update_actions()
        change(self.bridge, hotkey=keys)
        return None

    def _open_recording(self, recording_id: str) -> None:
        self.show()
        self.window.open_recording(recording_id)

    def _capture_changed(self, *_: object) -> None:
        if self.bridge.capture.state != self._last_state:
            self._last_state = self.bridge.capture.state
            self._update_actions()

    def _update_actions(self, *_: object) -> None:
        self.actions.update(Now(self.bridge.capture, self.bridge.uploads, self.hotkey_keys))


def application() -> QApplication:
    """Return the process's QApplication; make it, named, if there is none."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    made = QApplication(["recorder"])
    made.setApplicationName("Recorder")
    made.setDesktopFileName("recorder")
    return made


def theme_for(app: QApplication, *, appearance: str, icons: Path | None = None) -> Theme:
    """Return a Theme on Fusion; replaces that of an earlier shell."""
    app.setStyle("Fusion")
    theme = Theme(app, icons or resources() / "icons", appearance=appearance)
    app.setWindowIcon(theme.icons.tray("idle", panel=theme.color("accent")))
    return theme
