"""Top of the recording page: title edited in place, meta line, badge, Export and the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from recorder_app.models import RecordingDetail
from recorder_app.ui.controls import Button, ElidedLabel, Hairline, icon_button, text_button
from recorder_app.ui.safe_badge import SafeBadge
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import is_live, page_meta, title

TITLE_LIMIT = 200
TABS = ("Summary", "Tasks", "Notes", "Transcript")


class TitleField(QStackedWidget):
    """Looks like a title, becomes a field on click, Enter or F2. Enter keeps, Escape drops."""

    renamed = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.label = ElidedLabel(theme, style="title")
        self.label.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.label.installEventFilter(self)
        self.label.setCursor(Qt.CursorShape.IBeamCursor)
        self.field = QLineEdit()
        self.field.setMaxLength(TITLE_LIMIT)
        self.field.setAccessibleName(self.tr("Title"))
        self.field.installEventFilter(self)
        self.field.returnPressed.connect(self._keep)
        self.field.editingFinished.connect(self._keep)
        self.addWidget(self.label)
        self.addWidget(self.field)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(max(theme.px(32), theme.line("title") + 4))
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_title(self, text: str) -> None:
        if self.currentWidget() is self.label:
            self.label.setText(text)
            self.label.setAccessibleName(self.tr("Title: {title}").format(title=text))

    def edit(self) -> None:
        self.field.setText(self.label.text())
        self.setCurrentWidget(self.field)
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.label and isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonRelease:
                self.edit()
                return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if watched is self.label and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.edit()
                return True
            if watched is self.field and event.key() == Qt.Key.Key_Escape:
                self.field.setText(self.label.text())
                self._keep()
                return True
        return super().eventFilter(watched, event)

    def _keep(self) -> None:
        if self.currentWidget() is not self.field:
            return
        text = " ".join(self.field.text().split())
        self.setCurrentWidget(self.label)
        self.label.setFocus(Qt.FocusReason.OtherFocusReason)
        if text and text != self.label.text():
            self.show_title(text)
            self.renamed.emit(text)

    def _restyle(self) -> None:
        self.field.setFont(self._theme.font("title"))


class PageHeader(QWidget):
    """Stacks its rows when narrow and then carries the tabs, the sidebar's button and Start."""

    tab_chosen = Signal(int)
    sidebar_wanted = Signal()
    start_wanted = Signal()

    def __init__(
        self,
        theme: Theme,
        *,
        now: Callable[[], dt.datetime],
        menu: QMenu,
        export_menu: QMenu,
        on_retry: Callable[[], None],
    ) -> None:
        super().__init__()
        self._theme, self._now = theme, now
        self._detail: RecordingDetail | None = None
        self._is_narrow = False
        self._live_elsewhere = False
        self.sidebar_button = icon_button(theme, "sidebar", self.tr("Show meetings"))
        self.sidebar_button.clicked.connect(self.sidebar_wanted)
        self.title = TitleField(theme)
        self.export = Button(theme, self.tr("Export"), icon="export")
        self.export.setMenu(export_menu)
        self.start = Button(theme, self.tr("Start recording"), icon="dot", is_small=True)
        self.start.clicked.connect(self.start_wanted)
        self.more = icon_button(theme, "more", self.tr("More"))
        self.more.setMenu(menu)
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.meta = ElidedLabel(theme, ink="secondary")
        self.badge = SafeBadge(theme, on_retry=on_retry)
        self.tabs = QWidget()
        self._tab_buttons = self._make_tabs()
        self._lay_out()
        self.set_layout(is_narrow=False, has_sidebar=True)

    def _make_tabs(self) -> list[QToolButton]:
        row = QHBoxLayout(self.tabs)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(24)
        group = QButtonGroup(self)
        buttons = []
        for number, name in enumerate(
            (self.tr("Summary"), self.tr("Tasks"), self.tr("Notes"), self.tr("Transcript"))
        ):
            button = text_button(self._theme, name, kind="tab")
            button.setCheckable(True)
            group.addButton(button, number)
            row.addWidget(button)
            buttons.append(button)
        row.addStretch(1)
        group.idClicked.connect(self.tab_chosen)
        return buttons

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(12)
        first.addWidget(self.sidebar_button)
        first.addWidget(self.title, 1)
        first.addWidget(self.start)
        first.addWidget(self.export)
        first.addWidget(self.more)
        self._second = QHBoxLayout()
        self._second.setSpacing(16)
        self._second.addWidget(self.meta, 1)
        self._second.addWidget(self.badge)
        self._below = QVBoxLayout()
        self._below.setSpacing(6)
        self._below.setContentsMargins(0, 0, 0, 0)
        self._column = QVBoxLayout()
        self._column.setSpacing(3)
        self._column.addLayout(first)
        self._column.addLayout(self._second)
        self._column.addLayout(self._below)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(self._column)
        outer.addWidget(Hairline(self._theme))

    def set_layout(self, *, is_narrow: bool, has_sidebar: bool) -> None:
        """Arrange for the window's width."""
        self._is_narrow = is_narrow
        self.sidebar_button.setVisible(not has_sidebar)
        self.export.setVisible(not is_narrow and not self._is_live())
        self._has_sidebar = has_sidebar
        left = 16 if not has_sidebar else 24
        indent = 0 if has_sidebar else self.sidebar_button.sizeHint().width() + 12
        if is_narrow:
            self._below.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignLeft)
            self._below.addWidget(self.tabs)
            self._below.setContentsMargins(indent, 2, 0, 0)
            self._column.setContentsMargins(left, 12, 16, 0)
        else:
            self._second.addWidget(self.badge)
            self._below.removeWidget(self.tabs)
            self._below.setContentsMargins(0, 0, 0, 0)
            self._column.setContentsMargins(left, 18, 24, 14)
        self._second.setContentsMargins(indent, 0, 0, 0)
        self.tabs.setVisible(is_narrow)
        self._show_start()
        self._show_meta()

    def show_detail(self, detail: RecordingDetail) -> None:
        self._detail = detail
        self.title.show_title(title(detail.recording))
        self.badge.show_recording(detail.recording, detail.state)
        self.export.setVisible(not self._is_narrow and not self._is_live())
        self._show_meta()

    def show_capture(self, *, is_idle: bool) -> None:
        self._live_elsewhere = not is_idle
        self._show_start()

    def choose_tab(self, number: int) -> None:
        self._tab_buttons[number].setChecked(True)

    def set_counts(self, *, tasks: int, notes: int) -> None:
        for number, name, count in ((1, self.tr("Tasks"), tasks), (2, self.tr("Notes"), notes)):
            self._tab_buttons[number].setText(f"{name}  {count}" if count else name)

    def show_tabs_for(self, *, is_live: bool) -> None:
        """While recording there is neither summary nor tasks yet."""
        for number in (0, 1):
            self._tab_buttons[number].setVisible(not is_live)

    def _is_live(self) -> bool:
        return self._detail is not None and is_live(self._detail.state)

    def _show_start(self) -> None:
        self.start.setVisible(not self._has_sidebar and not self._live_elsewhere)

    def _show_meta(self) -> None:
        if self._detail is not None:
            self.meta.setText(
                page_meta(self._detail.recording, self._detail.state, self._now(), is_short=self._is_narrow)
            )
