"""The tus project's own server (@tus/server from npm) as one that nobody here wrote."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest

PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")
_PROGRAM = """
import {Server} from '@tus/server'
import {FileStore} from '@tus/file-store'
const server = new Server({path: '/files', datastore: new FileStore({directory: process.argv[1]})})
const listening = server.listen({host: '127.0.0.1', port: 0}, () => console.log(listening.address().port))
"""


def installed() -> Path:
    """Return a folder with the packages, installed on first use; skip with a reason where that fails."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    folder = Path(platformdirs.user_cache_dir("recorder-tests", appauthor=False)) / "tus-server-2.4.5"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=90,
        )
        if done.returncode:
            pytest.skip(f"npm cannot install {PACKAGES[0]} here: {done.stderr.strip()[-200:]}")
        (folder / "installed").touch()
    return folder


class ReferenceTus:
    def __init__(self, uploads: Path) -> None:
        folder = installed()
        uploads.mkdir(parents=True, exist_ok=True)
        self.uploads = uploads
        self._process = subprocess.Popen(
            ["node", "--input-type=module", "-e", _PROGRAM, str(uploads)],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.endpoint = f"http://127.0.0.1:{int(self._process.stdout.readline())}/files"

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
