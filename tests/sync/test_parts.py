"""A recording in several parts: one file on the server, whatever of it was sent while it grew."""

from __future__ import annotations

import dataclasses
import hashlib
import os

import pytest

from recorder_app.media.join import join
from recorder_app.media.ogg import read_pages
from recorder_app.media.tail import decodable_frames
from tests.media.files import write_ours
from tests.support.sound import tone


@pytest.fixture
def engine(world):
    return world.new_engine(join=join)


def _part(world, number: int, seconds: float, *, cut: int = 0):
    path = world.recordings / "r1" / f"part-{number:03d}.ogg"
    path.unlink(missing_ok=True)
    write_ours(path, tone(440, seconds), tone(1000, seconds))
    if cut:
        os.truncate(path, path.stat().st_size - cut)
    return path


def _send_live(world, engine, *, cut: int):
    """Part 1 was cut off by a kill, and everything of it was sent already."""
    world.begin()
    first = _part(world, 1, 3.0, cut=cut)
    world.settle(engine)
    world.later(2.1)
    world.settle(engine)
    assert world.wire.count("PATCH", "/uploads/") >= 1
    return first


def _stop(world, engine, *parts):
    frames = sum(decodable_frames(part) for part in parts)
    world.library.update(
        "r1",
        is_on_disk=True,
        media=parts,
        media_bytes=sum(part.stat().st_size for part in parts),
        media_sha256="of the parts",
        duration_ms=round(frames / 48),
    )
    engine.plan("r1")
    for _ in range(5):
        world.settle(engine)
        world.later(400)


def _check(world):
    recording = world.library.get("r1")
    whole = world.recordings / "r1" / "whole.ogg"
    data = whole.read_bytes()
    assert recording.is_uploaded
    assert recording.media == (whole,)
    assert (recording.media_bytes, recording.media_sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert abs(decodable_frames(whole) / 48 - recording.duration_ms) <= 1
    assert world.uploaded() == data
    assert len(world.rows()) == 1
    return recording


def test_a_part_sent_live_is_gone_on_with_and_not_sent_twice(world, engine):
    """Cut at a page's end, as nearly every kill leaves it: what was sent is how the joined file begins."""
    whole = _part_of_whole_pages(world, engine)
    sent = whole.stat().st_size
    second = _part(world, 2, 1.5)
    begun = world.wire.count("POST", "/uploads/")

    _stop(world, engine, whole, second)

    recording = _check(world)
    assert world.wire.count("POST", "/uploads/") == begun == 1
    assert world.wire.count("DELETE", "/uploads/") == 0
    assert recording.media_bytes > sent


def _part_of_whole_pages(world, engine):
    world.begin()
    first = _part(world, 1, 3.0)
    with first.open("rb") as file:
        pages = list(read_pages(file))
    # Two pages less than were written, so that none of them is the last one of a part.
    first.write_bytes(b"".join(page.to_bytes() for page in pages[:-2]))
    world.settle(engine)
    world.later(2.1)
    world.settle(engine)
    return first


def test_a_torn_end_that_was_sent_live_makes_the_upload_begin_again(world, engine):
    first = _send_live(world, engine, cut=333)
    second = _part(world, 2, 1.5)

    _stop(world, engine, first, second)

    _check(world)
    assert world.wire.count("DELETE", "/uploads/") == 1
    assert world.wire.count("POST", "/uploads/") == 2


def test_the_parts_go_once_the_server_has_the_whole_and_not_before(world, engine):
    first = _send_live(world, engine, cut=0)
    second = _part(world, 2, 1.0)
    (first.parent / ".whole-killed.partial").write_bytes(b"half")
    seen = []
    patch = world.client.patch

    def look(server_id, fields):
        seen.append((world.library.get("r1").is_uploaded, first.exists() and second.exists()))
        return patch(server_id, fields)

    world.client.patch = look
    _stop(world, engine, first, second)

    assert (False, True) in seen
    assert (False, False) not in seen
    assert sorted(path.name for path in first.parent.iterdir()) == ["whole.ogg"]
    _check(world)


def test_a_joined_file_that_does_not_fit_keeps_its_parts(world, engine, expected_logs):
    expected_logs.append("does not fit its parts")
    world.begin()
    first, second = _part(world, 1, 1.0), _part(world, 2, 1.0)

    def clumsy(parts, target):
        join(parts[:1], target)

    _stop(world, world.new_engine(join=clumsy), first, second)

    assert world.library.get("r1").is_uploaded
    assert first.exists()
    assert second.exists()


def test_where_the_server_takes_no_media_everything_stays(world, engine):
    world.begin()
    first, second = _part(world, 1, 1.0), _part(world, 2, 1.0)
    world.engine.run_one("records")
    kept = world.library.ledger.upload("r1")
    world.library.ledger.keep_upload("r1", dataclasses.replace(kept, endpoint=""))

    _stop(world, engine, first, second)

    assert not world.library.get("r1").is_uploaded
    assert first.exists()
    assert second.exists()
