"""The two commands are a promise made in three places: README, CI and here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("python3 -m recorder_app", "python3 -m tests")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_holds_the_command_on_a_line_of_its_own(command):
    assert f"    {command}" in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_ci_runs_the_command(command):
    assert f"'{command}'" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path):
    """What is committed of CI's script and README, in a repository of its own."""
    folder = tmp_path / "clone"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    shutil.copy(ROOT / "README.md", folder / "README.md")
    # CI stops at the first command that fails: one that says it was reached is enough here.
    (folder / "tests").mkdir()
    (folder / "tests" / "__main__.py").write_text("print('tests reached'); raise SystemExit(9)\n")
    git(folder, "init", "-q")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    names = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *arguments], cwd=folder, check=True, timeout=30)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "state")


def ci(folder: Path) -> subprocess.CompletedProcess[str]:
    # Not the environment of the test run: a GIT_DIR of a hook would lead git elsewhere.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    return subprocess.run(
        ["bash", ".ci/run"], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_ci_fails_when_a_command_fails(clone):
    result = ci(clone)

    assert result.returncode == 1
    assert "tests reached" in result.stdout
    assert "FAILED: python3 -m tests" in result.stderr


def test_ci_fails_when_the_readme_lost_a_command(clone):
    (clone / "README.md").write_text("# Recorder\n", encoding="utf-8")
    commit(clone)

    result = ci(clone)

    assert result.returncode == 1
    assert "the README does not say: python3 -m tests" in result.stderr
    assert "tests reached" not in result.stdout


def test_ci_refuses_anything_but_a_clean_clone(clone):
    (clone / "left.txt").touch()

    result = ci(clone)

    assert result.returncode == 1
    assert "not a clean clone" in result.stderr
