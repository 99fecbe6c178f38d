"""`recorder record`: the whole job in the foreground, without a screen."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from recorder_app.cli.output import capture_line, detail_lines, print_json, say, state_words
from recorder_app.errors import NetworkError, RecorderError, ServerError, SignInError
from recorder_app.export.json_view import detail_json
from recorder_app.models import CaptureStatus, RecordingDetail, StateKind
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder

TICK_S = 0.2


def record_command(options: argparse.Namespace) -> int:
    recorder = Recorder(Paths.from_environment())
    recorder.open()
    try:
        with interrupts() as stop:
            recording = recorder.start_recording(title=options.title, mic=options.mic, system=options.system)
            _sit(recorder, recording.id, options.seconds, stop)
            if recorder.capture_status().recording_id == recording.id:
                recorder.stop_recording()
            stop.clear()
            return follow(recorder, recording.id, options, stop)
    finally:
        recorder.close()


def follow(recorder: Recorder, recording_id: str, options: argparse.Namespace, stop: threading.Event) -> int:
    """Wait for upload and transcript, print the result, return the exit code. `stop` gives up waiting."""
    detail = wait_for(recorder, recording_id, options, stop)
    if options.json:
        print_json(detail_json(detail))
    else:
        print("\n".join(detail_lines(detail)))
    return tell_trouble(detail)


def wait_for(
    recorder: Recorder, recording_id: str, options: argparse.Namespace, stop: threading.Event
) -> RecordingDetail:
    """Until nothing moves any more, the time is over, or `stop`; says each new state."""
    deadline = time.monotonic() + options.wait
    shown = ""
    while not stop.is_set() and time.monotonic() < deadline:
        detail = recorder.detail(recording_id)
        words = state_words(detail.state)
        if words != shown and not options.json:
            say(words)
        shown = words
        if is_settled(detail):
            break
        recorder.work_until_idle(recording_id, timeout_s=min(1.0, max(0.0, deadline - time.monotonic())))
        stop.wait(0.05)
    return recorder.detail(recording_id)


def tell_trouble(detail: RecordingDetail) -> int:
    """Say why it is not ready, if it is not; return the exit code for that."""
    trouble = trouble_of(detail)
    if trouble:
        say(f"recorder: {trouble.sentence}")
        return trouble.exit_code
    return 0


def is_settled(detail: RecordingDetail) -> bool:
    """Nothing more will happen by itself soon: done, given up, or waiting for somebody or for a later try."""
    kind = detail.state.kind
    if kind in {
        StateKind.READY,
        StateKind.KEPT_HERE,
        StateKind.DELETED_THERE,
        StateKind.FAILED,
        StateKind.NEEDS_SIGN_IN,
    }:
        return True
    return kind is StateKind.WAITING and detail.state.reason is not None


def trouble_of(detail: RecordingDetail) -> RecorderError | None:
    """What kept the recording from being ready, as the error whose exit code the command ends with."""
    state = detail.state
    if state.kind in {StateKind.READY, StateKind.KEPT_HERE}:
        return None
    where = f"The recording is safe: {detail.recording.media[0]}" if detail.recording.media else ""
    reason = (state.reason or "It is not finished yet").rstrip(".")
    hint = "It goes on by itself when the app runs, or now with: recorder sync --once"
    if state.kind is StateKind.NEEDS_SIGN_IN:
        return SignInError(
            reason,
            code="authentication_failed",
            detail=where,
            hint="Give the right key, then: recorder sync --once",
        )
    if state.kind in {StateKind.FAILED, StateKind.DELETED_THERE}:
        return ServerError(reason, detail=where, hint="recorder doctor tells more")
    return NetworkError(reason, was_sent=False, detail=where, hint=hint)


def _sit(recorder: Recorder, recording_id: str, seconds: float | None, stop: threading.Event) -> None:
    """Show the meters until the time is over, Ctrl+C, or somebody else stops the recording."""
    is_terminal = sys.stderr.isatty()
    if is_terminal and seconds is None:
        say("Recording. Ctrl+C stops and saves.")
    while not stop.is_set():
        status = recorder.capture_status()
        if status.recording_id != recording_id:
            break
        if is_terminal:
            sys.stderr.write(f"\r\033[K{capture_line(status)}")
            sys.stderr.flush()
        left = TICK_S if seconds is None else seconds - status.elapsed_ms / 1000
        if left <= 0:
            break
        stop.wait(min(TICK_S, max(left, 0.005)) if status.state == "recording" else TICK_S)
        _say_problem(status)
    if is_terminal:
        sys.stderr.write("\r\033[K")


_told: set[str] = set()


def _say_problem(status: CaptureStatus) -> None:
    reasons = (track.reason for track in status.tracks.values())
    for problem in (status.problem, *reasons, *(alarm.sentence for alarm in status.alarms)):
        if problem and problem not in _told:
            _told.add(problem)
            say(problem)


@contextmanager
def interrupts() -> Iterator[threading.Event]:
    """Ctrl+C and SIGTERM set the event instead of ending the process, so that the file is closed first."""
    stop = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
