"""What the client makes of lost answers, resets, stalls, garbage, redirects and slow-downs."""

from __future__ import annotations

import json

import httpx
import pytest

from recorder_app.api.client import RecordingsClient
from recorder_app.api.wire import RecordingPatch
from recorder_app.errors import (
    NetworkError,
    NoRecallError,
    RateLimitedError,
    RejectedError,
    ServerFaultError,
    SignInError,
    UsageError,
)
from recorder_app.models import Platform
from tests.support.misbehaving import MisbehavingServer, Scene, http

ID = "01a20aca-c66e-7186-a41e-e40202e9c4b6"
RECORDING = json.dumps({"id": ID, "status": "ready"}).encode()
PAGE = json.dumps({"count": 0, "next": None, "previous": None, "results": []}).encode()
NO_ENDPOINT = http(
    404,
    b'{"type":"invalid_request","code":"not_found","detail":"Endpoint not found.","attr":null}',
    Content_Type="application/json",
)


@pytest.fixture
def client_of():
    opened = []

    def make(origin, *, key="phx_secret", timeout_s=0.4):
        http_client = httpx.Client(trust_env=False)
        opened.append(http_client)
        return RecordingsClient(http_client, origin=origin, project_id="1", api_key=key, timeout_s=timeout_s)

    yield make
    for http_client in opened:
        http_client.close()


