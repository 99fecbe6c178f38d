"""Several parts become one file: exact length, seekable, nothing encoded again, the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import threading
import time

import av
import numpy as np
import pytest

from recorder_app.errors import DiskFullError, StorageError
from recorder_app.media.decode import probe, read_pcm
from recorder_app.media.join import join, remove_parts
from recorder_app.media.ogg import read_pages
from recorder_app.media.tail import decodable_frames
from tests.media.files import write_ours
from tests.support.sound import RATE, tone, tone_level


def _part(folder, number: int, seconds: float, *, hertz: float = 440, cut: int = 0):
    path = folder / f"part-{number:03d}.ogg"
    write_ours(path, tone(hertz, seconds), tone(hertz * 2, seconds))
    if cut:
        os.truncate(path, path.stat().st_size - cut)
    return path


def _packets(path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def _decoded(path) -> np.ndarray:
    return np.concatenate(list(read_pcm(path, rate=RATE)))


def test_the_length_is_the_sum_of_the_parts_and_both_sides_go_on(tmp_path):
    parts = [_part(tmp_path, 1, 1.2345), _part(tmp_path, 2, 2.3), _part(tmp_path, 3, 0.777)]

    join(parts, tmp_path / "whole.ogg")

    frames = [decodable_frames(part) for part in parts]
    assert frames == [59_256, 110_400, 37_296]
    assert decodable_frames(tmp_path / "whole.ogg") == sum(frames)
    left, right = _decoded(tmp_path / "whole.ogg").T
    assert len(left) == sum(frames)
    for start in range(0, len(left) - 1440, 1440):
        # A seam may break the phase, so this asks for loudness; the tone itself is heard inside a part.
        assert np.sqrt(np.mean((left[start : start + 1440] / 32768) ** 2)) > 0.2, start
    for at in (10_000, 100_000, 180_000):
        assert tone_level(left[at : at + 4800], 440) > 0.45
        assert tone_level(right[at : at + 4800], 880) > 0.45


def test_no_packet_is_encoded_again_and_at_most_one_a_seam_is_left_out(tmp_path):
    parts = [_part(tmp_path, number, 0.5 + number / 7) for number in range(1, 6)]

    join(parts, tmp_path / "whole.ogg")

    whole = _packets(tmp_path / "whole.ogg")
    each = [packet for part in parts for packet in _packets(part)]
    kept = iter(each)
    assert all(packet in kept for packet in whole)
    assert len(each) - len(parts) < len(whole) <= len(each)


def test_sound_lies_at_most_a_packet_late_however_many_parts_there_are(tmp_path):
    rng = random.Random(3)
    parts, starts = [], [0]
    for number in range(1, 21):
        parts.append(_part(tmp_path, number, rng.uniform(0.3, 0.9), hertz=440 if number % 2 else 1760))
        starts.append(starts[-1] + decodable_frames(parts[-1]))

    join(parts, tmp_path / "whole.ogg")

    left = _decoded(tmp_path / "whole.ogg")[:, 0]
    assert len(left) == starts[-1]
    for number, start in enumerate(starts[:-1], 1):
        hertz = 440 if number % 2 else 1760
        # 25 ms after its place each part is heard, and the one before no longer is.
        window = left[start + 1200 : start + 3600]
        assert tone_level(window, hertz) > 0.3, number
        assert tone_level(window, 2200 - hertz) < 0.1, number


def test_a_torn_end_costs_what_could_not_be_decoded_anyway(tmp_path):
    """At whatever byte a kill or a power cut left a part."""
    rng = random.Random(5)
    second = _part(tmp_path, 2, 0.6)
    for cut in (1, 2, 27, 100, 480, 500, *(rng.randrange(1, 9000) for _ in range(25))):
        (tmp_path / "part-001.ogg").unlink(missing_ok=True)
        first = _part(tmp_path, 1, 1.3, cut=cut)

        join([first, second], tmp_path / "whole.ogg")

        expected = decodable_frames(first) + decodable_frames(second)
        assert decodable_frames(tmp_path / "whole.ogg") == expected, cut
        assert len(_decoded(tmp_path / "whole.ogg")) == expected, cut


def test_what_was_uploaded_of_the_first_part_stays_right(tmp_path):
    first, second = _part(tmp_path, 1, 2.0, cut=700), _part(tmp_path, 2, 1.0)
    with first.open("rb") as file:
        whole_pages = b"".join(page.to_bytes() for page in read_pages(file))

    join([first, second], tmp_path / "whole.ogg")

    assert first.read_bytes().startswith(whole_pages)
    last_page = 27 + 10 + 1610
    assert (tmp_path / "whole.ogg").read_bytes().startswith(whole_pages[:-last_page])


def test_other_programs_read_its_length_and_seek_in_it(tmp_path):
    parts = [_part(tmp_path, 1, 20.0, cut=300), _part(tmp_path, 2, 20.0, hertz=1760)]
    join(parts, tmp_path / "whole.ogg")
    seconds = decodable_frames(tmp_path / "whole.ogg") / RATE

    said = subprocess.run(
        ["ffprobe", "-v", "warning", "-show_format", "-of", "json", tmp_path / "whole.ogg"],
        capture_output=True,
        text=True,
        check=True,
    )
    full = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", tmp_path / "whole.ogg", "-f", "s16le", "-"],
        capture_output=True,
        check=True,
    )
    late = subprocess.run(
        ["ffmpeg", "-v", "warning", "-ss", "30", "-i", tmp_path / "whole.ogg", "-f", "s16le", "-"],
        capture_output=True,
        check=True,
    )

    assert (said.stderr, full.stderr, late.stderr) == ("", b"", b"")
    # ffprobe counts the pre-skip as well: 6.5 ms.
    assert float(json.loads(said.stdout)["format"]["duration"]) == pytest.approx(seconds, abs=0.01)
    assert len(full.stdout) // 4 == decodable_frames(tmp_path / "whole.ogg")
    assert len(late.stdout) // 4 / RATE == pytest.approx(seconds - 30, abs=0.01)
    assert tone_level(np.frombuffer(late.stdout, "<i2")[::2][4800:48_000], 1760) > 0.4
    there = np.concatenate(list(read_pcm(tmp_path / "whole.ogg", rate=RATE, start_ms=30_000, end_ms=30_500)))
    assert tone_level(there[:, 0], 1760) > 0.4
    assert probe(tmp_path / "whole.ogg").duration_ms == round(seconds * 1000)


def test_the_same_parts_give_the_same_bytes_even_at_the_same_time(tmp_path):
    parts = [_part(tmp_path, 1, 3.0), _part(tmp_path, 2, 3.0)]
    join(parts, tmp_path / "first.ogg")

    both = [threading.Thread(target=join, args=(parts, tmp_path / "whole.ogg")) for _ in range(4)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()

    assert (tmp_path / "whole.ogg").read_bytes() == (tmp_path / "first.ogg").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        "part-001.ogg",
        "part-002.ogg",
        "first.ogg",
        "whole.ogg",
    }
    assert (tmp_path / "whole.ogg").stat().st_mode & 0o777 == 0o600


def test_parts_without_sound_are_skipped_and_one_part_is_itself(tmp_path):
    empty = tmp_path / "part-001.ogg"
    empty.write_bytes(b"")
    only_headers = _part(tmp_path, 2, 0.0)
    real = _part(tmp_path, 3, 1.2)

    join([empty, only_headers, real], tmp_path / "whole.ogg")

    assert (tmp_path / "whole.ogg").read_bytes() == real.read_bytes()


@pytest.mark.parametrize("content", [b"", b"OggS", b"no sound at all" * 100])
def test_what_cannot_be_joined_is_said_and_leaves_nothing(tmp_path, content):
    path = tmp_path / "part-001.ogg"
    path.write_bytes(content)

    with pytest.raises(StorageError, match="cannot be joined"):
        join([path, path], tmp_path / "whole.ogg")
    with pytest.raises(StorageError, match="cannot be joined"):
        join([tmp_path / "missing.ogg"], tmp_path / "whole.ogg")

    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    parts = [_part(tmp_path, 1, 2.0), _part(tmp_path, 2, 2.0)]
    known = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, known[1]))
    try:
        with pytest.raises(DiskFullError):
            join(parts, tmp_path / "whole.ogg")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, known)

    assert sorted(tmp_path.iterdir()) == parts


def test_a_kill_at_any_moment_leaves_all_or_nothing(tmp_path):
    """Each time the whole file is there with the right bytes, or it is not there at all."""
    parts = [_part(tmp_path, 1, 20.0), _part(tmp_path, 2, 20.0)]
    join(parts, tmp_path / "truth.ogg")
    truth = hashlib.sha256((tmp_path / "truth.ogg").read_bytes()).hexdigest()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["recorder_app.media.join"])
    rng, found = random.Random(11), 0
    for _ in range(20):
        (tmp_path / "whole.ogg").unlink(missing_ok=True)
        child = context.Process(target=join, args=(parts, tmp_path / "whole.ogg"))
        child.start()
        time.sleep(rng.uniform(0.0, 0.06))
        child.kill()
        child.join(10)
        if (tmp_path / "whole.ogg").exists():
            found += 1
            digest = hashlib.sha256((tmp_path / "whole.ogg").read_bytes()).hexdigest()
            assert digest == truth

    join(parts, tmp_path / "whole.ogg")
    assert hashlib.sha256((tmp_path / "whole.ogg").read_bytes()).hexdigest() == truth
    assert found < 20, "no kill came in time"
    remove_parts(tmp_path / "whole.ogg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["truth.ogg", "whole.ogg"]


def test_it_needs_neither_numpy_nor_pyav():
    """`recorder stop` joins, and has to answer at once."""
    script = "import sys, recorder_app.media.join; print([m for m in ('numpy', 'av') if m in sys.modules])"

    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert result.stdout.strip() == "[]"
