"""The libraries and programs that pip cannot bring: which there are, which are missing, how to get them.

Linux only; elsewhere the wheels bring everything.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

from recorder_app.bootstrap.programs import CannotGoOnError, explain, is_terminal, run, say


class Need(NamedTuple):
    """Something outside Python. `package` is its name on Debian and Ubuntu; `probe` finds it anywhere."""

    package: str
    kind: str
    """library (a soname) | plugin (a file below a library folder) | program | module"""
    probe: str


def _needs(kind: str, *pairs: str) -> tuple[Need, ...]:
    return tuple(Need(package, kind, probe) for package, probe in (pair.split("=") for pair in pairs))


# Found by ldd over PySide6's libraries and by running (reference/install.md §2.2). The xcb ones are loaded
# only when a window opens on X11: without them the offscreen platform works and a real screen aborts.
WINDOW = _needs(
    "library",
    "libglib2.0-0=libglib-2.0.so.0",
    "libegl1=libEGL.so.1",
    "libgl1=libGL.so.1",
    "libfontconfig1=libfontconfig.so.1",
    "libdbus-1-3=libdbus-1.so.3",
    "libxkbcommon0=libxkbcommon.so.0",
    "libxcb-cursor0=libxcb-cursor.so.0",
    "libxcb-icccm4=libxcb-icccm.so.4",
    "libxcb-image0=libxcb-image.so.0",
    "libxcb-keysyms1=libxcb-keysyms.so.1",
    "libxcb-randr0=libxcb-randr.so.0",
    "libxcb-render-util0=libxcb-render-util.so.0",
    "libxcb-shape0=libxcb-shape.so.0",
    "libxcb-util1=libxcb-util.so.1",
    "libxcb-xkb1=libxcb-xkb.so.1",
    "libxkbcommon-x11-0=libxkbcommon-x11.so.0",
    "libwayland-cursor0=libwayland-cursor.so.0",
)
# Debian's PortAudio knows ALSA only; the ALSA plugin leads from there to PulseAudio and PipeWire.
SOUND = (
    *_needs("library", "libportaudio2=libportaudio.so.2", "libpulse0=libpulse.so.0"),
    *_needs("plugin", "libasound2-plugins=alsa-lib/libasound_module_pcm_pulse.so"),
)
APP = WINDOW + SOUND
NO_SCREEN = _needs("program", "xvfb=Xvfb", "pulseaudio=pulseaudio", "pulseaudio-utils=pactl")
TESTS = _needs(
    "program", "openbox=openbox", "xdotool=xdotool", "flite=flite", "ffmpeg=ffmpeg", "dbus-daemon=dbus-daemon"
)


class Situation(NamedTuple):
    """What decides how system packages can be had."""

    has_apt: bool
    is_root: bool
    sudo: str
    """none | free (asks for no password) | asks"""
    is_terminal: bool


class Plan(NamedTuple):
    action: str
    """nothing | install | ask (then install) | refuse"""
    prefix: tuple[str, ...] = ()
    """Goes before apt-get."""
    sentence: str = ""


def find_missing(needs: tuple[Need, ...]) -> list[Need]:
    """Return what is not on this machine, without loading any of it into this process."""
    if not sys.platform.startswith("linux"):
        return []
    folders = _library_folders()
    missing = [need for need in needs if not _is_here(need, folders)]
    sonames = [need.probe for need in missing if need.kind == "library"]
    # The loader can know more folders than we do (NixOS, ld.so.conf): it has the last word, in a child.
    loadable = _ask_the_loader(sonames) if sonames else set()
    return [need for need in missing if need.probe not in loadable]


def _is_here(need: Need, folders: list[Path]) -> bool:
    if need.kind == "program":
        return shutil.which(need.probe) is not None
    return any((folder / need.probe).exists() for folder in folders)


def _library_folders() -> list[Path]:
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    usual = [f"/usr/lib/{triplet}", f"/lib/{triplet}"] if triplet else []
    asked = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    return [Path(folder) for folder in [*asked, *usual, "/usr/local/lib", "/usr/lib64", "/usr/lib"]]


def _ask_the_loader(sonames: list[str]) -> set[str]:
    script = (
        "import ctypes, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n"
        "        ctypes.CDLL(name)\n"
        "        print(name)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    command = [sys.executable, "-I", "-S", "-c", script, *sonames]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return set(answer.stdout.decode().split())


def find_missing_venv() -> list[Need]:
    """Debian keeps `ensurepip` and its wheels in packages of their own: without them no `.venv` is made."""
    bundled = Path(os.__file__).parent / "ensurepip" / "_bundled"
    has_pip = any(any(place.glob("pip-*.whl")) for place in (bundled, Path("/usr/share/python-wheels")))
    if not sys.platform.startswith("linux") or (importlib.util.find_spec("ensurepip") and has_pip):
        return []
    # The versioned name fits whichever of the system's Pythons runs this.
    return [Need("python{}.{}-venv".format(*sys.version_info[:2]), "module", "ensurepip")]


def decide(missing: list[Need], situation: Situation) -> Plan:
    """How to get the missing packages here. Pure: every kind of machine is tested on one."""
    if not missing:
        return Plan("nothing")
    line = shlex.join(["apt-get", "install", "-y", "--no-install-recommends", *_packages(missing)])
    if not situation.has_apt:
        listed = "\n".join(f"    {need.probe}  (on Debian: {need.package})" for need in missing)
        return Plan(
            "refuse", (), f"Install these with your system's package manager, then start again:\n{listed}"
        )
    if situation.is_root:
        return Plan("install")
    if situation.sudo == "free":
        return Plan("install", ("sudo", "-n"))
    if situation.sudo == "none":
        sentence = "Somebody with administrator rights has to run this once:"
        return Plan("refuse", (), f"{sentence}\n    apt-get update && {line}")
    full = f"    sudo apt-get update && sudo {line}"
    if situation.is_terminal:
        return Plan("ask", ("sudo",), f"This would put them in:\n{full}")
    return Plan("refuse", (), f"Run this once, then start again:\n{full}")


def _packages(needs: list[Need]) -> list[str]:
    return [need.package for need in needs]


def _situation() -> Situation:
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    sudo = "none"
    if not is_root and shutil.which("sudo"):
        quiet = subprocess.DEVNULL
        free = subprocess.run(["sudo", "-n", "true"], stdout=quiet, stderr=quiet, check=False)
        sudo = "free" if free.returncode == 0 else "asks"
    return Situation(shutil.which("apt-get") is not None, is_root, sudo, is_terminal())


def install(needs: tuple[Need, ...], *, is_venv_needed: bool) -> None:
    """Install what is missing, if anything, after saying so. Raise CannotGoOnError with what else to do."""
    missing = find_missing(needs) + (find_missing_venv() if is_venv_needed else [])
    if not missing:
        return
    plan = decide(missing, _situation())
    packages = _packages(missing)
    say(f"Recorder needs {len(packages)} system packages that are not here: {' '.join(packages)}")
    if plan.action == "refuse":
        raise CannotGoOnError(plan.sentence)
    if plan.action == "ask":
        say(f"{plan.sentence}\nInstall them now? [Y/n]")
        if input().strip().lower() not in ("", "y", "yes"):
            raise CannotGoOnError("Nothing was installed.")
    say("Installing them with apt-get (up to a minute or two) …")
    started = time.monotonic()
    _apt(plan.prefix, packages)
    still = find_missing(needs)
    if still:
        names = " ".join(need.probe for need in still)
        raise CannotGoOnError(f"apt-get went well, and yet these are missing: {names}")
    say(f"System packages are in ({time.monotonic() - started:.0f} s).")


def _apt(prefix: tuple[str, ...], packages: list[str]) -> None:
    front = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    apt = [*front, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"]
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    # A failed update is not the end: the lists that are here may do. Without "any" it fails in silence.
    updating = run([*apt, "-o", "APT::Update::Error-Mode=any", "update"])
    failure = run(command)
    if "dpkg --configure -a" in failure:
        say("An earlier installation of packages was interrupted; finishing that first …")
        run([*front, "dpkg", "--configure", "-a"])
        failure = run(command)
    if failure:
        line = shlex.join(["apt-get", "install", "-y", "--no-install-recommends", *packages])
        otherwise = f"apt-get could not install them. Start again once this works:\n    {line}"
        raise CannotGoOnError(
            explain(f"{updating}\n{failure}", what="the system packages", otherwise=otherwise)
        )
