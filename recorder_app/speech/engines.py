"""The engines in the order "auto" tries them: the most accurate first.

A new engine is one file and its name here; tests/speech/test_engine_contract.py then runs on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from recorder_app.errors import MissingDependencyError, UsageError
from recorder_app.speech.base import Engine
from recorder_app.speech.pocketsphinx import PocketsphinxEngine

ENGINES: tuple[type[Engine], ...] = (PocketsphinxEngine,)
AUTO = "auto"


def choose(engine: str = AUTO, *, engines: Sequence[type[Engine]] = ENGINES) -> Engine:
    """Return the named engine, or the best one usable here. Not loaded yet.

    UsageError for an unknown name, MissingDependencyError (with the reasons) when it cannot be used.
    """
    known = {kind.info.id: kind for kind in engines}
    if engine != AUTO and engine not in known:
        raise UsageError(
            "There is no such speech engine", detail=engine, hint=f"Choose one of {', '.join([AUTO, *known])}"
        )
    reasons = []
    for kind in engines if engine == AUTO else (known[engine],):
        candidate = kind()
        reason = candidate.probe()
        if reason is None:
            return candidate
        reasons.append(reason)
    raise MissingDependencyError(
        "No speech engine can be used here",
        detail="; ".join(reasons),
        hint="Install pocketsphinx, then retry the transcript",
    )
