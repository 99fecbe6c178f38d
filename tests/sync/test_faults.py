"""What the network and the server do to a recording's life (DESIGN §16): always exactly one, always whole."""

from __future__ import annotations

import httpx
import pytest

from recorder_app.models import Status
from tests.sync.world import (
    World,
    answers,
    bad_key,
    lost_answer,
    lost_request,
    refused_connection,
    saved_but_500,
)

CREATE = "desktop_recordings/"


@pytest.fixture
def posthog(tmp_path):
    """A server that ignores idempotency keys."""

    def forgetful(request, pass_on):
        request.headers.pop("idempotency-key", None)
        answer = pass_on(request)
        answer.headers.pop("recorder-honours-idempotency-key", None)
        return answer

    made = World(tmp_path, name="https://eu.posthog.com", honours=False)
    made.forgetful = forgetful
    made.wire.pass_on = lambda request, real=made.wire.pass_on: forgetful(request, real)
    yield made
    made.close()


def test_a_create_whose_answer_was_lost_is_adopted_where_the_server_knows_no_keys(posthog):
    posthog.wire.spoil("POST", CREATE, lost_answer)
    posthog.whole()

    posthog.in_time()

    assert len(posthog.rows()) == 1
    assert posthog.row().status == "ready"
    assert posthog.wire.count("POST", CREATE) == 2  # create, and the append that refreshes the text


def test_a_create_that_never_arrived_is_sent_again(posthog):
    posthog.wire.spoil("POST", CREATE, lost_request)
    posthog.whole()

    posthog.in_time()

    assert len(posthog.rows()) == 1
    assert posthog.row().status == "ready"
    assert posthog.uploaded() == posthog.media().read_bytes()


def test_a_500_that_created_all_the_same_is_adopted(posthog):
    posthog.wire.spoil("POST", CREATE, saved_but_500)
    posthog.whole()

    posthog.in_time()

    assert len(posthog.rows()) == 1


def test_a_row_somebody_else_is_using_is_not_adopted(posthog):
    other = posthog.client.create("desktop_audio").recording
    from recorder_app.api.wire import RecordingPatch

    posthog.client.patch(other.id, RecordingPatch(meeting_title="Theirs"))
    posthog.whole("mine")
    posthog.wire.spoil("POST", CREATE, lost_request)

    posthog.in_time()

    assert posthog.library.get("mine").server_id != other.id
    assert len(posthog.rows()) == 2
    assert posthog.client.retrieve(other.id).meeting_title == "Theirs"


def test_an_older_row_is_never_taken_for_ours(posthog):
    old = posthog.client.create("desktop_audio").recording
    posthog.later(1000)
    posthog.wire.spoil("POST", CREATE, lost_request)
    posthog.whole()

    posthog.in_time(3)

    assert posthog.library.get("r1").server_id not in (None, old.id)
    assert posthog.client.retrieve(old.id).meeting_title is None


def test_a_row_that_is_already_one_of_our_recordings_is_never_adopted_twice(posthog):
    posthog.begin("a", title="")
    posthog.settle()
    posthog.wire.spoil("POST", CREATE, lost_request)
    posthog.begin("b")

    posthog.in_time(3)

    ids = [posthog.library.get(name).server_id for name in ("a", "b")]
    assert None not in ids
    assert len(set(ids)) == 2


def test_an_adopted_row_says_that_its_media_stays_here(posthog):
    posthog.wire.spoil("POST", CREATE, lost_answer)
    posthog.whole()

    posthog.in_time()

    assert "right to upload was lost" in posthog.job("upload").reason
    assert not posthog.library.get("r1").is_uploaded


def test_an_upload_address_of_ones_own_takes_the_media_without_the_servers_token(tmp_path):
    from recorder_app.local.mount import LOCAL_ORIGIN

    world = World(tmp_path, name="https://eu.posthog.com", honours=False, upload_url=f"{LOCAL_ORIGIN}/own/")
    seen = []

    def own_server(request, _pass_on):
        seen.append(request.headers.get("authorization"))
        return httpx.Response(201, headers={"Location": f"{LOCAL_ORIGIN}/own/1"})

    def without_endpoint(request, pass_on):
        answer = pass_on(request)
        del answer.headers["recorder-upload-endpoint"]
        return answer

    world.wire.spoil("POST", CREATE, without_endpoint)
    world.wire.spoil("POST", "/own/", own_server)
    world.wire.spoil("HEAD", "/own/", lambda *_: httpx.Response(200, headers={"Upload-Offset": "0"}))
    world.begin()
    world.grow(b"")
    world.settle()

    assert seen == [None]
    assert world.job("upload").attempts == 0
    world.close()


