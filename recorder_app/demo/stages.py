"""Did each stage of the job happen? Judged from what is on disk and in the library, not from what was tried.

Pure but for reading the files named; the demo prints what this returns and ends with it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from recorder_app.models import RecordingDetail, Track

AUDIBLE_DBFS = -50.0
"""Speech in the sample peaks near -6 dBFS, a silent sink stays at -120."""
LOST_MS = 1_000
"""How much shorter than what was played the recording may be."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """One step of the job. `found` says what was seen, or why it does not count as done."""

    name: str
    is_done: bool
    found: str

    @property
    def line(self) -> str:
        return f"{'✓' if self.is_done else '✗'} {self.name:<12} {self.found}"


def judge(detail: RecordingDetail, *, played_ms: int, peaks: dict[Track, float], server: Path) -> list[Stage]:
    """Judge one recording of `played_ms` of sound. `peaks` is the loudest level heard on each side, in dBFS;
    `server` is the data folder of the embedded backend.
    """
    return [
        captured(detail, played_ms=played_ms, peaks=peaks),
        kept(detail),
        uploaded(detail, server),
        transcribed(detail),
        summarised(detail),
        listed(detail),
    ]


def captured(detail: RecordingDetail, *, played_ms: int, peaks: dict[Track, float]) -> Stage:
    """Both sides were heard, for as long as something was played."""
    silent = [name for track, name in _SIDES.items() if peaks.get(track, -120.0) < AUDIBLE_DBFS]
    length = detail.recording.duration_ms
    if silent:
        return Stage("captured", is_done=False, found=f"nothing was heard of {' and '.join(silent)}")
    if length < played_ms - LOST_MS:
        found = f"{length / 1000:.1f} s of the {played_ms / 1000:.1f} s that were played"
        return Stage("captured", is_done=False, found=found)
    levels = ", ".join(f"{name} {peaks[track]:.0f} dBFS" for track, name in _SIDES.items())
    return Stage("captured", is_done=True, found=f"{length / 1000:.1f} s, {levels}")


_SIDES = {Track.MIC: "the microphone", Track.SYSTEM: "the call"}


def kept(detail: RecordingDetail) -> Stage:
    """The file is there, whole, and is the one the library speaks of."""
    recording = detail.recording
    missing = [path for path in recording.media if not path.is_file()]
    if not recording.is_on_disk or not recording.media or missing:
        return Stage("on disk", is_done=False, found="there is no closed file")
    size = sum(path.stat().st_size for path in recording.media)
    if size != recording.media_bytes or sha256(recording.media) != recording.media_sha256:
        return Stage("on disk", is_done=False, found="the file is not the one the library describes")
    return Stage("on disk", is_done=True, found=f"{size:,} bytes, sha256 {str(recording.media_sha256)[:12]}…")


def uploaded(detail: RecordingDetail, server: Path) -> Stage:
    """The server's own copy has the same bytes, whatever anybody says about it."""
    recording = detail.recording
    copies = [path for path in sorted(server.rglob("*")) if path.is_file()]
    same = [
        path
        for path in copies
        if path.stat().st_size == recording.media_bytes and sha256([path]) == recording.media_sha256
    ]
    if not recording.is_uploaded or not same or not recording.media_bytes:
        reason = detail.state.reason or "the server has no copy with the same sha256"
        return Stage("on server", is_done=False, found=reason)
    return Stage("on server", is_done=True, found=f"{recording.server_id}, same sha256")


def transcribed(detail: RecordingDetail) -> Stage:
    """Words from both sides."""
    tracks = {segment.track for segment in detail.segments if segment.text.strip()}
    silent = [name for track, name in _SIDES.items() if track not in tracks]
    if not detail.recording.is_transcribed or silent:
        reason = detail.state.reason or f"no words from {' and '.join(silent) or 'anybody'}"
        return Stage("transcribed", is_done=False, found=reason)
    draft = ", a draft to be checked" if detail.recording.has_draft_transcript else ""
    found = f"{len(detail.segments)} segments by {detail.recording.engine}{draft}"
    return Stage("transcribed", is_done=True, found=found)


def summarised(detail: RecordingDetail) -> Stage:
    """Summary lines, each resting on segments that exist."""
    recording = detail.recording
    known = {segment.start_ms for segment in detail.segments}
    if not recording.summary_lines:
        return Stage("summary", is_done=False, found=recording.insights_withheld or "there is none")
    if any(not set(line.evidence) & known for line in recording.summary_lines):
        return Stage("summary", is_done=False, found="a line rests on nothing that was said")
    found = f"{len(recording.summary_lines)} lines by {recording.summary_source}"
    return Stage("summary", is_done=True, found=found)


def listed(detail: RecordingDetail) -> Stage:
    """At least one task: somebody in the sample promises something."""
    tasks = detail.recording.tasks
    if not tasks:
        reason = detail.recording.insights_withheld or "none was found, and the sample has some"
        return Stage("tasks", is_done=False, found=reason)
    return Stage("tasks", is_done=True, found=f"{len(tasks)} possible tasks")


def pictured(pictures: Sequence[Path]) -> Stage:
    """The windows were painted: pictures that exist and are not of one colour."""
    blank = [path.name for path in pictures if not has_content(path)]
    if blank or not pictures:
        found = f"blank: {', '.join(blank)}" if blank else "no window was painted"
        return Stage("windows", is_done=False, found=found)
    return Stage("windows", is_done=True, found=f"{len(pictures)} pictures")


def sha256(parts: Sequence[Path]) -> str:
    """Hash of the parts, one after the other."""
    digest = hashlib.sha256()
    for path in parts:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def has_content(png: Path) -> bool:
    """Whether a PNG shows more than one colour, without an image library."""
    try:
        data = png.read_bytes()
        chunks = dict[bytes, bytes]()
        at = 8
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at : at + 8])
            chunks[kind] = chunks.get(kind, b"") + data[at + 8 : at + 8 + length]
            at += length + 12
        width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
        pixels = zlib.decompress(chunks[b"IDAT"])
    except (OSError, KeyError, struct.error, zlib.error):
        return False
    # Each row is filtered against its neighbours, so one colour leaves next to nothing but zeros.
    return bool(min(width, height) >= 64) and sum(byte != 0 for byte in pixels) > 4 * (width + height)
