"""The tus side of the embedded backend, request by request."""

from __future__ import annotations

import base64
import datetime as dt
import errno
import hashlib
import io
import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder_app.local import uploads
from recorder_app.local.app import close_app, create_app
from recorder_app.local.auth import KeyInfo
from recorder_app.local.upload_files import UploadFiles

LIST = "/api/projects/1/desktop_recordings/"
KEY = {"Authorization": "Bearer phx_k"}
ORIGIN = "http://recorder.local"


class Clock:
    def __init__(self):
        self.moment = dt.datetime.now(dt.UTC)

    def __call__(self):
        return self.moment


class Tus:
    """One recording's uploads, spoken by hand."""

    def __init__(self, app):
        self.app = app
        self.http = app.test_client()
        created = self.http.post(LIST, headers=KEY)
        self.recording = created.json["id"]
        self.token = created.json["upload_token"]
        self.endpoint = created.headers["Recorder-Upload-Endpoint"].removeprefix(ORIGIN)

    def send(self, method, path, headers=None, data=b""):
        sent = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"} | (headers or {})
        kept = {name: value for name, value in sent.items() if value is not None}
        return self.http.open(path, method=method, headers=kept, data=data)

    def begin(self, **headers):
        given = {"Upload-Defer-Length": "1"} | {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self.send("POST", self.endpoint, given)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].removeprefix(ORIGIN)

    def patch(self, path, offset, data, **headers):
        given = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}
        return self.send("PATCH", path, given | {k.replace("_", "-"): v for k, v in headers.items()}, data)

    def offset(self, path):
        return int(self.send("HEAD", path).headers["Upload-Offset"])

    def media(self, **headers):
        return self.http.get(f"{LIST}{self.recording}/media/", headers=KEY | headers, buffered=True)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "server"


@pytest.fixture
def app(folder, clock):
    made = create_app(
        folder, key=None, keys={"phx_k": KeyInfo()}, base_url=ORIGIN, max_media_bytes=10_000, now=clock
    )
    yield made
    close_app(made)


@pytest.fixture
def tus(app):
    return Tus(app)


def files(folder):
    return sorted(path.name for path in (folder / "media").iterdir())


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_bytes_in_pieces_become_verified_media(tus):
    data = secrets.token_bytes(5000)
    filename = base64.b64encode("Ünser/../call.ogg".encode()).decode()
    path = tus.begin(Upload_Metadata=f"filename {filename}")

    assert tus.patch(path, 0, data[:3000]).headers["Upload-Offset"] == "3000"
    assert tus.patch(path, 3000, data[3000:]).status_code == 204
    done = tus.patch(path, 5000, b"", Upload_Length="5000", Recorder_Upload_Sha256=sha256(data))

    assert done.status_code == 204
    assert done.headers["Recorder-Media-Sha256"] == sha256(data)
    assert done.headers["Recorder-Media-Url"] == f"{ORIGIN}{LIST}{tus.recording}/media/"
    media = tus.media()
    assert media.data == data
    assert media.mimetype == "audio/ogg"
    assert "filename=call.ogg" in media.headers["Content-Disposition"]
    assert media.headers["X-Content-Type-Options"] == "nosniff"


def test_the_recordings_status_is_not_moved_by_its_media(tus):
    path = tus.begin()
    before = tus.http.get(f"{LIST}{tus.recording}/", headers=KEY).json

    tus.patch(path, 0, b"abc", Upload_Length="3")

    assert tus.http.get(f"{LIST}{tus.recording}/", headers=KEY).json == before


def test_finishing_again_after_a_lost_answer_answers_the_same(tus):
    path = tus.begin()
    tus.patch(path, 0, b"abc")
    finish = {"Upload_Length": "3", "Recorder_Upload_Sha256": sha256(b"abc")}

    first = tus.patch(path, 3, b"", **finish)
    again = tus.patch(path, 3, b"", **finish)

    assert (first.status_code, again.status_code) == (204, 204)
    assert first.headers["Recorder-Media-Sha256"] == again.headers["Recorder-Media-Sha256"]
    assert tus.send("HEAD", path).headers["Recorder-Media-Sha256"] == sha256(b"abc")


