"""Where a recording is, as four facts: captured, on disk, on the server, transcribed. Pure."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QCoreApplication

from recorder_app.models import Recording, State, StateKind
from recorder_app.ui.formats import clock, length, size, time_of_day


def tr(text: str, /, **values: object) -> str:
    """Translate a text of this module, then fill in its {names}."""
    return QCoreApplication.translate("safety", text).format(**values)


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """`tone`: done | live | on_its_way | needs_you."""

    text: str
    tone: str


def cells(recording: Recording, state: State) -> tuple[Cell, Cell, Cell, Cell]:
    """Return the badge's four cells from left to right."""
    return (
        _captured(recording, state),
        _on_disk(recording, state),
        _on_server(recording, state),
        _transcribed(recording, state),
    )


def _captured(recording: Recording, state: State) -> Cell:
    if state.kind is StateKind.RECORDING:
        return Cell(tr("Capturing"), "live")
    if state.kind is StateKind.PAUSED:
        return Cell(tr("Paused"), "on_its_way")
    holes = sum(1 for gap in recording.gaps if gap.cause != "pause")
    if holes == 1:
        return Cell(tr("Captured, 1 gap"), "needs_you")
    if holes:
        return Cell(tr("Captured, {count} gaps", count=holes), "needs_you")
    return Cell(tr("Captured"), "done")


def _on_disk(recording: Recording, state: State) -> Cell:
    if recording.is_on_disk or state.kind in (StateKind.RECORDING, StateKind.PAUSED):
        # While recording every second is synced to the disk as it comes.
        return Cell(tr("On disk"), "done")
    if state.kind is StateKind.SAVING:
        return Cell(tr("Saving"), "on_its_way")
    if recording.is_uploaded:
        return Cell(tr("Not kept here"), "on_its_way")
    return Cell(tr("Not on disk"), "needs_you")


def _on_server(recording: Recording, state: State) -> Cell:
    if recording.is_uploaded:
        return Cell(tr("On server"), "done")
    if state.kind is StateKind.UPLOADING:
        percent = "" if state.percent is None else f" {state.percent} %"
        return Cell(tr("Uploading") + percent, "on_its_way")
    if state.kind is StateKind.NEEDS_SIGN_IN:
        return Cell(tr("Needs sign-in"), "needs_you")
    if state.kind is StateKind.FAILED:
        return Cell(tr("Upload failed"), "needs_you")
    if state.kind is StateKind.DELETED_THERE:
        return Cell(tr("Deleted on the server"), "needs_you")
    if state.kind is StateKind.KEPT_HERE:
        return Cell(tr("Sound kept here"), "on_its_way")
    return Cell(tr("Not uploaded yet"), "on_its_way")


def _transcribed(recording: Recording, state: State) -> Cell:
    if recording.is_transcribed and not recording.has_draft_transcript:
        return Cell(tr("Transcribed"), "done")
    if recording.is_transcribed:
        return Cell(tr("Draft transcript"), "on_its_way")
    if state.kind is StateKind.TRANSCRIBING:
        percent = "" if state.percent is None else f" {state.percent} %"
        return Cell(tr("Transcribing") + percent, "on_its_way")
    if state.kind is StateKind.FAILED and recording.is_uploaded:
        return Cell(tr("Transcript failed"), "needs_you")
    return Cell(tr("No transcript yet"), "on_its_way")


def facts(recording: Recording, state: State) -> list[tuple[str, str]]:
    """Return the details behind the badge as (name, value) pairs, only what is known."""
    rows = [(tr("Length"), f"{length(recording.duration_ms)} ({clock(recording.duration_ms)})")]
    rows += [(tr("File"), str(path)) for path in recording.media]
    if recording.media_bytes:
        rows.append((tr("Size"), size(recording.media_bytes)))
    if recording.media_sha256:
        rows.append((tr("Checksum"), recording.media_sha256))
    rows.append(
        (
            tr("On the server"),
            tr("yes, size and checksum confirmed") if recording.is_uploaded else tr("no"),
        )
    )
    if recording.server_id:
        rows.append((tr("Number there"), recording.server_id))
    if recording.engine:
        rows.append((tr("Transcript by"), recording.engine))
    if recording.was_recovered:
        rows.append((tr("Recovered"), tr("yes, recording had been cut off")))
    if state.reason:
        rows.append((tr("Why"), state.reason))
    if state.next_attempt_at:
        rows.append((tr("Next try"), time_of_day(state.next_attempt_at)))
    return rows
