"""A small team's week as sample data: recordings in every state, believable and always the same."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

from recorder_app.models import (
    Bookmark,
    Gap,
    Platform,
    Recording,
    RecordingDetail,
    Segment,
    State,
    StateKind,
    Status,
    SummaryLine,
    Task,
    Track,
    Word,
)

NOW = dt.datetime(2026, 11, 16, 15, 24).astimezone()
SHA = "9f2c41d07be3a5581c6fd02e7ab4490c7d1e88a3b5560f91e2c4d7a80b13f6e2"
LONG_TITLE = "Quarterly planning with design, support and engineering about the new checkout, round 2"
FOREIGN_TITLE = "Überblick: Größenänderung & 東京チーム"


def ident(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def at(day: int, hour: int, minute: int) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute).astimezone()


def ms(text: str) -> int:
    minutes, seconds = text.split(":")
    return (int(minutes) * 60 + int(seconds)) * 1000


def said(start: str, speaker: str, text: str, *, weak: tuple[str, ...] = (), words: bool = True) -> Segment:
    """A segment whose words follow each other evenly; `weak` ones have a low confidence."""
    start_ms = ms(start)
    parts = text.split()
    step = 330
    heard = tuple(
        Word(
            start_ms + i * step,
            start_ms + (i + 1) * step,
            part.strip(".,;:?"),
            0.31 if part.strip(".,;:?") in weak else 0.93,
        )
        for i, part in enumerate(parts)
    )
    return Segment(
        start_ms=start_ms,
        end_ms=start_ms + step * len(parts),
        text=text,
        speaker=speaker,
        confidence=0.9,
        track=Track.MIC if speaker == "You" else Track.SYSTEM,
        words=heard if words else (),
    )


CHECKOUT = (
    said(
        "11:58",
        "You",
        "So the numbers from the pilot: conversion is up 2.1 points, refunds are flat, and support saw nine tickets in two weeks.",
    ),
    said("12:14", "Mira", "Nine is fine. Most of them were about the address lookup, not the checkout."),
    said("12:29", "Jonas", "I’d still go step by step. Twenty per cent on Thursday, then the rest."),
    said(
        "12:41",
        "Mira",
        "Agreed. Twenty per cent on Thursday, and if refunds stay flat we go to everyone the week after.",
    ),
    said(
        "12:52",
        "You",
        "Good, that’s decided. Jonas, can you set the switch so that the old flow stays until January?",
    ),
    said(
        "13:20",
        "Priya",
        "One thing from the interviews: people read the retry message as a bank error. Issuer and idempotent mean nothing to them.",
        weak=("Issuer", "idempotent"),
    ),
    said("13:41", "Jonas", "I can collect the ten most common ones by Wednesday."),
    said("13:47", "Jonas", "And I’ll put the Irish addresses on top."),
)
TALK = (
    ("Mira", "Then let us go through the list once more, because not everything on it is ours."),
    (
        "You",
        "The search box is. The pictures are not, they come from the shop’s own server and nobody looked at them since spring.",
    ),
    ("Jonas", "I looked. They are fine, only slow."),
    (
        "Priya",
        "Slow is what people complain about. Three of the eight interviews said the page jumps when the pictures arrive.",
    ),
    ("You", "Can we reserve the room for them?"),
    ("Jonas", "Yes, if we know the sizes, and we do know them for everything newer than March."),
)


def long_meeting() -> tuple[Segment, ...]:
    """The weekly: 64 segments over 48 minutes."""
    early = tuple(
        said(f"{i * 28 // 60:02}:{i * 28 % 60:02}", *TALK[i % len(TALK)], words=i % 3 == 0) for i in range(25)
    )
    late = tuple(
        said(f"{14 + i * 62 // 60}:{i * 62 % 60:02}", *TALK[(i + 2) % len(TALK)], words=i % 2 == 0)
        for i in range(31)
    )
    return early + CHECKOUT + late


WEEKLY_TASKS = (
    Task(
        ident("t1"),
        "Set the switch so the old flow stays until January",
        assignee="Jonas",
        due="Thu 19 Nov",
        evidence=(ms("12:52"),),
        is_confirmed=True,
    ),
    Task(
        ident("t2"),
        "Rewrite the retry message with support",
        assignee="Priya",
        due="Fri 20 Nov",
        evidence=(ms("13:20"),),
        is_confirmed=True,
    ),
    Task(
        ident("t3"),
        "Collect the ten most common errors",
        assignee="Jonas",
        due="by Wednesday",
        evidence=(ms("13:41"),),
    ),
)
STANDUP_TASKS = (
    Task(
        ident("t4"),
        "Tell support about the change before Thursday",
        assignee="You",
        due="before Thursday",
        evidence=(ms("04:18"),),
        is_confirmed=True,
    ),
    Task(
        ident("t5"), "Book the room for the retrospective", assignee="Mira", is_confirmed=True, is_done=True
    ),
)
POSSIBLE_TASKS = (
    Task(ident("t6"), "I’ll send you the price list tomorrow", assignee="Mira", evidence=(ms("18:26"),)),
    Task(ident("t7"), "can you check if the invoice has two rates", due="tomorrow", evidence=(ms("24:02"),)),
)
WEEKLY_SUMMARY = (
    SummaryLine(
        "Guest checkout goes to 20 % of traffic on Thursday; everyone follows a week later if refunds stay flat.",
        (ms("12:41"),),
    ),
    SummaryLine(
        "Most of the nine support tickets were about the address lookup, not the checkout.", (ms("12:14"),)
    ),
    SummaryLine(
        "The retry message reads like a bank error and will be rewritten.", (ms("13:20"), ms("12:52"))
    ),
    SummaryLine("The old flow stays behind a switch until January.", (ms("12:52"),)),
)
WEEKLY_NOTES = """12:52 Switch stays until January. Tell support before Thursday!
13:24 Ask Priya for the two interview clips, they make the point better than the numbers.
26:54 Refunds report: who owns it after the move?"""


def recording(name: str, started: dt.datetime, minutes: int, **changes) -> Recording:
    title = changes.pop("title", name)
    base = {
        "id": ident(name),
        "started_at": started.astimezone(dt.UTC),
        "status": Status.READY,
        "server_id": ident(name + " there"),
        "title": title,
        "completed_at": (started + dt.timedelta(minutes=minutes)).astimezone(dt.UTC),
        "duration_ms": minutes * 60_000 + 6_000,
        "participants": ("You", "Mira", "Jonas"),
        "media": (Path("recordings") / ident(name) / "part-001.ogg",),
        "media_bytes": minutes * 500_000,
        "media_sha256": SHA,
        "is_on_disk": True,
        "is_uploaded": True,
        "is_transcribed": True,
        "engine": "whisper small",
    }
    return Recording(**(base | changes))


def week() -> list[RecordingDetail]:
    """Every state once at least, newest first."""
    some = long_meeting()[:14]
    weekly = recording(
        "Checkout weekly", at(16, 10, 2), 48, platform=Platform.ZOOM, participants=("You", "Mira", "Jonas", "Priya"),
        summary_lines=WEEKLY_SUMMARY, summary_source="llama3.1", summary_generated_at=at(16, 10, 53), tasks=WEEKLY_TASKS,
        notes=WEEKLY_NOTES, bookmarks=(Bookmark(ms("05:40"), "the pilot"), Bookmark(ms("26:54")), Bookmark(ms("44:12"), "refunds")),
        gaps=(Gap(ms("13:04"), ms("13:18"), Track.SYSTEM, "device_lost", 14_000), Gap(ms("35:00"), ms("35:00"), None, "pause", 180_000)),
    )  # fmt: skip
    draft = recording(
        "Interview: bike workshop, Ghent", at(15, 16, 0), 37, has_draft_transcript=True, engine="pocketsphinx",
        insights_withheld="The transcript is too uncertain to sum up. An accurate one makes a summary possible.",
    )  # fmt: skip
    fresh = {"is_uploaded": False, "is_transcribed": False, "engine": None}
    early = {"is_transcribed": False, "engine": None}
    sign_in = "The server does not accept the key any more. Nothing is lost, uploads wait."
    full = "The server answered 500 five times. Nothing is lost; try again when it is back."
    crash = "The speech engine ended three times in a row at 04:10. The sound is safe."
    kind = StateKind
    return [
        _detail(recording("Pricing page: launch review", at(16, 14, 30), 41, status=Status.UPLOADING, **fresh), State(kind.UPLOADING, 43)),
        _detail(recording("Support escalations", at(16, 13, 10), 22, status=Status.PROCESSING, **early), State(kind.TRANSCRIBING, 60)),
        _detail(weekly, State(kind.READY), long_meeting()),
        _detail(recording("Stand-up", at(16, 9, 15), 12, tasks=STANDUP_TASKS), State(kind.READY), some[:6]),
        _detail(draft, State(kind.READY), tuple(some[:9])),
        _detail(recording("Search quality triage", at(15, 11, 30), 52, **fresh), State(kind.WAITING, reason="The network is away. Next try at 15:31.", next_attempt_at=at(16, 15, 31))),
        _detail(recording("Sprint 41 planning", at(15, 9, 30), 64, title=LONG_TITLE), State(kind.READY), some),
        _detail(recording("Billing export handover", at(13, 15, 0), 29, is_uploaded=False), State(kind.NEEDS_SIGN_IN, reason=sign_in), some[:8]),
        _detail(recording("Design critique: empty states", at(13, 13, 0), 45, gaps=(Gap(ms("03:00"), ms("03:09"), Track.MIC, "device_lost", 9_000),)), State(kind.READY), some),
        _detail(recording("Mira and Ada", at(13, 10, 30), 26, tasks=POSSIBLE_TASKS, is_uploaded=False, server_id=None), State(kind.KEPT_HERE), some[:5]),
        _detail(recording("Foreign", at(12, 16, 0), 33, title=FOREIGN_TITLE, participants=("You", "Jürgen", "美咲")), State(kind.READY), some[:7]),
        _detail(recording("Vendor call", at(12, 11, 0), 19, status=Status.ERROR, error=full, **fresh), State(kind.FAILED, reason=full)),
        _detail(recording("Retro", at(12, 9, 0), 31, status=Status.ERROR, error=crash, **early), State(kind.FAILED, reason=crash)),
        _detail(recording("Nothing said", at(11, 17, 0), 2, title="", media=(), is_on_disk=False), State(kind.READY)),
    ]  # fmt: skip


def _detail(row: Recording, state: State, segments: tuple[Segment, ...] = ()) -> RecordingDetail:
    return RecordingDetail(row, state, segments)


LIVE_ID = ident("live")
LIVE_NOTES = """02:10 Four questions for today: price on the card, yearly switch, the free plan’s limits, who signs off.
05:48 Yearly first, monthly as the small link. Mira wants numbers by Friday.
11:20 Legal reads the page on Wednesday, so texts are final on Tuesday evening.
12:38 Tomás takes the comparison table"""


def live(title: str = "") -> RecordingDetail:
    """What a recording is at its start."""
    row = Recording(
        id=LIVE_ID,
        started_at=(NOW - dt.timedelta(minutes=12, seconds=41)).astimezone(dt.UTC),
        title=title,
        platform=Platform.ZOOM,
        participants=("You", "Mira", "Hanne", "Tomás"),
    )
    return RecordingDetail(row, State(StateKind.RECORDING), ())
