from __future__ import annotations

import datetime as dt
import json

import pytest

from recorder_app.api.errors import Answer, error_from_answer, retry_after_s
from recorder_app.errors import (
    NoRecallError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    ServerFaultError,
    SignInError,
)
from tests.local.replay import pairs

NOW = dt.datetime(2026, 3, 1, 12, 0, 0, tzinfo=dt.UTC)
REFUSED = [
    pair for pair in pairs() if pair["response"]["status"] >= 400 and pair["request"]["method"] != "HEAD"
]
BY_CODE = {
    "not_authenticated": SignInError,
    "authentication_failed": SignInError,
    "permission_denied": SignInError,
    "not_found": NotFoundError,
    "error": ServerFaultError,
}


def error(status, body=b"", headers=None, host="us.posthog.com"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return error_from_answer(Answer(status, headers or {}, raw), host=host, project_id="7", now=NOW)


def refusal(code, detail, attr=None, kind="invalid_request"):
    return {"type": kind, "code": code, "detail": detail, "attr": attr}


@pytest.mark.parametrize("pair", REFUSED, ids=lambda pair: pair["name"])
def test_every_recorded_refusal_becomes_the_error_its_code_means(pair):
    recorded = pair["response"]
    body = recorded["json"] or {"code": "http_405", "detail": "", "attr": None}
    expected = BY_CODE.get(body.get("code"), RejectedError)
    if recorded["status"] == 503:
        expected = NoRecallError
    elif body["detail"] == "Endpoint not found." or "does not support" in body["detail"]:
        expected = RejectedError

    found = error(
        recorded["status"], b"" if recorded["json"] is None else recorded["json"], recorded["headers"]
    )

    assert type(found) is expected
    assert found.title
    if expected is RejectedError:
        assert (found.code, found.attr) == (body["code"], body["attr"])


@pytest.mark.parametrize("status", [401, 403])
def test_the_code_decides_never_the_status(status):
    found = error(status, refusal("authentication_failed", "invalid"))

    assert isinstance(found, SignInError)
    assert found.title == "us.posthog.com does not know this key"
    assert "eu.posthog.com" in found.hint


def test_a_missing_scope_is_named():
    found = error(
        403, refusal("permission_denied", "API key missing required scope 'desktop_recording:write'")
    )

    assert "desktop_recording:write" in found.title
    assert "desktop_recording:write" in found.hint


@pytest.mark.parametrize(
    "detail",
    ["API key does not have access to the requested project: ID 7.", "You don't have access to the project."],
)
def test_a_key_for_another_project_names_the_project(detail):
    found = error(403, refusal("permission_denied", detail))

    assert isinstance(found, SignInError)
    assert "project 7" in found.title


def test_the_three_404s_are_told_apart():
    project = error(404, refusal("not_found", "Project not found."))
    endpoint = error(404, refusal("not_found", "Endpoint not found."))
    recording = error(404, refusal("not_found", "Not found."))

    assert isinstance(project, SignInError)
    assert "project 7" in project.title
    assert isinstance(endpoint, RejectedError)
    assert isinstance(recording, NotFoundError)


def test_no_recall_is_a_state_and_any_other_503_a_fault():
    no_recall = error(503, {"detail": "Recall.ai API key not configured"})
    busy = error(503, {"type": "server_error", "code": "error", "detail": "recall"}, {"retry-after": "7"})

    assert isinstance(no_recall, NoRecallError)
    assert isinstance(busy, ServerFaultError)
    assert busy.retry_after_s == 7


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("60", 60.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("999999999", 86400.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_s({"retry-after": value}, NOW) == seconds


def test_a_429_carries_the_wait_whatever_its_body():
    found = error(429, b"<html>slow down</html>", {"retry-after": "30"})

    assert isinstance(found, RateLimitedError)
    assert found.retry_after_s == 30


@pytest.mark.parametrize("status", [500, 502, 504, 520])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"detail": 3}', b"\xff\xfe", b"[" * 100_000])
def test_bodies_that_are_no_envelope_are_faults_not_crashes(status, body):
    found = error(status, body)

    assert isinstance(found, ServerFaultError)
    assert found.status == status


@pytest.mark.parametrize("status", [401, 403, 404, 407])
def test_a_refusal_without_the_servers_own_words_may_pass(status):
    found = error(status, b"<html>login</html>")

    assert isinstance(found, ServerFaultError)
    assert found.is_retryable


@pytest.mark.parametrize("status", [405, 413, 418])
def test_other_refusals_stay(status):
    found = error(status)

    assert isinstance(found, RejectedError)
    assert found.code == f"http_{status}"


def test_a_redirect_is_refused_and_says_where_to():
    found = error(301, b"", {"location": "https://evil.example/x"})

    assert isinstance(found, RejectedError)
    assert "evil.example" in found.detail


def test_a_servers_words_are_cut_to_one_short_line():
    found = error(400, refusal("max_length", "long\n" * 500, "notes"))

    assert "\n" not in found.detail
    assert len(found.detail) < 400
    assert found.detail.startswith("notes: long")
