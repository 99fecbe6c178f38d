"""Pictures of every screen with sample data: `render(folder)` draws them offscreen and returns the files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QDeadlineTimer, QEvent, QEventLoop, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from recorder_app.errors import RecorderError
from recorder_app.models import Track, UploadsStatus
from recorder_app.settings import Settings
from recorder_app.ui.dialogs import QuitDialog
from recorder_app.ui.icons import TRAY_SIZES, TRAY_STATES
from recorder_app.ui.shell import Shell, application
from tests.support.fake_recorder import FakeRecorder
from tests.support.sample_week import LIVE_NOTES, NOW, ident, live, ms

BODY_PX = 13


def settle(until: Callable[[], bool], *, timeout_ms: int = 5_000) -> None:
    """Let Qt and the workers go on until `until` holds."""
    deadline = QDeadlineTimer(timeout_ms)
    while not until():
        if deadline.hasExpired():
            raise TimeoutError("the window did not get there")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
    for _ in range(3):
        QApplication.processEvents()


@contextmanager
def shell(
    recorder: FakeRecorder, *, width: int = 1280, height: int = 800, is_dark: bool = False, px: int = BODY_PX
) -> Iterator[Shell]:
    """A shown window of our size, closed again afterwards."""
    app = application()
    before = app.font()
    font = QFont(before)
    font.setPixelSize(px)
    app.setFont(font)
    made = Shell(recorder, clock=lambda: NOW)
    made.theme.set_appearance("dark" if is_dark else "light")
    made.hotkey_keys = "Ctrl+Alt+R"
    made.window.set_hotkey("Ctrl+Alt+R")
    made.window.resize(width, height)
    made.show()
    settle(lambda: made.window.sidebar.is_loaded or made.window.sidebar.error.isVisible())
    try:
        yield made
    finally:
        made.close()
        app.setFont(before)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QApplication.processEvents()


def open_page(made: Shell, name: str) -> None:
    wanted = ident(name)
    made.window.open_recording(wanted)
    page = made.window.page
    settle(lambda: page.detail is not None and page.detail.recording.id == wanted and page.isVisible())
    settle(
        lambda: (
            not page.player.isVisible() or not page.player.has_sound() or page.player.wave._peaks is not None
        )
    )


def _weekly(made: Shell) -> None:
    """The weekly at 12:41, a word being heard."""
    open_page(made, "Checkout weekly")
    page = made.window.page
    page.playback.seek(ms("12:42"))
    page.transcript.list.go_to(ms("12:41"))
    settle(lambda: True)
    page.transcript.list.delegate.playing_ms = ms("12:42")
    page.transcript.list.viewport().update()


def _live(made: Shell, recorder: FakeRecorder) -> None:
    recorder.start_recording(title="Pricing page: launch review")
    recorder.set_notes(live().recording.id, LIVE_NOTES)
    page = made.window.page
    settle(lambda: page.recorder_bar.isVisible() and page.notes.text.notes() == LIVE_NOTES)
    for _ in range(3):
        made.bridge.refresh()


def _save(widget: QWidget, folder: Path, name: str) -> Path:
    path = folder / f"{name}.png"
    QApplication.processEvents()
    widget.grab().save(str(path))
    return path


def render(folder: Path) -> list[Path]:
    """Draw every screen into `folder`. Needs no display; makes a QApplication if there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    sizes = {
        "library-light": {},
        "library-dark": {"is_dark": True},
        "library-1600": {"width": 1600, "height": 900},
        "library-1000": {"width": 1000, "height": 700},
        "library-880": {"width": 880, "height": 700},
        "narrow-600": {"width": 600, "height": 800},
        "font-125": {"px": round(BODY_PX * 1.25)},
    }
    for name, size in sizes.items():
        with shell(FakeRecorder(), **size) as made:
            _weekly(made)
            files.append(_save(made.window, folder, name))
    files += _states(folder)
    files += _side_pages(folder)
    files += _settings(folder)
    files += _recording(folder)
    files.append(_dialog(folder))
    files.append(_tray_sheet(folder))
    return files


def _states(folder: Path) -> list[Path]:
    files = []
    pages = {
        "uploading": "Pricing page: launch review",
        "transcribing": "Support escalations",
        "transcript-failed": "Retro",
        "upload-failed": "Vendor call",
        "needs-sign-in": "Billing export handover",
        "draft": "Interview: bike workshop, Ghent",
        "long-title": "Sprint 41 planning",
        "sound-missing": "Nothing said",
    }
    with shell(FakeRecorder()) as made:
        for name, title in pages.items():
            open_page(made, title)
            files.append(_save(made.window, folder, name))
        open_page(made, "Checkout weekly")
        made.window.page.transcript.find_bar.open_bar()
        made.window.page.transcript.find_bar.field.setText("twenty")
        files.append(_save(made.window, folder, "find"))
        details = made.window.page.header.badge.open_details()
        files.append(_save(details, folder, "details"))
        details.close()
    for name, is_dark in (("empty", False), ("empty-dark", True)):
        with shell(FakeRecorder([]), is_dark=is_dark) as made:
            files.append(_save(made.window, folder, name))
    broken = FakeRecorder([])
    broken.failures["recordings"] = RecorderError("The library is open in a newer Recorder")
    with shell(broken) as made:
        settle(made.window.sidebar.error.isVisible)
        files.append(_save(made.window, folder, "library-error"))
    return files