def test_a_client_without_our_header_completes_by_length_alone(tus):
    path = tus.begin(Upload_Defer_Length=None, Upload_Length="3")

    answer = tus.patch(path, 0, b"abc")

    assert answer.headers["Recorder-Media-Sha256"] == sha256(b"abc")
    assert tus.media().data == b"abc"


def test_other_bytes_than_announced_are_not_taken_as_media(tus):
    path = tus.begin()
    tus.patch(path, 0, b"abX")

    answer = tus.patch(path, 3, b"", Upload_Length="3", Recorder_Upload_Sha256=sha256(b"abc"))

    assert (answer.status_code, answer.json["code"]) == (460, "checksum_mismatch")
    assert tus.media().status_code == 404


def test_media_is_served_in_ranges(tus):
    path = tus.begin()
    tus.patch(path, 0, b"0123456789", Upload_Length="10")

    part = tus.media(Range="bytes=2-4")
    tail = tus.media(Range="bytes=-3")
    beyond = tus.media(Range="bytes=50-")
    unchanged = tus.media(**{"If-None-Match": f'"{sha256(b"0123456789")}"'})

    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert tail.data == b"789"
    assert beyond.status_code == 416
    assert unchanged.status_code == 304


def test_media_wants_the_key_and_not_the_upload_token(tus):
    tus.patch(tus.begin(), 0, b"abc", Upload_Length="3")
    path = f"{LIST}{tus.recording}/media/"

    assert tus.http.get(path).status_code == 403
    assert tus.http.get(path, headers={"Authorization": f"Bearer {tus.token}"}).status_code == 403
    assert tus.http.head(path, headers=KEY, buffered=True).headers["Content-Length"] == "3"
    assert tus.http.post(path, headers=KEY).status_code == 403


@pytest.mark.parametrize("media", ["never begun", "unfinished"])
def test_media_is_only_there_when_complete(tus, media):
    if media == "unfinished":
        tus.patch(tus.begin(), 0, b"abc")

    assert tus.media().status_code == 404


@pytest.mark.parametrize("offset", [0, 2, 4, 10**17])
def test_a_wrong_offset_changes_nothing(tus, offset):
    path = tus.begin()
    tus.patch(path, 0, b"abc")

    answer = tus.patch(path, offset, b"zzz")

    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "3")
    assert tus.offset(path) == 3


@pytest.mark.parametrize("offset", ["-1", "abc", "", "1e3", "9" * 30])
def test_a_nonsense_offset_is_refused(tus, offset):
    assert tus.patch(tus.begin(), offset, b"x").status_code == 400


def test_the_wrong_content_type_is_refused(tus):
    path = tus.begin()

    assert tus.patch(path, 0, b"x", Content_Type="application/octet-stream").status_code == 415
    assert tus.offset(path) == 0


def test_limits_are_kept_before_and_while_writing(tus):
    path = tus.begin(Upload_Defer_Length=None, Upload_Length="3")

    assert tus.send("POST", tus.endpoint, {"Upload-Length": "10001"}).status_code == 413
    assert tus.patch(path, 0, b"abcd").status_code == 413
    assert tus.offset(path) == 0
    assert tus.patch(tus.begin(), 0, b"x" * 10_001).status_code == 413
    assert tus.patch(tus.begin(), 0, b"", Upload_Length="10001").status_code == 413


def test_media_may_be_larger_than_any_rest_request(app, tus):
    app.config["MAX_CONTENT_LENGTH"] = 100
    path = tus.begin()

    assert tus.patch(path, 0, b"x" * 5000).status_code == 204
    refused = tus.http.patch(f"{LIST}{tus.recording}/", headers=KEY, json={"notes": "x" * 5000})
    assert (refused.status_code, refused.json["code"]) == (413, "http_413")