def test_two_lost_creates_adopt_two_different_rows(posthog):
    posthog.wire.spoil("POST", CREATE, lost_answer, times=2)
    posthog.begin("a")
    posthog.begin("b")
    posthog.engine.run_one("records")
    posthog.engine.run_one("records")

    posthog.in_time(3)

    ids = {posthog.library.get(name).server_id for name in ("a", "b")}
    assert len(ids) == 2
    assert {row.id for row in posthog.rows()} == ids


def test_a_refused_connection_is_simply_tried_again_without_looking_for_a_row(posthog):
    posthog.wire.spoil("POST", CREATE, refused_connection, times=3)
    posthog.whole()

    posthog.in_time()

    assert len(posthog.rows()) == 1
    # The two reads are ours: `rows` above and `row` below.
    assert posthog.wire.count("GET", CREATE) == 1
    assert posthog.row().status == "ready"


@pytest.mark.parametrize("fault", [lost_answer, lost_request, saved_but_500])
def test_where_keys_are_honoured_a_lost_create_keeps_its_right_to_upload(world, fault):
    world.wire.spoil("POST", CREATE, fault, times=2)
    world.whole()

    world.in_time()

    assert len(world.rows()) == 1
    assert world.uploaded() == world.media().read_bytes()


@pytest.mark.parametrize("fault", [lost_answer, saved_but_500, lost_request, answers(502), answers(500)])
@pytest.mark.parametrize("method", ["PATCH", "POST", "HEAD"])
def test_every_kind_of_request_survives_a_fault(world, fault, method):
    world.wire.spoil(method, "", fault, times=3)
    world.whole()

    world.in_time(20, turns=8)

    assert len(world.rows()) == 1
    assert world.row().status == "ready"
    assert len(world.row().transcript_segments) == 4
    assert world.uploaded() == world.media().read_bytes()


def test_a_patch_answered_with_500_although_saved_is_repeated_without_harm(world):
    world.wire.spoil("PATCH", CREATE, saved_but_500, times=30)
    world.whole()

    world.in_time(turns=40)

    assert world.row().status == "ready"
    assert world.row().transcript_text.startswith("Good morning")


def test_retry_after_is_honoured_to_the_second(world):
    world.whole()
    world.wire.spoil("POST", CREATE, answers(429, "throttled", headers={"Retry-After": "90"}))
    world.settle()
    assert world.job("create").reason

    world.later(89)
    world.settle()
    assert world.wire.count("POST", CREATE) == 1
    world.later(1)
    world.settle()

    assert world.row().status == "ready"


def test_a_bad_key_pauses_the_workspace_and_a_new_one_resumes_it(world):
    problems = []
    world.engine.problem.subscribe(problems.append)
    world.wire.spoil("POST", CREATE, bad_key, times=1)
    world.whole("a")
    world.whole("b")

    world.in_time()

    assert world.wire.count("POST", CREATE) == 1
    assert world.engine.uploads_status().paused_reason == world.engine.paused_reason() == problems[0]
    for name in ("a", "b"):
        here = world.library.get(name)
        assert here.status is not Status.ERROR
        assert here.error is None
        assert here.is_transcribed
        assert "blocked" not in world.jobs(name).values()

    world.engine.resume_workspace()
    world.settle()

    assert world.engine.paused_reason() is None
    assert {row.status for row in world.rows()} == {"ready"}


def test_a_key_refused_in_the_middle_keeps_what_is_there_and_goes_on(world):
    world.wire.spoil("PATCH", CREATE, bad_key)
    world.whole()
    world.settle()
    assert world.engine.paused_reason()

    world.engine.use_workspace(world.workspace)
    world.settle()

    assert len(world.rows()) == 1
    assert world.row().status == "ready"


