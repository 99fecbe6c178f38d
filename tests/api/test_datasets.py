"""The datasets and account clients against the embedded backend: mounted here, and served by a real one."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest

from recorder_app.api.account import AccountClient, ProjectInfo
from recorder_app.api.client import RecordingsClient
from recorder_app.api.datasets import DatasetsClient, NewItem, storable
from recorder_app.errors import NoRecallError, NotFoundError, RejectedError, SignInError, UsageError
from recorder_app.local.app import close_app, create_app
from recorder_app.local.auth import KeyInfo
from recorder_app.local.mount import LOCAL_ORIGIN, LOCAL_PROJECT, mounted_client
from tests.support.serving import Serving

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    running = Serving(tmp_path_factory.mktemp("served"))
    yield running
    running.close()


@pytest.fixture(params=["mounted", "served"])
def reach(request, tmp_path):
    """http client and the arguments of any of our clients."""
    if request.param == "mounted":
        http, where = (
            mounted_client(tmp_path / "server"),
            {"origin": LOCAL_ORIGIN, "project_id": LOCAL_PROJECT, "api_key": None},
        )
    else:
        ready = request.getfixturevalue("serving").ready
        http = httpx.Client(trust_env=False)
        where = {"origin": ready["url"], "project_id": "@current", "api_key": ready["key"]}
    with http:
        yield http, where


@pytest.fixture
def client(reach):
    http, where = reach
    return DatasetsClient(http, **where)


def test_a_dataset_lives_from_create_to_undelete(client):
    made = client.create("Weekly ✓", description="d", metadata={"team": ["a"]})

    renamed = client.patch(made.id, name="  Weekly 2 ")
    client.patch(made.id, is_deleted=True)

    assert (made.name, made.description, made.metadata) == ("Weekly ✓", "d", {"team": ["a"]})
    assert renamed.name == "Weekly 2"
    assert renamed.description == "d"
    assert renamed.created_by
    with pytest.raises(NotFoundError, match="no longer has this dataset"):
        client.retrieve(made.id)
    assert made.id not in {each.id for each in client.list(limit=1000).results}
    assert client.patch(made.id, is_deleted=False).is_deleted is False
    assert client.retrieve(made.id).name == "Weekly 2"


def test_lists_can_be_searched_paged_ordered_and_narrowed(client):
    made = [client.create(f"Übung {number}", description="narrowing") for number in range(3)]
    ids = [each.id for each in made]

    assert [each.id for each in client.list(ids=ids, order_by=["created_at"]).results] == ids
    assert [each.id for each in client.list(ids=ids, limit=1, offset=1).results] == [ids[1]]
    assert client.list(ids=ids[:2]).count == 2
    assert client.list(search="ÜBUNG 2", ids=ids).results == (client.retrieve(ids[2]),)
    assert client.list(ids=[UNKNOWN]).count == 0


def test_an_item_keeps_any_json(client):
    dataset = client.create("Items")
    moment = dt.datetime(2026, 3, 4, 9, tzinfo=dt.UTC)
    item = NewItem(
        input={"transcript": "a\x00b\ud800", "n": float("nan")},
        output=[1, None, True],
        metadata="text",
        ref_source_id="rec-1",
        ref_timestamp=moment,
    )

    made = client.create_item(dataset.id, item)
    changed = client.patch_item(made.id, NewItem(output="better", ref_source_id="rec-1"))

    assert (made.input, made.output) == ({"transcript": "ab", "n": None}, [1, None, True])
    assert (made.metadata, made.ref_source_id, made.ref_timestamp) == ("text", "rec-1", moment)
    assert client.retrieve_item(made.id) == changed
    assert changed.output == "better"
    assert [each.id for each in client.items(dataset.id).results] == [made.id]
    client.patch_item(made.id, is_deleted=True)
    assert client.items(dataset.id).count == 0
    with pytest.raises(NotFoundError):
        client.retrieve_item(made.id)


def test_what_the_server_would_refuse_is_not_sent(client):
    for name in ("", "  \x00 ", "x" * 401):
        with pytest.raises(UsageError):
            client.create(name)
    with pytest.raises(UsageError):
        client.list(order_by=["name"])
    with pytest.raises(UsageError):
        client.retrieve("../../users/@me")
    with pytest.raises(UsageError):
        client.create_item(UNKNOWN, NewItem(ref_source_id="x" * 256))


def test_an_unknown_dataset_takes_no_item(client):
    with pytest.raises(RejectedError) as caught:
        client.create_item(UNKNOWN, NewItem())

    assert (caught.value.code, caught.value.attr) == ("does_not_exist", "dataset")


def test_deep_texts_are_cleaned_but_not_trimmed():
    assert storable({"a": [" x ", {"b": "\x00"}], "c": 1.5}) == {"a": [" x ", {"b": ""}], "c": 1.5}


def test_the_account_names_its_projects(reach):
    http, where = reach
    account = AccountClient(http, **where)

    assert account.me().current == ProjectInfo("1", "Recorder", "This computer")
    assert [each.id for each in account.projects()] == ["1"]


@pytest.fixture
def scoped(tmp_path):
    """Clients of one server by key: `scoped(class, key)`."""
    keys = {
        "phx_recordings": KeyInfo(scopes=frozenset({"desktop_recording:write"})),
        "phx_read": KeyInfo(scopes=frozenset({"desktop_recording:read", "dataset:read"})),
        "phx_team": KeyInfo(projects=frozenset({1, 2}), only_projects=frozenset({1})),
    }
    app = create_app(tmp_path, key=None, keys=keys, base_url="http://x")
    http = httpx.Client(transport=httpx.WSGITransport(app=app))
    yield lambda made, key: made(http, origin="http://x", project_id="1", api_key=key)
    http.close()
    close_app(app)


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("phx_recordings", "permission_denied", "dataset:read"),
        ("phx_wrong", "authentication_failed", "does not know this key"),
        (None, "not_authenticated", "wants a key"),
    ],
)
def test_a_refused_key_says_what_it_lacks(scoped, key, code, said):
    with pytest.raises(SignInError) as caught:
        scoped(DatasetsClient, key).list()

    assert caught.value.code == code
    assert said in caught.value.sentence


def test_a_team_scoped_key_may_ask_who_it_is_but_not_for_all_projects(scoped):
    account = scoped(AccountClient, "phx_team")

    assert account.me().current is not None
    with pytest.raises(SignInError):
        account.projects()


def test_write_and_create_are_proved_without_leaving_a_trace(scoped):
    client = scoped(RecordingsClient, "phx_recordings")

    client.prove_write()
    client.prove_create()

    assert client.list().count == 0
    with pytest.raises(SignInError, match="desktop_recording:write"):
        scoped(RecordingsClient, "phx_read").prove_write()


def test_a_server_without_recall_says_so_before_it_creates_anything():
    def answer(_request):
        return httpx.Response(503, json={"detail": "Recall.ai API key not configured"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        client = RecordingsClient(http, origin="http://x", project_id="1", api_key="phx_a")
        with pytest.raises(NoRecallError):
            client.prove_create()
