"""The capture process: a control socket around one host. No Qt, no network.

Started detached by `CaptureClient.ensure`; survives its starter; ends by itself when nobody needs it.
"""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recorder_app.capture import wire
from recorder_app.capture.journal import sync_folder
from recorder_app.errors import RecorderError, StorageError
from recorder_app.paths import Paths

if TYPE_CHECKING:
    from recorder_app.capture.host import Host

logger = logging.getLogger("recorder_app.capture.process")

MODULE = "recorder_app.capture.process"
IDLE_S = 60.0
LOOK_S = 0.5
EXIT_ALREADY_RUNNING = 9
LOG_BYTES = 1 << 20
ENDING_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)
"""Logout, Ctrl+C, a closed terminal. Windows has no SIGHUP."""
KEY_BYTES = 32


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    paths = Paths(home=options.home.absolute(), runtime=options.runtime.absolute())
    if options.detach and os.name == "posix" and not _detach():
        return 0
    try:
        paths.ensure()
        _lead_output_to(paths.logs / "capture.log")
        lock = _lock(paths.runtime / "capture.lock")
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return StorageError.exit_code
    except RecorderError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return error.exit_code
    if lock is None:
        return EXIT_ALREADY_RUNNING
    try:
        Server(paths, idle_s=options.idle_s).serve()
    finally:
        os.close(lock)
    return 0


class Server:
    """Accepts clients, one thread each; the main thread waits for a reason to end."""

    def __init__(self, paths: Paths, *, idle_s: float = IDLE_S) -> None:
        self._paths = paths
        self._idle_s = idle_s
        self._clients = 0
        self._counting = threading.Lock()
        self._host: Host | None = None
        self._making = threading.Lock()
        self._ending = threading.Event()

    def serve(self) -> None:
        """Block until quit, SIGTERM, SIGINT or idleness; a running recording is finalised in each case."""
        for number in ENDING_SIGNALS:
            signal.signal(number, lambda *_: self._ending.set())
        key = _new_key(self._paths.control_key)
        address, family = wire.address(self._paths)
        if family == "AF_UNIX":
            Path(address).unlink(missing_ok=True)
        # No authkey here: a client that connects and says nothing would hold up all others.
        with Listener(address, family) as listener:
            if family == "AF_UNIX":
                Path(address).chmod(0o600)
            logger.info("listening, process %d", os.getpid())
            threading.Thread(
                target=self._accept, args=(listener, key), name="recorder-accept", daemon=True
            ).start()
            # numpy, PyAV and PortAudio load while the first client says hello.
            threading.Thread(target=self._warm_up, name="recorder-warm-up", daemon=True).start()
            self._wait()
            self._end()
        logger.info("ended")

    def host(self) -> Host:
        with self._making:
            if self._host is None:
                from recorder_app.capture.host import Host

                self._host = Host(self._paths.home, on_quit=self._ending.set)
            return self._host

    def _wait(self) -> None:
        idle_since = time.monotonic()
        while not self._ending.wait(LOOK_S):
            host = self._host
            is_needed = self._clients or (host is not None and host.is_busy)
            if is_needed:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= self._idle_s:
                logger.info("nobody needs this process")
                return

    def _end(self) -> None:
        try:
            if self._host is not None:
                self._host.quit()
        except Exception:
            # What is on disk is readable and will be recovered.
            logger.exception("finalising failed")
        # The socket goes with the listener.
        self._paths.control_key.unlink(missing_ok=True)

    def _warm_up(self) -> None:
        try:
            host = self.host()
            make_lasting(self._paths)
            threading.Thread(
                target=host.reserve.keep, args=(self._ending,), name="recorder-ballast", daemon=True
            ).start()
            host.warm_up()
        except Exception:
            logger.exception("loading ahead failed; start will tell")

    def _accept(self, listener: Listener, key: bytes) -> None:
        while True:
            try:
                connection = listener.accept()
            except OSError:
                # The listener is closed: the process is ending.
                return
            threading.Thread(
                target=self._serve_client, args=(connection, key), name="recorder-client", daemon=True
            ).start()

    def _serve_client(self, connection: Connection[Any, Any], key: bytes) -> None:
        try:
            with connection:
                deliver_challenge(connection, key)
                answer_challenge(connection, key)
                with self._counting:
                    self._clients += 1
                try:
                    while True:
                        connection.send_bytes(self._answer(connection.recv_bytes(wire.LONGEST_MESSAGE)))
                finally:
                    with self._counting:
                        self._clients -= 1
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 — one client's trouble is not the recording's
            logger.info("a client was dropped: %s", type(error).__name__)

    def _answer(self, data: bytes) -> bytes:
        try:
            return wire.pack({"ok": self.host().handle(wire.unpack(data))})
        except RecorderError as error:
            return wire.pack({"error": wire.error_to_json(error)})
        except Exception as error:
            logger.exception("a command failed")
            words = RecorderError(
                "The capture process failed", detail=repr(error), hint="See logs/capture.log"
            )
            return wire.pack({"error": wire.error_to_json(words)})


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=MODULE)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--runtime", type=Path, required=True)
    parser.add_argument("--idle-s", type=float, default=IDLE_S)
    parser.add_argument("--detach", action="store_true")
    return parser.parse_args(arguments)


def _detach() -> bool:
    """Become a process of its own session whose parent nobody has to wait for. True in that process."""
    if os.fork():
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    return True


def _lead_output_to(path: Path) -> None:
    """Everything that this process and its C libraries print goes into the log: PortAudio and ALSA write to
    stderr when a device goes.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(log)
    os.close(null)
    handler = logging.StreamHandler(open(2, "w", buffering=1, closefd=False, encoding="utf-8"))  # noqa: SIM115
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("recorder_app")
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)


def _lock(path: Path) -> int | None:
    """Hold the lock file for as long as this process lives; None when another one does."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # Windows only
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def make_lasting(paths: Paths) -> None:
    """Make the folders above a recording survive a power cut: of a new one even the name would be lost."""
    for folder in (paths.home.parent, paths.home):
        try:
            sync_folder(folder)
        except OSError as error:
            # Somebody else's folder, perhaps on a disk that cannot; nothing hangs on it but a first start.
            logger.info("a folder was not synced: %s", error.strerror)


def _new_key(path: Path) -> bytes:
    """A new auth key, put in place at once as a whole, readable by this user only."""
    key = secrets.token_bytes(KEY_BYTES)
    temporary = path.with_suffix(".part")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, key)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    return key


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Everything of ours is closed; PortAudio's own farewell can hang on a sound server that was frozen.
    os._exit(code)
