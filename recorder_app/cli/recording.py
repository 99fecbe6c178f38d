"""start, stop, toggle, pause, resume, bookmark, status: one word to the capture process and out."""

from __future__ import annotations

import argparse
import dataclasses
import os
from typing import Any

from recorder_app.cli.output import capture_line, clock, print_json
from recorder_app.export.json_view import recording_json
from recorder_app.models import CaptureStatus, Recording
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder


def start_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    recording = recorder.start_recording(title=options.title, mic=options.mic, system=options.system)
    _tell(recorder, recording, options, f"Recording. Stop with: recorder stop  ({recording.id[:8]})")


def stop_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    recording = recorder.stop_recording()
    _tell(recorder, recording, options, f"Saved, {clock(recording.duration_ms)}: {recording.media[0]}")


def toggle_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    if recorder.capture_status().state == "idle":
        recording = recorder.start_recording(title=options.title, mic=options.mic, system=options.system)
        _tell(recorder, recording, options, f"Recording ({recording.id[:8]})")
    else:
        recording = recorder.stop_recording()
        _tell(recorder, recording, options, f"Saved, {clock(recording.duration_ms)}: {recording.media[0]}")


def pause_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    _tell_status(recorder, recorder.pause(), options)


def resume_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    _tell_status(recorder, recorder.resume(), options)


def bookmark_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    _tell_status(recorder, recorder.bookmark(options.note), options)


def status_command(options: argparse.Namespace) -> None:
    recorder = _opened()
    _tell_status(recorder, recorder.capture_status(), options)


def status_json(recorder: Recorder, status: CaptureStatus) -> dict[str, Any]:
    """The stable shape of `status --json`."""
    uploads = recorder.uploads_status()
    return {
        "state": status.state,
        "recording_id": status.recording_id,
        "elapsed_ms": status.elapsed_ms,
        "app_pid": _app_pid(recorder.paths),
        "capture_pid": status.pid,
        "tracks": {
            track.value: {
                "source": each.source,
                "level_dbfs": each.level_dbfs,
                "is_ok": each.is_ok,
                "reason": each.reason,
            }
            for track, each in status.tracks.items()
        },
        "disk_minutes_left": status.disk_minutes_left,
        "problem": status.problem,
        "alarms": [dataclasses.asdict(alarm) for alarm in status.alarms],
        "uploads": {
            "waiting": uploads.waiting,
            "failing": uploads.failing,
            "paused_reason": uploads.paused_reason,
        },
    }


def _opened() -> Recorder:
    recorder = Recorder(Paths.from_environment())
    recorder.open(is_working=False)
    return recorder


def _tell(recorder: Recorder, recording: Recording, options: argparse.Namespace, sentence: str) -> None:
    if options.json:
        print_json(recording_json(recording, recorder.detail(recording.id).state))
    else:
        print(sentence)
    recorder.close()


def _tell_status(recorder: Recorder, status: CaptureStatus, options: argparse.Namespace) -> None:
    if options.json:
        print_json(status_json(recorder, status))
    else:
        print(capture_line(status))
        uploads = recorder.uploads_status()
        if uploads.waiting:
            print(f"{uploads.waiting} waiting for upload or transcript")
        if uploads.paused_reason:
            print(uploads.paused_reason)
    recorder.close()


def _app_pid(paths: Paths) -> int | None:
    """The tray app's process id, from its lock file; None when it does not run."""
    try:
        pid = int((paths.runtime / "app.lock").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid
