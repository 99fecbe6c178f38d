from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket

from recorder_app.desktop.instance import ask, claim

ROOT = Path(__file__).parents[2]
ASKER = """
import json, sys
from pathlib import Path
from recorder_app.desktop.instance import ask
print(json.dumps(ask(Path(sys.argv[1]), sys.argv[2])))
"""
HOLDER = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from recorder_app.desktop.instance import claim
app = QCoreApplication([])
instance = claim(Path(sys.argv[1]))
print("held" if instance else "refused", flush=True)
app.exec()
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "run"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def instance(qapp, folder):
    made = claim(folder)
    assert made is not None
    yield made
    made.close()


def ask_from_outside(qtbot, folder, command):
    """Ask as a second start does: from a process of its own, while this one's loop answers."""
    asker = subprocess.Popen(
        [sys.executable, "-c", ASKER, str(folder), command],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    qtbot.waitUntil(lambda: asker.poll() is not None)
    with asker.stdout:
        return json.loads(asker.stdout.read())


def test_the_second_one_is_told_what_the_first_says(qtbot, folder, instance):
    heard = []
    instance.on_command = lambda command: heard.append(command) or {"ok": True, "state": "idle"}

    assert claim(folder) is None
    assert ask_from_outside(qtbot, folder, "show") == {"ok": True, "state": "idle"}
    assert heard == ["show"]


def test_unknown_commands_never_reach_the_application(qtbot, folder, instance):
    instance.on_command = pytest.fail

    assert ask_from_outside(qtbot, folder, "rm -rf") == {"ok": False, "error": "unknown command"}


@pytest.mark.parametrize("line", [b"hello\n", b"[]\n", b"{}\n", b"\xff\xfe\n", b'{"cmd": ["show"]}\n'])
def test_nonsense_is_answered_not_obeyed(qtbot, folder, instance, line):
    instance.on_command = pytest.fail
    socket = QLocalSocket()
    socket.connectToServer(str(folder / "app"))
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.ConnectedState)

    socket.write(line)

    qtbot.waitUntil(socket.canReadLine)
    assert json.loads(bytes(socket.readLine().data()))["ok"] is False
    socket.abort()


def test_endless_input_is_cut_off(qtbot, folder, instance):
    socket = QLocalSocket()
    socket.connectToServer(str(folder / "app"))
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.ConnectedState)

    socket.write(b"x" * 100_000)

    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)


def test_only_this_user_may_speak_to_it(folder, instance):
    mode = stat.S_IMODE((folder / "app").stat().st_mode)

    assert mode & 0o077 == 0


def test_nobody_there_is_no_answer(qapp, folder):
    assert ask(folder, "show") is None


def test_closing_lets_the_next_one_in(qapp, folder):
    first = claim(folder)
    first.close()

    second = claim(folder)

    assert second is not None
    second.close()


def test_a_killed_first_one_does_not_lock_everybody_out(qapp, folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout.readline().strip() == "held"
    assert claim(folder) is None
    holder.kill()
    holder.wait(5)
    holder.stdout.close()

    after = claim(folder)

    assert after is not None
    after.close()
