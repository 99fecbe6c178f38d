"""The left edge of the window: start, search, the list of meetings, the workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from recorder_app.errors import RecorderError
from recorder_app.models import CaptureStatus, RecordingRow
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, ElidedLabel, Ground, Hairline, Label, icon_button
from recorder_app.ui.formats import clock
from recorder_app.ui.library_model import LibraryModel
from recorder_app.ui.library_view import LibraryView
from recorder_app.ui.nav_row import NavRow
from recorder_app.ui.theme import Theme

SEARCH_MS = 120
"""Pause in typing after which the library is asked."""


class StartButton(QPushButton):
    """Red dot, words, and the shortcut at the right end where there is room for it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._words = self._keys = ""
        self.setProperty("kind", "start")
        theme.changed.connect(self.update)
        self.say(self.tr("Start recording"), "")

    def say(self, words: str, keys: str) -> None:
        self._words, self._keys = words, keys
        self.setAccessibleName(words)
        self.setAccessibleDescription(keys)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, self._theme.px(36))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._theme.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = self._theme, QPainter(self)
        box, middle = self.rect().adjusted(38, 0, -13, 0), self.height() // 2
        dot = theme.icons.pixmap(
            "dot", "red_mark" if self.isEnabled() else "disabled", 16, self.devicePixelRatioF()
        )
        painter.drawPixmap(14, middle - 8, dot)
        painter.setFont(theme.font("body", 600))
        painter.setPen(theme.color("text" if self.isEnabled() else "disabled"))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._words)
        words = theme.metrics("body", 600).horizontalAdvance(self._words)
        if words + 12 + theme.metrics("small").horizontalAdvance(self._keys) <= box.width():
            painter.setFont(theme.font("small"))
            painter.setPen(theme.color("secondary"))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._keys)


class SearchField(QLineEdit):
    """A field with a glass; Escape empties it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setPlaceholderText(self.tr("Search meetings"))
        self.setAccessibleName(self.tr("Search meetings"))
        self.setTextMargins(24, 0, 24, 0)
        self._clear = icon_button(theme, "close", self.tr("Empty the search"), ink="secondary", size=12)
        self._clear.setParent(self)
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.setFixedSize(24, 24)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        icon = self._theme.icons.pixmap("search", "secondary", 16, self.devicePixelRatioF())
        QPainter(self).drawPixmap(11, (self.height() - 16) // 2, icon)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._clear.move(self.width() - 28, (self.height() - 24) // 2)


class RecordingRowBar(Ground):
    """What the start button turns into: red ground, timer, pause, stop."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__(theme, "red_tint", radius=6)
        self._theme = theme
        self._dot = QLabel()
        self._words = Label(theme, style="body", weight=600, ink="red")
        self._time = Label(theme, style="body", weight=500, ink="red")
        self.pause = icon_button(theme, "pause", self.tr("Pause"))
        self.stop = icon_button(theme, "stop", self.tr("Stop and save"))
        self.pause.clicked.connect(bridge.pause_or_resume)
        self.stop.clicked.connect(bridge.stop)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 4, 3)
        row.setSpacing(8)
        for part in (self._dot, self._words, self._time):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        self._state = ""
        theme.changed.connect(self._restyle)

    def show_status(self, status: CaptureStatus) -> None:
        self._time.setText(clock(status.elapsed_ms))
        if status.state != self._state:
            self._state = status.state
            self._restyle()

    def _restyle(self) -> None:
        is_paused = self._state == "paused"
        words = {
            "paused": self.tr("Paused"),
            "stopping": self.tr("Saving…"),
            "starting": self.tr("Starting…"),
        }
        self._words.setText(words.get(self._state, self.tr("Recording")))
        ink = "text" if is_paused else "red"
        self._words.set_ink(ink)
        self._time.set_ink(ink)
        self.set_token("neutral_tint" if is_paused else "red_tint")
        self._dot.setPixmap(
            self._theme.icons.pixmap("pause" if is_paused else "dot", "text" if is_paused else "red_mark", 16)
        )
        name = self.tr("Resume") if is_paused else self.tr("Pause")
        self.pause.setAccessibleName(name)
        self.pause.setToolTip(name)
        self._theme.icons.attach(self.pause, "play" if is_paused else "pause", "text")
        for button in (self.pause, self.stop):
            button.setEnabled(self._state in ("recording", "paused"))


