from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder_app.api.wire import (
    RecordingPatch,
    RemoteRecording,
    RemoteSegment,
    RemoteTask,
    segment_to_wire,
    task_to_wire,
)
from recorder_app.errors import UsageError
from recorder_app.local import recordings, validation
from recorder_app.models import Platform, Segment, Status, Task
from tests.local.replay import pairs

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, 5, dt.UTC)


def segment(text="hello", **changes):
    return dataclasses.replace(Segment(1500, 2500, text, "You", 0.9), **changes)


def test_every_recorded_answer_of_the_server_can_be_read():
    objects = [
        pair["response"]["json"] for pair in pairs() if "sdk_upload_id" in (pair["response"]["json"] or {})
    ]

    for raw in objects:
        remote = RemoteRecording.from_json(raw)
        assert remote.status == raw["status"]
        assert remote.notes == raw["notes"]
        assert remote.duration_seconds == raw["duration_seconds"]
        assert [s.text for s in remote.transcript_segments] == [s["text"] for s in raw["transcript_segments"]]
    assert len(objects) == 100


def test_missing_keys_and_wrong_types_keep_their_defaults():
    remote = RemoteRecording.from_json(
        {"id": "x", "duration_seconds": True, "participants": "Ada", "started_at": "soon", "status": None}
    )

    assert remote == RemoteRecording(id="x")
    assert remote.status == Status.RECORDING


def test_items_are_read_with_what_they_have():
    remote = RemoteRecording.from_json(
        {
            "id": "x",
            "status": "archived",
            "started_at": "2026-01-02T03:04:05.000006Z",
            "transcript_segments": [{"timestamp": 12.0, "text": "a"}, "junk"],
            "extracted_tasks": [{"title": "t", "assignee": None}],
        }
    )

    assert remote.status == "archived", "a newer server's word survives"
    assert remote.started_at == dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC)
    assert remote.transcript_segments == (RemoteSegment("a", 12.0),)
    assert remote.extracted_tasks == (RemoteTask("t"),)


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": ""}])
def test_an_object_without_an_id_is_no_recording(raw):
    with pytest.raises(ValueError, match="without an id"):
        RemoteRecording.from_json(raw)


def test_a_segment_goes_out_with_every_key():
    assert segment_to_wire(segment(" hi \x00\ud800 ", confidence=math.nan)) == {
        "timestamp": 1500,
        "speaker": "You",
        "text": "hi",
        "confidence": None,
        "is_final": True,
    }


def test_a_task_goes_out_with_every_key_and_never_a_null_description():
    assert task_to_wire(Task("1", " Write ", assignee=" ")) == {
        "title": "Write",
        "description": "",
        "assignee": None,
    }


@pytest.mark.parametrize("text", ["", "  ", "\x00", "\n\ud83d"])
def test_items_without_words_are_refused(text):
    with pytest.raises(UsageError):
        segment_to_wire(segment(text))
    with pytest.raises(UsageError):
        task_to_wire(Task("1", text))


def test_a_patch_sends_only_what_was_named_and_null_clears():
    patch = RecordingPatch(notes=None, status=Status.READY)

    assert patch.body == {"status": "ready", "notes": None}
    assert patch.omitted == ()
    assert not RecordingPatch()


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("https://zoom.us/j/1?pwd=x", True),
        ("http://localhost:8000/a", True),
        ("http://127.0.0.1:1/a", True),
        ("http://[::1]:80/", True),
        ("https://müller.example/ü", True),
        ("", True),
        ("https://e.com/" + "x" * 186, True),
        ("https://e.com/" + "x" * 187, False),
        ("zoommtg://zoom.us/join", False),
        ("file:///tmp/a", False),
        ("ftp://e.com/a", False),
        ("unknown", False),
        ("https://", False),
        ("https://intranet/x", False),
        ("https://e.com/a b", False),
        ("https://e.com/\x00", False),
        ("https://e.com:99999/", False),
        ("https://[::1/", False),
    ],
)
def test_only_addresses_the_server_can_store_are_sent(url, is_kept):
    patch = RecordingPatch(video_url=url, notes="kept")

    assert patch.body == ({"video_url": url, "notes": "kept"} if is_kept else {"notes": "kept"})
    assert patch.omitted == (() if is_kept else ("video_url",))


