from __future__ import annotations

import pytest

from recorder_app.connection import Trouble
from recorder_app.errors import RecorderError, SignInError, UsageError
from recorder_app.models import StateKind
from recorder_app.wiring import build_clients
from recorder_app.workspaces import parse_address
from tests.facade.conftest import KEY, whole


@pytest.mark.parametrize(
    ("text", "workspace", "project"),
    [
        ("local", "local", None),
        (" EU ", "https://eu.posthog.com", None),
        ("us", "https://us.posthog.com", None),
        ("https://eu.posthog.com/", "https://eu.posthog.com", None),
        ("https://eu.posthog.com/project/123/settings/user-api-keys", "https://eu.posthog.com", "123"),
        ("https://us.i.posthog.com", "https://us.posthog.com", None),
        ("eu.i.posthog.com", "https://eu.posthog.com", None),
        ("https://app.posthog.com/project/9", "https://us.posthog.com", "9"),
        ("posthog.example.org:8000", "https://posthog.example.org:8000", None),
        ("http://127.0.0.1:8010/api/projects/4/x", "http://127.0.0.1:8010", "4"),
        ("HTTPS://PostHog.Example.org:443", "https://posthog.example.org", None),
    ],
)
def test_an_address_is_understood_as_people_copy_it(text, workspace, project):
    assert parse_address(text) == (workspace, project)


@pytest.mark.parametrize("text", ["", "mars", "ftp://x.org", "https://", "file:///etc/passwd"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError):
        parse_address(text)


def test_it_begins_on_this_computer(recorder):
    view = recorder.workspaces.current()

    assert (view.workspace, view.label, view.key_source, view.backlog) == ("local", "This computer", None, 0)
    assert recorder.workspaces.check().is_good


def test_a_choice_is_kept_and_a_project_in_the_address_counts(recorder, opened, drawer):
    recorder.workspaces.use("https://eu.posthog.com/project/123/settings")

    view = opened().workspaces.current()
    assert (view.workspace, view.label, view.project_id) == ("https://eu.posthog.com", "PostHog EU", "123")
    assert view.key_source is None
    assert recorder.workspaces.use("us").project_id == "@current"
    assert recorder.workspaces.use("local").workspace == "local"


def test_what_the_environment_decides_cannot_be_chosen_and_is_not_stored(opened, served):
    recorder = opened(POSTHOG_HOST=served.url, POSTHOG_PERSONAL_API_KEY=KEY)

    with pytest.raises(UsageError, match="POSTHOG_HOST"):
        recorder.workspaces.use("eu")

    assert recorder.workspaces.current().is_from_environment
    assert recorder.workspaces.current().key_source == "environment"
    assert opened().workspaces.current().workspace == "local"


def test_a_key_lives_in_the_keyring_alone(recorder, served, drawer, home):
    recorder.workspaces.use(served.url)
    assert recorder.workspaces.check().trouble is Trouble.KEY

    recorder.workspaces.sign_in(f" {KEY}\n")

    assert recorder.workspaces.current().key_source == "keyring"
    assert recorder.workspaces.check().is_good
    assert [each.id for each in recorder.workspaces.projects().projects] == ["1"]
    kept = [path.read_bytes() for path in home.home.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in each for each in kept)
    assert recorder.workspaces.sign_out()
    assert not recorder.workspaces.sign_out()
    assert drawer.kept == {}
    assert recorder.workspaces.check().trouble is Trouble.KEY


def test_a_key_can_be_tested_before_it_is_kept(recorder, served, drawer):
    assert recorder.workspaces.check(served.url, key=KEY).is_good
    assert recorder.workspaces.check(served.url, key="phx_wrong").trouble is Trouble.KEY
    assert recorder.workspaces.check(served.url, project_id="99", key=KEY).trouble is Trouble.PROJECT
    assert drawer.kept == {}
    assert recorder.settings.is_local


def test_what_cannot_be_a_key_is_refused(recorder, drawer):
    recorder.workspaces.use("eu")

    with pytest.raises(SignInError, match="project token"):
        recorder.workspaces.sign_in("phc_abc")
    with pytest.raises(UsageError):
        recorder.workspaces.sign_in(KEY, "local")


def test_without_a_keyring_signing_in_says_what_else_works(recorder):
    recorder.workspaces.use("eu")

    with pytest.raises(RecorderError) as caught:
        recorder.workspaces.sign_in(KEY)

    assert "POSTHOG_PERSONAL_API_KEY" in caught.value.hint
    assert not recorder.workspaces.sign_out()


def test_the_backlog_moves_when_the_person_says_so(opened, served, drawer):
    recorder = opened(is_working=True)
    for number in range(3):
        whole(recorder, f"r{number}", title=f"Meeting {number}")
    recorder.reconnect()
    recorder.work_until_idle(timeout_s=30)
    recorder.workspaces.sign_in(KEY, served.url)

    view = recorder.workspaces.use(served.url)
    recorder.work_until_idle(timeout_s=30)
    assert (view.backlog, view.moving) == (3, 0)
    assert {row.recording.workspace for row in recorder.recordings()} == {"local"}

    recorder.workspaces.use(served.url, push_backlog=True)
    recorder.work_until_idle(timeout_s=60)

    rows = recorder.recordings()
    assert {row.recording.workspace for row in rows} == {served.url}
    assert {row.state.kind for row in rows} == {StateKind.READY}
    assert recorder.uploads.moving().waiting == 0
    assert recorder.workspaces.current().moving == 0
    with build_clients(recorder.paths, recorder.settings, {}) as clients:
        found = clients.recordings.list().results
    assert sorted(row.meeting_title for row in found) == ["Meeting 0", "Meeting 1", "Meeting 2"]


def test_a_queue_can_be_called_off(recorder, served, drawer):
    whole(recorder)
    recorder.workspaces.use(served.url, push_backlog=True)

    assert recorder.uploads.moving().waiting == 1
    assert recorder.workspaces.stop_moving() == 1
    assert recorder.workspaces.current().moving == 0
    with pytest.raises(UsageError):
        recorder.workspaces.use("local", push_backlog=True)
