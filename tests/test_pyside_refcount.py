"""PySide6 6.12.0 dropped a reference to True and None on every call: before Python 3.12 that ends the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from PySide6.QtCore import QCoreApplication, QObject, Signal
class Emitter(QObject):
    happened = Signal(bool)
app = QCoreApplication([])
emitter = Emitter()
before = sys.getrefcount(None), sys.getrefcount(True)
for _ in range(5000):
    emitter.happened.emit(True)
    emitter.setObjectName("x")
    app.processEvents()
after = sys.getrefcount(None), sys.getrefcount(True)
print(before[0] - after[0], before[1] - after[1])
"""


@pytest.mark.gui
def test_qt_calls_do_not_steal_references():
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)

    assert result.returncode == 0, result.stderr
    assert all(int(lost) < 100 for lost in result.stdout.split())
