"""What the recorded pairs do not show: times, odd bodies, foreign faults, rows that are gone."""

from __future__ import annotations

import sqlite3
import stat

import pytest

from recorder_app.errors import LibraryError, StorageError
from recorder_app.local.app import close_app, create_app
from recorder_app.local.auth import KeyInfo

LIST = "/api/projects/1/desktop_recordings/"


@pytest.fixture
def app(tmp_path):
    made = create_app(tmp_path / "server", key=None, base_url="http://recorder.local")
    yield made
    close_app(made)


@pytest.fixture
def http(app):
    return app.test_client()


@pytest.fixture
def address(http):
    return f"{LIST}{http.post(LIST).json['id']}/"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-01-02T03:04:05.123456+02:00", "2026-01-02T01:04:05.123456Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
    ],
)
def test_times_are_kept_in_utc(http, address, sent, stored):
    assert http.patch(address, json={"started_at": sent}).json["started_at"] == stored


@pytest.mark.parametrize(
    "sent", [1767322800, "2026-02-30", "yesterday", "0001-01-01T00:00:00+23:59", [], True]
)
def test_what_is_no_time_is_refused(http, address, sent):
    answer = http.patch(address, json={"completed_at": sent})

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_input")


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"meeting_title": "x" * 256}, "max_length", "meeting_title"),
        ({"meeting_title": True}, "invalid_input", "meeting_title"),
        ({"notes": "a\x00b"}, "null_characters_not_allowed", "notes"),
        ({"meeting_url": "unknown"}, "invalid_input", "meeting_url"),
        ({"duration_seconds": -(2**31) - 1}, "min_value", "duration_seconds"),
        ({"duration_seconds": True}, "invalid_input", "duration_seconds"),
        ({"participants": ["a", None]}, "null", "participants__1"),
        ({"participants": "Ada"}, "not_a_list", "participants"),
        ({"started_at": None}, "null", "started_at"),
        ({"transcript_segments": [{"text": "a", "timestamp": 1e999}]}, "parse_error", None),
        (
            {"transcript_segments": [{"text": "a", "timestamp": "inf"}]},
            "invalid_input",
            "transcript_segments__0__timestamp",
        ),
        (
            {"transcript_segments": [{"text": "a", "is_final": []}]},
            "invalid_input",
            "transcript_segments__0__is_final",
        ),
        ({"transcript_segments": [None]}, "null", "transcript_segments__0"),
        ({"extracted_tasks": [{"title": " "}]}, "blank", "extracted_tasks__0__title"),
        (
            {"extracted_tasks": [{"title": "a", "description": None}]},
            "null",
            "extracted_tasks__0__description",
        ),
        ({"recall_recording_id": True}, "invalid_input", "recall_recording_id"),
    ],
)
def test_bad_values_are_refused_with_the_servers_code(http, address, body, code, attr):
    before = http.get(address).json

    answer = http.patch(address, json=body | {"summary": "must not be saved"})

    assert (answer.status_code, answer.json["code"], answer.json["attr"]) == (400, code, attr)
    assert http.get(address).json == before


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"segments": []}, "min_length", "segments"),
        ({}, "required", "segments"),
        ({"segments": {}}, "not_a_list", "segments"),
    ],
)
def test_appending_nothing_is_refused(http, address, body, code, attr):
    answer = http.post(f"{address}append_segments/", json=body)

    assert (answer.status_code, answer.json["code"], answer.json["attr"]) == (400, code, attr)


