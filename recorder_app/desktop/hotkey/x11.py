"""X11: a passive key grab on Qt's own connection, through libxcb. No thread, no key logger.

The grab is a checked request, so that a shortcut another program holds is noticed (BadAccess).
Measured: 16 ms from key to call, and only the grabbed key is seen (reference/desktop.md §3).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import struct
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractNativeEventFilter, QByteArray, QCoreApplication, QKeyCombination, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence

logger = logging.getLogger(__name__)

KEY_PRESS, KEY_RELEASE = 2, 3
SHIFT, LOCK, CONTROL, MOD1, MOD2, MOD4 = 1, 2, 4, 8, 16, 64
LOCKS = (0, LOCK, MOD2, LOCK | MOD2)
"""Caps Lock and Num Lock count as modifiers: a grab without them is dead while one of them is on."""
MODIFIERS = SHIFT | CONTROL | MOD1 | MOD4
GRAB_MODE_ASYNC = 1
NAMED_KEYSYMS = {
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Delete: 0xFFFF,
    Qt.Key.Key_Pause: 0xFF13,
    Qt.Key.Key_Print: 0xFF61,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
}
FIRST_FUNCTION_KEYSYM = 0xFFBE


class _Cookie(ctypes.Structure):
    _fields_ = [("sequence", ctypes.c_uint)]


def parse(keys: str) -> tuple[int, int] | None:
    """Return (keysym, modifier mask) of "Ctrl+Alt+R"; None for what cannot be a global shortcut.

    A key without Ctrl, Alt or Meta is refused unless it is a function key: nobody could type it any more.
    """
    sequence = QKeySequence(keys)
    if sequence.count() != 1:
        return None
    combination: QKeyCombination = sequence[0]  # type: ignore[index]  # the stubs lack __getitem__
    key, held = combination.key(), combination.keyboardModifiers()
    mask = 0
    for modifier, bit in (
        (Qt.KeyboardModifier.ShiftModifier, SHIFT),
        (Qt.KeyboardModifier.ControlModifier, CONTROL),
        (Qt.KeyboardModifier.AltModifier, MOD1),
        (Qt.KeyboardModifier.MetaModifier, MOD4),
    ):
        if held & modifier:
            mask |= bit
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F24:
        return FIRST_FUNCTION_KEYSYM + key.value - Qt.Key.Key_F1.value, mask
    if not mask & (CONTROL | MOD1 | MOD4):
        return None
    if key in NAMED_KEYSYMS:
        return NAMED_KEYSYMS[key], mask
    if Qt.Key.Key_Exclam <= key <= Qt.Key.Key_AsciiTilde:
        # Keysyms of Latin-1 are its code points; letters are grabbed by their small form.
        return ord(chr(key.value).lower()), mask
    return None


class X11Hotkey(QAbstractNativeEventFilter):
    """Fulfils HotkeyBackend on X11."""

    def __init__(self) -> None:
        super().__init__()
        self._xcb: Any = None
        self._connection: int | None = None
        self._display: int | None = None
        self._root = 0
        self._grabbed: tuple[int, int] | None = None
        self._activated: Callable[[], None] | None = None
        self._is_down = False
        self._is_installed = False

    def probe(self) -> str | None:
        if self._connect():
            return None
        return "Global shortcuts need X11 here."

    def register(self, keys: str, activated: Callable[[], None]) -> str | None:
        self.unregister()
        wanted = parse(keys)
        if wanted is None:
            return f"{keys} cannot be a global shortcut."
        if not self._connect():
            return "Global shortcuts need X11 here."
        keysym, mask = wanted
        code = self._keycode(keysym)
        if not code:
            return f"This keyboard has no key for {keys}."
        held = [lock for lock in LOCKS if self._grab(code, mask | lock)]
        if len(held) < len(LOCKS):
            for lock in held:
                self._ungrab(code, mask | lock)
            return f"{keys} is taken by another program."
        self._grabbed, self._activated = (code, mask), activated
        application = QCoreApplication.instance()
        if application is not None and not self._is_installed:
            application.installNativeEventFilter(self)
            self._is_installed = True
        logger.info("global shortcut registered")
        return None

    def unregister(self) -> None:
        if self._grabbed is not None:
            code, mask = self._grabbed
            for lock in LOCKS:
                self._ungrab(code, mask | lock)
        self._grabbed = self._activated = None
        self._is_down = False
        application = QCoreApplication.instance()
        if self._is_installed and application is not None:
            application.removeNativeEventFilter(self)
        self._is_installed = False

    def nativeEventFilter(
        self, event_type: QByteArray | bytes | bytearray | memoryview, message: int
    ) -> tuple[bool, int]:
        """Look at one X event; swallow our key, let everything else pass."""
        if self._grabbed is None or bytes(event_type) != b"xcb_generic_event_t":  # type: ignore[arg-type]
            return False, 0
        head = ctypes.string_at(int(message), 32)
        kind, code = head[0] & 0x7F, head[1]
        if kind not in (KEY_PRESS, KEY_RELEASE) or code != self._grabbed[0]:
            return False, 0
        (state,) = struct.unpack_from("=H", head, 28)
        if kind == KEY_RELEASE:
            self._is_down = False
            return False, 0
        if state & MODIFIERS != self._grabbed[1]:
            return False, 0
        # A held key repeats; X sends a release before each repeat, so ask only for a fresh press.
        if not self._is_down and self._activated is not None:
            self._is_down = True
            self._activated()
        return True, 0

    def _connect(self) -> bool:
        if self._connection is not None:
            return True
        application = QGuiApplication.instance()
        if not isinstance(application, QGuiApplication) or QGuiApplication.platformName() != "xcb":
            return False
        native: Any = application.nativeInterface()
        xcb_name, x11_name = ctypes.util.find_library("xcb"), ctypes.util.find_library("X11")
        if native is None or not hasattr(native, "connection"):
            return False
        try:
            self._xcb = ctypes.CDLL(xcb_name or "libxcb.so.1")
            self._x11 = ctypes.CDLL(x11_name or "libX11.so.6")
        except OSError:
            return False
        self._declare()
        self._connection, self._display = int(native.connection()), int(native.display())
        self._root = int(self._x11.XDefaultRootWindow(self._display))
        return True

    def _declare(self) -> None:
        """Tell ctypes the signatures (xproto.h, Xlib.h)."""
        byte, pointer = ctypes.c_uint8, ctypes.c_void_p
        grab = self._xcb.xcb_grab_key_checked
        grab.restype = _Cookie
        grab.argtypes = [pointer, byte, ctypes.c_uint32, ctypes.c_uint16, byte, byte, byte]
        ungrab = self._xcb.xcb_ungrab_key
        ungrab.restype = _Cookie
        ungrab.argtypes = [pointer, byte, ctypes.c_uint32, ctypes.c_uint16]
        self._xcb.xcb_request_check.restype = pointer
        self._xcb.xcb_request_check.argtypes = [pointer, _Cookie]
        self._xcb.xcb_flush.argtypes = [pointer]
        self._x11.XDefaultRootWindow.restype = ctypes.c_ulong
        self._x11.XDefaultRootWindow.argtypes = [pointer]
        self._x11.XKeysymToKeycode.restype = byte
        self._x11.XKeysymToKeycode.argtypes = [pointer, ctypes.c_ulong]
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [pointer]

    def _keycode(self, keysym: int) -> int:
        return int(self._x11.XKeysymToKeycode(self._display, keysym))

    def _grab(self, code: int, mask: int) -> bool:
        cookie = self._xcb.xcb_grab_key_checked(
            self._connection, 1, self._root, mask, code, GRAB_MODE_ASYNC, GRAB_MODE_ASYNC
        )
        error = self._xcb.xcb_request_check(self._connection, cookie)
        if error:
            self._free(error)
        return not error

    def _ungrab(self, code: int, mask: int) -> None:
        self._xcb.xcb_ungrab_key(self._connection, code, self._root, mask)
        self._xcb.xcb_flush(self._connection)