def test_a_body_of_unknown_length_cannot_exceed_the_limit_either(tus):
    path = tus.begin(Upload_Defer_Length=None, Upload_Length="3")
    headers = {
        "Tus-Resumable": "1.0.0",
        "Authorization": f"Bearer {tus.token}",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
        "Transfer-Encoding": "chunked",
    }

    answer = tus.http.patch(
        path,
        headers=headers,
        input_stream=io.BytesIO(b"abcdef"),
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413
    assert tus.offset(path) == 0


def test_a_length_once_known_stays(tus):
    path = tus.begin()
    tus.patch(path, 0, b"abc", Upload_Length="5")

    assert tus.patch(path, 3, b"", Upload_Length="6").status_code == 400
    assert tus.patch(path, 3, b"", Upload_Length="5").status_code == 204
    assert tus.send("HEAD", path).headers["Upload-Length"] == "5"


def test_a_length_shorter_than_what_arrived_is_refused(tus):
    path = tus.begin()
    tus.patch(path, 0, b"abc")

    assert tus.patch(path, 3, b"", Upload_Length="2").status_code == 400


def test_head_says_what_is_known(tus):
    path = tus.begin(Upload_Metadata="filename bWU=,private")

    head = tus.send("HEAD", path)

    assert head.headers["Upload-Defer-Length"] == "1"
    assert head.headers["Upload-Metadata"] == "filename bWU=,private"
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Tus-Resumable"] == "1.0.0"
    assert "Upload-Expires" in head.headers


def test_options_name_the_extensions(tus):
    answer = tus.http.options(tus.endpoint)

    assert answer.status_code == 204
    assert answer.headers["Tus-Extension"] == uploads.EXTENSIONS
    assert answer.headers["Tus-Max-Size"] == "10000"


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Defer-Length": None},
        {"Upload-Length": "5"},
        {"Upload-Defer-Length": "2"},
        {"Upload-Metadata": "filename !!!"},
        {"Upload-Metadata": "filename /w=="},
    ],
    ids=["neither length", "both lengths", "defer 2", "no base64", "no utf-8"],
)
def test_an_upload_that_makes_no_sense_is_not_begun(tus, folder, headers):
    answer = tus.send("POST", tus.endpoint, {"Upload-Defer-Length": "1"} | headers)

    assert answer.status_code == 400
    assert files(folder) == []


