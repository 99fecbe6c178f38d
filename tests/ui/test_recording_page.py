from __future__ import annotations

import dataclasses

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from recorder_app.errors import RecorderError
from recorder_app.models import State, StateKind
from recorder_app.ui.summary_panel import EvidenceText
from tests.support.sample_week import WEEKLY_NOTES, ident, ms

WEEKLY = "Checkout weekly"


def stored(recorder, name):
    return recorder.detail(ident(name)).recording


def test_a_title_is_edited_in_place(qtbot, shell, recorder, open_page):
    title = open_page(shell, WEEKLY).header.title

    QTest.mouseClick(title.label, Qt.MouseButton.LeftButton)
    title.field.clear()
    title.field.insert("Checkout, Übergabe")  # QTest types ASCII only
    QTest.keyClick(title.field, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: stored(recorder, WEEKLY).title == "Checkout, Übergabe")
    assert title.label.text() == "Checkout, Übergabe"


def test_escape_and_an_empty_title_change_nothing(qtbot, shell, recorder, open_page):
    title = open_page(shell, WEEKLY).header.title

    for text, key in (("other", Qt.Key.Key_Escape), ("   ", Qt.Key.Key_Return)):
        title.edit()
        title.field.setText(text)
        QTest.keyClick(title.field, key)

    assert title.label.text() == WEEKLY
    assert "rename" not in [name for name, _ in recorder.calls]