CALLS = {
    "create": lambda client: client.create(Platform.ZOOM),
    "list": lambda client: client.list(),
    "retrieve": lambda client: client.retrieve(ID),
    "patch": lambda client: client.patch(ID, RecordingPatch(notes="x")),
    "delete": lambda client: client.delete(ID),
}
GARBAGE = {
    "not http": b"\x00\x01 hello\r\n\r\n",
    "half a status line": b"HTTP/1.1 20",
    "less than promised": http(200, b"{}").replace(b"Content-Length: 2", b"Content-Length: 999"),
    "nothing at all": b"",
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "broken gzip": http(200, b"not gzip", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_connection_was_never_sent(client_of, call):
    with MisbehavingServer() as server:
        url = server.url
    client = client_of(url)

    with pytest.raises(NetworkError) as caught:
        CALLS[call](client)

    assert caught.value.was_sent is False
    assert caught.value.is_retryable


@pytest.mark.parametrize("reply", GARBAGE)
@pytest.mark.parametrize("call", CALLS)
def test_an_answer_that_breaks_off_may_have_taken_effect(client_of, call, reply):
    scene = Scene(GARBAGE[reply])
    with MisbehavingServer(scene, scene) as server, pytest.raises(NetworkError) as caught:
        CALLS[call](client_of(server.url))

    assert caught.value.was_sent is True
    assert len(server.requests) == (2 if call in ("list", "retrieve") else 1), "only a GET is repeated"


@pytest.mark.parametrize("call", ["create", "patch", "delete"])
def test_a_reset_after_the_request_is_never_repeated_by_itself(client_of, call):
    with MisbehavingServer(Scene(is_reset=True)) as server, pytest.raises(NetworkError) as caught:
        CALLS[call](client_of(server.url))

    assert caught.value.was_sent is True
    assert len(server.requests) == 1


def test_a_get_survives_one_reset(client_of):
    with MisbehavingServer(Scene(is_reset=True), http(200, RECORDING)) as server:
        assert client_of(server.url).retrieve(ID).status == "ready"


def test_a_stalled_server_is_given_up(client_of):
    with MisbehavingServer(Scene(stalls_s=3)) as server, pytest.raises(NetworkError) as caught:
        client_of(server.url, timeout_s=0.2).create(Platform.ZOOM)

    assert caught.value.was_sent is True


@pytest.mark.parametrize("call", ["create", "list", "retrieve", "patch"])
@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel</html>", b"", b"[]", b'{"id": 5}', b"null"])
def test_a_success_that_makes_no_sense_is_a_fault(client_of, call, body):
    with MisbehavingServer(http(200, body)) as server, pytest.raises(ServerFaultError) as caught:
        CALLS[call](client_of(server.url))

    assert caught.value.status == 200
    assert len(server.requests) == 1


def test_a_list_with_a_broken_row_is_a_fault(client_of):
    body = b'{"count": 2, "results": [{"id": "x"}, 5]}'
    with MisbehavingServer(http(200, body)) as server, pytest.raises(ServerFaultError):
        client_of(server.url).list()


def test_rate_limit_and_missing_recall_are_told_apart(client_of):
    throttled = b'{"type":"throttled_error","code":"throttled","detail":"Request was throttled.","attr":null}'
    no_recall = b'{"detail":"Recall.ai API key not configured"}'
    with MisbehavingServer(http(429, throttled, Retry_After="60"), http(503, no_recall)) as server:
        client = client_of(server.url)

        with pytest.raises(RateLimitedError) as slow:
            client.create(Platform.ZOOM)
        with pytest.raises(NoRecallError):
            client.create(Platform.ZOOM)

    assert slow.value.retry_after_s == 60


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_never_sees_the_key(client_of, status):
    with MisbehavingServer(http(200, RECORDING)) as other:
        moved = http(status, Location=f"{other.url}/api/projects/1/desktop_recordings/{ID}/")
        with MisbehavingServer(moved) as server, pytest.raises(RejectedError) as caught:
            client_of(server.url).retrieve(ID)

    assert other.requests == []
    assert caught.value.code == "redirected"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_to_projects_on_the_same_host_is_followed_and_remembered(client_of, status):
    moved = http(status, Location="/api/projects/1/desktop_recordings/")
    created = http(201, RECORDING)
    with MisbehavingServer(moved, created, http(200, PAGE)) as server:
        client = client_of(server.url)

        client.create(Platform.ZOOM)
        client.list()

    paths = [request.split()[1].split(b"?")[0] for request in server.requests]
    assert paths == [
        b"/api/environments/1/desktop_recordings/",
        b"/api/projects/1/desktop_recordings/",
        b"/api/projects/1/desktop_recordings/",
    ]
    assert b'{"platform": "zoom"}' in server.requests[1], "the body goes along"


def test_a_server_without_environments_is_asked_once_only(client_of):
    with MisbehavingServer(NO_ENDPOINT, http(200, RECORDING), http(200, RECORDING)) as server:
        client = client_of(server.url)

        client.retrieve(ID)
        client.retrieve(ID)

    assert [b"/api/projects/" in request for request in server.requests] == [False, True, True]


def test_a_server_without_either_says_so_and_nothing_is_remembered(client_of):
    with MisbehavingServer(NO_ENDPOINT, NO_ENDPOINT, http(200, RECORDING)) as server:
        client = client_of(server.url)

        with pytest.raises(RejectedError, match="no desktop recordings"):
            client.retrieve(ID)
        client.retrieve(ID)

    assert b"/api/environments/" in server.requests[2]


def test_an_upload_endpoint_elsewhere_is_ignored(client_of):
    with MisbehavingServer(
        http(201, RECORDING, Recorder_Upload_Endpoint="https://evil.example/uploads/"),
        http(201, RECORDING, Recorder_Upload_Endpoint="no address"),
    ) as server:
        client = client_of(server.url)

        assert client.create(Platform.ZOOM).upload_endpoint is None
        assert client.create(Platform.ZOOM).upload_endpoint is None


def test_the_key_and_the_idempotency_key_are_sent_as_headers(client_of):
    with MisbehavingServer(http(201, RECORDING)) as server:
        client_of(server.url, key=" phx_secret\n").create(Platform.MEET, idempotency_key="abc")

    head = server.requests[0]
    assert b"Authorization: Bearer phx_secret\r\n" in head
    assert b"Idempotency-Key: abc\r\n" in head
    assert b"phx_secret" not in head.split(b"\r\n")[0]


def test_a_netrc_entry_does_not_replace_the_key(client_of, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with MisbehavingServer(http(200, RECORDING)) as server, httpx.Client() as http_client:
        RecordingsClient(http_client, origin=server.url, project_id="1", api_key="phx_k").retrieve(ID)

    assert b"Bearer phx_k" in server.requests[0]


@pytest.mark.parametrize("key", ["phx_ä", "phx a", "phx_\x01"])
def test_a_key_no_header_can_carry_is_refused_before_anything_is_sent(client_of, key):
    with pytest.raises(SignInError):
        client_of("http://127.0.0.1:1", key=key)


@pytest.mark.parametrize("origin", ["eu.posthog.com", "ftp://x", "https://", "http://[::1", "http://h:x"])
def test_what_is_no_address_is_refused(client_of, origin):
    with pytest.raises(UsageError):
        client_of(origin)


@pytest.mark.parametrize("server_id", ["../../users/@me", "", "?a=b", "x"])
def test_an_id_cannot_lead_elsewhere(client_of, server_id):
    with pytest.raises(UsageError):
        client_of("http://127.0.0.1:1").retrieve(server_id)


def test_an_answer_without_end_is_cut(client_of, monkeypatch):
    monkeypatch.setattr("recorder_app.api.exchange.MAX_ANSWER_BYTES", 1000)
    with MisbehavingServer(http(200, b" " * 100_000)) as server, pytest.raises(ServerFaultError):
        client_of(server.url).retrieve(ID)
