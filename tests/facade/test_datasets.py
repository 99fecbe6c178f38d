from __future__ import annotations

import pytest

from recorder_app.errors import NotFoundError, SignInError, UsageError
from recorder_app.models import Task
from tests.facade.conftest import KEY, START, whole
from tests.sync.world import LINES


@pytest.fixture(params=["this computer", "a server"])
def shop(request, opened):
    """A façade whose datasets are the embedded backend's, or a served one's."""
    if request.param == "this computer":
        return opened()
    served = request.getfixturevalue("served")
    return opened(POSTHOG_HOST=served.url, POSTHOG_PERSONAL_API_KEY=KEY)


def test_a_recording_becomes_an_example_as_the_person_corrected_it(shop):
    whole(shop)
    shop.library.update("r1", server_id="s-1")
    shop.set_task("r1", Task("t1", "Send the release notes", "", None))
    dataset = shop.datasets.create("Meetings", "ours")

    added = shop.datasets.add_recording(dataset.id, "r1")

    item = added.item
    assert not added.was_there
    assert item.input["transcript"].splitlines()[0] == f"You: {LINES[0].text}"
    assert [line["timestamp"] for line in item.input["segments"]] == [line.start_ms for line in LINES]
    assert item.output == {
        "summary": "We ship next week.",
        "tasks": [{"title": "Send the release notes", "description": "", "assignee": None}],
    }
    assert item.metadata["title"] == "Weekly"
    assert item.metadata["duration_seconds"] == 9
    assert (item.metadata["recording_id"], item.metadata["local_recording_id"]) == ("s-1", "r1")
    assert (item.ref_source_id, item.ref_timestamp) == ("s-1", START)


def test_adding_it_again_brings_the_example_up_to_date(shop):
    whole(shop)
    dataset = shop.datasets.create("Meetings")
    first = shop.datasets.add_recording(dataset.id, "r1")
    shop.rename("r1", "Monthly")
    shop.library.update("r1", server_id="s-2")

    again = shop.datasets.add_recording(dataset.id, "r1")

    count, found = shop.datasets.items(dataset.id)
    assert again.was_there
    assert (count, found[0].id) == (1, first.item.id)
    assert found[0].metadata["title"] == "Monthly"
    assert found[0].ref_source_id == "s-2"


def test_datasets_are_listed_renamed_deleted_and_brought_back(shop):
    made = shop.datasets.create("First of all")
    shop.datasets.rename(made.id, "Second of all")

    assert shop.datasets.find("Second of all").id == shop.datasets.find(made.id[:20]).id == made.id
    assert [each.id for each in shop.datasets.list("second of")] == [made.id]
    shop.datasets.delete(made.id)
    assert shop.datasets.list("second of") == []
    with pytest.raises(NotFoundError):
        shop.datasets.find(made.id)
    shop.datasets.undelete(made.id)
    assert [each.name for each in shop.datasets.list("second of")] == ["Second of all"]


def test_two_of_one_name_are_not_mixed_up(shop):
    shop.datasets.create("Twins")
    shop.datasets.create("Twins")

    with pytest.raises(NotFoundError, match="2 datasets"):
        shop.datasets.find("Twins")


def test_long_lists_come_whole(recorder):
    for number in range(60):
        recorder.datasets.create(f"n{number}")

    assert len({each.name for each in recorder.datasets.list()}) == 60


def test_what_cannot_be_an_example_is_refused(shop):
    whole(shop, is_transcribed=False)
    dataset = shop.datasets.create("Meetings")

    with pytest.raises(UsageError, match="no transcript"):
        shop.datasets.add_recording(dataset.id, "r1")
    with pytest.raises(NotFoundError):
        shop.datasets.add_recording(dataset.id, "nobody")
    shop.datasets.delete(dataset.id)
    shop.library.set_segments("r1", LINES)
    with pytest.raises(NotFoundError, match="dataset"):
        shop.datasets.add_recording(dataset.id, "r1")
    assert shop.datasets.items(dataset.id)[0] == 0


def test_without_a_key_it_says_so(opened, served):
    recorder = opened(POSTHOG_HOST=served.url)

    with pytest.raises(SignInError):
        recorder.datasets.list()
