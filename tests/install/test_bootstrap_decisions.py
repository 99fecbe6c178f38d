"""What the bootstrap decides, without a machine: every kind of them in a table."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recorder_app import bootstrap
from recorder_app.bootstrap import programs, system
from recorder_app.bootstrap.system import Need, Plan, Situation, decide

ROOT = Path(__file__).parents[2]
EGL = Need("libegl1", "library", "libEGL.so.1")
XVFB = Need("xvfb", "program", "Xvfb")
LINE = "apt-get install -y --no-install-recommends libegl1 xvfb"


def situation(**changes) -> Situation:
    return Situation(has_apt=True, is_root=False, sudo="none", is_terminal=False)._replace(**changes)


@pytest.mark.parametrize(
    ("here", "action", "prefix"),
    [
        (situation(is_root=True), "install", ()),
        (situation(is_root=True, is_terminal=True), "install", ()),
        (situation(sudo="free"), "install", ("sudo", "-n")),
        (situation(sudo="free", is_terminal=True), "install", ("sudo", "-n")),
        (situation(sudo="asks", is_terminal=True), "ask", ("sudo",)),
        (situation(sudo="asks"), "refuse", ()),
        (situation(), "refuse", ()),
        (situation(is_terminal=True), "refuse", ()),
        (situation(has_apt=False, is_root=True), "refuse", ()),
        (situation(has_apt=False, sudo="free"), "refuse", ()),
    ],
)
def test_how_packages_are_had_depends_on_rights_and_on_who_is_there(here, action, prefix):
    plan = decide([EGL, XVFB], here)

    assert (plan.action, plan.prefix) == (action, prefix)


@pytest.mark.parametrize(
    "here", [situation(is_root=True), situation(sudo="asks", is_terminal=True), situation(has_apt=False)]
)
def test_nothing_missing_means_nothing_is_done(here):
    assert decide([], here) == Plan("nothing")


def test_without_sudo_the_exact_line_for_an_administrator_is_given():
    assert decide([EGL, XVFB], situation()).sentence.endswith(f"\n    apt-get update && {LINE}")


def test_with_a_password_and_nobody_to_type_it_the_line_has_sudo():
    sentence = decide([EGL, XVFB], situation(sudo="asks")).sentence

    assert sentence.endswith(f"\n    sudo apt-get update && sudo {LINE}")


def test_another_distribution_gets_the_list_by_what_is_looked_for():
    sentence = decide([EGL, XVFB], situation(has_apt=False, is_root=True)).sentence

    assert "libEGL.so.1  (on Debian: libegl1)" in sentence
    assert "Xvfb  (on Debian: xvfb)" in sentence
    assert "apt-get" not in sentence


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 14, 2)])
def test_a_new_enough_python_is_not_spoken_of(version):
    assert bootstrap.explain_old_python(version, None, "tests") == ""


def test_an_old_python_is_told_which_one_to_start_with():
    sentence = bootstrap.explain_old_python((3, 9, 6), "python3.13", "tests")

    assert "needs Python 3.11 or newer; this is 3.9.6" in sentence
    assert "`python3.13 -m tests`" in sentence


@pytest.mark.parametrize(
    "path",
    [
        *(ROOT / "recorder_app" / "bootstrap").glob("*.py"),
        ROOT / "recorder_app" / "__init__.py",
        ROOT / "recorder_app" / "__main__.py",
        ROOT / "tests" / "__init__.py",
        ROOT / "tests" / "__main__.py",
    ],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_what_an_old_python_must_read_is_written_for_it(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


PRETEND = (
    "import runpy, sys; sys.version_info = (3, 9, 6); runpy.run_module(sys.argv[1], run_name='__main__')"
)


def _old_pythons() -> list[list[str]]:
    """This Python calling itself old, and the really old ones that a developer's machine may have."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    real = [each / "bin" / "python" for minor in (8, 9, 10) for each in versions.glob(f"3.{minor}.*")]
    return [[sys.executable, "-B", "-c", PRETEND], *([str(each), "-B", "-m"] for each in real)]


@pytest.mark.parametrize("module", ["recorder_app", "tests"])
def test_an_old_python_ends_with_a_sentence(module):
    for old in _old_pythons():
        result = subprocess.run([*old, module], cwd=ROOT, capture_output=True, text=True, timeout=60)

        assert result.returncode == 3, result.stderr
        assert "Recorder needs Python 3.11 or newer" in result.stderr
        assert "Traceback" not in result.stderr


def test_probing_finds_what_is_here_and_loads_nothing():
    script = (
        "from recorder_app.bootstrap import system\n"
        "found = system.find_missing(system.APP)\n"
        "maps = open('/proc/self/maps').read()\n"
        "print([need.package for need in found], 'libEGL' in maps, 'portaudio' in maps)\n"
    )

    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert result.stdout.strip() == "[] False False", result.stderr


def test_probing_tells_what_is_not_here():
    absent = Need("libnone", "library", "libnone-of-that-name.so.9")
    program = Need("none", "program", "none-of-that-name")
    plugin = Need("plugin", "plugin", "alsa-lib/none.so")
    here = Need("libc6", "library", "libc.so.6")

    assert system.find_missing((absent, here, program, plugin)) == [absent, program, plugin]


def test_a_library_that_only_the_loader_knows_counts_as_here(tmp_path, monkeypatch):
    monkeypatch.setattr(system, "_library_folders", lambda: [tmp_path])

    assert system.find_missing((Need("libc6", "library", "libc.so.6"),)) == []


@pytest.mark.parametrize(
    "words",
    [
        "WARNING: Retrying … NewConnectionError('<…>: Failed to establish a new connection')\nERROR: No matching",
        "W: Failed to fetch … Temporary failure resolving 'deb'\nE: Unable to locate package xvfb",
    ],
)
def test_no_network_is_one_sentence(words):
    sentence = programs.explain(words, what="the Python packages", otherwise="Failed.")

    assert "\n" not in sentence
    assert sentence.startswith("There is no network, and the Python packages are not here yet.")


def test_any_other_failure_shows_the_last_words_of_the_program():
    sentence = programs.explain("line\n" * 50 + "No space left on device\n", what="x", otherwise="It failed.")

    assert sentence.endswith("No space left on device\nIt failed.")
    assert len(sentence.splitlines()) < 12
