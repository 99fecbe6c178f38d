"""The settings: a list of pages at the left, the page at the right; everything applies at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Ground, Hairline
from recorder_app.ui.nav_row import NavRow
from recorder_app.ui.overview import Overview
from recorder_app.ui.settings_pages import (
    AboutPage,
    AppearancePage,
    PrivacyPage,
    ShortcutPage,
    SoundPage,
    StoragePage,
)
from recorder_app.ui.settings_workspace import WorkspacePage
from recorder_app.ui.theme import Theme

LIST_PX = 184


class SettingsWindow(QDialog):
    """Made anew each time it is opened, so that it shows what holds now."""

    workspace_used = Signal()

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        overview: Overview,
        *,
        take_hotkey: Callable[[str], str | None],
        working_hotkey: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle(self.tr("Settings"))
        self.setWindowFlag(Qt.WindowType.WindowContextHelpButtonHint, False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.workspace = WorkspacePage(theme, bridge)
        self.workspace.used.connect(self.workspace_used)
        self.sound = SoundPage(theme, bridge)
        self.shortcut = ShortcutPage(theme, take_hotkey, bridge.recorder.settings.hotkey, working_hotkey)
        self.appearance = AppearancePage(theme, bridge)
        self.storage = StoragePage(theme, bridge, overview)
        self.privacy = PrivacyPage(theme, bridge)
        self.pages: dict[str, tuple[str, str, QWidget]] = {
            "workspace": ("cloud", self.tr("Workspace"), self.workspace),
            "sound": ("mic", self.tr("Sound"), self.sound),
            "shortcut": ("keyboard", self.tr("Shortcut"), self.shortcut),
            "appearance": ("sun", self.tr("Appearance"), self.appearance),
            "storage": ("disk", self.tr("Storage"), self.storage),
            "privacy": ("shield", self.tr("Privacy"), self.privacy),
            "about": ("info", self.tr("About"), AboutPage(theme)),
        }
        self._stack = QStackedWidget()
        self.rows: dict[str, NavRow] = {}
        self._group = QButtonGroup(self)
        self._lay_out()
        self.show_page("workspace")
        self.setMinimumSize(QSize(theme.px(560), 440))
        self.resize(QSize(max(800, theme.px(760)), max(640, theme.px(600))))

    def _lay_out(self) -> None:
        self._list = Ground(self._theme, "window")
        side = QVBoxLayout(self._list)
        side.setContentsMargins(8, 14, 8, 14)
        side.setSpacing(2)
        for name, (icon, words, page) in self.pages.items():
            row = NavRow(self._theme, icon, words)
            row.clicked.connect(lambda _=False, name=name: self.show_page(name))
            self._group.addButton(row)
            self.rows[name] = row
            side.addWidget(row)
            self._stack.addWidget(page)
        side.addStretch(1)
        ground = Ground(self._theme, "base")
        holder = QVBoxLayout(ground)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.addWidget(self._stack)
        row_layout = QHBoxLayout(self)
        row_layout.setContentsMargins(0, 0, 0, 0)
        row_layout.setSpacing(0)
        row_layout.addWidget(self._list)
        row_layout.addWidget(Hairline(self._theme, is_vertical=True))
        row_layout.addWidget(ground, 1)

    def show_page(self, name: str) -> None:
        self._stack.setCurrentWidget(self.pages[name][2])
        self.rows[name].setChecked(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._list.setFixedWidth(min(self._theme.px(LIST_PX), self.width() // 3))