def test_another_version_of_tus_is_refused(tus):
    answer = tus.send("POST", tus.endpoint, {"Tus-Resumable": "2.0.0", "Upload-Defer-Length": "1"})

    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("token", ["none", "api key", "forged", "another's", "gone"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_only_the_recordings_own_token_opens_its_upload(app, tus, method, token):
    path, other = tus.begin(), Tus(app)
    bearer = {
        "none": None,
        "api key": "Bearer phx_k",
        "forged": f"Bearer {tus.token[:-1]}{'0' if tus.token[-1] != '0' else '1'}",
        "another's": f"Bearer {other.token}",
        "gone": f"Bearer {other.token}",
    }[token]
    if token == "gone":
        other.http.delete(f"{LIST}{other.recording}/", headers=KEY)
    headers = {
        "Authorization": bearer,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    } | ({"Upload-Defer-Length": "1"} if method == "POST" else {})

    answer = tus.send(
        method, tus.endpoint if method == "POST" else path, headers, b"x" if method == "PATCH" else b""
    )

    if method == "POST" and token == "another's":
        assert answer.status_code == 201, "its own recording's upload"
    else:
        assert answer.status_code == (403 if token in ("another's", "gone") else 401)
    assert tus.offset(path) == 0


@pytest.mark.parametrize(
    "path", ["/uploads/" + "0" * 32, "/uploads/x", "/uploads/..%2fserver.sqlite", "/uploads/%00"]
)
def test_unknown_uploads_are_not_found(tus, path):
    assert tus.send("HEAD", path).status_code == 404
    assert tus.send("DELETE", path).status_code == 404
    assert tus.patch(path, 0, b"x").status_code == 404


def test_a_file_lost_behind_our_back_is_not_found(tus, folder):
    path = tus.begin()
    (folder / "media" / path.rpartition("/")[2]).unlink()

    assert tus.send("HEAD", path).status_code == 404
    assert tus.patch(path, 0, b"x").status_code == 404


def test_an_aborted_upload_leaves_nothing(tus, folder):
    path = tus.begin()
    tus.patch(path, 0, b"abc")

    assert tus.send("DELETE", path).status_code == 204
    assert tus.send("HEAD", path).status_code == 404
    assert files(folder) == []


def test_finished_media_cannot_be_aborted_away(tus):
    path = tus.begin()
    tus.patch(path, 0, b"abc", Upload_Length="3")

    assert tus.send("DELETE", path).status_code == 403
    assert tus.media().data == b"abc"


def test_a_second_finished_upload_takes_the_place_of_the_first(tus, folder):
    for data in (b"one", b"two"):
        tus.patch(tus.begin(), 0, data, Upload_Length="3")

    assert tus.media().data == b"two"
    assert len(files(folder)) == 1


def test_deleting_the_recording_deletes_its_bytes(tus, folder):
    tus.patch(tus.begin(), 0, b"abc", Upload_Length="3")
    tus.begin()

    assert tus.http.delete(f"{LIST}{tus.recording}/", headers=KEY).status_code == 204

    assert files(folder) == []
    assert tus.media().status_code == 404


def test_a_recording_deleted_while_its_media_is_hashed_stays_deleted(app, tus, folder, monkeypatch):
    path, real = tus.begin(), UploadFiles.sha256

    def hash_and_delete(files, upload_id):
        digest = real(files, upload_id)
        app.test_client().delete(f"{LIST}{tus.recording}/", headers=KEY)
        return digest

    monkeypatch.setattr(UploadFiles, "sha256", hash_and_delete)

    assert tus.patch(path, 0, b"abc", Upload_Length="3").status_code == 404
    assert files(folder) == []


def test_two_writers_at_one_offset_leave_the_bytes_of_one(app, tus, folder):
    path = tus.begin()

    def write(letter):
        return Tus.patch(tus, path, 0, letter * 2000).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(write, [b"a", b"b", b"c", b"d"]))

    held = (folder / "media" / path.rpartition("/")[2]).read_bytes()
    assert statuses == [204, 409, 409, 409]
    assert len(held) == 2000
    assert len(set(held)) == 1
    assert app.extensions["recorder"].files._locks == {}


def test_a_full_disk_keeps_what_arrived_and_says_so(tus, folder, monkeypatch):
    path = tus.begin()
    tus.patch(path, 0, b"abc")

    def full(_descriptor, _data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("recorder_app.local.upload_files.os.write", full)
        answer = tus.patch(path, 3, b"def")

    assert (answer.status_code, answer.json["code"]) == (507, "disk_full")
    assert tus.offset(path) == 3
    assert tus.patch(path, 3, b"def").status_code == 204


def test_every_append_is_synced_before_it_is_confirmed(tus, monkeypatch):
    path, synced, real = tus.begin(), [], os.fsync
    monkeypatch.setattr(
        "recorder_app.local.upload_files.os.fsync",
        lambda descriptor: (synced.append(os.fstat(descriptor).st_size), real(descriptor))[0],
    )

    tus.patch(path, 0, b"abc")
    tus.patch(path, 3, b"de")

    assert synced == [3, 5]


def test_uploads_nobody_finished_expire_with_their_files(app, tus, folder, clock):
    finished, dropped = tus.begin(), tus.begin()
    tus.patch(finished, 0, b"abc", Upload_Length="3")
    stray = "f" * 32
    (folder / "media" / stray).write_bytes(b"x")
    (folder / "media" / "not-ours.txt").write_bytes(b"x")

    def restart(days):
        clock.moment += dt.timedelta(days=days)
        close_app(create_app(folder, key=None, base_url=ORIGIN, now=clock))

    restart(0)
    assert {stray, dropped.rpartition("/")[2]} <= set(files(folder)), "a young file may be in the making"
    restart(6.9)
    assert tus.send("HEAD", dropped).status_code == 200
    assert stray not in files(folder)
    restart(0.2)
    assert tus.send("HEAD", dropped).status_code == 404
    assert files(folder) == sorted([finished.rpartition("/")[2], "not-ours.txt"])
    assert tus.media().data == b"abc"
