"""The whole job where there is no display: a screen and a sound server of our own, a spoken sample, the real
capture path, the embedded backend, the real windows. Ends with 0 only if every stage happened.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

from recorder_app.demo.pulse import CALL_SINK, MIC_FEED, PrivatePulse
from recorder_app.demo.screen import PrivateScreen
from recorder_app.demo.stages import Stage, judge, pictured
from recorder_app.errors import RecorderError
from recorder_app.media.decode import read_pcm
from recorder_app.models import RecordingDetail, StateKind, Track
from recorder_app.paths import PACKAGE, Paths, child_command, resources
from recorder_app.recorder import Recorder

RATE = 48_000
FAILED = 1
TICK_S = 0.1
WORK_TIMEOUT_S = 300.0
"""For upload, transcript and summary of one minute of speech, on a machine that has other things to do."""
WINDOW_TIMEOUT_S = 90.0
SILENT_DBFS = -120.0
SILENT_TRY_MS = 3_000
LEAD_S = 0.5
"""Recorded before and after the sample, as a person would."""
SETTLED = {StateKind.READY, StateKind.KEPT_HERE, StateKind.FAILED, StateKind.NEEDS_SIGN_IN}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it all and print it; return the exit code."""
    options = _parse(arguments)
    output = options.output.absolute()
    say("There is no display here, so this shows the whole job on a screen and a sound server of its own.")
    home = _fresh(output)
    started = time.monotonic()
    try:
        with _private_desktop(home) as pulse:
            say(f"Private Xvfb ({os.environ['DISPLAY']}) and PulseAudio are up ({_since(started)}).")
            detail, stages = _work(pulse, home, is_silent=options.silent)
            stages.append(_pictures(output))
    except (RecorderError, RuntimeError, OSError) as error:
        say(f"✗ {error.sentence if isinstance(error, RecorderError) else error}")
        return FAILED
    _report(detail, home, output)
    return _verdict(stages, started)


def say(text: str) -> None:
    print(text, flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m recorder_app.demo.run", description=__doc__)
    parser.add_argument("--output", type=Path, default=PACKAGE.parent / "recorder-output", metavar="FOLDER")
    parser.add_argument("--silent", action="store_true", help="play nothing, which must fail")
    return parser.parse_args([] if arguments is None else list(arguments))


def _fresh(output: Path) -> Path:
    """Return an empty data folder; what an earlier demo left there goes, and nothing else."""
    home = output / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True)
    for picture in output.glob("*.png"):
        picture.unlink()
    return home


@contextlib.contextmanager
def _private_desktop(home: Path) -> Iterator[PrivatePulse]:
    """A screen, sound, a data folder and no workspace but the embedded one, for us and our children."""
    with tempfile.TemporaryDirectory(prefix="recorder-") as runtime, PrivateScreen() as screen:
        os.environ |= {"RECORDER_HOME": str(home), "XDG_RUNTIME_DIR": runtime, **screen.environment}
        for name in ("POSTHOG_HOST", "POSTHOG_PROJECT_ID", "POSTHOG_PERSONAL_API_KEY", "RECORDER_UPLOAD_URL"):
            os.environ.pop(name, None)
        # libdbus would start a session bus on the private screen and leave it running.
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        # No key is needed for the embedded backend, and nobody's keyring is to be opened for a demo.
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
        with PrivatePulse() as pulse:
            os.environ |= pulse.environment
            try:
                yield pulse
            finally:
                _end_capture()


def _end_capture() -> None:
    """End the capture process. It outlives the app on purpose, but the sound it hears is about to go."""
    pid = Recorder(Paths.from_environment()).capture_status().pid
    if pid is None:
        return
    deadline = time.monotonic() + 5
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            os.kill(pid, 0)
            time.sleep(TICK_S)


def _work(pulse: PrivatePulse, home: Path, *, is_silent: bool) -> tuple[RecordingDetail, list[Stage]]:
    """Record the sample, let it be worked on, and judge what came of it."""
    sample = resources() / "sample" / "meeting.ogg"
    title = json.loads(sample.with_suffix(".json").read_text(encoding="utf-8"))["title"]
    mic, call = (
        decode(sample, channel, home.parent / f"played-{side}.wav")
        for channel, side in enumerate(("mic", "call"))
    )
    played_ms = SILENT_TRY_MS if is_silent else length_ms(mic)
    recorder = Recorder(Paths.from_environment())
    recorder.open()
    try:
        what = (
            "Playing nothing for"
            if is_silent
            else f"Playing {sample.name}, a side each into microphone and call,"
        )
        say(f"{what} {played_ms / 1000:.0f} s …")
        recording = recorder.start_recording(title=title)
        peaks = _listen(recorder, pulse, () if is_silent else (mic, call), played_ms)
        detail = _wait(recorder, recording.id)
    finally:
        recorder.close()
    return detail, judge(detail, played_ms=played_ms, peaks=peaks, server=recorder.paths.server)


