"""Where recordings go: four choices, a key, a project, and a test that says what is wrong."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from recorder_app.errors import RecorderError
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Banner, Button, Label
from recorder_app.ui.facade import ConnectionReport, WorkspaceView
from recorder_app.ui.settings_parts import ChoiceCard, SettingsPage
from recorder_app.ui.theme import Theme

LOCAL, US, EU, OWN = "local", "us", "eu", "own"
ORIGINS = {"https://us.posthog.com": US, "https://eu.posthog.com": EU}


class WorkspacePage(SettingsPage):
    """Tests what is typed before it is used; a key goes into the keyring and is never shown again."""

    used = Signal()
    """Recordings go somewhere else now, or with another key."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__(
            theme,
            self.tr("Workspace"),
            self.tr("Where your recordings go. Nothing is lost when you change this."),
        )
        self._bridge = bridge
        self.cards = {
            LOCAL: ChoiceCard(theme, self.tr("This computer"), self.tr("No account, works offline")),
            EU: ChoiceCard(theme, "PostHog EU", "eu.posthog.com"),
            US: ChoiceCard(theme, "PostHog US", "us.posthog.com"),
            OWN: ChoiceCard(theme, self.tr("Self-hosted"), self.tr("Your own address")),
        }
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, (name, card) in enumerate(self.cards.items()):
            card.clicked.connect(lambda _=False, name=name: self._choose(name))
            grid.addWidget(card, number // 2, number % 2)
        self.column.addLayout(grid)
        self.address = QLineEdit()
        self.address.setPlaceholderText(self.tr("https://posthog.example.com"))
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.project = QLineEdit()
        self.project.setPlaceholderText(self.tr("The key’s own project"))
        for field, name in (
            (self.address, self.tr("Address")),
            (self.key, self.tr("Personal API key")),
            (self.project, self.tr("Project number")),
        ):
            field.setAccessibleName(name)
            field.textEdited.connect(self._say_nothing)
        self.test = Button(theme, self.tr("Test connection"))
        self.use = Button(theme, self.tr("Use this workspace"), kind="primary")
        self.test.clicked.connect(self._test)
        self.use.clicked.connect(self._use)
        self._fields = QWidget()
        self._lay_out()
        self.told = Label(theme, style="small", is_wrapped=True)
        self.add_note(self.told)
        self.column.addStretch(1)
        self.backlog = Banner(theme, tone="neutral")
        self.backlog.button.clicked.connect(self._push)
        self.column.addWidget(self.backlog)
        self.backlog.hide()
        self._kind = LOCAL
        self.view: WorkspaceView | None = None
        self._show_fields()
        self.reload()

    def _lay_out(self) -> None:
        self.add_row(self.tr("Address"), self.address)
        self.add_row(self.tr("Personal API key"), self.key)
        self.add_row(self.tr("Project number"), self.project, self.test)
        self.key_note = Label(self.theme, style="small", ink="secondary", is_wrapped=True)
        self.add_note(self.key_note)
        self.add_note(self.use)

    def reload(self) -> None:
        """Ask what is in use. The keyring may take its time."""
        self._bridge.run(self._bridge.recorder.workspaces.current, self._show, self._fail, newest="workspace")

    def _show(self, view: WorkspaceView) -> None:
        self.view = view
        self._kind = LOCAL if view.workspace == LOCAL else ORIGINS.get(view.workspace, OWN)
        self.cards[self._kind].setChecked(True)
        if self._kind == OWN:
            self.address.setText(view.workspace)
        self.project.setText("" if view.project_id.startswith("@") else view.project_id)
        for card in self.cards.values():
            card.setEnabled(not view.is_from_environment)
        self.backlog.setVisible(view.backlog > 0)
        self.backlog.say(
            self.tr("{count} recordings are only on this computer.").format(count=view.backlog),
            self.tr("Send them to {place}").format(place=view.label),
        )
        self._show_fields()
        if view.is_from_environment:
            self._say(self.tr("POSTHOG_HOST is set and decides where recordings go."), "secondary")
        elif view.paused_reason:
            self._say(view.paused_reason, "amber")

    def _choose(self, kind: str) -> None:
        self._kind = kind
        self._say_nothing()
        self._show_fields()
        if kind == LOCAL and self.view is not None and self.view.workspace != LOCAL:
            self._use()

    def _show_fields(self) -> None:
        is_server = self._kind != LOCAL
        for field in (self.key, self.project, self.test, self.use):
            field.setEnabled(is_server)
        self.address.setEnabled(self._kind == OWN)
        known = self.view is not None and self.view.key_source is not None and self._is_in_use()
        self.key.setPlaceholderText(self.tr("Kept in the keyring; type to replace it") if known else "phx_…")
        self.key_note.setText(
            self.tr("Text goes to your project. PostHog takes no sound from this app, so sound stays here.")
            if is_server
            else self.tr("Sound and text stay in this computer’s own folder.")
        )
        self.use.setVisible(is_server)

    def _is_in_use(self) -> bool:
        return self.view is not None and ORIGINS.get(self.view.workspace, OWN) == self._kind

    def is_settled(self) -> bool:
        """Whether the chosen place is the one in use; says what is missing where it is not."""
        is_good = self._kind == LOCAL or self._is_in_use()
        if not is_good:
            self._say(self.tr("It is not in use yet. Use it, or choose this computer."), "amber")
        return is_good

    def _address(self) -> str:
        return self.address.text().strip() if self._kind == OWN else self._kind

    def _say_nothing(self, *_: str) -> None:
        self._say("", "secondary")

    def _say(self, sentence: str, ink: str) -> None:
        self.told.set_ink(ink)
        self.told.setText(sentence)
        self.told.setAccessibleName(sentence)

    def _busy(self, button: Button, words: str) -> None:
        """Keep the button's width while it says that it works."""
        button.setMinimumWidth(button.width())
        button.setText(words)
        for each in (self.test, self.use):
            each.setEnabled(False)

    def _idle(self) -> None:
        self.test.setText(self.tr("Test connection"))
        self.use.setText(self.tr("Use this workspace"))
        for each in (self.test, self.use):
            each.setEnabled(self._kind != LOCAL)

    def _test(self) -> None:
        address, key = self._address(), self.key.text().strip() or None
        project = self.project.text().strip() or None
        workspaces = self._bridge.recorder.workspaces
        self._busy(self.test, self.tr("Testing…"))
        self._bridge.run(
            lambda: workspaces.check(address, project_id=project, key=key),
            self._report,
            self._fail,
            newest="workspace-test",
        )

    def _report(self, report: ConnectionReport) -> None:
        self._idle()
        if report.error is not None:
            self._say(report.error.sentence, "amber")
        elif report.user:
            self._say(
                self.tr("Signed in as {user}. The key can read and write recordings.").format(
                    user=report.user
                ),
                "accent",
            )
        else:
            self._say(self.tr("The key can read and write recordings."), "accent")

    def _use(self) -> None:
        address, key = self._address(), self.key.text().strip()
        project = self.project.text().strip() or None
        workspaces = self._bridge.recorder.workspaces
        self._busy(self.use, self.tr("Saving…"))

        def work() -> WorkspaceView:
            if key:
                workspaces.sign_in(key, address)
            return workspaces.use(address, project_id=project)

        self._bridge.run(work, self._used, self._fail, lane="writes")

    def _used(self, view: WorkspaceView) -> None:
        self._idle()
        self.key.clear()
        self._show(view)
        if not view.paused_reason:
            self._say(self.tr("Recordings go to {place} from now on.").format(place=view.label), "accent")
        self.used.emit()

    def _push(self) -> None:
        self._bridge.run(
            self._bridge.recorder.workspaces.push_backlog, lambda _: self.reload(), self._fail, lane="writes"
        )

    def _fail(self, error: RecorderError) -> None:
        self._idle()
        self._say(error.sentence, "amber")
