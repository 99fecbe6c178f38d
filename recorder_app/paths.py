"""Where everything lives on this machine, and how our own child processes are started.

Owns no files; creating a folder happens in `ensure()` alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from recorder_app.errors import StorageError

PACKAGE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True, slots=True)
class Paths:
    """All folders of one user's Recorder. `home` is the data folder (`RECORDER_HOME`)."""

    home: Path
    runtime: Path
    """Sockets and locks; gone after a restart of the machine."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Paths:
        home = Path(
            environment.get("RECORDER_HOME") or platformdirs.user_data_dir("recorder", appauthor=False)
        )
        return cls.for_home(home.expanduser(), environment)

    @classmethod
    def for_home(cls, home: Path, environment: Mapping[str, str] = os.environ) -> Paths:
        """Two data folders never share a socket: the runtime folder carries a hash of `home`."""
        home = home.absolute()
        mark = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        base = environment.get("XDG_RUNTIME_DIR")
        if base and Path(base).is_dir() and len(base) < 70:
            runtime = Path(base) / f"recorder-{mark}"
        else:
            # A Unix socket's path holds 107 bytes at most, so a long runtime folder cannot be used.
            user = os.getuid() if hasattr(os, "getuid") else 0
            runtime = Path(tempfile.gettempdir()) / f"recorder-{user}-{mark}"
        return cls(home=home, runtime=runtime)

    @property
    def recordings(self) -> Path:
        """One folder a recording, named by its local id: parts and `journal.jsonl`."""
        return self.home / "recordings"

    @property
    def library(self) -> Path:
        return self.home / "library.sqlite"

    @property
    def server(self) -> Path:
        """Data of the embedded backend."""
        return self.home / "server"

    @property
    def settings(self) -> Path:
        return self.home / "settings.json"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def control_socket(self) -> Path:
        """The capture process's control socket."""
        return self.runtime / "capture"

    @property
    def control_key(self) -> Path:
        """Auth key of the control socket, 0600."""
        return self.runtime / "capture.key"

    def ensure(self) -> None:
        """Create the folders, readable by this user only. Raise StorageError in words."""
        for folder in (self.home, self.recordings, self.runtime):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(
                    "The data folder cannot be written",
                    detail=f"{folder}: {error.strerror or error}",
                    hint="Set RECORDER_HOME to a folder you can write to, or free it",
                ) from error
        if not os.access(self.home, os.W_OK | os.X_OK):
            raise StorageError(
                "The data folder is read-only",
                detail=str(self.home),
                hint="Set RECORDER_HOME to a folder you can write to",
            )
        if hasattr(os, "getuid") and self.runtime.stat().st_uid != os.getuid():
            raise StorageError(
                "The runtime folder belongs to somebody else",
                detail=str(self.runtime),
                hint="Remove it or set XDG_RUNTIME_DIR",
            )


def resources() -> Path:
    """The `resources/` folder: beside the package in a checkout, inside it in a wheel."""
    inside = PACKAGE / "_resources"
    return inside if inside.is_dir() else PACKAGE.parent / "resources"


def child_command(module: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Argument list and environment that run one of our modules in a process of its own.

    The package's parent goes first on PYTHONPATH, so that a checkout works from any working folder.
    """
    environment = dict(os.environ)
    parent = str(PACKAGE.parent)
    known = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = parent if not known else parent + os.pathsep + known
    return [sys.executable, "-m", module, *arguments], environment