class Sidebar(Ground):
    """Start, search, list, footer. Asks the library through the bridge and shows what comes back."""

    chosen = Signal(str)
    loaded = Signal()
    """A list arrived; the window may now choose what to show."""
    page_wanted = Signal(str)
    """"tasks" or "uploads"."""
    settings_wanted = Signal()
    failed = Signal(str)
    """No list arrived, and why, in a sentence."""

    def __init__(self, theme: Theme, bridge: Bridge, *, now: Callable[[], dt.datetime]) -> None:
        super().__init__(theme, "window")
        self._theme, self._bridge = theme, bridge
        self._hotkey = ""
        self.model = LibraryModel(now)
        self.is_loaded = False
        self._wanted: str | None = None
        self.start = StartButton(theme)
        self.start.clicked.connect(bridge.start)
        self.live = RecordingRowBar(theme, bridge)
        self._top = QStackedWidget()
        self._top.addWidget(self.start)
        self._top.addWidget(self.live)
        self._top.setFixedHeight(theme.px(36))
        self.pages = {
            "tasks": NavRow(theme, "tasks", self.tr("Tasks")),
            "uploads": NavRow(theme, "uploads", self.tr("Uploads")),
        }
        for name, row in self.pages.items():
            row.clicked.connect(lambda _=False, name=name: self.page_wanted.emit(name))
        self.search = self._search_field()
        self.view = LibraryView(theme, self.model)
        self.view.chosen.connect(self._choose)
        self._message = Label(theme, ink="secondary", is_wrapped=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setContentsMargins(24, 0, 24, 96)
        self._body = QStackedWidget()
        self._body.addWidget(self.view)
        self._body.addWidget(self._message)
        self.error = Banner(theme)
        self.error.button.clicked.connect(self.reload)
        self.error.hide()
        self._footer_icon = QLabel()
        self._footer = ElidedLabel(theme, ink="secondary")
        self.settings_button = icon_button(theme, "settings", self.tr("Settings"))
        self.settings_button.clicked.connect(self.settings_wanted)
        self._timer = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self._timer.timeout.connect(self.reload)
        self._lay_out()
        bridge.capture_changed.connect(self._capture_changed)
        bridge.busy_changed.connect(self._busy_changed)
        bridge.recording_changed.connect(self._recording_changed)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._say(self.tr("Loading…"))

    def _search_field(self) -> QLineEdit:
        field = SearchField(self._theme)
        field.textChanged.connect(lambda _: self._timer.start())
        field.installEventFilter(self)
        return field

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(12, 12, 12, 8)
        head.setSpacing(8)
        head.addWidget(self._top)
        rows = QVBoxLayout()
        rows.setSpacing(0)
        for nav in self.pages.values():
            rows.addWidget(nav)
        head.addLayout(rows)
        head.addWidget(self.search)
        head.addWidget(self.error)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 0, 12, 0)
        foot.setSpacing(8)
        foot.addWidget(self._footer_icon)
        foot.addWidget(self._footer, 1)
        foot.addWidget(self.settings_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._body, 1)
        column.addWidget(Hairline(self._theme))
        holder = QWidget()
        holder.setLayout(foot)
        holder.setFixedHeight(self._theme.px(39))
        column.addWidget(holder)

    def set_hotkey(self, keys: str) -> None:
        self._hotkey = keys
        self._busy_changed()

    def reload(self) -> None:
        """Ask the library for the list that fits the search."""
        query = self.search.text().strip()
        self._bridge.run(
            lambda: self._bridge.recorder.recordings(query),
            lambda rows: self._show(rows, query),
            self._fail,
            newest="list",
        )

    def workspace_changed(self) -> None:
        """Say where recordings go now."""
        self._restyle()

    def select(self, recording_id: str | None) -> None:
        self._wanted = recording_id
        self.view.select(recording_id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return) and self.model.recordings():
                self.view.setFocus(Qt.FocusReason.TabFocusReason)
                if event.key() == Qt.Key.Key_Return or not self.view.selectionModel().hasSelection():
                    self.view.setCurrentIndex(self.model.index(1))
                return True
        return super().eventFilter(watched, event)

    def _show(self, rows: list[RecordingRow], query: str) -> None:
        self.is_loaded = True
        self.error.hide()
        self.model.show_rows(rows)
        self.view.select(self._wanted)
        if rows:
            self._body.setCurrentWidget(self.view)
        elif query:
            self._say(self.tr("Nothing with “{query}”.").format(query=query))
        else:
            self._say(self.tr("Meetings you record appear here, grouped by day."))
        self.loaded.emit()

    def _fail(self, error: RecorderError) -> None:
        self.error.say(error.title + ".", self.tr("Try again"))
        self.error.show()
        if not self.model.recordings():
            self._say("")
        self.failed.emit(error.sentence)

    def _say(self, sentence: str) -> None:
        self._message.setText(sentence)
        self._body.setCurrentWidget(self._message)

    def _choose(self, recording_id: str) -> None:
        self._wanted = recording_id
        self.chosen.emit(recording_id)

    def _recording_changed(self, _recording_id: str) -> None:
        # Many changes at once (an upload's progress) make one reload.
        if not self._timer.isActive():
            self._timer.start()

    def _capture_changed(self, status: CaptureStatus) -> None:
        if status.state == "idle":
            self._top.setCurrentWidget(self.start)
        else:
            self._top.setCurrentWidget(self.live)
            self.live.show_status(status)

    def _busy_changed(self) -> None:
        is_starting = self._bridge.is_busy("start")
        self.start.setEnabled(not is_starting)
        self.start.say(self.tr("Starting…") if is_starting else self.tr("Start recording"), self._hotkey)

    def _restyle(self) -> None:
        theme, settings = self._theme, self._bridge.recorder.settings
        self._footer_icon.setPixmap(
            theme.icons.pixmap("laptop" if settings.is_local else "cloud", "secondary")
        )
        place = self.tr("This computer") if settings.is_local else settings.workspace.split("://")[-1]
        self._footer.setText(place)
        self.view.setFont(theme.font("body"))
