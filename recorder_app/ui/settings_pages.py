"""The short settings pages: sound, shortcut, appearance, storage, privacy, about."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from recorder_app import __version__
from recorder_app.models import CaptureStatus, SourceInfo, Track
from recorder_app.ui.bridge import Bridge
from recorder_app.ui.controls import Button, Label
from recorder_app.ui.formats import size
from recorder_app.ui.meter import Meter
from recorder_app.ui.overview import Overview
from recorder_app.ui.settings_parts import ChoiceCard, ComboBox, CommandBox, SettingsPage, ShortcutField
from recorder_app.ui.theme import Theme

TOGGLE = "recorder toggle"


def change(bridge: Bridge, **values: object) -> None:
    """Store changed settings off the GUI thread; a failure is said."""
    recorder = bridge.recorder
    bridge.run(
        lambda: recorder.update_settings(dataclasses.replace(recorder.settings, **values)),  # type: ignore[arg-type]
        lane="writes",
    )


class SoundPage(SettingsPage):
    """Which microphone and which far side; their levels while something is recorded."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__(
            theme,
            self.tr("Sound"),
            self.tr("Both sides are recorded apart. A change holds from the next recording."),
        )
        self._bridge = bridge
        self.boxes = {Track.MIC: ComboBox(theme), Track.SYSTEM: ComboBox(theme)}
        self.meters: dict[Track, Meter] = {}
        self.words: dict[Track, Label] = {}
        for track, name, speaker in ((Track.MIC, self.tr("You"), 0), (Track.SYSTEM, self.tr("Them"), 1)):
            box = self.boxes[track]
            box.setAccessibleName(name)
            box.activated.connect(lambda _=0, track=track: self._chosen(track))
            self.add_row(name, box)
            self.meters[track] = Meter(theme, speaker=speaker, name=name)
            self.words[track] = Label(theme, style="small", ink="secondary")
            row = QHBoxLayout()
            row.addSpacing(theme.px(128) + 8)
            row.addWidget(self.meters[track], 1)
            row.addSpacing(8)
            row.addWidget(self.words[track])
            row.addStretch(1)
            self.column.addLayout(row)
        self.note = Label(theme, style="small", ink="secondary", is_wrapped=True)
        self.column.addSpacing(8)
        self.column.addWidget(self.note)
        self.column.addStretch(1)
        bridge.capture_changed.connect(self._show_levels)
        self._show_levels(bridge.capture)
        self.reload()

    def reload(self) -> None:
        self._show_sources([])
        self._bridge.run(
            self._bridge.recorder.sources,
            self._show_sources,
            lambda error: self.note.setText(error.sentence),
            lane="capture",
        )

    def _show_sources(self, sources: list[SourceInfo]) -> None:
        settings = self._bridge.recorder.settings
        for track, chosen in ((Track.MIC, settings.mic_source), (Track.SYSTEM, settings.system_source)):
            box = self.boxes[track]
            box.clear()
            default = next((each.name for each in sources if each.track is track and each.is_default), "")
            box.addItem(
                self.tr("Default: {name}").format(name=default)
                if default
                else self.tr("The system’s default"),
                "default",
            )
            for each in sources:
                if each.track is track and each.id not in ("default", "none"):
                    box.addItem(each.name, each.id)
            box.addItem(self.tr("Nothing"), "none")
            if box.findData(chosen) < 0:
                box.addItem(self.tr("{name} (not plugged in)").format(name=chosen), chosen)
            box.setCurrentIndex(box.findData(chosen))

    def _chosen(self, track: Track) -> None:
        field = "mic_source" if track is Track.MIC else "system_source"
        change(self._bridge, **{field: self.boxes[track].currentData()})

    def _show_levels(self, status: CaptureStatus) -> None:
        is_idle = status.state == "idle"
        for track, meter in self.meters.items():
            meter.feed(None if is_idle else status.tracks.get(track))
            self.words[track].setText("" if is_idle else meter.word)
        if is_idle:
            self.note.setText(self.tr("Levels show here, beside the recording, while you record."))
        else:
            self.note.setText(
                self.tr("Both meters should move: yours when you talk, theirs when the call talks.")
            )


