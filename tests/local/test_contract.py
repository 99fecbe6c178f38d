"""The embedded backend against 253 recorded answers of the real server: the same but for named reasons."""

from __future__ import annotations

import pytest

from tests.local.replay import ORIGIN, Replay, pairs

PAIRS = pairs()

NO_RECALL = "the embedded backend needs no Recall, so it never lacks it"
OWN_FAULT = "the real server answers 500, and some of these poison the whole project's list"
# name: (our status, our code, reason)
DEVIATIONS = {
    "create recall not configured": (201, None, NO_RECALL),
    "create recall not configured, bad platform": (400, "invalid_choice", NO_RECALL),
    "create recall failing": (201, None, NO_RECALL),
    "create recall answers without token": (201, None, NO_RECALL),
    "PATCH NaN literal": (400, "parse_error", OWN_FAULT),
    "PATCH segments text missing": (400, "required", OWN_FAULT),
    "PATCH segments second bad": (400, "required", OWN_FAULT),
    "PATCH segments text missing -> 500 but SAVED": (400, "required", OWN_FAULT),
    "poisoned: GET detail": (200, None, OWN_FAULT),
    "poisoned: GET list (whole team page)": (200, None, OWN_FAULT),
    "poisoned: append": (200, None, OWN_FAULT),
    "poisoned: PATCH status": (200, None, OWN_FAULT),
    "PATCH tasks title missing -> 500 but SAVED": (400, "required", OWN_FAULT),
    "poisoned by task: GET detail": (200, None, OWN_FAULT),
    "PATCH tasks no title": (400, "required", OWN_FAULT),
    "list user_id=abc": (400, "invalid_input", OWN_FAULT),
}
# The rest of the answer is the same; only this is ours, on purpose.
OWN_WORDS = {
    "write scope OPTIONS": ".description",  # describes this server, not the other
    "key in query": ".next",  # a key is never echoed
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Every pair sent once, in order: name -> (status, json, differences, header differences)."""
    replay = Replay(tmp_path_factory.mktemp("contract"))
    found = {}
    for pair in PAIRS:
        answer = replay.send(pair)
        ours = answer.get_json(silent=True)
        recorded = pair["response"]
        if pair["name"] in DEVIATIONS:
            differences, headers = [], []
            if pair["request"]["method"] == "POST" and answer.status_code == 201:
                # The real server made no row here; later counts must stay comparable.
                gone = replay.http.delete(
                    f"/api/projects/1/desktop_recordings/{ours['id']}/",
                    headers={"Authorization": "Bearer phx_full"},
                )
                assert gone.status_code == 204
        else:
            differences = list(replay.differences(recorded["json"], ours))
            headers = list(header_differences(replay, pair, answer))
        found[pair["name"]] = (answer.status_code, ours, differences, headers)
    replay.close()
    return found


def header_differences(replay, pair, answer):
    detail = (pair["response"]["json"] or {}).get("detail")
    for name, said in pair["response"]["headers"].items():
        # The real server names its own address in its challenge.
        recorded = said.replace("https://us.posthog.com/.well-known", f"{ORIGIN}/.well-known")
        if detail == "Endpoint not found." and name == "allow":
            continue  # lists what the real server's catch-all accepts
        ours = answer.headers.get(name)
        if (name == "link" and replay.path(recorded) != ours and "personal_api_key" not in recorded) or (
            name != "link" and recorded != ours
        ):
            yield f"{name}: {recorded!r}, ours {ours!r}"


def test_every_pair_has_a_name_of_its_own():
    assert len({pair["name"] for pair in PAIRS}) == len(PAIRS) >= 250
    assert DEVIATIONS.keys() | OWN_WORDS.keys() <= {pair["name"] for pair in PAIRS}


@pytest.mark.parametrize("name", [pair["name"] for pair in PAIRS if pair["name"] not in DEVIATIONS])
def test_answers_as_the_real_server_did(outcomes, name):
    recorded = next(pair for pair in PAIRS if pair["name"] == name)["response"]

    status, _ours, differences, headers = outcomes[name]

    assert status == recorded["status"]
    assert [line for line in differences if not line.startswith(OWN_WORDS.get(name, "\0"))] == []
    assert headers == []


@pytest.mark.parametrize("name", DEVIATIONS)
def test_answers_better_where_the_real_server_fails(outcomes, name):
    recorded = next(pair for pair in PAIRS if pair["name"] == name)["response"]
    expected_status, expected_code, _reason = DEVIATIONS[name]

    status, ours, _differences, _headers = outcomes[name]

    assert recorded["status"] >= 500, "no deviation without a fault of the real server"
    assert (status, ours.get("code")) == (expected_status, expected_code)


def test_a_key_is_never_echoed(outcomes):
    _status, ours, _differences, _headers = outcomes["key in query"]

    assert "phx_full" not in str(ours)
