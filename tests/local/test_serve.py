"""`serve` as a real process on a real port."""

from __future__ import annotations

import hashlib
import secrets
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

from recorder_app.api.client import RecordingsClient
from recorder_app.models import Platform
from recorder_app.transports.base import UploadTarget
from recorder_app.transports.tus import TusTransport
from tests.support.serving import Serving


@pytest.fixture
def start(tmp_path):
    started = []

    def make(**options):
        started.append(Serving(tmp_path / "data", **options))
        return started[-1]

    yield make
    for serving in started:
        serving.close()


@pytest.fixture
def http():
    with httpx.Client(trust_env=False) as client:
        yield client


def test_it_says_where_it_is_and_answers_there(start, http):
    serving = start()
    client = RecordingsClient(
        http, origin=serving.url, project_id=serving.ready["project_id"], api_key=serving.ready["key"]
    )

    assert serving.ready.keys() == {"url", "project_id", "key"}
    assert len(serving.ready["key"]) >= 32
    assert client.create(Platform.ZOOM).upload_endpoint == f"{serving.url}/uploads/"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the kernel's socket table")
def test_it_listens_on_loopback_only(start):
    serving = start()

    table = Path(f"/proc/{serving.process.pid}/net/tcp").read_text(encoding="ascii").splitlines()
    listening = [line.split()[1] for line in table if f":{serving.port:04X} " in line and " 0A " in line]

    assert listening == [f"0100007F:{serving.port:04X}"]


def test_two_servers_make_different_keys_and_a_given_key_is_kept(start):
    first, second, fixed = start(), start(), start(key="phx_mine")

    assert first.ready["key"] != second.ready["key"]
    assert fixed.ready["key"] == "phx_mine"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_when_told_to(start, http, number):
    serving = start()
    http.get(serving.url)  # leaves a kept-alive connection open

    code, errors = serving.stop(number)

    assert (code, errors) == (0, "")
    with pytest.raises(httpx.ConnectError):
        httpx.get(serving.url, trust_env=False)


def test_a_port_in_use_is_said_in_words(start, capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(AssertionError, match=rf"\(2\): Port {port} is in use"):
            start(port=port)


@pytest.mark.parametrize(
    ("options", "words"), [({"port": 70000}, "no such port"), ({"key": "a b"}, "key cannot")]
)
def test_impossible_wishes_are_said_in_words(start, options, words):
    with pytest.raises(AssertionError, match=words):
        start(**options)


def test_it_can_take_its_own_port_again_at_once(start, http):
    first = start()
    http.get(first.url)
    first.kill()

    assert start(port=first.port).port == first.port


def test_killed_in_the_middle_of_an_upload_it_goes_on_after_a_restart(start, http):
    data = secrets.token_bytes(3_000_000)
    serving = start(key="phx_k")
    client = RecordingsClient(http, origin=serving.url, project_id="1", api_key="phx_k")
    created = client.create(Platform.ZOOM)
    target = UploadTarget(created.upload_endpoint, created.upload_token, created.recording.id)
    tus = TusTransport(http)
    handle = tus.begin(target, filename="call.ogg")
    sent = tus.append(handle, target, 0, data[:1_000_000])

    # Half a PATCH is on its way when the process is killed.
    with socket.create_connection(("127.0.0.1", serving.port)) as raw:
        raw.sendall(
            f"PATCH {handle.removeprefix(serving.url)} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {target.token}\r\nUpload-Offset: {sent}\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: 1000000\r\n\r\n".encode()
            + data[sent : sent + 400_000]
        )
        serving.kill()
    start(port=serving.port, key="phx_k")
    while (offset := tus.offset(handle, target)) < len(data):
        tus.append(handle, target, offset, data[offset : offset + 500_000])
    digest = hashlib.sha256(data).hexdigest()
    confirmed = tus.finish(handle, target, size=len(data), sha256=digest)

    assert confirmed.size == len(data)
    assert confirmed.sha256 == digest
    held = http.get(confirmed.media_url, headers={"Authorization": "Bearer phx_k"})
    assert held.content == data
    assert client.retrieve(created.recording.id).status == "recording", "only a client moves the status"
