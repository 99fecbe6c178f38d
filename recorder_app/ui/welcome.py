"""The first steps: sound, shortcut, place. Each can be skipped, and all of it is in the settings too."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Button, Ground
from recorder_app.ui.settings_pages import ShortcutPage, SoundPage
from recorder_app.ui.settings_workspace import WorkspacePage
from recorder_app.ui.theme import Theme


class StepDots(QWidget):
    """Which step it is: the present one is longer."""

    def __init__(self, theme: Theme, count: int) -> None:
        super().__init__()
        self._theme, self._count, self._at = theme, count, 0
        self.setFixedSize(QSize(12 * count + 12, 8))

    def show_step(self, at: int) -> None:
        self._at = at
        self.setAccessibleName(self.tr("Step {at} of {count}").format(at=at + 1, count=self._count))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, left = QPainter(self), 0
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(self._count):
            width = 16 if number == self._at else 6
            painter.setBrush(self._theme.color("accent" if number == self._at else "edge"))
            painter.drawRoundedRect(QRectF(left, 1, width, 6), 3, 3)
            left += width + 6


class WelcomeDialog(QDialog):
    """Shown over an empty library; recording works without it."""

    def __init__(
        self,
        theme: Theme,
        bridge: Bridge,
        *,
        take_hotkey: Callable[[str], str | None],
        working_hotkey: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Welcome to Recorder"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.sound = SoundPage(theme, bridge)
        self.sound.heading.setText(self.tr("Which two sides should Recorder hear?"))
        self.sound.intro.setText(self.tr("Your microphone, and what the headphones or speakers play."))
        self.shortcut = ShortcutPage(theme, take_hotkey, bridge.recorder.settings.hotkey, working_hotkey)
        self.shortcut.heading.setText(self.tr("Start and stop from anywhere"))
        self.shortcut.intro.setText(self.tr("One shortcut does both. Press another to change it."))
        self.workspace = WorkspacePage(theme, bridge)
        self.workspace.heading.setText(self.tr("Where should recordings go?"))
        self.workspace.intro.setText(self.tr("You can change this later and send what you have."))
        self._stack = QStackedWidget()
        for page in (self.sound, self.shortcut, self.workspace):
            self._stack.addWidget(page)
        self.dots = StepDots(theme, self._stack.count())
        self.back = Button(theme, "", kind="flat")
        self.next = Button(theme, "", kind="primary")
        self.back.clicked.connect(self._go_back)
        self.next.clicked.connect(self._go_on)
        for button in (self.back, self.next):
            button.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.setContentsMargins(28, 8, 28, 20)
        foot.setSpacing(8)
        foot.addWidget(self.dots)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        ground = Ground(theme, "base")
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack, 1)
        column.addLayout(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(ground)
        self.setMinimumSize(QSize(theme.px(480), 420))
        self.resize(QSize(theme.px(600), theme.px(560)))
        self._show_step(0)

    def _show_step(self, at: int) -> None:
        self._stack.setCurrentIndex(at)
        self.dots.show_step(at)
        self.back.setText(self.tr("Skip") if at == 0 else self.tr("Back"))
        self.next.setText(self.tr("Next") if at < self._stack.count() - 1 else self.tr("Done"))

    def _go_back(self) -> None:
        at = self._stack.currentIndex()
        if at == 0:
            self.reject()
        else:
            self._show_step(at - 1)

    def _go_on(self) -> None:
        at = self._stack.currentIndex()
        if at == self._stack.count() - 1:
            if self.workspace.is_settled():
                self.accept()
        else:
            self._show_step(at + 1)
