"""A recording as `--json` prints it: the server's field names, plus `local`. Stable: scripts depend on it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from recorder_app.export.base import Exporter
from recorder_app.models import Gap, Hit, Recording, RecordingDetail, Segment, State, Task


def recording_json(recording: Recording, state: State) -> dict[str, Any]:
    """Everything of a row but its transcript."""
    return {
        "id": recording.server_id,
        "platform": recording.platform.value,
        "status": recording.status.value,
        "meeting_title": recording.title or None,
        "meeting_url": recording.meeting_url,
        "duration_seconds": round(recording.duration_ms / 1000) if recording.is_on_disk else None,
        "notes": recording.notes or None,
        "error_message": recording.error,
        "participants": list(recording.participants),
        "summary": recording.summary_text or None,
        "summary_generated_at": _time(recording.summary_generated_at),
        "extracted_tasks": [_task(task) for task in recording.tasks],
        "tasks_generated_at": _time(recording.tasks_generated_at),
        "started_at": _time(recording.started_at),
        "completed_at": _time(recording.completed_at),
        "local": _local(recording, state),
    }


def detail_json(detail: RecordingDetail) -> dict[str, Any]:
    """The row with its transcript."""
    view = recording_json(detail.recording, detail.state)
    local = view.pop("local")
    return {
        **view,
        "transcript_text": " ".join(segment.text for segment in detail.segments),
        "transcript_segments": [_segment(segment) for segment in detail.segments],
        "local": local,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """A search hit: what was found, and the row it is in. `hit.state` must be known."""
    if hit.state is None:
        raise ValueError("a hit without its state: ask the Recorder, not the Library")
    return {
        "field": hit.field,
        "text": hit.text,
        "start_ms": hit.start_ms,
        "ranges": [list(each) for each in hit.ranges],
        "recording": recording_json(hit.recording, hit.state),
    }


def _local(recording: Recording, state: State) -> dict[str, Any]:
    return {
        "id": recording.id,
        "workspace": recording.workspace,
        "state": state.kind.value,
        "percent": state.percent,
        "reason": state.reason,
        "next_attempt_at": _time(state.next_attempt_at),
        "media": [str(path) for path in recording.media],
        "media_bytes": recording.media_bytes,
        "media_sha256": recording.media_sha256,
        "duration_ms": recording.duration_ms,
        "gaps": [_gap(gap) for gap in recording.gaps],
        "bookmarks": [{"at_ms": mark.at_ms, "note": mark.note} for mark in recording.bookmarks],
        "is_on_disk": recording.is_on_disk,
        "is_uploaded": recording.is_uploaded,
        "is_transcribed": recording.is_transcribed,
        "engine": recording.engine,
        "has_draft_transcript": recording.has_draft_transcript,
        "was_recovered": recording.was_recovered,
        "insights_withheld": recording.insights_withheld,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    track = gap.track.value if gap.track else None
    return {
        "start_ms": gap.start_ms,
        "end_ms": gap.end_ms,
        "track": track,
        "cause": gap.cause,
        "wall_ms": gap.wall_ms,
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "timestamp": segment.start_ms,
        "end": segment.end_ms,
        "speaker": segment.speaker,
        "text": segment.text,
        "confidence": segment.confidence,
        "is_final": segment.is_final,
        "track": segment.track.value,
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "title": task.title,
        "description": task.description,
        "assignee": task.assignee,
        "due": task.due,
        "is_done": task.is_done,
        "is_confirmed": task.is_confirmed,
        "evidence": list(task.evidence),
    }


def _time(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else None


JSON = Exporter(
    name="json",
    title="JSON",
    suffix=".json",
    media_type="application/json",
    render=lambda detail: (
        json.dumps(detail_json(detail), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    ).encode("utf-8", "replace"),
)
