"""A child that records, dies or not, and what the next start must find then: always the same end."""

from __future__ import annotations

import dataclasses
import hashlib
import time
from pathlib import Path

from recorder_app.capture import recovery
from recorder_app.media.tail import decodable_frames
from recorder_app.models import Status
from recorder_app.paths import Paths
from recorder_app.recorder import Recorder
from recorder_app.sync import plan
from tests.survival import steps

PROMISE_MS = 1000


@dataclasses.dataclass
class Life:
    """One child with a data folder of its own."""

    folder: Path
    fatal: int | None
    context: object
    resumed: str | None = None

    def begin(self) -> None:
        self.paths = Paths(self.folder / "home", self.folder / "run")
        self.paths.ensure()
        self.log = steps.Log(self.context)
        self.names, theirs = self.context.Pipe(duplex=False)
        self.child = self.context.Process(
            target=steps.live,
            args=(self.paths, self.resumed, self.fatal, self.log, theirs),
        )
        self.child.start()
        theirs.close()

    def end(self) -> list[str]:
        """Wait for its end, whichever; return the names of its steps if it came through."""
        self.child.join(30)
        code = self.child.exitcode
        names = self.names.recv() if code == 0 else []
        self.names.close()
        self.child.close()
        assert code in (0, -9), f"step {self.fatal}: exit code {code}"
        return names

    def kill(self) -> None:
        self.log.killed.value = time.monotonic()
        self.child.kill()


def _after(life: Life):
    """What a new start finds: its recordings, and that it leaves nothing to do for the one after it."""
    recorder = Recorder(life.paths, environment={})
    recorder.open(is_working=False)
    recorder.recover()
    found = [row.recording for row in recorder.recordings()]
    jobs = {each.id: {job.kind for job in recorder.library.jobs.of(each.id)} for each in found}
    again = recorder.recover()
    assert again == []
    assert recorder.library.unsettled() == ()
    recorder.close()
    return found, jobs


def check(life: Life, *, before_ms: int = 0) -> str:
    """Assert the one end state; name what kind of end it was."""
    found, jobs = _after(life)
    where = f"killed at step {life.fatal}"
    if not found:
        assert not life.log.started.value, where
        assert list(life.paths.recordings.iterdir()) == [], where
        return "never began"
    (recording,) = found
    assert recording.is_on_disk, where
    assert recording.status is Status.UPLOADING, where
    assert recording.title == steps.TITLE, where
    assert jobs[recording.id] == {spec.kind for spec in plan.CLOSED}, where
    assert before_ms + life.log.heard_ms - recording.duration_ms <= PROMISE_MS, where
    if not recording.media:
        assert recording.duration_ms == 0, where
        return "nothing on disk yet"
    (media,) = recording.media
    data = media.read_bytes()
    assert (recording.media_bytes, recording.media_sha256) == (
        len(data),
        hashlib.sha256(data).hexdigest(),
    ), where
    assert abs(decodable_frames(media) / 48 - recording.duration_ms) <= 1, where
    assert list(life.paths.recordings.iterdir()) == [media.parent], where
    # A library lost altogether is rebuilt from the folder to the same facts.
    (rebuilt,) = recovery.scan(life.paths.recordings, live_id=None)
    assert rebuilt.duration_ms == recording.duration_ms, where
    return "recovered" if recording.was_recovered else "complete"
