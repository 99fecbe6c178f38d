"""What the machine wrote: a tinted, signed panel whose every line links to its evidence."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from recorder_app.models import RecordingDetail, StateKind, SummaryLine
from recorder_app.ui.controls import Button, ElidedLabel, Ground, Label, icon_button
from recorder_app.ui.formats import clock, time_of_day
from recorder_app.ui.theme import Theme
from recorder_app.ui.words import is_live

SCHEME = "at:"
"""Of the links we make ourselves; nothing else in a label is a link."""
EVIDENCE_SHOWN = 3


class EvidenceText(QLabel):
    """Text of a machine, escaped, followed by ▶ marks that play their place."""

    play_wanted = Signal(int)

    def __init__(self, theme: Theme, text: str, evidence: tuple[int, ...]) -> None:
        super().__init__()
        self._theme, self._plain, self._evidence = theme, text, evidence
        self.setWordWrap(True)
        self.setMinimumWidth(40)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setOpenExternalLinks(False)
        self.setAccessibleName(text)
        self.linkActivated.connect(self._follow)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        theme = self._theme
        self.setFont(theme.font("body"))
        small = theme.font("caption").pixelSize()
        accent = theme.color("accent").name()
        marks = "&nbsp; ".join(
            f'<a href="{SCHEME}{ms}" style="text-decoration:none;color:{accent};font-size:{small}px">'
            f"▸&nbsp;{clock(ms)}</a>"
            for ms in self._evidence[:EVIDENCE_SHOWN]
        )
        leading = theme.line("body")
        self.setText(
            f'<p style="line-height:{leading}px; margin:0">{html.escape(self._plain)} &nbsp;{marks}</p>'
        )

    def _follow(self, link: str) -> None:
        if link.startswith(SCHEME):
            self.play_wanted.emit(int(link.removeprefix(SCHEME)))


class SummaryPanel(Ground):
    """Lines with evidence; an offer when nothing is offered; never a fake."""

    play_wanted = Signal(int)
    retry_wanted = Signal()
    said = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, "alternate", radius=10)
        self._theme = theme
        self._heading = Label(theme, self.tr("Summary"), weight=600)
        self._signed = ElidedLabel(theme, style="caption", ink="secondary")
        self.copy_button = icon_button(theme, "copy", self.tr("Copy the summary"), ink="secondary", size=14)
        self.copy_button.clicked.connect(self._copy)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._heading)
        head.addWidget(self._signed, 1)
        head.addWidget(self.copy_button)
        self._offer = Label(theme, ink="secondary", is_wrapped=True)
        self._offer_button = Button(theme, "", is_small=True)
        self._offer_button.clicked.connect(self.retry_wanted)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 12, 14)
        column.setSpacing(6)
        column.addLayout(head)
        column.addLayout(self._lines)
        column.addWidget(self._offer)
        column.addWidget(self._offer_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._shown: tuple[SummaryLine, ...] = ()

    def show_detail(self, detail: RecordingDetail) -> None:
        recording = detail.recording
        if recording.summary_lines != self._shown:
            self._shown = recording.summary_lines
            self._fill()
        self.copy_button.setVisible(bool(self._shown))
        # Sentences picked by rules are no summary, and must not be called one.
        is_picked = bool(self._shown) and recording.summary_source == "rules"
        self._heading.setText(self.tr("Highlights") if is_picked else self.tr("Summary"))
        signature = []
        if self._shown and recording.summary_source:
            source = recording.summary_source
            who = self.tr("rules") if source == "rules" else source
            signature.append(self.tr("by {who}").format(who=who))
            if recording.summary_generated_at:
                signature.append(time_of_day(recording.summary_generated_at))
        self._signed.setText(", ".join(signature))
        self._make_offer(detail)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(line.text for line in self._shown))
        self.said.emit(self.tr("The summary is on the clipboard"))

    def _make_offer(self, detail: RecordingDetail) -> None:
        recording, kind = detail.recording, detail.state.kind
        sentence, button = "", ""
        if not self._shown:
            if is_live(detail.state) or not recording.is_transcribed:
                sentence = self.tr("A summary follows the transcript.")
                if kind is StateKind.FAILED:
                    sentence = self.tr("There is no transcript to sum up.")
            elif recording.insights_withheld:
                sentence = recording.insights_withheld
                button = self.tr("Transcribe again")
            else:
                sentence = self.tr("Nothing in the transcript could be summed up with evidence.")
        self._offer.setText(sentence)
        self._offer.setVisible(bool(sentence))
        self._offer_button.setText(button)
        self._offer_button.setVisible(bool(button))

    def _fill(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for line in self._shown:
            row = QWidget()
            box = QHBoxLayout(row)
            box.setContentsMargins(2, 0, 0, 0)
            box.setSpacing(8)
            bullet = Label(self._theme, "•", ink="secondary")
            bullet.setFixedHeight(self._theme.line("body") + 6)
            text = EvidenceText(self._theme, line.text, line.evidence)
            text.play_wanted.connect(self.play_wanted)
            box.addWidget(bullet, 0, Qt.AlignmentFlag.AlignTop)
            box.addWidget(text, 1)
            self._lines.addWidget(row)
