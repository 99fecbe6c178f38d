"""A recording's whole life against the real embedded backend."""

from __future__ import annotations

from recorder_app.errors import MissingDependencyError
from recorder_app.models import Status
from tests.sync.world import LINES, START


def test_a_recording_goes_from_create_to_ready(world):
    world.whole(data=b"OggS" * 50_000)

    world.settle()

    row, here = world.row(), world.library.get("r1")
    assert set(world.jobs().values()) == {"done"}
    assert (row.status, here.status) == ("ready", Status.READY)
    assert row.meeting_title == "Meeting r1"
    assert row.started_at == START
    assert row.duration_seconds == 9
    assert row.participants == ("You", "Them")
    assert row.video_size_bytes == 200_000
    assert world.uploaded() == b"OggS" * 50_000
    assert here.is_uploaded
    assert [segment.text for segment in row.transcript_segments] == [line.text for line in LINES]
    assert row.transcript_text == " ".join(line.text for line in LINES)
    assert row.summary == here.summary_text
    assert [task.title for task in row.extracted_tasks] == [task.title for task in here.tasks]
    assert here.tasks
    assert row.summary_generated_at is not None
    assert row.error_message in (None, "")


def test_media_is_sent_while_it_grows(world):
    world.begin()
    world.settle()
    world.grow(b"a" * 70_000)

    world.later(2.1)
    world.settle()
    world.grow(b"b" * 10)
    world.later(2.1)
    world.settle()

    kept = world.library.ledger.upload("r1")
    target = _target(kept)
    assert world.workspace.transport.offset(kept.handle, target) == 70_010
    assert world.job("upload").state == "pending"
    assert world.job("upload").attempts == 0
    world.grow(b"c" * 5)
    world.end()
    world.settle()
    assert world.uploaded() == b"a" * 70_000 + b"b" * 10 + b"c" * 5


def _target(kept):
    from recorder_app.transports.base import UploadTarget

    return UploadTarget(kept.endpoint, kept.token, kept.server_id)


def test_a_stop_does_not_wait_for_the_next_look_at_the_growing_file(world):
    world.begin()
    world.grow(b"a" * 100)
    world.settle()
    assert world.job("upload").next_attempt_at > world.now

    world.end()
    world.settle()

    assert world.library.get("r1").is_uploaded


def test_a_stop_while_the_upload_runs_makes_it_run_once_more(world):
    world.begin()
    world.grow(b"a" * 100)
    world.settle()
    world.later(3)

    def stop_meanwhile(request, pass_on):
        world.end()
        return pass_on(request)

    world.wire.spoil("HEAD", "/uploads/", stop_meanwhile)
    world.settle()

    assert world.library.get("r1").is_uploaded


def test_the_token_is_forgotten_once_the_media_is_safe(world):
    world.begin()
    world.settle()
    assert world.library.ledger.upload("r1").token

    world.grow(b"a")
    world.end()
    world.settle()

    kept = world.library.ledger.upload("r1")
    assert (kept.token, kept.handle) == ("", None)


def test_tokens_are_never_shown(world, caplog):
    world.begin()
    world.settle()
    token = world.library.ledger.upload("r1").token

    assert token not in repr(world.library.ledger.upload("r1"))
    assert token not in caplog.text


def test_a_server_that_takes_no_media_keeps_it_here_without_an_error(world):
    # As PostHog: no endpoint in the answer to create.
    def without_endpoint(request, pass_on):
        answer = pass_on(request)
        del answer.headers["recorder-upload-endpoint"]
        return answer

    world.wire.spoil("POST", "desktop_recordings/", without_endpoint)
    world.whole()

    world.settle()

    assert world.row().status == "ready"
    assert world.row().video_url is None
    assert not world.library.get("r1").is_uploaded
    assert world.job("upload").state == "done"
    assert "kept on this computer" in world.job("upload").reason
    assert world.wire.count("POST", "/uploads/") == 0


def test_transcript_and_summary_need_no_server(world):
    from tests.sync.world import refused_connection

    world.wire.spoil("POST", "desktop_recordings", refused_connection, times=1000)
    world.whole()

    world.settle()

    here = world.library.get("r1")
    assert here.is_transcribed
    assert here.tasks
    assert world.library.segments("r1") == LINES
    assert here.error is None
    assert here.status is not Status.ERROR


def test_a_withheld_summary_is_not_sent(world):
    from recorder_app.models import Segment
    from tests.sync.world import Transcript

    world.speech.transcript = Transcript((Segment(0, 10, "mumble", "Them", 0.2),))
    world.whole()

    world.settle()

    assert world.library.get("r1").insights_withheld
    assert world.job("summary").reason == world.library.get("r1").insights_withheld
    assert world.row().summary in (None, "")
    assert world.row().tasks_generated_at is None
    assert world.row().status == "ready"


def test_silence_gives_an_empty_transcript_and_is_ready(world):
    from tests.sync.world import Transcript

    world.speech.transcript = Transcript(())
    world.whole()

    world.settle()

    assert world.row().transcript_segments == ()
    assert world.row().status == "ready"


def test_a_stage_that_gives_up_says_why_and_a_retry_heals_it(world):
    world.speech.errors = [MissingDependencyError("No speech engine", hint="Install one")]
    world.whole()

    world.settle()

    jobs = world.jobs()
    assert {kind for kind, state in jobs.items() if state == "blocked"} == {
        "transcribe",
        "insights",
        "transcript",
        "summary",
    }
    assert world.row().status == "error"
    assert world.row().error_message == "No speech engine. Install one."
    assert world.library.get("r1").error == "No speech engine. Install one."
    assert world.uploaded() == world.media().read_bytes()

    world.engine.retry("r1")
    world.settle()

    assert set(world.jobs().values()) == {"done"}
    assert world.row().status == "ready"
    assert world.row().error_message in (None, "")
    assert world.library.get("r1").error is None


def test_an_imported_recording_takes_the_same_way(world):
    folder = world.recordings / "i1"
    folder.mkdir()
    world.media("i1").write_bytes(b"imported")
    from recorder_app.models import Recording

    world.library.add(Recording(id="i1", started_at=START, workspace="local"))
    world.end("i1")

    world.settle()

    assert world.row("i1").status == "ready"
    assert world.uploaded("i1") == b"imported"


def test_only_one_request_at_a_time_is_under_way_for_a_recording(world):
    names = [f"r{number}" for number in range(4)]
    for name in names:
        world.whole(name)
        world.engine.edit(name, notes="n")

    assert world.engine.start()
    idle = world.engine.run_until_idle(timeout_s=20)

    assert idle.is_done, idle
    assert {world.wire.worst[world.library.get(name).server_id] for name in names} == {1}


def test_several_parts_are_joined_before_they_are_sent(world):
    world.begin()
    world.grow(b"one")
    second = world.recordings / "r1" / "part-002.ogg"
    second.write_bytes(b"two")
    world.library.update("r1", is_on_disk=True, media=(world.media(), second), media_bytes=6)

    def join(parts, target):
        target.write_bytes(b"+".join(part.read_bytes() for part in parts))

    engine = world.new_engine(join=join)
    engine.plan("r1")
    world.settle(engine)

    assert world.uploaded() == b"one+two"
    assert world.library.get("r1").media == (world.recordings / "r1" / "whole.ogg",)


def test_parts_nobody_can_join_are_named_and_stay(world):
    world.begin()
    world.grow(b"one")
    world.library.update("r1", is_on_disk=True, media=(world.media(), world.media()))
    world.engine.plan("r1")

    world.settle()

    assert "cannot be joined" in world.job("upload").reason
    assert world.row().status == "error"