def _settings(folder: Path) -> list[Path]:
    files = []
    for look, size in {key: value for key, value in LOOKS.items() if "narrow" not in key}.items():
        recorder = FakeRecorder()
        with shell(recorder, **size) as made:
            settle(lambda made=made: made.window.side.overview.is_loaded)
            made.open_settings()
            window = made.settings
            settle(
                lambda window=window: (
                    window.workspace.view is not None and window.sound.boxes[Track.MIC].count() > 2
                )
            )
            for name in window.pages:
                window.show_page(name)
                files.append(_save(window, folder, f"settings-{name}{look}"))
            window.show_page("workspace")
            window.workspace.cards["eu"].click()
            window.workspace.key.setText("phx_wrong")
            window.workspace.test.click()
            settle(lambda window=window: bool(window.workspace.told.text()))
            files.append(_save(window, folder, f"settings-wrong-key{look}"))
            window.workspace.key.setText(recorder.workspaces.GOOD_KEY)
            window.workspace.use.click()
            settle(lambda window=window: window.workspace.backlog.isVisible())
            files.append(_save(window, folder, f"settings-signed-in{look}"))
            window.resize(560, 480)
            files.append(_save(window, folder, f"settings-narrow{look}"))
            window.close()
    for look, is_dark in (("", False), ("-dark", True)):
        with shell(FakeRecorder([], Settings()), is_dark=is_dark) as made:
            settle(lambda made=made: made.welcome is not None)
            for step in ("sound", "shortcut", "place"):
                files.append(_save(made.welcome, folder, f"welcome-{step}{look}"))
                if step != "place":
                    made.welcome.next.click()
    return files


LOOKS = {
    "": {},
    "-dark": {"is_dark": True},
    "-narrow": {"width": 600, "height": 700},
    "-font-125": {"px": round(BODY_PX * 1.25)},
}
"""How every page and window is drawn: suffix of the name, and arguments of `shell`."""


def _side_pages(folder: Path) -> list[Path]:
    files = []
    for look, size in LOOKS.items():
        with shell(FakeRecorder(), **size) as made:
            side = made.window.side
            settle(lambda side=side: side.overview.is_loaded)
            side.show("tasks")
            side.tasks.view.step(1)
            files.append(_save(made.window, folder, f"tasks{look}"))
            if not look:
                side.tasks.view.toggled.emit(side.tasks.view.entry())
                files.append(_save(made.window, folder, "tasks-done"))
                side.tasks.choose(grouping=1)
                files.append(_save(made.window, folder, "tasks-by-due"))
            made.window.toast.hide()
            side.show("uploads")
            files.append(_save(made.window, folder, f"uploads{look}"))
    with shell(FakeRecorder([])) as made:
        settle(lambda: made.window.side.overview.is_loaded)
        made.window.side.show("tasks")
        files.append(_save(made.window, folder, "tasks-empty"))
        made.window.side.show("uploads")
        files.append(_save(made.window, folder, "uploads-empty"))
    paused = FakeRecorder()
    paused.uploads = UploadsStatus(
        3, 0, "The server does not accept the key any more. Nothing is lost, uploads wait."
    )
    with shell(paused) as made:
        settle(lambda: made.window.side.overview.is_loaded)
        made.window.side.show("uploads")
        files.append(_save(made.window, folder, "uploads-paused"))
    return files


def _recording(folder: Path) -> list[Path]:
    files = []
    for name, size in {
        "recording": {},
        "recording-dark": {"is_dark": True},
        "recording-narrow": {"width": 600, "height": 640},
    }.items():
        recorder = FakeRecorder()
        with shell(recorder, **size) as made:
            _live(made, recorder)
            files.append(_save(made.window, folder, name))
            if name == "recording":
                recorder.pause()
                settle(lambda: made.bridge.capture.state == "paused")
                files.append(_save(made.window, folder, "recording-paused"))
    return files


def _dialog(folder: Path) -> Path:
    with shell(FakeRecorder()) as made:
        dialog = QuitDialog(made.theme, title="Pricing page: launch review", elapsed_ms=761_000)
        dialog.show()
        dialog.keep.setFocus(Qt.FocusReason.TabFocusReason)
        path = _save(dialog, folder, "quit-dialog")
        dialog.close()
    return path


def _tray_sheet(folder: Path) -> Path:
    """The tray icons on a light and a dark panel, in all sizes."""
    with shell(FakeRecorder([], Settings())) as made:
        sheet = QPixmap(QSize(320, 2 * 260))
        painter = QPainter(sheet)
        for half, (ground, ink) in enumerate((("#EDF0F0", "#172022"), ("#20272A", "#E7EDED"))):
            painter.fillRect(0, half * 260, 320, 260, QColor(ground))
            for row, size in enumerate(TRAY_SIZES):
                for column, state in enumerate(TRAY_STATES):
                    icon = made.theme.icons.tray_pixmap(state, panel=QColor(ink), size=size)
                    painter.drawPixmap(QPoint(12 + column * 60, half * 260 + 10 + row * 48), icon)
        painter.end()
        path = folder / "tray.png"
        sheet.save(str(path))
    return path


if __name__ == "__main__":
    import sys

    for file in render(Path(sys.argv[1])):
        sys.stdout.write(f"{file}\n")
