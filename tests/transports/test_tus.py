"""One suite for the tus transport, run on three servers: ours mounted, ours served, and @tus/server."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import secrets
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from recorder_app.api.client import RecordingsClient
from recorder_app.errors import NetworkError, NotFoundError, RejectedError, ServerFaultError, UsageError
from recorder_app.local.mount import LOCAL_ORIGIN, mounted_client
from recorder_app.models import Platform
from recorder_app.transports import TRANSPORTS, choose
from recorder_app.transports.base import UploadTarget
from recorder_app.transports.local_only import LocalOnlyTransport
from recorder_app.transports.tus import MAX_CHUNK, OffsetMismatchError, TusTransport
from tests.support.cutting_proxy import CuttingProxy
from tests.support.misbehaving import MisbehavingServer, Scene
from tests.support.misbehaving import http as reply
from tests.support.reference_tus import ReferenceTus
from tests.support.serving import Serving


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    running = Serving(tmp_path_factory.mktemp("served"), key="phx_k")
    yield running
    running.close()


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    running = ReferenceTus(tmp_path_factory.mktemp("reference"))
    yield running
    running.close()


class Place:
    """A server that takes media, and how to look at what it holds."""

    def __init__(self, http, *, origin=None, key=None, endpoint=None, uploads=None):
        self.http = http
        self.is_ours = endpoint is None
        self._endpoint, self._uploads, self._key = endpoint, uploads, key
        self._client = (
            RecordingsClient(http, origin=origin, project_id="1", api_key=key) if self.is_ours else None
        )

    def target(self):
        if not self.is_ours:
            return UploadTarget(self._endpoint, "some-token", "id")
        created = self._client.create(Platform.ZOOM)
        return UploadTarget(created.upload_endpoint, created.upload_token, created.recording.id)

    def held(self, handle, confirmation):
        if not self.is_ours:
            return (self._uploads / handle.rpartition("/")[2]).read_bytes()
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return self.http.get(confirmation.media_url, headers=headers).content


@pytest.fixture(params=["mounted", "served", "reference"])
def place(request, tmp_path):
    if request.param == "mounted":
        made = Place(mounted_client(tmp_path / "server"), origin=LOCAL_ORIGIN)
    elif request.param == "served":
        serving = request.getfixturevalue("serving")
        made = Place(httpx.Client(trust_env=False), origin=serving.url, key="phx_k")
    else:
        reference = request.getfixturevalue("reference")
        made = Place(httpx.Client(trust_env=False), endpoint=reference.endpoint, uploads=reference.uploads)
    with made.http:
        yield made


@pytest.fixture
def http():
    with httpx.Client(trust_env=False) as client:
        yield client


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def upload(tus, handle, target, data, chunk):
    """As the sync job does it: HEAD decides where to go on, whatever happened before."""
    while True:
        try:
            offset = tus.offset(handle, target)
            while offset < len(data):
                offset = tus.append(handle, target, offset, data[offset : offset + chunk])
            return tus.finish(handle, target, size=len(data), sha256=sha256(data))
        except NetworkError:
            continue


def test_what_arrives_is_what_was_sent(place):
    data, tus, target = secrets.token_bytes(300_000), TusTransport(place.http), place.target()

    handle = tus.begin(target, filename="Ünser call.ogg")
    confirmation = upload(tus, handle, target, data, 100_000)

    assert confirmation.size == len(data)
    assert confirmation.sha256 == (sha256(data) if place.is_ours else None)
    assert (confirmation.media_url is not None) == place.is_ours
    assert place.held(handle, confirmation) == data


def test_an_upload_grows_before_its_length_is_known(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")

    assert tus.offset(handle, target) == 0
    assert tus.append(handle, target, 0, b"abc") == 3
    assert tus.append(handle, target, 3, b"def") == 6
    assert tus.offset(handle, target) == 6


def test_finishing_twice_confirms_twice(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    tus.append(handle, target, 0, b"abc")

    first = tus.finish(handle, target, size=3, sha256=sha256(b"abc"))
    again = tus.finish(handle, target, size=3, sha256=sha256(b"abc"))

    assert again == first


def test_a_wrong_offset_is_told_apart_and_changes_nothing(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    tus.append(handle, target, 0, b"abc")

    for offset in (0, 5):
        with pytest.raises(OffsetMismatchError):
            tus.append(handle, target, offset, b"zzz")
    assert tus.offset(handle, target) == 3


def test_finishing_too_early_is_an_offset_mismatch(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    tus.append(handle, target, 0, b"abc")

    with pytest.raises(OffsetMismatchError):
        tus.finish(handle, target, size=5, sha256=sha256(b"abcde"))
    assert tus.append(handle, target, 3, b"de") == 5


def test_an_aborted_upload_is_gone_and_aborting_it_again_is_fine(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    tus.append(handle, target, 0, b"abc")

    tus.abort(handle, target)
    tus.abort(handle, target)

    with pytest.raises(NotFoundError):
        tus.offset(handle, target)
    with pytest.raises(NotFoundError):
        tus.append(handle, target, 3, b"d")


def test_two_uploads_at_once_do_not_mix(place):
    tus = TusTransport(place.http)

    def run(letter):
        target, data = place.target(), letter * 400_000
        handle = tus.begin(target, filename="call.ogg")
        return place.held(handle, upload(tus, handle, target, data, 50_000)) == data

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(run, [b"a", b"b"])) == [True, True]


def test_more_than_a_chunk_at_once_is_a_bug_of_the_caller(place):
    target = place.target()

    with pytest.raises(ValueError, match="more than"):
        TusTransport(place.http).append(target.endpoint, target, 0, b"x" * (MAX_CHUNK + 1))


@pytest.mark.parametrize("place", ["mounted", "served"], indirect=True)
def test_a_lying_digest_is_found_out(place):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    tus.append(handle, target, 0, b"abc")

    with pytest.raises(RejectedError) as caught:
        tus.finish(handle, target, size=3, sha256=sha256(b"abd"))

    assert caught.value.code == "checksum_mismatch"
    tus.abort(handle, target)


@pytest.mark.parametrize("place", ["mounted", "served"], indirect=True)
@pytest.mark.parametrize("token", ["", "phx_k", "another's"])
def test_a_wrong_token_is_refused_for_this_recording_only(place, token):
    tus, target = TusTransport(place.http), place.target()
    handle = tus.begin(target, filename="call.ogg")
    wrong = dataclasses.replace(target, token=place.target().token if token == "another's" else token)

    for call in (
        lambda: tus.offset(handle, wrong),
        lambda: tus.append(handle, wrong, 0, b"x"),
        lambda: tus.abort(handle, wrong),
    ):
        with pytest.raises(RejectedError) as caught:
            call()
        assert caught.value.status in (401, 403)
        assert target.token not in caught.value.sentence
    assert tus.offset(handle, target) == 0


@pytest.mark.parametrize("server", ["served", "reference"])
@pytest.mark.parametrize("seed", range(4))
def test_cut_anywhere_it_resumes_with_the_same_bytes(request, http, server, seed):
    dice = random.Random(seed)
    data = dice.randbytes(600_000)
    if server == "served":
        serving = request.getfixturevalue("serving")
        place, port = Place(http, origin=serving.url, key="phx_k"), serving.port
    else:
        reference = request.getfixturevalue("reference")
        place = Place(http, endpoint=reference.endpoint, uploads=reference.uploads)
        port = httpx.URL(reference.endpoint).port
    target = place.target()
    handle = TusTransport(http).begin(target, filename="call.ogg")
    # Each kind of cut: inside the headers, inside the body, the answer lost.
    cuts = [dice.choice([dice.randrange(300), dice.randrange(100_000), -1]) for _ in range(12)]
    proxy = CuttingProxy(port, cuts)
    through = dataclasses.replace(target, endpoint=f"http://127.0.0.1:{proxy.port}/")

    with httpx.Client(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)) as shaky:
        confirmation = upload(
            TusTransport(shaky),
            str(httpx.URL(handle).copy_with(port=proxy.port)),
            through,
            data,
            120_000,
        )
    proxy.close()

    assert proxy.count_cut >= 4, "a cut behind the end of a short request does not count"
    assert confirmation.size == len(data)
    assert place.held(handle, confirmation) == data


TARGET_TOKEN = "rut_secret"


@pytest.mark.parametrize(
    "location", ["https://evil.example/files/1", "//evil.example/x", "javascript:alert(1)", "http://[", ""]
)
def test_an_upload_sent_elsewhere_never_sees_the_token(http, location):
    with MisbehavingServer(reply(201, Location=location)) as server:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")

        with pytest.raises((RejectedError, ServerFaultError)):
            TusTransport(http).begin(target, filename="x")

    assert len(server.requests) == 1


def test_a_handle_of_another_server_is_not_followed(http):
    with MisbehavingServer() as server:
        target = UploadTarget("https://mine.example/files", TARGET_TOKEN, "id")

        with pytest.raises(RejectedError):
            TusTransport(http).offset(f"{server.url}/files/1", target)

    assert server.requests == []


@pytest.mark.parametrize("location", ["/files/1", "https://{host}/files/1", "HTTP://{host}/files/1"])
def test_a_relative_location_and_a_proxys_scheme_are_understood(http, location):
    server = MisbehavingServer()
    host = server.url.removeprefix("http://")
    server.play(reply(201, Location=location.format(host=host)))
    with server:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")

        assert TusTransport(http).begin(target, filename="x") == f"{server.url}/files/1"


@pytest.mark.parametrize(
    "answer",
    [
        reply(204),
        reply(204, Upload_Offset="x"),
        reply(204, Upload_Offset="99"),
        reply(204, Upload_Offset="-1"),
    ],
)
def test_an_offset_that_makes_no_sense_is_not_believed(http, answer):
    with MisbehavingServer(answer) as server:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")

        with pytest.raises(ServerFaultError):
            TusTransport(http).append(f"{server.url}/files/1", target, 0, b"abc")


def test_a_server_that_claims_completion_without_the_bytes_is_not_believed(http):
    with MisbehavingServer(reply(204, Upload_Offset="3"), reply(200, Upload_Offset="2")) as server:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")

        with pytest.raises(OffsetMismatchError):
            TusTransport(http).finish(f"{server.url}/files/1", target, size=3, sha256=sha256(b"abc"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(423), ServerFaultError),
        (reply(500), ServerFaultError),
        (reply(507), ServerFaultError),
        (reply(410), NotFoundError),
        (reply(413), RejectedError),
        (reply(415), RejectedError),
        (reply(302, Location="https://evil.example"), RejectedError),
    ],
)
def test_refusals_become_the_errors_of_the_seam(http, answer, error):
    with MisbehavingServer(answer) as server:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")

        with pytest.raises(error) as caught:
            TusTransport(http).append(f"{server.url}/files/1", target, 0, b"abc")

    assert TARGET_TOKEN not in caught.value.sentence


def test_a_stall_is_given_up(http):
    with MisbehavingServer(Scene(stalls_s=3)) as server, pytest.raises(NetworkError) as caught:
        target = UploadTarget(f"{server.url}/files", TARGET_TOKEN, "id")
        TusTransport(http, timeout_s=0.2).append(f"{server.url}/files/1", target, 0, b"abc")

    assert caught.value.was_sent


def test_no_endpoint_means_local_only_and_says_so(http):
    transport = choose(None, http)
    target = UploadTarget("", "", "id")

    assert isinstance(transport, LocalOnlyTransport)
    assert not transport.takes_media
    for call in (
        lambda: transport.begin(target, filename="x"),
        lambda: transport.offset("", target),
        lambda: transport.append("", target, 0, b""),
        lambda: transport.finish("", target, size=0, sha256=""),
    ):
        with pytest.raises(UsageError, match="stays on this computer"):
            call()
    transport.abort("", target)


def test_an_endpoint_means_tus(http):
    assert isinstance(choose("https://mine.example/files", http), TusTransport)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_says_whether_it_can_be_used(transport):
    reasons = [transport.probe(endpoint) for endpoint in (None, "https://mine.example/files")]

    assert transport.name
    assert all(reason is None or len(reason) > 10 for reason in reasons)
    assert reasons[1] is None