class ShortcutPage(SettingsPage):
    """The global shortcut, whether it works, and the command that works everywhere."""

    def __init__(self, theme: Theme, take: Callable[[str], str | None], keys: str, working: str) -> None:
        """`take` registers keys and returns None, or in a sentence why they do not work."""
        super().__init__(
            theme, self.tr("Shortcut"), self.tr("One shortcut starts and stops, whatever window is in front.")
        )
        self._take = take
        self.field = ShortcutField(theme, keys)
        self.field.captured.connect(self._captured)
        self.add_row(self.tr("Start and stop"), self.field)
        self.told = Label(theme, style="small", is_wrapped=True)
        self.add_note(self.told)
        self._say(
            self.tr("Works on this desktop")
            if working
            else self.tr("This desktop does not give it to Recorder.")
        )
        self.told.set_ink("accent" if working else "amber")
        self.column.addSpacing(8)
        self.column.addWidget(
            Label(
                theme,
                self.tr("This command does the same. Bind it where a desktop keeps shortcuts to itself:"),
                is_wrapped=True,
            )
        )
        self.command = CommandBox(theme, TOGGLE)
        self.column.addWidget(self.command)
        for desktop, how in (
            ("GNOME", self.tr("Settings › Keyboard › View and customise shortcuts › Custom shortcuts")),
            ("KDE Plasma", self.tr("System Settings › Keyboard › Shortcuts › Add new › Command")),
            ("Sway", "bindsym Ctrl+Alt+r exec recorder toggle"),
            ("Hyprland", "bind = CTRL ALT, R, exec, recorder toggle"),
        ):
            self.add_fact(desktop, how)
        self.column.addStretch(1)

    def _captured(self, keys: str) -> None:
        reason = self._take(keys)
        self.told.set_ink("accent" if reason is None else "amber")
        self._say(self.tr("Works on this desktop") if reason is None else reason)

    def _say(self, sentence: str) -> None:
        self.told.setText(sentence)
        self.told.setAccessibleName(sentence)


class AppearancePage(SettingsPage):
    """System, light or dark; at once."""

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__(
            theme, self.tr("Appearance"), self.tr("Changes at once. Type follows the system’s font.")
        )
        self._bridge = bridge
        self.cards = {
            "system": ChoiceCard(theme, self.tr("As the system"), self.tr("Light or dark, whichever it is")),
            "light": ChoiceCard(theme, self.tr("Light"), self.tr("Always")),
            "dark": ChoiceCard(theme, self.tr("Dark"), self.tr("Always")),
        }
        box = QVBoxLayout()
        box.setSpacing(8)
        for name, card in self.cards.items():
            card.setChecked(bridge.recorder.settings.appearance == name)
            card.clicked.connect(lambda _=False, name=name: self._choose(name))
            box.addWidget(card)
        self.column.addLayout(box)
        self.column.addStretch(1)

    def _choose(self, name: str) -> None:
        self.theme.set_appearance(name)
        change(self._bridge, appearance=name)


class StoragePage(SettingsPage):
    """Where the files are and what they take."""

    def __init__(self, theme: Theme, bridge: Bridge, overview: Overview) -> None:
        super().__init__(
            theme, self.tr("Storage"), self.tr("Each recording is a folder with ordinary sound files.")
        )
        self._overview = overview
        self.folder = bridge.recorder.paths.recordings
        place = self.add_fact(self.tr("Folder"), str(self.folder))
        place.setText(str(self.folder).replace("/", "/\u200b"))  # may break after each folder
        place.setAccessibleName(str(self.folder))
        self.used = self.add_fact(self.tr("Used"), "")
        self.open = Button(theme, self.tr("Open the folder"), icon="folder")
        self.open.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.folder))))
        row = QHBoxLayout()
        row.addWidget(self.open)
        row.addStretch(1)
        self.column.addSpacing(4)
        self.column.addLayout(row)
        self.column.addStretch(1)
        overview.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        rows = self._overview.rows()
        total = sum(row.recording.media_bytes for row in rows)
        self.used.setText(
            self.tr("{size} in {count} recordings").format(size=size(total), count=len(rows))
            if rows
            else self.tr("Nothing is recorded yet")
        )


class PrivacyPage(SettingsPage):
    """What is kept where, and the words to tell people."""

    said = Signal(str)

    def __init__(self, theme: Theme, bridge: Bridge) -> None:
        super().__init__(
            theme,
            self.tr("Privacy"),
            self.tr("Nothing leaves this computer that you did not send somewhere."),
        )
        settings = bridge.recorder.settings
        text_place = (
            self.tr("It stays on this computer.")
            if settings.is_local
            else self.tr("Title, people, notes, transcript, summary and tasks go to {place}.").format(
                place=settings.workspace.split("://")[-1]
            )
        )
        sound_place = (
            self.tr("It stays on this computer.")
            if settings.upload_url is None
            else self.tr("It goes to your own upload server.")
        )
        self.add_fact(self.tr("Sound"), sound_place)
        self.add_fact(self.tr("Text"), text_place)
        self.add_fact(
            self.tr("Transcription"),
            self.tr("Words are found on this computer; sound is sent to nobody for it."),
        )
        self.add_fact(self.tr("Usage data"), self.tr("None is collected."))
        self.consent = self.add_fact(
            self.tr("Tell people you’re recording"),
            self.tr("I’m recording this meeting so that we get notes. Tell me if you’d rather not."),
        )
        self.copy = Button(theme, self.tr("Copy chat text"), icon="copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.consent.text()))
        row = QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addStretch(1)


class AboutPage(SettingsPage):
    def __init__(self, theme: Theme) -> None:
        super().__init__(
            theme, self.tr("About"), self.tr("Recorder keeps both sides of a meeting, and its words.")
        )
        self.add_fact(self.tr("Version"), __version__)
        self.add_fact(self.tr("Licence"), "MIT")
        self.column.addStretch(1)
