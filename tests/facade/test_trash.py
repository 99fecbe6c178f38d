from __future__ import annotations

import datetime as dt

import pytest

from recorder_app.errors import NotFoundError, UsageError
from recorder_app.local.mount import mounted_client
from tests.facade.conftest import START, whole


def test_a_deleted_recording_waits_in_the_trash_and_comes_back(opened):
    recorder = opened(now=lambda: START)
    whole(recorder)
    changed = []
    recorder.recording_changed.subscribe(changed.append)

    recorder.delete("r1")

    assert recorder.recordings() == []
    (row,) = recorder.trash.listing()
    assert (row.recording.id, row.is_ending, row.reason) == ("r1", False, None)
    assert row.purge_at == START + dt.timedelta(days=30)
    assert recorder.trash.find("r").id == "r1"
    recorder.trash.restore("r1")
    assert [each.recording.id for each in recorder.recordings()] == ["r1"]
    assert recorder.trash.listing() == []
    assert recorder.library.get("r1").media[0].exists()
    assert changed == ["r1", "r1"]


def test_emptying_deletes_every_byte_here_and_on_the_server(opened):
    recorder = opened(is_working=True)
    whole(recorder)
    recorder.reconnect()
    recorder.work_until_idle(timeout_s=30)
    media = recorder.paths.server / "media"
    assert sum(path.stat().st_size for path in media.iterdir()) == 50_000
    recorder.delete("r1")

    assert recorder.trash.empty() == ["r1"]
    recorder.work_until_idle(timeout_s=30)

    assert recorder.trash.listing() == []
    assert recorder.library.get("r1") is None
    assert list(recorder.paths.recordings.iterdir()) == []
    assert list(media.iterdir()) == []
    with mounted_client(recorder.paths.server) as http:
        assert http.get("http://recorder.local/api/projects/1/desktop_recordings/").json()["count"] == 0


def test_what_is_ending_cannot_be_restored(recorder):
    whole(recorder)
    recorder.delete("r1")
    recorder.trash.purge("r1")

    with pytest.raises(UsageError):
        recorder.trash.restore("r1")
    assert recorder.trash.listing()[0].is_ending


def test_one_of_a_server_that_is_not_in_use_says_what_it_waits_for(recorder):
    whole(recorder, workspace="https://posthog.example")
    recorder.delete("r1")
    recorder.trash.empty()

    assert "https://posthog.example" in recorder.trash.listing()[0].reason


def test_only_what_is_in_the_trash_can_be_purged(recorder):
    whole(recorder)

    for act in (lambda: recorder.trash.purge("r1"), lambda: recorder.trash.find("r1")):
        with pytest.raises(NotFoundError):
            act()
    with pytest.raises(NotFoundError):
        recorder.trash.throw("nobody")