def _listen(
    recorder: Recorder, pulse: PrivatePulse, tracks: Sequence[Path], played_ms: int
) -> dict[Track, float]:
    """Play into both sinks while recording, and stop; return the loudest level of each side in dBFS."""
    peaks = dict.fromkeys(Track, SILENT_DBFS)
    _watch(recorder, peaks, seconds=LEAD_S)
    players = [pulse.play(track, sink) for track, sink in zip(tracks, (MIC_FEED, CALL_SINK), strict=False)]
    _watch(recorder, peaks, seconds=played_ms / 1000)
    for player in players:
        player.wait(10)
    _watch(recorder, peaks, seconds=LEAD_S)
    stopping = time.monotonic()
    recorder.stop_recording()
    say(f"Stopped and safe on disk ({_since(stopping)}). Now to the server, and into words …")
    return peaks


def _watch(recorder: Recorder, peaks: dict[Track, float], *, seconds: float) -> None:
    """Watch the meters, as a person would. Raise RuntimeError when the recording ended by itself."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status = recorder.capture_status()
        if status.recording_id is None:
            raise RuntimeError(f"The recording ended by itself: {status.problem or 'no reason given'}")
        for track, side in status.tracks.items():
            peaks[track] = max(peaks[track], SILENT_DBFS if side.level_dbfs is None else side.level_dbfs)
        time.sleep(TICK_S)


def _wait(recorder: Recorder, recording_id: str) -> RecordingDetail:
    """Wait until nothing more happens by itself, telling each step when it is reached."""
    started = time.monotonic()
    reached: set[str] = set()
    while True:
        detail = recorder.detail(recording_id)
        for step in _steps(detail):
            if step not in reached:
                reached.add(step)
                say(f"  {step} after {_since(started)}")
        if detail.state.kind in SETTLED or time.monotonic() > started + WORK_TIMEOUT_S:
            return detail
        time.sleep(TICK_S)


def _steps(detail: RecordingDetail) -> list[str]:
    recording = detail.recording
    facts = {
        "on the server": recording.is_uploaded,
        "transcribed": recording.is_transcribed,
        "summary and tasks": bool(recording.summary_lines or recording.tasks),
        "ready": detail.state.kind in SETTLED,
    }
    return [step for step, is_reached in facts.items() if is_reached]


def decode(sample: Path, channel: int, wav: Path) -> Path:
    """Write one side of the sample as a mono WAV file for the player."""
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for block in read_pcm(sample, rate=RATE, channel=channel):
            file.writeframes(block.astype("<i2").tobytes())
    return wav


def length_ms(wav: Path) -> int:
    with wave.open(str(wav), "rb") as file:
        return file.getnframes() * 1000 // file.getframerate()


def _pictures(output: Path) -> Stage:
    """Open the real windows in a process of their own, where Qt finds the private screen from the start."""
    started = time.monotonic()
    command, environment = child_command("recorder_app.app", "--screenshots", str(output))
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WINDOW_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Stage("windows", is_done=False, found=f"not painted within {WINDOW_TIMEOUT_S:.0f} s")
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return Stage("windows", is_done=False, found=f"ended with {done.returncode}: {words}")
    say(f"Windows opened and painted ({_since(started)}).")
    return pictured(sorted(output.glob("*.png")))


def _report(detail: RecordingDetail, home: Path, output: Path) -> None:
    recording = detail.recording
    draft = " (a draft: the words need checking)" if recording.has_draft_transcript else ""
    say(f"\nTranscript{draft}")
    for segment in detail.segments:
        minutes, seconds = divmod(segment.start_ms // 1000, 60)
        say(f"  {minutes}:{seconds:02} {segment.speaker}: {segment.text}")
    say("\nSummary")
    for line in recording.summary_lines:
        say(f"  - {line.text}")
    if not recording.summary_lines:
        say(f"  none: {recording.insights_withheld or 'nothing was found'}")
    say("\nPossible tasks")
    for task in recording.tasks:
        say(f"  [ ] {task.title}{f' ({task.assignee})' if task.assignee else ''}")
    say("\nFiles")
    for path in (*recording.media, home / "library.sqlite", *sorted(output.glob("*.png"))):
        say(f"  {path}")


def _verdict(stages: Sequence[Stage], started: float) -> int:
    say("")
    for stage in stages:
        say(stage.line)
    failed = [stage.name for stage in stages if not stage.is_done]
    if failed:
        say(f"\nNot done: {', '.join(failed)} ({_since(started)}).")
        return FAILED
    say(f"\nEverything happened ({_since(started)}). With a display, the same command opens the tray app.")
    return 0


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
