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
from recorder_app.ui.style import FocusRing
from recorder_app.ui.theme import Theme
from recorder_app.ui.tray import Tray
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
            "quit": self.quit,
        }
        for name, act in actions.items():
            self.actions[name].triggered.connect(lambda _=False, act=act: act())
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


def run_app(
    recorder: Recorder,
    *,
    hidden: bool = False,
    hotkey: Hotkey | None = None,
    instance: Instance | None = None,
) -> int:
    """Run tray and window on an opened Recorder until somebody quits; return the exit code."""
    return Shell(recorder, hotkey=hotkey, instance=instance).run(hidden=hidden)
