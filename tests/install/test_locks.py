"""The locks are what a bare checkout gets: they must agree with pyproject and be complete."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {level: ROOT / "resources" / "lock" / f"{level}.txt" for level in ("run", "dev")}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

ENVIRONMENTS = [
    {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.4",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system],
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "os_name": "nt" if system == "win32" else "posix",
        "extra": "",
    }
    for minor in (11, 12, 13, 14)
    for system in ("linux", "darwin", "win32")
]


def entries(level: str) -> list[tuple[Requirement, int]]:
    """Each pin of a lock with how many hashes it has."""
    text = LOCKS[level].read_text(encoding="utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    return [
        (Requirement(line.split(" --hash=")[0].strip()), line.count("--hash=sha256:"))
        for line in lines
        if line.strip() and not line.lstrip().startswith("#")
    ]


def pins(level: str, environment: dict[str, str]) -> dict[str, str]:
    chosen = {}
    for requirement, _ in entries(level):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in chosen, f"{name} is pinned twice for {environment}"
            (only,) = requirement.specifier
            assert only.operator == "=="
            chosen[name] = only.version
    return chosen


def wanted(level: str) -> list[Requirement]:
    names = list(PROJECT["project"]["dependencies"])
    if level == "dev":
        names += PROJECT["dependency-groups"]["dev"]
    return [Requirement(name) for name in names]


@pytest.mark.parametrize("level", LOCKS)
@pytest.mark.parametrize(
    "environment", ENVIRONMENTS, ids=lambda each: f"{each['python_version']}-{each['sys_platform']}"
)
def test_every_dependency_of_the_project_is_pinned_to_a_version_it_allows(level, environment):
    locked = pins(level, environment)

    for requirement in wanted(level):
        if requirement.marker and not requirement.marker.evaluate(environment):
            continue
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in {level}.txt: make the lock again"
        assert locked[name] in requirement.specifier, f"{name} {locked[name]} is not {requirement.specifier}"


@pytest.mark.parametrize("environment", ENVIRONMENTS[:3] + ENVIRONMENTS[6:9], ids=str)
def test_what_tests_run_with_is_what_people_run_with(environment):
    run, dev = pins("run", environment), pins("dev", environment)

    assert run.items() <= dev.items()


@pytest.mark.parametrize("level", LOCKS)
def test_every_pin_carries_hashes(level):
    found = entries(level)

    assert len(found) > 20
    assert [requirement.name for requirement, hashes in found if not hashes] == []


@pytest.mark.parametrize("level", LOCKS)
def test_a_lock_names_no_index_and_no_machine(level):
    text = LOCKS[level].read_text(encoding="utf-8")

    assert not re.findall(r"https?://|--index-url|--find-links|--extra-index|file:|(?m:^/)", text)


def test_development_tools_are_not_installed_for_people():
    environment = ENVIRONMENTS[0]
    tools = {canonicalize_name(Requirement(name).name) for name in PROJECT["dependency-groups"]["dev"]}

    assert tools
    assert not tools & pins("run", environment).keys()
