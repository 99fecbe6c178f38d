"""The bundled sample meeting, whole and cut short, and a worker that always ends with the test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recorder_app.media.decode import read_pcm
from recorder_app.paths import resources
from recorder_app.speech.client import SpeechClient
from tests.support.speak import RATE, write_ogg

SAMPLE = resources() / "sample"
TRUTH = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
SHORT_MS = 14_300
"""Ends in the pause after the third turn: You, Them, You."""


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", text.lower()).split())


def said(side: str | None = None, *, until_ms: int = 10**9) -> str:
    """What was said in the sample, by one side or by both, in order."""
    turns = [turn for turn in TRUTH if side in (None, turn["speaker"]) and turn["end_ms"] <= until_ms]
    return plain(" ".join(turn["text"] for turn in turns))


@pytest.fixture
def make_client() -> Callable[..., SpeechClient]:
    clients = []

    def make(**options) -> SpeechClient:
        clients.append(SpeechClient(**options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def client() -> SpeechClient:
    """One worker for all tests that do it no harm."""
    client = SpeechClient(idle_s=600)
    yield client
    client.close()


@pytest.fixture(scope="session")
def short_meeting(tmp_path_factory) -> Path:
    """The first three turns of the sample as the recorder writes them."""
    blocks = list(read_pcm(SAMPLE / "meeting.ogg", rate=RATE, end_ms=SHORT_MS))
    return write_ogg(np.concatenate(blocks), tmp_path_factory.mktemp("short") / "part-001.ogg")