def test_notes_are_saved_by_themselves_with_their_times(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    text = page.notes.text
    text.moveCursor(text.textCursor().MoveOperation.End)

    QTest.keyClicks(text, " Ask Ada.")

    qtbot.waitUntil(lambda: stored(recorder, WEEKLY).notes == WEEKLY_NOTES + " Ask Ada.")
    writers = {thread for name, thread in recorder.calls if name == "set_notes"}
    assert all(thread.startswith("recorder-ui-writes") for thread in writers)


def test_notes_are_written_when_the_page_is_left(qtbot, shell, recorder, open_page):
    text = open_page(shell, WEEKLY).notes.text
    text.selectAll()
    QTest.keyClicks(text, "short")

    open_page(shell, "Retro")

    qtbot.waitUntil(lambda: stored(recorder, WEEKLY).notes == "short")
    assert shell.window.page.notes.text.notes() == ""


def test_notes_are_written_when_the_application_ends(qtbot, shell, recorder, open_page):
    text = open_page(shell, WEEKLY).notes.text
    text.selectAll()
    QTest.keyClicks(text, "last words")

    shell.close()

    assert stored(recorder, WEEKLY).notes == "last words"


def test_notes_that_cannot_be_saved_say_so_and_are_not_lost(qtbot, shell, recorder, open_page):
    notes = open_page(shell, WEEKLY).notes
    recorder.failures["set_notes"] = RecorderError("The disk is full")
    notes.text.selectAll()
    QTest.keyClicks(notes.text, "precious")
    notes.flush()
    qtbot.waitUntil(notes.failure.isVisible)
    assert notes.failure.label.text() == "Your notes are not saved yet: The disk is full."

    notes.failure.button.click()

    qtbot.waitUntil(lambda: not notes.failure.isVisible())
    assert stored(recorder, WEEKLY).notes == "precious"


def test_unsaved_notes_are_still_there_after_looking_at_another_meeting(qtbot, shell, recorder, open_page):
    notes = open_page(shell, WEEKLY).notes
    works = recorder.set_notes

    def full(recording_id, text, **_kept):
        raise RecorderError("The disk is full")

    recorder.set_notes = full
    notes.text.selectAll()
    QTest.keyClicks(notes.text, "precious")
    open_page(shell, "Retro")
    qtbot.waitUntil(lambda: notes._unsaved.get(ident(WEEKLY)) == "precious")

    open_page(shell, WEEKLY)

    assert notes.text.notes() == "precious"
    assert notes.failure.isVisible()
    recorder.set_notes = works
    notes.failure.button.click()
    qtbot.waitUntil(lambda: stored(recorder, WEEKLY).notes == "precious")
    qtbot.waitUntil(lambda: not notes.failure.isVisible())


def test_notes_changed_elsewhere_do_not_replace_what_is_being_typed(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    page.notes.text.selectAll()
    QTest.keyClicks(page.notes.text, "mine")

    recorder._change(ident(WEEKLY), title="New title")
    qtbot.waitUntil(lambda: page.header.title.label.text() == "New title")

    assert page.notes.text.notes() == "mine"


def test_notes_of_a_live_meeting_carry_the_time_at_which_a_line_was_begun(qtbot, shell, recorder):
    recorder.start_recording(title="Live")
    notes = shell.window.page.notes
    qtbot.waitUntil(shell.window.page.recorder_bar.isVisible)

    QTest.keyClicks(notes.text, "first")
    recorder.set_capture(elapsed_ms=900_000)
    qtbot.waitUntil(lambda: shell.bridge.capture.elapsed_ms == 900_000)
    QTest.keyClick(notes.text, Qt.Key.Key_Return)
    QTest.keyClicks(notes.text, "second")

    assert notes.text.notes() == "12:41 first\n15:00 second"


def test_ticking_a_task_keeps_it_and_is_stored(qtbot, shell, recorder, open_page):
    rows = open_page(shell, WEEKLY).tasks.rows()
    assert [hasattr(row, "keep") for row in rows] == [False, False, True]

    rows[0].box.click()
    rows[2].keep.click()

    qtbot.waitUntil(lambda: [t.is_confirmed for t in stored(recorder, WEEKLY).tasks] == [True] * 3)
    qtbot.waitUntil(lambda: stored(recorder, WEEKLY).tasks[0].is_done)
    qtbot.waitUntil(lambda: shell.window.page.tasks._count.text() == "2 open")


def test_a_possible_task_can_be_dismissed(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    assert page.tasks._note.text() == "1 possible task, nobody has confirmed it"

    page.tasks.rows()[2].dismiss.click()

    qtbot.waitUntil(lambda: len(page.tasks.rows()) == 2)
    assert len(stored(recorder, WEEKLY).tasks) == 2
    assert not page.tasks._note.isVisible()


def test_evidence_plays_its_place(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    line = page.summary.findChildren(EvidenceText)[0]

    line.linkActivated.emit("at:761000")

    qtbot.waitUntil(lambda: page.playback.is_playing)
    assert recorder.players[0].position_ms >= 761_000
    assert page.transcript.list.delegate.playing_row == page.transcript.list.rows.row_at(761_000)


def test_machine_text_is_never_markup_and_other_links_do_nothing(qtbot, shell, recorder, open_page):
    from recorder_app.models import SummaryLine

    evil = '<img src="http://x/"> <a href="http://x/">click</a>'
    recorder._change(ident("Retro"), is_transcribed=True, summary_lines=(SummaryLine(evil, (1000,)),))
    page = open_page(shell, "Retro")
    label = next(text for text in page.summary.findChildren(EvidenceText) if text.isVisible())

    assert "&lt;img" in label.text()
    label.linkActivated.emit("http://x/")
    assert recorder.players == []


def test_a_click_on_a_line_plays_from_there(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    view = page.transcript.list
    row = view.rows.row_at(ms("12:41"))
    view.scrollTo(view.rows.index(row))
    place = view.visualRect(view.rows.index(row)).center()

    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(150, place.y()))

    qtbot.waitUntil(lambda: page.playback.is_playing)
    assert ms("12:41") <= recorder.players[0].position_ms < ms("12:52")
    assert {thread for name, thread in recorder.calls if name == "player"} == {"recorder-ui-sound_0"}


def test_copying_lines_takes_their_times_along(shell, open_page):
    view = open_page(shell, WEEKLY).transcript.list
    row = view.rows.row_at(ms("12:41"))
    view.setCurrentIndex(view.rows.index(row))

    QTest.keySequence(view, "Ctrl+C")

    assert QGuiApplication.clipboard().text().startswith("12:41 Mira: Agreed. Twenty per cent")


def test_find_counts_and_goes_round(shell, open_page):
    page = open_page(shell, WEEKLY)
    page.transcript.find_button.click()
    bar = page.transcript.find_bar

    QTest.keyClicks(bar.field, "TWENTY")
    assert bar.count.text() == "1 of 2"
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 2"
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "1 of 2"
    QTest.keyClicks(bar.field, "x")
    assert bar.count.text() == "Nothing found"
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_the_playing_line_is_followed_and_its_word_marked(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    delegate = page.transcript.list.delegate

    page.play_from(ms("12:41") + 1_000)

    row = page.transcript.list.rows.row_at(ms("12:41"))
    qtbot.waitUntil(lambda: delegate.playing_row == row and delegate.playing_ms > 0)
    line = page.transcript.list.rows.lines[row]
    start, end = delegate._spoken(row, line)
    assert line.segment.text[start:end] in {"per", "cent", "on", "Thursday", "and"}


def test_the_waveform_seeks_by_click_and_keys(qtbot, shell, open_page):
    page = open_page(shell, WEEKLY)
    wave = page.player.wave
    x = round(wave.x_of(ms("20:00")))

    QTest.mouseClick(wave, Qt.MouseButton.LeftButton, pos=QPoint(x, 40))
    assert abs(page.playback.position_ms - ms("20:00")) < 4_000
    at = page.playback.position_ms
    QTest.keyClick(wave, Qt.Key.Key_Right)
    assert page.playback.position_ms == at + 10_000
    QTest.keyClick(wave, Qt.Key.Key_Home)
    assert page.playback.position_ms == 0


def test_the_end_of_the_sound_ends_playing(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    page.player.play.click()
    qtbot.waitUntil(lambda: page.playback.is_playing)
    assert page.player.play.accessibleName() == "Pause"

    recorder.players[0].end()

    qtbot.waitUntil(lambda: not page.playback.is_playing)
    assert page.player.play.accessibleName() == "Play"
    assert page.playback.position_ms == page.playback.duration_ms


def test_sound_that_breaks_off_is_said(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    page.playback.play()
    qtbot.waitUntil(lambda: page.playback.is_playing)

    recorder.players[0].on_problem(RecorderError("The headphones are gone", hint="Plug them in, then play"))

    qtbot.waitUntil(lambda: not page.playback.is_playing)
    assert page.player.missing.label.text() == "The headphones are gone. Plug them in, then play."
    page.player.missing.button.click()
    assert page.player.has_sound()


def test_another_meeting_stops_and_closes_the_sound(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    page.playback.play()
    qtbot.waitUntil(lambda: page.playback.is_playing)

    open_page(shell, "Retro")

    qtbot.waitUntil(lambda: recorder.players[0].is_closed)
    assert page.playback.position_ms == 0


def test_the_speed_is_stepped_by_keys_and_used_by_the_player(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    page.transcript.list.setFocus()
    QTest.keyClick(shell.window.windowHandle(), Qt.Key.Key_BracketRight)
    assert page.player.speed.text() == "1.25×"

    QTest.keyClick(shell.window.windowHandle(), Qt.Key.Key_Space)

    qtbot.waitUntil(lambda: page.playback.is_playing)
    assert recorder.players[0].speed == 1.25


def test_keys_of_the_player_are_letters_while_typing(qtbot, shell, recorder, open_page):
    page = open_page(shell, "Stand-up")
    page.notes.text.setFocus()
    qtbot.waitUntil(page.notes.text.hasFocus)

    QTest.keyClick(shell.window.windowHandle(), Qt.Key.Key_Space)
    QTest.keyClick(shell.window.windowHandle(), Qt.Key.Key_G, Qt.KeyboardModifier.NoModifier)

    assert page.notes.text.toPlainText() == " g"
    assert not page.playback.is_playing


def test_sound_that_cannot_be_read_is_said_in_the_players_place(qtbot, shell, recorder, open_page):
    recorder.failures["peaks"] = RecorderError("The sound file is damaged", hint="Fetch it from the server")
    page = open_page(shell, WEEKLY)

    qtbot.waitUntil(lambda: not page.player.has_sound())

    assert page.player.missing.label.text() == "The sound file is damaged. Fetch it from the server."


def test_no_sound_here_is_one_row(shell, open_page):
    page = open_page(shell, "Nothing said")

    assert not page.player.has_sound()
    assert page.player.height() < 80


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Support escalations", "Writing the transcript, 60 %"),
        ("Retro", "There is no transcript"),
        ("Search quality triage", "The transcript comes next"),
        ("Nothing said", "Nobody spoke, or nothing could be understood"),
    ],
)
def test_a_page_without_a_transcript_says_why(shell, open_page, name, says):
    message = open_page(shell, name).transcript._message

    assert message.isVisible()
    assert message._title.text() == says


def test_a_failure_has_its_reason_once_and_one_button(qtbot, shell, recorder, open_page):
    page = open_page(shell, "Vendor call")
    assert page.trouble.isVisible()
    assert page.trouble.label.text().startswith("The server answered 500 five times.")
    assert not page.transcript._message.button.isVisible()

    page.trouble.button.click()

    qtbot.waitUntil(lambda: not page.trouble.isVisible())
    assert recorder.detail(ident("Vendor call")).state.kind is StateKind.UPLOADING


def test_a_failed_transcript_is_retried_from_where_it_is_missing(qtbot, shell, recorder, open_page):
    page = open_page(shell, "Retro")
    assert not page.trouble.isVisible()

    page.transcript._message.button.click()

    qtbot.waitUntil(lambda: page.transcript._message._title.text() == "Writing the transcript, 0 %")


def test_an_uncertain_transcript_gets_an_offer_instead_of_a_summary(shell, open_page):
    page = open_page(shell, "Interview: bike workshop, Ghent")

    assert page.summary._offer.text().startswith("The transcript is too uncertain")
    assert page.summary._offer_button.isVisible()
    assert page.transcript._note.text() == "draft, pocketsphinx"


def test_progress_reaches_the_badge(qtbot, shell, recorder, open_page):
    page = open_page(shell, "Pricing page: launch review")
    assert page.header.badge.texts()[2] == "Uploading 43 %: on its way"

    recorder.set_state(ident("Pricing page: launch review"), State(StateKind.UPLOADING, 88))

    qtbot.waitUntil(lambda: page.header.badge.texts()[2] == "Uploading 88 %: on its way")


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")
def test_the_badge_opens_details_with_a_retry(qtbot, shell, recorder, open_page):
    page = open_page(shell, "Billing export handover")

    details = page.header.badge.open_details()

    texts = [
        label.text().replace("\u200b", "") for label in details.findChildren(type(page.transcript._heading))
    ]
    assert any("The server does not accept the key" in text for text in texts)
    assert any(text.endswith("part-001.ogg") for text in texts)
    details.close()


def test_a_meeting_that_is_gone_is_said_in_a_sentence(qtbot, shell):
    shell.window.open_recording("nowhere")

    qtbot.waitUntil(shell.window.empty.isVisible)
    assert shell.window.empty.text.text() == "There is no such recording."


def test_deleting_asks_first_and_keeps_by_default(qtbot, shell, recorder, open_page):
    from recorder_app.ui.dialogs import DeleteDialog

    open_page(shell, "Retro")
    shell.window.page._delete()
    dialog = shell.window.findChild(DeleteDialog)
    assert dialog.keep.isDefault()
    assert not dialog.delete.isDefault()

    dialog.delete.click()

    qtbot.waitUntil(lambda: "delete" in [name for name, _ in recorder.calls])
    qtbot.waitUntil(lambda: shell.window.sidebar.model.row_of(ident("Retro")) is None)
    qtbot.waitUntil(lambda: shell.window.page.detail is not None)
    assert shell.window.page.detail.recording.id != ident("Retro")


def test_after_the_stop_the_machines_words_get_the_room_the_notes_had(qtbot, shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    done = page.detail
    page.show_detail(dataclasses.replace(done, state=State(StateKind.RECORDING)))
    while_recording = page.notes.height()

    page.show_detail(done)
    qtbot.waitUntil(lambda: page.notes.height() < while_recording)

    assert page.summary.visibleRegion().boundingRect().height() > 100


def test_sentences_picked_by_rules_are_called_highlights(shell, recorder, open_page):
    page = open_page(shell, WEEKLY)
    recording = dataclasses.replace(page.detail.recording, summary_source="rules")

    page.show_detail(dataclasses.replace(page.detail, recording=recording))

    assert page.summary._heading.text() == "Highlights"
