"""How soon after stop the media is on the server."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import places
from tests.benchmarks.table import NotAvailableError, Result, Row, median_result


@contextlib.contextmanager
def _recorder() -> Iterator[Any]:
    """The façade on an empty data folder with the embedded backend, at work."""
    try:
        from recorder_app.recorder import Recorder
    except ImportError as error:
        raise NotAvailableError("the façade is not there yet") from error
    with places.home() as paths:
        recorder = Recorder(paths, environment={})
        recorder.open()
        try:
            yield recorder
        finally:
            recorder.close()
            with places.capture(paths):
                pass  # ends the capture process


def stop_to_server(is_quick: bool) -> Result:
    samples = []
    with _recorder() as recorder:
        for _ in range(3 if is_quick else 10):
            recorder.start_recording(mic="fake:tone:440", system="fake:tone:1000")
            places.until(
                lambda: recorder.capture_status().elapsed_ms > 2000, timeout_s=20, what="2 s recorded"
            )
            began = time.perf_counter()
            recording = recorder.stop_recording()
            _until_uploaded(recorder, recording.id)
            samples.append(time.perf_counter() - began)
    return median_result(samples, "s", at_most=1.0, note="two seconds recorded, embedded backend")


def hour_to_server(is_quick: bool) -> Result:
    """Nothing uploaded beforehand: the worst case of stopping an hour's recording."""
    samples = []
    with tempfile.TemporaryDirectory(prefix="rb-") as folder, _recorder() as recorder:
        hour = places.an_hour(Path(folder))
        for _ in range(1 if is_quick else 3):
            recording = recorder.import_file(hour)
            began = time.perf_counter()
            _until_uploaded(recorder, recording.id)
            samples.append(time.perf_counter() - began)
            recorder.close()
            recorder.open()
        megabytes = hour.stat().st_size / 1e6
    return median_result(
        samples, "s", at_most=1.0, note=f"{megabytes:.0f} MB, embedded backend, size and sha256 confirmed"
    )


def _until_uploaded(recorder: Any, recording_id: str) -> None:
    places.until(
        lambda: recorder.detail(recording_id).recording.is_uploaded, timeout_s=60, what="media on the server"
    )


ROWS = (
    Row("stop to media on the server, loopback", stop_to_server),
    Row("one hour's media to the server, loopback", hour_to_server),
)
