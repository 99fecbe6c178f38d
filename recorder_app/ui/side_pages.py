"""The pages that replace the recording: which one is shown, and their counts in the sidebar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from recorder_app.ui.bridge import Bridge
from recorder_app.ui.overview import Overview
from recorder_app.ui.side_page import SidePage
from recorder_app.ui.sidebar import Sidebar
from recorder_app.ui.tasks_page import TasksPage
from recorder_app.ui.theme import Theme
from recorder_app.ui.uploads_page import UploadsPage


class SidePages(QObject):
    """Owns tasks and uploads; the window decides when they are shown."""

    shown = Signal()
    """A page of ours is now in front."""
    open_wanted = Signal(str)
    play_wanted = Signal(str, int)
    said = Signal(str)
    offered = Signal(str, str, object)
    sidebar_wanted = Signal()
    sign_in_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        stack: QStackedWidget,
        sidebar: Sidebar,
        *,
        now: Callable[[], dt.datetime],
    ) -> None:
        super().__init__()
        self._stack, self._sidebar = stack, sidebar
        self.overview = Overview(bridge)
        self.tasks = TasksPage(theme, bridge, self.overview, now=now)
        self.uploads = UploadsPage(theme, bridge, self.overview, now=now)
        self._pages: dict[str, SidePage] = {"tasks": self.tasks, "uploads": self.uploads}
        for page in self._pages.values():
            stack.addWidget(page)
            page.sidebar_wanted.connect(self.sidebar_wanted)
        self.tasks.open_wanted.connect(self.open_wanted)
        self.uploads.open_wanted.connect(self.open_wanted)
        self.uploads.sign_in_wanted.connect(self.sign_in_wanted)
        self.tasks.play_wanted.connect(self.play_wanted)
        self.tasks.said.connect(self.said)
        self.tasks.offered.connect(self.offered)
        sidebar.page_wanted.connect(self.show)
        sidebar.loaded.connect(self._load_once)
        self.overview.changed.connect(self._count)
        stack.currentChanged.connect(self._mark)

    def show(self, name: str) -> None:
        """Show "tasks" or "uploads" in place of the recording."""
        self._stack.setCurrentWidget(self._pages[name])
        self.shown.emit()
        self._mark()

    def is_shown(self) -> bool:
        return self._stack.currentWidget() in self._pages.values()

    def panes(self) -> list[QWidget]:
        """Return what F6 moves to."""
        return [self.tasks.view] if self.tasks.view.isVisible() else []

    def set_layout(self, *, has_sidebar: bool) -> None:
        for page in self._pages.values():
            page.set_layout(has_sidebar=has_sidebar)

    def _load_once(self) -> None:
        if not self.overview.is_loaded:
            self.overview.load()

    def _count(self) -> None:
        self._sidebar.pages["tasks"].set_count(self.overview.open_tasks())
        self._sidebar.pages["uploads"].set_count(self.overview.unfinished())

    def _mark(self, *_: int) -> None:
        for name, row in self._sidebar.pages.items():
            page = self._pages.get(name)
            row.setChecked(page is not None and self._stack.currentWidget() is page)
