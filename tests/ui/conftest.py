"""A whole window over a Recorder. `make_recorder` is what the real façade replaces."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from recorder_app.ui.shell import Shell
from tests.support.fake_recorder import FakeRecorder
from tests.support.sample_week import NOW, ident


@pytest.fixture
def make_recorder():
    """How a Recorder filled with the sample week (or with the given details) comes to be."""
    return FakeRecorder


@pytest.fixture
def recorder(make_recorder):
    return make_recorder()


@pytest.fixture
def make_shell(qtbot):
    """Start a shell and wait until its list is there; closed after the test."""
    made = []

    def make(recorder, *, width=1280, height=800, **parts):
        shell = Shell(recorder, clock=lambda: NOW, **parts)
        made.append(shell)
        shell.window.resize(width, height)
        shell.tray.show()
        shell.show()
        sidebar = shell.window.sidebar
        qtbot.waitUntil(lambda: sidebar.is_loaded or sidebar.error.isVisible())
        return shell

    yield make
    for shell in made:
        shell.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def shell(make_shell, recorder):
    return make_shell(recorder)


@pytest.fixture
def open_page(qtbot):
    """Open a recording of the sample week by its name and return the page."""

    def open_(shell, name):
        wanted = ident(name)
        shell.window.open_recording(wanted)
        page = shell.window.page
        qtbot.waitUntil(
            lambda: page.detail is not None and page.detail.recording.id == wanted and page.isVisible()
        )
        return page

    return open_
