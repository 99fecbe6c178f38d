"""The two choices about meetings survive the settings file, and nonsense in it does not."""

from __future__ import annotations

import json

import pytest

from recorder_app.settings import MEETING_DETECTION, Settings, SettingsFile


@pytest.mark.parametrize("mode", MEETING_DETECTION)
def test_the_choices_come_back(tmp_path, mode):
    file = SettingsFile(tmp_path / "settings.json")
    chosen = Settings(meeting_detection=mode, ignored_meeting_apps=("Discord", "sköpe"))

    file.save(chosen)

    assert file.load() == chosen


@pytest.mark.parametrize(
    "stored",
    [{"meeting_detection": "always"}, {"ignored_meeting_apps": "Zoom"}, {"ignored_meeting_apps": [1]}],
)
def test_nonsense_means_the_default(tmp_path, stored):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(stored))

    assert SettingsFile(path).load() == Settings()
