"""The bootstrap for real: processes, pip, a venv, kill, two at once, a package manager that only writes down."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.install.checkout import Checkout, ended


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Checkout:
    """A checkout that was started once; tests leave it working."""
    checkout = Checkout(tmp_path_factory.mktemp("installed"))
    first = checkout.started("first")
    assert first.returncode == 7, first.stderr
    assert "Making .venv" in first.stderr
    return checkout


@pytest.fixture
def copied(installed, tmp_path) -> Checkout:
    """A copy of the installed one, as if the checkout had been moved: for tests that change what is in it."""
    shutil.copytree(installed.wheels.parent, tmp_path / "moved", symlinks=True)
    return Checkout(tmp_path / "moved")


def test_a_start_runs_in_the_venv_with_the_same_arguments_and_exit_code(installed):
    result = installed.started("status", "--json", "with blank")

    assert result.stdout == f"run ['status', '--json', 'with blank'] {installed.venv}\n"
    assert result.returncode == 7


def test_the_second_start_says_nothing_needs_no_network_and_takes_no_time(installed):
    best = 60.0
    for _ in range(5):
        began = time.monotonic()
        result = installed.started("status", PIP_FIND_LINKS="/nowhere")
        best = min(best, time.monotonic() - began)
        assert result.stderr == ""

    assert best < 1.0


def test_the_recorder_command_works_from_anywhere_and_never_bootstraps(installed, tmp_path):
    link = tmp_path / "recorder"
    link.symlink_to(installed.venv / "bin" / "recorder")
    stamp = installed.venv / "recorder-stamp.json"
    kept = stamp.read_text(encoding="utf-8")
    stamp.unlink()

    result = subprocess.run([link, "list"], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert (result.stdout, result.stderr) == (f"run ['list'] {installed.venv}\n", "")
    assert not stamp.exists()
    stamp.write_text(kept, encoding="utf-8")


def test_the_tests_add_their_packages_to_the_same_venv_and_running_stays_possible(copied):
    assert copied.started("a").stdout.startswith("run ")

    tests = copied.started("b", module="tests")
    again = copied.started("c")

    assert tests.stdout.startswith("dev ['b']")
    assert "Making .venv" not in tests.stderr
    assert again.stdout.startswith("dev ['c']")
    assert again.stderr == ""


def test_a_changed_lock_is_installed_on_the_next_start(installed):
    lock = installed.folder / "resources" / "lock" / "run.txt"
    kept = lock.read_text(encoding="utf-8")
    installed.lock("run", kept + "# changed\n")

    result = installed.started("status")

    assert "Installing the Python packages" in result.stderr
    assert installed.started("status").stderr == ""


def test_a_moved_checkout_runs_itself_and_not_where_it_was(copied):
    result = copied.started("status")

    assert result.stdout == f"run ['status'] {copied.venv}\n", result.stderr
    command = subprocess.run(
        [copied.venv / "bin" / "recorder"], cwd="/", capture_output=True, text=True, timeout=60
    )
    assert command.stdout == f"run [] {copied.venv}\n", command.stderr


@pytest.mark.slow
def test_two_starts_at_once_install_once(checkout):
    both = [checkout.start(name) for name in ("one", "two")]
    results = [ended(process) for process in both]

    assert [result.returncode for result in results] == [7, 7], [result.stderr for result in results]
    said = "".join(result.stderr for result in results)
    assert said.count("Making .venv") == 1
    assert said.count("Python packages are in") == 1
    assert "Another start is installing" in said


@pytest.mark.slow
def test_a_start_killed_half_way_is_repaired_by_the_next(checkout):
    process = checkout.start("killed")
    deadline = time.monotonic() + 60
    while not (checkout.venv / "bin" / "python").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()

    result = checkout.started("after")

    assert result.returncode == 7, result.stderr
    assert "the last installation did not finish" in result.stderr
    assert checkout.started("later").stderr == ""


def test_without_network_it_says_so_and_ends_with_three(copied):
    # Nothing listens there: the connection is refused as it is where there is no network.
    refused = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}

    result = copied.started(module="tests", **refused)

    assert result.returncode == 3
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("There is no network, and the Python packages are not here yet.")
    assert "Traceback" not in result.stderr


def test_a_package_with_other_bytes_than_the_lock_says_is_refused(copied):
    lock = (copied.folder / "resources" / "lock" / "dev.txt").read_text(encoding="utf-8")
    copied.lock("dev", lock[:-8] + "0000000\n")

    result = copied.started("status", module="tests")

    assert result.returncode == 3
    assert result.stdout == ""
    assert "The Python packages could not be installed" in result.stderr


def test_an_installed_program_never_bootstraps(checkout):
    (checkout.folder / "pyproject.toml").unlink()
    (checkout.folder / "sample_run.py").touch()

    result = checkout.started("status")

    assert result.returncode == 7, result.stderr
    assert not checkout.venv.exists()


# --- a package manager of paper ---

APT = """#!/bin/sh
echo "apt-get $*" >> "$LOG"
case "$*" in
    *install*) [ -z "$APT_FAILS" ] || { echo "E: $APT_FAILS" >&2; exit 100; }
        for name in Xvfb pulseaudio pactl; do printf '#!/bin/sh\\n' > "$BIN/$name"; chmod +x "$BIN/$name"; done ;;
