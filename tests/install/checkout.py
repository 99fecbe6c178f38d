"""A small checkout of its own to bootstrap for real: our bootstrap, a stand-in program, two wheels made here.

The wheels come from a folder, so pip works as ever (hashes included) and no test needs the network.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLI = """
import sys
def main(arguments=None):
    import sample_run
    try:
        import sample_dev
        found = "dev"
    except ImportError:
        found = "run"
    print(found, sys.argv[1:] if arguments is None else arguments, sys.prefix, flush=True)
    return 7
"""
DEMO = "def main():\n    print('demo', flush=True)\n    return 0\n"
TESTS = (
    "import sys\nfrom recorder_app import bootstrap\nbootstrap.ensure('dev', ())\n"
    "from recorder_app import cli\nsys.exit(cli.main(sys.argv[1:]))\n"
)


class Checkout:
    """`start` runs `python -m recorder_app` in it; `started` also waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a checkout"
        self.wheels = folder / "wheels"
        if not self.folder.exists():
            self._write()

    def _write(self) -> None:
        self.wheels.mkdir(parents=True)
        package = self.folder / "recorder_app"
        shutil.copytree(ROOT / "recorder_app" / "bootstrap", package / "bootstrap")
        for name in ("__init__.py", "__main__.py"):
            shutil.copy(ROOT / "recorder_app" / name, package / name)
        for name, text in (("cli/__init__.py", CLI), ("demo/__init__.py", ""), ("demo/run.py", DEMO)):
            (package / name).parent.mkdir(exist_ok=True)
            (package / name).write_text(text, encoding="utf-8")
        (self.folder / "tests").mkdir()
        (self.folder / "tests" / "__main__.py").write_text(TESTS, encoding="utf-8")
        (self.folder / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
        run, dev = (wheel(self.wheels, name) for name in ("sample_run", "sample_dev"))
        self.lock("run", run)
        self.lock("dev", run + dev)

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    def lock(self, level: str, text: str) -> None:
        path = self.folder / "resources" / "lock" / f"{level}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri(), "DISPLAY": ":99"}
        return {**kept, **local, **changes}

    def start(
        self, *arguments: str, module: str = "recorder_app", **environment: str
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self, *arguments: str, module: str = "recorder_app", **environment: str):
        return ended(self.start(*arguments, module=module, **environment))


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=110)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def wheel(folder: Path, name: str) -> str:
    """Make a wheel with one empty module; return its line for a lock."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    files = {
        f"{name}.py": "",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{file},sha256={_record_hash(text)},{len(text)}\n" for file, text in files.items())
    files[f"{name}-1.0.dist-info/RECORD"] = f"{record}{name}-1.0.dist-info/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
