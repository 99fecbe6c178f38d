"""Windows: what the privacy settings keep about the microphone (their "consent store").

Written from documentation and public reports (reference/audio.md §5); the reading of the registry and of the
process list has not been run on Windows. The decision is pure and tested on data in the store's shape.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Collection, Iterable

from recorder_app.capture.base import Availability
from recorder_app.capture.microphone_use.base import MicUser
from recorder_app.errors import SoundError

STORE = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"
NON_PACKAGED = "NonPackaged"


@dataclasses.dataclass(frozen=True, slots=True)
class Consent:
    """What the store knows of one program."""

    key: str
    """Package family name, or the program's path with # for each backslash."""
    is_packaged: bool
    stopped: int | None
    """LastUsedTimeStop, a FILETIME: 0 while the microphone is held; None when it was never used."""


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A process that runs now."""

    pid: int
    path: str
    family: str = ""
    """Package family name; empty for an ordinary program."""


class WindowsMicrophoneUse:
    """Reads the registry each time: no handle is kept."""

    name = "windows"

    def __init__(
        self,
        read: Callable[[], list[Consent]] | None = None,
        running: Callable[[], list[Program]] | None = None,
    ) -> None:
        self._read = read or read_store
        self._running = running or running_programs

    def probe(self) -> Availability:
        try:
            self._read()
        except SoundError as error:
            return Availability(is_ok=False, reason=error.title, hint=error.hint)
        return Availability(is_ok=True)

    def users(self, own_pids: Collection[int] = ()) -> list[MicUser]:
        held = [consent for consent in self._read() if consent.stopped == 0]
        # The process list costs more than the store, and mostly nobody holds a microphone.
        return holders(held, self._running(), own_pids) if held else []

    def close(self) -> None:
        pass


def holders(
    consents: Iterable[Consent], running: Iterable[Program], own_pids: Collection[int] = ()
) -> list[MicUser]:
    """Decide who holds the microphone: LastUsedTimeStop is 0 and the program lives.

    A program that crashed leaves its 0 behind for ever, so one without a process does not count.
    The store knows programs, not processes: of ours, the capture process runs the same program as the app,
    so a program whose processes include one of `own_pids` is us.
    """
    programs = list(running)
    found = []
    for consent in consents:
        if consent.stopped != 0:
            continue
        alive = [program for program in programs if _runs(program, consent)]
        if not alive or any(program.pid in own_pids for program in alive):
            continue
        found.append(MicUser(app_id=_app_id(consent), name=_app_id(consent), pid=alive[0].pid))
    return found


def _runs(program: Program, consent: Consent) -> bool:
    if consent.is_packaged:
        return program.family.casefold() == consent.key.casefold()
    return program.path.casefold() == consent.key.replace("#", "\\").casefold()


def _app_id(consent: Consent) -> str:
    if consent.is_packaged:
        # "MSTeams_8wekyb3d8bbwe": the part behind the underscore is the publisher's hash.
        return consent.key.rpartition("_")[0] or consent.key
    return consent.key.rpartition("#")[2]


if sys.platform == "win32":  # pragma: no cover - exercised on Windows only
    import ctypes
    import winreg
    from ctypes import wintypes

    QUERY_LIMITED_INFORMATION = 0x1000
    MOST_PROCESSES = 8192
    LONGEST_PATH = 32_768
    LONGEST_FAMILY = 256

    def read_store() -> list[Consent]:
        """Raise SoundError where this Windows keeps no such store (before Windows 10 1903)."""
        try:
            packaged = _consents(STORE, is_packaged=True)
        except OSError as error:
            raise SoundError(
                "This Windows does not tell which program uses the microphone",
                detail=str(error),
                hint="Windows 10 1903 or newer does",
            ) from error
        try:
            return packaged + _consents(rf"{STORE}\{NON_PACKAGED}", is_packaged=False)
        except OSError:
            # No desktop program has asked for the microphone yet.
            return packaged

    def _consents(path: str, *, is_packaged: bool) -> list[Consent]:
        found = []
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as folder:
            for number in range(winreg.QueryInfoKey(folder)[0]):
                key = winreg.EnumKey(folder, number)
                if key == NON_PACKAGED:
                    continue
                with winreg.OpenKey(folder, key) as entry:
                    try:
                        stopped = int(winreg.QueryValueEx(entry, "LastUsedTimeStop")[0])
                    except FileNotFoundError:
                        found.append(Consent(key, is_packaged, None))
                    else:
                        found.append(Consent(key, is_packaged, stopped))
        return found

    def running_programs() -> list[Program]:
        """Processes of this user that may be asked for their path; the others hold no call of ours."""
        pids = (wintypes.DWORD * MOST_PROCESSES)()
        size = wintypes.DWORD()
        ctypes.windll.psapi.EnumProcesses(pids, ctypes.sizeof(pids), ctypes.byref(size))
        count = size.value // ctypes.sizeof(wintypes.DWORD)
        return [program for pid in pids[:count] if (program := _program(pid)) is not None]

    def _program(pid: int) -> Program | None:
        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(QUERY_LIMITED_INFORMATION, False, pid)
        if not handle:
            return None
        process = wintypes.HANDLE(handle)
        try:
            path = ctypes.create_unicode_buffer(LONGEST_PATH)
            length = wintypes.DWORD(LONGEST_PATH)
            if not kernel.QueryFullProcessImageNameW(process, 0, path, ctypes.byref(length)):
                return None
            family = ctypes.create_unicode_buffer(LONGEST_FAMILY)
            family_length = wintypes.UINT(LONGEST_FAMILY)
            has_family = kernel.GetPackageFamilyName(process, ctypes.byref(family_length), family) == 0
            return Program(pid, path.value, family.value if has_family else "")
        finally:
            kernel.CloseHandle(process)

else:

    def read_store() -> list[Consent]:
        raise SoundError("This is not Windows", hint="Another way to tell is used here")

    def running_programs() -> list[Program]:
        return []
