"""A window opens on the platform of this run: offscreen hides a missing xcb library, a real X server does not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication(["test"])
label = QLabel("heard")
label.show()
app.processEvents()
print(app.platformName(), label.isVisible(), label.width() > 0)
"""


@pytest.mark.gui
def test_a_window_opens_here():
    result = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)

    assert result.stdout.split() == [os.environ["QT_QPA_PLATFORM"], "True", "True"], result.stderr