@pytest.mark.parametrize(
    "raw",
    [b"\xff", b"[" * 100_000, b'{"a": Infinity}', b'{"duration_seconds": ' + b"9" * 5000 + b"}", b"{'a': 1}"],
    ids=["not utf-8", "deep", "infinity", "huge number", "not json"],
)
def test_hostile_bodies_are_refused_not_stored(http, address, raw):
    answer = http.patch(address, data=raw, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (400, "parse_error")
    assert http.get(LIST).status_code == 200


def test_a_lone_surrogate_is_refused(http, address):
    answer = http.patch(address, data=b'{"notes": "\\ud800"}', content_type="application/json")

    assert answer.json["code"] == "surrogate_characters_not_allowed"


@pytest.mark.parametrize("limit", ["0", "-1", "abc", ""])
def test_a_nonsense_limit_means_a_hundred(http, limit):
    for _ in range(3):
        http.post(LIST)

    answer = http.get(f"{LIST}?limit={limit}").json

    assert len(answer["results"]) == answer["count"] == 3


def test_numbers_beyond_sqlite_are_no_fault(http):
    http.post(LIST)

    assert http.get(f"{LIST}?offset={10**30}").json["results"] == []
    assert http.get(f"{LIST}?limit={10**30}").json["count"] == 1
    assert http.get(f"{LIST}?user_id={10**30}").status_code == 400


def test_pages_lead_to_each_other_under_projects(http):
    for _ in range(5):
        http.post(LIST)

    middle = http.get("/api/environments/@current/desktop_recordings?limit=2&offset=2&status=recording").json

    base = "http://recorder.local/api/projects/@current/desktop_recordings"
    assert middle["next"] == f"{base}?limit=2&offset=4&status=recording"
    assert middle["previous"] == f"{base}?limit=2&status=recording"


def test_a_search_finds_words_whatever_their_case_and_takes_no_wildcards(http, address):
    http.post(f"{address}append_segments/", json={"segments": [{"text": "Über 50% done"}]})

    def found(words):
        return http.get(LIST, query_string={"search": words}).json["count"]

    assert [found("über 50%"), found("ÜBER"), found("ü%e"), found("5_%")] == [1, 1, 0, 0]


def test_a_change_that_leaves_the_filter_is_still_answered(http, address):
    answer = http.patch(f"{address}?status=recording", json={"status": "ready"})

    assert (answer.status_code, answer.json["status"]) == (200, "ready")


@pytest.mark.parametrize(
    "path", ["/", "/api/", "/api/projects/1/insights/", "/api/users/7/", "/api/environments/", "/favicon.ico"]
)
def test_what_is_not_built_is_not_there(http, path):
    answer = http.get(path)

    assert (answer.status_code, answer.json["detail"]) == (404, "Endpoint not found.")


@pytest.mark.parametrize("project", ["2", "abc", "-1", "9" * 40, "١"])
def test_other_projects_are_not_there(http, project):
    answer = http.get(f"/api/projects/{project}/desktop_recordings/")

    assert (answer.status_code, answer.json["detail"]) == (404, "Project not found.")


def test_a_creation_can_be_repeated_for_the_same_caller_only(tmp_path):
    keys = {"phx_a": KeyInfo(user_id=1), "phx_b": KeyInfo(user_id=2)}
    app = create_app(tmp_path, key=None, keys=keys, base_url="http://x")

    def create(key):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "same"}
        answer = app.test_client().post(LIST, headers=headers)
        return answer.status_code, answer.json["id"], answer.json["upload_token"]

    first, again, other = create("phx_a"), create("phx_a"), create("phx_b")
    close_app(app)

    assert (first[0], again[0], other[0]) == (201, 200, 201)
    assert again[1:] == first[1:]
    assert other[1] != first[1]


def test_a_creation_survives_a_restart(tmp_path):
    found = []
    for _ in range(2):
        app = create_app(tmp_path, key=None, base_url="http://x")
        answer = app.test_client().post(LIST, headers={"Idempotency-Key": "k"}).json
        found.append((answer["id"], answer["upload_token"]))
        close_app(app)

    assert found[0] == found[1]


def test_what_is_kept_is_nobody_elses(app, tmp_path, http):
    http.post(LIST)

    folder = tmp_path / "server"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("server.sqlite*")} == {0o600}


def test_a_locked_database_is_a_503_with_a_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("recorder_app.local.database.BUSY_TIMEOUT_S", 0.05)
    app = create_app(tmp_path, key=None, base_url="http://x")
    other = sqlite3.connect(tmp_path / "server.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    answer = app.test_client().post(LIST)
    reading = app.test_client().get(LIST)
    other.close()
    close_app(app)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert reading.status_code == 200, "readers do not wait for a writer"


def test_a_fault_of_our_own_is_logged_and_answered_in_the_envelope(app, http, expected_logs):
    expected_logs.append("a request failed")
    connection = sqlite3.connect(app.extensions["recorder"].database._path)
    connection.execute("DROP TABLE recordings")
    connection.close()

    answer = http.get(LIST)

    assert (answer.status_code, answer.json["type"]) == (500, "server_error")


def test_a_newer_database_is_left_alone(tmp_path):
    close_app(create_app(tmp_path, key=None, base_url="http://x"))
    connection = sqlite3.connect(tmp_path / "server.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(LibraryError, match="newer"):
        create_app(tmp_path, key=None, base_url="http://x")


def test_a_damaged_database_is_said_in_words(tmp_path):
    (tmp_path / "server.sqlite").write_bytes(b"garbage" * 1000)

    with pytest.raises(LibraryError, match="cannot be opened"):
        create_app(tmp_path, key=None, base_url="http://x")


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError):
        create_app(tmp_path / "file" / "server", key=None, base_url="http://x")
