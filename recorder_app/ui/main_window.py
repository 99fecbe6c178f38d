"""The one window: sidebar and page, arranged for its width; knows no widgets inside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QHideEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QTextEdit,
    QWidget,
)

from recorder_app.errors import RecorderError
from recorder_app.models import CaptureStatus, RecordingDetail
from recorder_app.ui.actions import Actions, combined
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Toast
from recorder_app.ui.dialogs import DeleteDialog
from recorder_app.ui.empty_page import EmptyPage
from recorder_app.ui.recording_page import RecordingPage
from recorder_app.ui.shade import Shade
from recorder_app.ui.side_pages import SidePages
from recorder_app.ui.sidebar import Sidebar
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import title

SIDEBAR, SIDEBAR_MIN, SIDEBAR_MAX = 296, 240, 400
OVERLAY_BELOW, TABS_BELOW = 960, 800
SKIP_MS = 10_000


class MainWindow(QMainWindow):
    """Closing is decided by the shell: `close_wanted` is called and says whether to hide or go."""

    def __init__(
        self, theme: Theme, bridge: Bridge, actions: Actions, *, now: Callable[[], dt.datetime]
    ) -> None:
        super().__init__()
        self._theme, self._bridge, self._actions = theme, bridge, actions
        self.close_wanted: Callable[[], bool] = lambda: True
        """Returns True to let the window close."""
        self._chosen: str | None = None
        self._live_id: str | None = None
        self._play_at: int | None = None
        """The moment to play once its recording is shown."""
        self.setWindowTitle(self.tr("Recorder"))
        self.setMinimumSize(QSize(560, 480))
        self.sidebar = Sidebar(theme, bridge, now=now)
        self.sidebar.setMinimumWidth(SIDEBAR_MIN)
        self.page = RecordingPage(theme, bridge, now=now)
        self.empty = EmptyPage(theme)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.page)
        self.side = SidePages(theme, bridge, self._pages, self.sidebar, now=now)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setHandleWidth(1)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self.sidebar)
        self._split.addWidget(self._pages)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes([self._sidebar_width(), 1280 - self._sidebar_width()])
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._split)
        self.setCentralWidget(centre)
        self._shade = Shade(centre)
        self._shade.clicked.connect(self.close_overlay)
        self.toast = Toast(theme, self._pages)
        self._is_overlay = False
        self._connect()
        self._shortcuts()
        self.addActions(actions.all())
        self.empty.show_loading()
        self.resize(1280, 800)

    def _connect(self) -> None:
        self.sidebar.chosen.connect(self.open_recording)
        self.sidebar.loaded.connect(self._list_loaded)
        self.sidebar.failed.connect(self.empty.show_no_library)
        self._bridge.recording_changed.connect(self._recording_changed)
        self._bridge.capture_changed.connect(self._capture_changed)
        self._bridge.problem.connect(self.show_problem)
        self.empty.start_wanted.connect(self._bridge.start)
        self.empty.import_wanted.connect(self.import_file)
        self.empty.sidebar_wanted.connect(self.open_overlay)
        self.page.header.sidebar_wanted.connect(self.open_overlay)
        self.page.header.start_wanted.connect(self._bridge.start)
        self.page.export_wanted.connect(self._export)
        self.page.delete_wanted.connect(self._delete)
        self.page.said.connect(self.toast.say)
        self.side.shown.connect(self._left_recording)
        self.side.open_wanted.connect(self.open_recording)
        self.side.play_wanted.connect(self.play_moment)
        self.side.said.connect(self.toast.say)
        self.side.offered.connect(self.toast.say)
        self.side.sidebar_wanted.connect(self.open_overlay)

    def _shortcuts(self) -> None:
        page, playback = self.page, self.page.playback
        table: list[tuple[str, Callable[[], object]]] = [
            ("Ctrl+F", self._find),
            ("F3", lambda: page.transcript.find_bar.step(1)),
            ("Shift+F3", lambda: page.transcript.find_bar.step(-1)),
            ("F6", lambda: self._next_pane(1)),
            ("Shift+F6", lambda: self._next_pane(-1)),
            *((f"Alt+{number + 1}", lambda tab=number: self._show_tab(tab)) for number in range(4)),
        ]
        plain: list[tuple[str, Callable[[], object]]] = [
            ("Space", self._space),
            ("Left", lambda: playback.skip(-SKIP_MS)),
            ("Right", lambda: playback.skip(SKIP_MS)),
            ("Shift+Left", lambda: self._step_segment(-1)),
            ("Shift+Right", lambda: self._step_segment(1)),
            ("[", lambda: playback.step_speed(-1)),
            ("]", lambda: playback.step_speed(1)),
            ("G", self._next_gap),
            ("N", self._next_weak),
        ]
        for keys, act in table:
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        # Plain keys act only while no text is edited: QShortcut would take them from the field.
        self._plain = {combined(keys): act for keys, act in plain}

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and watched is self.windowHandle():
            act = self._plain.get(event.keyCombination().toCombined())  # type: ignore[attr-defined]  # a QKeyEvent
            focus = QApplication.focusWidget()
            typing = isinstance(focus, QLineEdit | QTextEdit)
            pressing = isinstance(focus, QAbstractButton) and event.key() == Qt.Key.Key_Space  # type: ignore[attr-defined]
            if act is not None and not typing and not pressing and self._is_playable():
                act()
                return True
        return super().eventFilter(watched, event)

    def open_recording(self, recording_id: str) -> None:
        """Show a recording; what it holds comes through the bridge."""
        if recording_id != self._chosen:
            self.page.leave()
        self._chosen = recording_id
        self.sidebar.select(recording_id)
        self.close_overlay()
        self._load()

    def play_moment(self, recording_id: str, ms: int) -> None:
        """Open a recording and play it from `ms`."""
        self._play_at = ms
        self.open_recording(recording_id)

    def _left_recording(self) -> None:
        """Another page is in front: nothing that arrives later may take its place."""
        self.page.leave()
        self._chosen = self._play_at = None
        self.sidebar.select(None)
        self.close_overlay()
        self.setWindowTitle(self.tr("Recorder"))

    def show_problem(self, error: RecorderError) -> None:
        self.toast.say(error.sentence)

    def set_hotkey(self, keys: str) -> None:
        self.sidebar.set_hotkey(keys)
        self.empty.set_hotkey(keys)

    def import_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Import a recording"))
        if path:
            self._bridge.run(
                lambda: self._bridge.recorder.import_file(Path(path)),
                lambda recording: self.open_recording(recording.id),
                lane="writes",
            )

    def focus_search(self) -> None:
        if self._is_overlay:
            self.open_overlay()
        self.sidebar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.sidebar.search.selectAll()

    def open_overlay(self) -> None:
        """Lay the sidebar over the page."""
        if self._is_overlay:
            self._shade.show()
            self._shade.raise_()
            self.sidebar.show()
            self.sidebar.raise_()
            self.sidebar.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_overlay(self) -> None:
        if self._is_overlay:
            self.sidebar.hide()
            self._shade.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._bridge.set_watched(is_watched=True)
        if (handle := self.windowHandle()) is not None:
            handle.installEventFilter(self)
        if not self.sidebar.is_loaded:
            self.sidebar.reload()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._bridge.set_watched(is_watched=False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._theme.font_may_have_changed()
        if event.type() == QEvent.Type.WindowStateChange:
            self._bridge.set_watched(is_watched=self.isVisible() and not self.isMinimized())

    def closeEvent(self, event: QCloseEvent) -> None:
        self.page.notes.flush()
        if self.close_wanted():
            event.accept()
        else:
            event.ignore()

    def _arrange(self) -> None:
        width = self.width()
        is_overlay = width < OVERLAY_BELOW
        if is_overlay != self._is_overlay:
            self._is_overlay = is_overlay
            if is_overlay:
                self.sidebar.setParent(self.centralWidget())
                self.sidebar.hide()
            else:
                self._shade.hide()
                self._split.insertWidget(0, self.sidebar)
                self.sidebar.show()
                self._split.setSizes([self._sidebar_width(), width - self._sidebar_width()])
        if is_overlay:
            self.sidebar.setGeometry(0, 0, min(self._sidebar_width(), width - 80), self.height())
            self._shade.setGeometry(0, 0, width, self.height())
        self.sidebar.setMaximumWidth(SIDEBAR_MAX)
        self.page.set_layout(is_narrow=width < TABS_BELOW, has_sidebar=not is_overlay)
        self.empty.set_has_sidebar(has_sidebar=not is_overlay)
        self.side.set_layout(has_sidebar=not is_overlay)

    def _sidebar_width(self) -> int:
        return min(SIDEBAR_MAX, self._theme.px(SIDEBAR))

    def _list_loaded(self) -> None:
        rows = self.sidebar.model.recordings()
        if self._chosen is None and rows and self._pages.currentWidget() is self.empty:
            self.open_recording(rows[0].recording.id)
        elif not rows and self._chosen is None:
            if self.sidebar.search.text():
                self.empty.show_nothing_chosen()
            else:
                self.empty.show_first()

    def _load(self) -> None:
        wanted = self._chosen
        if wanted is not None:
            self._bridge.run(
                lambda: self._bridge.recorder.detail(wanted), self._show, self._fail, newest="detail"
            )

    def _show(self, detail: RecordingDetail) -> None:
        if detail.recording.id != self._chosen:
            return
        self._pages.setCurrentWidget(self.page)
        self.page.show_detail(detail)
        self.setWindowTitle(f"{title(detail.recording)} – {self.tr('Recorder')}")
        if self._play_at is not None:
            at_ms, self._play_at = self._play_at, None
            self.page.play_from(at_ms)

    def _fail(self, error: RecorderError) -> None:
        self.page.leave()
        self.empty.show_problem(error.sentence)
        self._pages.setCurrentWidget(self.empty)

    def _recording_changed(self, recording_id: str) -> None:
        if recording_id == self._chosen:
            self._load()

    def _capture_changed(self, status: CaptureStatus) -> None:
        if status.recording_id is not None and status.recording_id != self._live_id:
            # A recording began, here or by the hotkey: it is what one wants to see now.
            self.sidebar.reload()
            self.open_recording(status.recording_id)
        self._live_id = status.recording_id

    def _export(self, recording_id: str) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save as Markdown"), "meeting.md")
        if not path:
            return

        def write() -> None:
            text = self._bridge.recorder.export(recording_id, "markdown")
            try:
                Path(path).write_text(text, encoding="utf-8")
            except OSError as error:
                raise RecorderError(
                    self.tr("The file could not be written"), detail=str(error.strerror)
                ) from error

        self._bridge.run(write, lambda _: self.toast.say(self.tr("Saved")), lane="writes")

    def _delete(self, recording_id: str) -> None:
        detail = self.page.detail
        if detail is None:
            return
        dialog = DeleteDialog(self._theme, title=title(detail.recording), parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._really_delete(recording_id))
        dialog.open()

    def _really_delete(self, recording_id: str) -> None:
        def gone(_: object) -> None:
            self._chosen = None
            self.page.leave()
            self.page.detail = None
            self.empty.show_nothing_chosen()
            self._pages.setCurrentWidget(self.empty)
            self.sidebar.select(None)
            self.sidebar.reload()

        self._bridge.run(lambda: self._bridge.recorder.delete(recording_id), gone, lane="writes")

    def _is_playable(self) -> bool:
        return self._pages.currentWidget() is self.page and self.page.player.isVisible()

    def _space(self) -> None:
        self.page.playback.toggle()

    def _find(self) -> None:
        if self._pages.currentWidget() is self.page:
            self.page.choose_tab(3)
            self.page.transcript.find_bar.open_bar()

    def _show_tab(self, number: int) -> None:
        self.page.choose_tab(number)
        panes = (
            self.page.summary.copy_button,
            self.page.tasks,
            self.page.notes.text,
            self.page.transcript.list,
        )
        panes[number].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _next_pane(self, by: int) -> None:
        panes: list[QWidget] = [self.sidebar.view] if self.sidebar.isVisible() else []
        panes += self.side.panes()
        if self._pages.currentWidget() is self.page:
            panes += self.page.panes()
        focus = QApplication.focusWidget()
        at = next((i for i, pane in enumerate(panes) if pane is focus), -1 if by > 0 else 0)
        if panes:
            panes[(at + by) % len(panes)].setFocus(Qt.FocusReason.TabFocusReason)

    def _step_segment(self, by: int) -> None:
        rows = self.page.transcript.list.rows
        row = rows.row_at(self.page.playback.position_ms)
        target = max(0, min(len(rows.lines) - 1, (row if row is not None else -1) + by))
        if rows.lines:
            self.page.playback.seek(rows.lines[target].start_ms)

    def _next_gap(self) -> None:
        self._go_to_next(lambda line: line.gap is not None)

    def _next_weak(self) -> None:
        self._go_to_next(lambda line: bool(line.weak))

    def _go_to_next(self, fits: Callable[..., bool]) -> None:
        at = self.page.playback.position_ms
        for line in self.page.transcript.list.rows.lines:
            if line.start_ms > at and fits(line):
                self.page.playback.seek(line.start_ms)
                self.page.transcript.list.go_to(line.start_ms)
                return
