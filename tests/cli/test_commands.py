"""Words on the command line: help, bad input, empty libraries."""

from __future__ import annotations

import json
import re

import pytest

from recorder_app.cli.parser import build
from tests.support import command


@pytest.mark.parametrize(
    "arguments",
    [
        ["record", "--for", "0"],
        ["record", "--for", "abc"],
        ["record", "--for", "-3"],
        ["list", "--limit", "0"],
        ["serve", "--port", "70000"],
        ["fly"],
        ["show"],
    ],
)
def test_bad_input_ends_with_2_and_names_the_trouble(home, arguments):
    result = command.run(*arguments)

    assert result.returncode == 2
    assert result.stderr.strip().splitlines()[-1].startswith("recorder")
    assert "Traceback" not in result.stderr


def test_an_empty_library_says_what_to_do(home):
    assert "recorder record" in command.run("list").stdout
    assert command.run_json("list") == []


def test_an_unknown_recording_ends_with_8(home):
    for arguments in (["show", "nope"], ["export", "last"]):
        result = command.run(*arguments)

        assert result.returncode == 8
        assert len(result.stderr.strip().splitlines()) == 1


def test_status_without_anything_running_is_idle(home):
    status = command.run_json("status")

    assert status["state"] == "idle"
    assert status["uploads"] == {"waiting": 0, "failing": 0, "paused_reason": None}


def test_a_bad_host_is_refused_before_anything_happens(home):
    result = command.run("list", environment={"POSTHOG_HOST": "eu.posthog.com"})

    assert result.returncode == 2
    assert "https://" in result.stderr


def test_doctor_speaks_json(home, pulse):
    result = command.run("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(result.stdout)}
    assert result.returncode == 0, result.stdout
    assert checks["data"]["state"] == "ok"
    assert any("call.monitor" in item for item in checks["sources"]["items"])


def test_doctor_without_sound_names_the_problem(home, tmp_path):
    result = command.run("doctor", environment={"PULSE_SERVER": f"unix:{tmp_path}/none"})

    assert result.returncode == 4
    assert re.search("✗ sources", result.stdout)


def test_every_command_has_a_description():
    (commands,) = [
        action
        for action in build()._actions
        if action.dest != "help" and action.choices and action.nargs == "A..."
    ]

    for name, parser in commands.choices.items():
        assert parser.description, name