def test_what_is_left_out_is_named_with_a_reason():
    patch = RecordingPatch(
        duration_seconds=2**31,
        video_size_bytes=2**63,
        participants=["Ada", " ", "Bob"],
        transcript_segments=[segment(""), segment("kept")],
        extracted_tasks=[Task("1", " ")],
    )

    assert patch.omitted == (
        "video_size_bytes",
        "duration_seconds",
        "participants__1",
        "transcript_segments__0",
        "extracted_tasks__0",
    )
    assert patch.body["participants"] == ["Ada", "Bob"]
    assert [item["text"] for item in patch.body["transcript_segments"]] == ["kept"]
    assert all(patch.omissions.values())


def test_the_edges_of_the_number_ranges_are_sent():
    patch = RecordingPatch(duration_seconds=2**31 - 1, video_size_bytes=2**63 - 1)

    assert patch.body == {"video_size_bytes": 2**63 - 1, "duration_seconds": 2**31 - 1}


def test_a_title_is_trimmed_to_what_fits():
    assert RecordingPatch(meeting_title=" " + "x" * 254 + " y").body == {"meeting_title": "x" * 254}


def test_times_go_out_in_utc_and_naive_ones_are_a_bug():
    plus_two = dt.timezone(dt.timedelta(hours=2))

    assert RecordingPatch(started_at=NOW.astimezone(plus_two)).body == {
        "started_at": "2026-03-01T12:00:00.000005Z"
    }
    with pytest.raises(ValueError, match="time zone"):
        RecordingPatch(completed_at=NOW.replace(tzinfo=None))


def test_merging_has_the_effect_of_both_in_order():
    first = RecordingPatch(notes="a", video_url="unknown", participants=[""])

    merged = first.merged(RecordingPatch(notes="b", video_url="https://e.com/"))

    assert merged.body == {"notes": "b", "participants": [], "video_url": "https://e.com/"}
    assert merged.omitted == ("participants__0",)


def test_its_repr_shows_names_only():
    assert "secret" not in repr(RecordingPatch(notes="secret", meeting_title="secret"))


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@settings(max_examples=150, deadline=None)
@given(
    title=ANY_TEXT,
    url=ANY_TEXT | ANY_TEXT.map("https://e.com/".__add__),
    notes=ANY_TEXT,
    people=st.lists(ANY_TEXT, max_size=4),
    lines=st.lists(st.tuples(st.integers(), ANY_TEXT, st.none() | st.floats()), max_size=4),
    tasks=st.lists(st.tuples(ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT), max_size=3),
    duration=st.integers(),
)
def test_whatever_is_said_the_server_takes_the_patch_and_echoes_it(
    *, title, url, notes, people, lines, tasks, duration
):
    patch = RecordingPatch(
        platform=Platform.ZOOM,
        meeting_title=title,
        meeting_url=url,
        notes=notes,
        participants=people,
        transcript_segments=[
            Segment(at, at, text, "Them", sure) for at, text, sure in lines if abs(at) < 2**53
        ],
        extracted_tasks=[Task("1", *task) for task in tasks],
        duration_seconds=duration,
        completed_at=NOW,
    )
    sent = json.loads(json.dumps(patch.body, allow_nan=False))

    stored = validation.checked_body(recordings.PATCH, sent)

    assert stored.keys() == sent.keys()
    assert {k: v for k, v in stored.items() if k != "completed_at"} == {
        k: v for k, v in sent.items() if k != "completed_at"
    }