def test_no_recall_is_asked_for_rarely_and_is_no_failure(world):
    no_recall = {"detail": "Recall.ai API key not configured"}
    world.wire.spoil("POST", CREATE, lambda *_: httpx.Response(503, json=no_recall), times=2)
    world.whole()

    for _ in range(50):
        world.settle()
        world.later(60)

    assert world.wire.count("POST", CREATE) == 1
    assert world.library.get("r1").is_transcribed
    assert world.library.get("r1").status is not Status.ERROR
    assert "Recall" in world.job("create").reason
    world.in_time(3700, turns=3)
    assert world.row().status == "ready"


def test_a_refusal_is_final_and_says_so(world):
    world.wire.spoil("POST", CREATE, answers(400, "invalid_choice", "Not a valid choice."), times=9)
    world.whole()

    world.in_time()

    assert world.wire.count("POST", CREATE) == 1
    assert world.job("create").state == "blocked"
    assert world.engine.uploads_status().failing == 1
    assert world.library.get("r1").is_transcribed


def test_an_expired_upload_begins_again_from_the_start(world):
    world.begin()
    world.grow(b"a" * 1000)
    world.settle()
    world.later(3)
    world.wire.spoil("HEAD", "/uploads/", answers(404, "not_found"))
    first = world.library.ledger.upload("r1").handle
    world.settle()
    assert world.library.ledger.upload("r1").handle is None

    world.grow(b"b" * 1000)
    world.end()
    world.in_time(5, turns=3)

    assert world.uploaded() == b"a" * 1000 + b"b" * 1000
    assert first is not None


def test_a_server_that_holds_more_than_the_file_is_sent_everything_again(world):
    world.begin()
    world.grow(b"a" * 1000 + b"torn page")
    world.settle()
    world.media().write_bytes(b"a" * 1000)  # recovery cut the torn page off

    world.end()
    world.in_time(5, turns=3)

    assert world.uploaded() == b"a" * 1000


def test_other_bytes_on_the_server_are_found_and_sent_again(world):
    world.begin()
    world.grow(b"x" * 1000)
    world.settle()
    world.media().write_bytes(b"y" * 1500)

    world.end()
    world.in_time(5, turns=3)

    assert world.uploaded() == b"y" * 1500


def test_an_upload_cut_at_any_request_ends_up_identical(world):
    data = bytes(range(256)) * 40_000  # 10 MB: three chunks
    world.wire.spoil("PATCH", "/uploads/", lost_answer)
    world.whole(data=data)
    world.settle()
    world.wire.spoil("PATCH", "/uploads/", lost_request)

    world.in_time(5, turns=4)

    assert world.uploaded() == data


def test_a_missing_file_waits_for_its_disk(world):
    world.whole()
    hidden = world.media().with_suffix(".away")
    world.media().rename(hidden)
    world.settle()
    assert "disk" in world.job("upload").reason

    hidden.rename(world.media())
    world.in_time(400, turns=2)

    assert world.uploaded() == hidden.with_suffix(".ogg").read_bytes()


def test_a_row_deleted_by_somebody_else_is_said_and_everything_stays_here(world):
    world.begin()
    world.settle()
    world.client.delete(world.library.get("r1").server_id)
    world.grow(b"sound")

    world.end()
    world.in_time()

    here = world.library.get("r1")
    assert "deleted on the server" in here.error
    assert here.is_transcribed
    assert world.media().read_bytes() == b"sound"
    assert world.rows() == ()


def test_a_fault_of_our_own_is_logged_tried_thrice_and_shown(world, expected_logs):
    expected_logs.append("transcribe broke")
    world.speech.errors = [KeyError("x")] * 3
    world.whole()

    world.in_time()

    assert world.job("transcribe").state == "blocked"
    assert "KeyError" in world.job("transcribe").reason
    assert world.row().status == "error"


def test_a_transcript_overwritten_meanwhile_is_written_again(world):
    from recorder_app.api.wire import RecordingPatch

    def somebody_writes_first(request, pass_on):
        world.client.patch(world.library.get("r1").server_id, RecordingPatch(transcript_segments=()))
        return pass_on(request)

    world.wire.spoil("POST", "append_segments", somebody_writes_first)
    world.whole()
    world.in_time(5, turns=3)

    assert len(world.row().transcript_segments) == 4
    assert world.row().status == "ready"


def test_a_url_the_server_would_refuse_does_not_lose_the_title(world):
    world.whole(meeting_url="zoommtg://nonsense")

    world.settle()

    assert world.row().meeting_title == "Meeting r1"
    assert world.row().meeting_url is None
