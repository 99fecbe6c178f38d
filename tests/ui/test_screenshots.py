from __future__ import annotations

import pytest
from PySide6.QtGui import QImage

from tests.screenshots import render


@pytest.mark.slow
@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")
def test_every_screen_can_be_drawn(qapp, tmp_path):
    files = render(tmp_path)

    assert len(files) >= 24
    assert {file.parent for file in files} == {tmp_path}
    for file in files:
        image = QImage(str(file))
        colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
        assert len(colours) > 8, f"{file.name} is blank"