esac
"""
SUDO = """#!/bin/sh
echo "sudo $*" >> "$LOG"
[ "$1" = -n ] && { [ -n "$SUDO_FREE" ] || exit 1; shift; }
exec "$@"
"""
# Tests mostly run as root, and the decision must not.
NOT_ROOT = "import os\nos.geteuid = lambda: 1000\n"


class Machine:
    """A PATH that holds a few programs, and package managers that write down what they were asked."""

    def __init__(self, folder: Path, *, has_sudo: bool, has_apt: bool = True, is_root: bool = False) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.log = folder / "log"
        self.log.touch()
        for name in ("sh", "env", "true", "chmod"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self._write("apt-get", APT, wanted=has_apt)
        self._write("sudo", SUDO, wanted=has_sudo)
        site = folder / "site"
        site.mkdir()
        if not is_root:
            (site / "sitecustomize.py").write_text(NOT_ROOT, encoding="utf-8")
        elif os.geteuid() != 0:
            (site / "sitecustomize.py").write_text(NOT_ROOT.replace("1000", "0"), encoding="utf-8")
        self.environment = {
            "PATH": str(self.bin), "BIN": str(self.bin), "LOG": str(self.log), "PYTHONPATH": str(site),
            "DISPLAY": "", "WAYLAND_DISPLAY": "",
        }  # fmt: skip

    def _write(self, name: str, text: str, *, wanted: bool) -> None:
        if wanted:
            (self.bin / name).write_text(text, encoding="utf-8")
            (self.bin / name).chmod(0o755)

    @property
    def asked(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines()


PACKAGES = "xvfb pulseaudio pulseaudio-utils"


def test_root_installs_just_what_is_missing_and_goes_on(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=False, is_root=True)

    result = installed.started(**machine.environment)

    assert (result.stdout, result.returncode) == ("demo\n", 0), result.stderr
    assert f"needs 3 system packages that are not here: {PACKAGES}" in result.stderr
    update, install = machine.asked
    assert update.endswith(" update")
    assert install.endswith(f" install -y --no-install-recommends {PACKAGES}")
    assert installed.started(**machine.environment).stderr == ""


def test_sudo_that_asks_for_no_password_is_used(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=True)

    result = installed.started(**machine.environment, SUDO_FREE="1")

    assert result.stdout == "demo\n", result.stderr
    assert machine.asked[0] == "sudo -n true"
    assert machine.asked[1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get")


def test_sudo_that_wants_a_password_from_nobody_is_not_waited_for(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=True)

    result = installed.started(**machine.environment)

    assert (result.stdout, result.returncode) == ("", 3)
    assert machine.asked == ["sudo -n true"]
    assert f"sudo apt-get install -y --no-install-recommends {PACKAGES}" in result.stderr


def typed(checkout: Checkout, machine: Machine, answer: bytes) -> tuple[int, str]:
    """Start it on a terminal where somebody types `answer`; return exit code and what the terminal shows."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [sys.executable, "-m", "recorder_app"],
            cwd=checkout.folder,
            env=checkout.environment(**machine.environment),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answer)
        shown = b""
        # A terminal whose last user has gone ends with an error, not with an end of file.
        with contextlib.suppress(OSError):
            while piece := terminal.read(4096):
                shown += piece
        return process.wait(60), shown.decode().replace("\r\n", "\n")


def test_on_a_terminal_the_person_is_asked_before_sudo_is(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=True)

    code, shown = typed(installed, machine, b"n\n")

    assert code == 3
    assert f"    sudo apt-get update && sudo apt-get install -y --no-install-recommends {PACKAGES}" in shown
    assert "Install them now? [Y/n]" in shown
    assert "Nothing was installed." in shown
    assert machine.asked == ["sudo -n true"]


def test_a_yes_on_the_terminal_installs_with_sudo_and_goes_on(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=True)

    code, shown = typed(installed, machine, b"\n")

    assert code == 0, shown
    assert shown.endswith("demo\n")
    assert machine.asked[1].startswith("sudo env DEBIAN_FRONTEND=noninteractive apt-get")


def test_without_sudo_nothing_is_tried(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=False)

    result = installed.started(**machine.environment)

    assert (result.stdout, result.returncode, machine.asked) == ("", 3, [])
    assert f"    apt-get update && apt-get install -y --no-install-recommends {PACKAGES}" in result.stderr


def test_a_distribution_without_apt_gets_the_list(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=True, has_apt=False)

    result = installed.started(**machine.environment, SUDO_FREE="1")

    assert (result.stdout, result.returncode) == ("", 3)
    assert "    pactl  (on Debian: pulseaudio-utils)" in result.stderr


def test_apt_failing_ends_with_its_words_and_the_line(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=False, is_root=True)

    result = installed.started(**machine.environment, APT_FAILS="no space left")

    assert (result.stdout, result.returncode) == ("", 3)
    assert "E: no space left" in result.stderr
    assert f"    apt-get install -y --no-install-recommends {PACKAGES}" in result.stderr


def test_apt_without_network_is_one_sentence(installed, tmp_path):
    machine = Machine(tmp_path, has_sudo=False, is_root=True)

    result = installed.started(**machine.environment, APT_FAILS="Temporary failure resolving 'x'")

    assert result.returncode == 3
    assert result.stderr.splitlines()[-1].startswith("There is no network, and the system packages are not")
