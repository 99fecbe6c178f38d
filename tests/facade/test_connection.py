"""The connection test names what is wrong: every kind of trouble, from a real refusal of a real app."""

from __future__ import annotations

import httpx
import pytest

from recorder_app.api.account import AccountClient
from recorder_app.api.client import RecordingsClient
from recorder_app.connection import Trouble, choices, examine
from recorder_app.errors import NetworkError, SignInError
from recorder_app.local.app import close_app, create_app
from recorder_app.local.auth import KeyInfo

ALL = KeyInfo()
KEYS = {
    "phx_all": ALL,
    "phx_needed": KeyInfo(scopes=frozenset({"desktop_recording:write"})),
    "phx_read": KeyInfo(scopes=frozenset({"desktop_recording:read", "user:read"})),
    "phx_none": KeyInfo(scopes=frozenset({"insight:read"})),
    "phx_team2": KeyInfo(projects=frozenset({1, 2}), only_projects=frozenset({2}), current_project=2),
    "phx_projects": KeyInfo(scopes=frozenset({"desktop_recording:write", "project:read"})),
}


@pytest.fixture
def app(tmp_path):
    made = create_app(tmp_path, key=None, keys=KEYS, projects=frozenset({1, 2}), base_url="http://x")
    yield made
    close_app(made)


def clients(transport, key, project="1"):
    http = httpx.Client(transport=transport, trust_env=False)
    where = {"origin": "http://x", "project_id": project, "api_key": key}
    return http, RecordingsClient(http, **where), AccountClient(http, **where)


def ask(transport, key="phx_all", project="1"):
    http, recordings, account = clients(transport, key, project)
    with http:
        return examine(recordings, account, workspace="http://x", project_id=project)


def answering(status, body=None, headers=None):
    return httpx.MockTransport(lambda _: httpx.Response(status, json=body, headers=headers))


def unreachable(request):
    raise httpx.ConnectError("no route", request=request)


def test_a_good_key_reads_writes_creates_and_says_whose_it_is(app):
    report = ask(httpx.WSGITransport(app=app))

    assert report.is_good
    assert (report.can_read, report.can_write, report.can_create) == (True, True, True)
    assert (report.user, report.project.name) == ("You", "Recorder")


def test_a_test_leaves_nothing_behind(app):
    ask(httpx.WSGITransport(app=app))

    http, recordings, _ = clients(httpx.WSGITransport(app=app), "phx_all")
    with http:
        assert recordings.list().count == 0


def test_the_one_needed_scope_is_enough(app):
    report = ask(httpx.WSGITransport(app=app), "phx_needed")

    assert report.is_good
    assert (report.user, report.project) == ("", None)


@pytest.mark.parametrize(
    ("key", "project", "trouble", "said"),
    [
        (None, "1", Trouble.KEY, "wants a key"),
        ("phx_wrong", "1", Trouble.KEY, "does not know this key"),
        ("phx_none", "1", Trouble.SCOPE, "desktop_recording:read"),
        ("phx_read", "1", Trouble.SCOPE, "desktop_recording:write"),
        ("phx_all", "7", Trouble.PROJECT, "no project 7"),
        ("phx_all", "2", Trouble.PROJECT, "not for project 2"),
        ("phx_team2", "1", Trouble.PROJECT, "not for project 1"),
    ],
)
def test_what_the_key_may_not_do_is_named(app, key, project, trouble, said):
    report = ask(httpx.WSGITransport(app=app), key, project)

    assert report.trouble is trouble
    assert said in report.error.title
    assert report.error.exit_code == 7
    assert report.can_read == (key == "phx_read")
    assert not report.can_write


@pytest.mark.parametrize(
    ("transport", "trouble"),
    [
        (httpx.MockTransport(unreachable), Trouble.UNREACHABLE),
        (httpx.MockTransport(lambda _: httpx.Response(200, html="<form>")), Trouble.NOT_POSTHOG),
        (httpx.MockTransport(lambda _: httpx.Response(403, html="blocked")), Trouble.NOT_POSTHOG),
        (answering(301, headers={"Location": "https://other.example/"}), Trouble.MOVED),
        (
            answering(404, {"type": "x", "code": "not_found", "detail": "Endpoint not found.", "attr": None}),
            Trouble.MOVED,
        ),
        (answering(429, {"code": "throttled", "detail": "slow"}), Trouble.BUSY),
        (answering(500, {"code": "error", "detail": "x"}), Trouble.SERVER),
    ],
)
def test_what_answers_there_is_named(transport, trouble):
    report = ask(transport)

    assert report.trouble is trouble
    assert report.error.hint
    assert not report.can_read


def test_a_server_without_recall_can_be_used_all_the_same(app):
    inner = httpx.WSGITransport(app=app)

    def answer(request):
        if request.method == "POST":
            return httpx.Response(503, json={"detail": "Recall.ai API key not configured"})
        return inner.handle_request(request)

    report = ask(httpx.MockTransport(answer))

    assert report.trouble is Trouble.NO_RECALL
    assert (report.can_read, report.can_write, report.can_create) == (True, True, False)


def test_a_moved_endpoint_is_followed_not_reported(app):
    inner = httpx.WSGITransport(app=app)

    def answer(request):
        if "/api/environments/" in request.url.path:
            body = {"type": "x", "code": "not_found", "detail": "Endpoint not found.", "attr": None}
            return httpx.Response(404, json=body)
        return inner.handle_request(request)

    assert ask(httpx.MockTransport(answer)).is_good


def test_the_picker_lists_what_the_key_may_know(app):
    def offered(key):
        http, _, account = clients(httpx.WSGITransport(app=app), key)
        with http:
            return choices(account)

    assert [each.id for each in offered("phx_all").projects] == ["1"]
    assert [each.id for each in offered("phx_team2").projects] == ["1", "2"]
    assert offered("phx_team2").current.id == "2"
    assert [each.id for each in offered("phx_projects").projects] == ["1"]
    typed = offered("phx_needed")
    assert typed.projects == ()
    assert "user:read" in typed.reason
    assert "Type the project's number" in typed.reason


def test_the_picker_is_not_silent_about_a_wrong_key_or_a_dead_server(app):
    for transport, error in (
        (httpx.WSGITransport(app=app), SignInError),
        (httpx.MockTransport(unreachable), NetworkError),
    ):
        http, _, account = clients(transport, "phx_wrong")
        with http, pytest.raises(error):
            choices(account)
