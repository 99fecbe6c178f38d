"""The client against the embedded backend: mounted in this process, and served by a real one."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from recorder_app.api.client import RecordingsClient
from recorder_app.api.wire import RecordingPatch
from recorder_app.errors import NetworkError, NotFoundError, RejectedError, SignInError, UsageError
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, mounted_client
from recorder_app.models import Platform, Segment, Status, Task
from tests.support.cutting_proxy import CuttingProxy
from tests.support.serving import Serving

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    running = Serving(tmp_path_factory.mktemp("served"))
    yield running
    running.close()


@pytest.fixture(params=["mounted", "served"])
def client(request, tmp_path):
    if request.param == "mounted":
        http = mounted_client(tmp_path / "server")
        made = RecordingsClient(http, origin=LOCAL_ORIGIN, project_id=LOCAL_PROJECT, api_key=None)
    else:
        ready = request.getfixturevalue("serving").ready
        http = httpx.Client(trust_env=False)
        made = RecordingsClient(
            http, origin=ready["url"], project_id=ready["project_id"], api_key=ready["key"]
        )
    with http:
        yield made


def line(start_ms, text="word"):
    return Segment(start_ms, start_ms + 500, text, "Them", 0.5)


def test_a_recording_lives_from_create_to_delete(client):
    created = client.create(Platform.MEET)
    server_id = created.recording.id

    client.append_segments(server_id, [line(0, "one"), line(1000, "two")])
    client.append_segments(server_id, [line(1000, "two"), line(2000, "three")])
    changed = client.patch(
        server_id,
        RecordingPatch(
            status=Status.READY,
            meeting_title="Weekly ✓ 日本",
            summary="We agreed.",
            summary_generated_at=NOW,
            extracted_tasks=[Task("1", "Write it up", assignee="Ada")],
            participants=["Ada", "Bob"],
            duration_seconds=3,
        ),
    )

    assert changed == client.retrieve(server_id)
    assert changed.platform == Platform.MEET
    assert changed.status == Status.READY
    assert changed.meeting_title == "Weekly ✓ 日本"
    assert changed.transcript_text == "one two three"
    assert [s.timestamp_ms for s in changed.transcript_segments] == [0, 1000, 2000]
    assert changed.extracted_tasks[0].description == ""
    assert changed.summary_generated_at == NOW
    client.delete(server_id)
    with pytest.raises(NotFoundError):
        client.retrieve(server_id)


def test_create_names_its_upload_endpoint_and_token(client):
    created = client.create(Platform.DESKTOP_AUDIO)

    assert created.upload_endpoint == f"{client.origin}/uploads/"
    assert created.upload_token


def test_the_same_idempotency_key_gives_the_same_recording_and_token(client):
    first = client.create(Platform.ZOOM, idempotency_key="intent-1")
    again = client.create(Platform.ZOOM, idempotency_key="intent-1")
    other = client.create(Platform.ZOOM, idempotency_key="intent-2")

    assert again == first
    assert other.recording.id != first.recording.id


def test_a_create_whose_answer_was_lost_is_repeated_without_a_second_row(serving):
    proxy = CuttingProxy(serving.port, [-1])
    with httpx.Client(trust_env=False) as http:

        def client_at(port):
            return RecordingsClient(
                http,
                origin=f"http://127.0.0.1:{port}",
                project_id="1",
                api_key=serving.ready["key"],
            )

        before = client_at(serving.port).list().count
        with pytest.raises(NetworkError) as caught:
            client_at(proxy.port).create(Platform.TEAMS, idempotency_key="lost")
        created_anyway = client_at(serving.port).list().count - before
        again = client_at(serving.port).create(Platform.TEAMS, idempotency_key="lost")
        after = client_at(serving.port).list(limit=1)
    proxy.close()

    assert caught.value.was_sent is True
    assert created_anyway == 1
    assert after.count - before == 1
    assert after.results[0].id == again.recording.id


def test_pages_and_filters(client):
    mine = [client.create(Platform.SLACK).recording.id for _ in range(3)]
    client.append_segments(mine[0], [line(0, "Zebra ÄPFEL")])

    first = client.list(limit=2, platform=Platform.SLACK)
    rest = client.list(limit=2, offset=2, platform=Platform.SLACK)

    assert first.count == rest.count == 3
    assert [r.id for r in (*first.results, *rest.results)] == mine[::-1]
    assert [r.id for r in client.list(search="zebra äpfel").results] == [mine[0]]
    assert client.list(status="ready", platform=Platform.SLACK).results == ()
    assert client.list(user_id=1, platform=Platform.SLACK).count == 3


def test_the_no_op_append_refreshes_the_text_after_a_replacement(client):
    server_id = client.create(Platform.ZOOM).recording.id
    client.append_segments(server_id, [line(0, "draft")])

    client.patch(server_id, RecordingPatch(transcript_segments=[line(0, "final"), line(9, "words")]))
    refreshed = client.append_segments(server_id, [line(0, "ignored")])

    assert refreshed.transcript_text == "final words"


def test_what_the_server_would_refuse_as_a_whole_is_not_sent(client):
    server_id = client.create(Platform.ZOOM).recording.id

    with pytest.raises(UsageError):
        client.append_segments(server_id, [])
    with pytest.raises(UsageError):
        client.append_segments(server_id, [line(0, "good"), line(1, "  ")])
    assert client.retrieve(server_id).transcript_segments == ()


def test_unknown_ids_are_not_found(client):
    for call in (
        lambda: client.retrieve(UNKNOWN),
        lambda: client.patch(UNKNOWN, RecordingPatch(notes="x")),
        lambda: client.append_segments(UNKNOWN, [line(0)]),
        lambda: client.delete(UNKNOWN),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_writers_of_one_recording_at_once_lose_nothing(client):
    server_id = client.create(Platform.ZOOM).recording.id

    def append(start):
        for at in range(start, start + 20):
            client.append_segments(server_id, [line(at)])

    def note(field):
        for number in range(20):
            client.patch(server_id, RecordingPatch(**{field: str(number)}))

    with ThreadPoolExecutor(4) as pool:
        for done in [
            pool.submit(append, 0),
            pool.submit(append, 1000),
            pool.submit(note, "notes"),
            pool.submit(note, "summary"),
        ]:
            done.result()

    stored = client.retrieve(server_id)
    assert len(stored.transcript_segments) == 40, "the real server loses about one in five here"
    assert (stored.notes, stored.summary) == ("19", "19")


def test_a_wrong_key_or_project_is_a_matter_of_signing_in(serving):
    with httpx.Client(trust_env=False) as http:

        def call(key, project):
            RecordingsClient(http, origin=serving.url, project_id=project, api_key=key).list()

        for key, project, code in (
            ("phx_wrong", "1", "authentication_failed"),
            (None, "1", "not_authenticated"),
            (serving.ready["key"], "99", "not_found"),
        ):
            with pytest.raises(SignInError) as caught:
                call(key, project)
            assert caught.value.code == code
            assert serving.ready["key"] not in caught.value.sentence
        call(serving.ready["key"], "@current")


def test_an_idempotency_key_beyond_all_measure_is_rejected(client):
    with pytest.raises(RejectedError):
        client.create(Platform.ZOOM, idempotency_key="x" * 300)
