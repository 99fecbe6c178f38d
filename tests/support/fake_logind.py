"""A login manager on a private bus: gives delay locks, sees them released, announces sleep."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
from collections.abc import Iterator

import pytest
from jeepney import DBusAddress, HeaderFields, MessageType, message_bus, new_method_return, new_signal
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

NAME = "org.freedesktop.login1"


class FakeLogind:
    """Owns the well-known name for as long as it lives. `locks` are the reading ends of what was given."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, ...]] = []
        self.locks: list[int] = []
        self._connection: DBusConnection = open_dbus_connection(bus=address, enable_fds=True)
        Proxy(message_bus, self._connection).RequestName(NAME)
        self._thread = threading.Thread(target=self._serve, name="fake-logind", daemon=True)
        self._thread.start()

    def prepare_for_sleep(self, *, is_going: bool) -> None:
        emitter = DBusAddress("/org/freedesktop/login1", interface=f"{NAME}.Manager")
        self._connection.send(new_signal(emitter, "PrepareForSleep", "b", (is_going,)))

    @property
    def held(self) -> int:
        """How many locks nobody has closed yet."""
        return sum(not select.select([lock], [], [], 0)[0] for lock in self.locks)

    def close(self) -> None:
        self._connection.close()
        for lock in self.locks:
            os.close(lock)

    def _serve(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except (OSError, ValueError):
                return
            is_call = message.header.message_type is MessageType.method_call
            if not is_call or message.header.fields.get(HeaderFields.member) != "Inhibit":
                continue
            reading, writing = os.pipe()
            self.asked.append(message.body)
            self._connection.send(new_method_return(message, "h", (writing,)))
            os.close(writing)
            self.locks.append(reading)


@pytest.fixture
def logind(tmp_path, monkeypatch) -> Iterator[FakeLogind]:
    """A system bus of its own with a login manager; in the environment for child processes."""
    if not shutil.which("dbus-daemon"):
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={tmp_path / 'bus'}"
    command = [
        "dbus-daemon",
        "--session",
        "--nofork",
        "--nosyslog",
        f"--address={address}",
        "--print-address=1",
    ]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        found = FakeLogind(address)
        found.daemon = daemon
        yield found
        found.close()
    finally:
        daemon.kill()
        daemon.communicate()
