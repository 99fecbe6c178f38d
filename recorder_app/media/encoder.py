"""Two tracks into one growing Ogg/Opus file that is readable at every byte.

Must not own the file: the caller passes an unbuffered raw file, fsyncs it, and sees its OSError.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import av.error
import numpy as np

RATE = 48_000
PAGE_US = 200_000
"""An Ogg page each 200 ms: a killed process loses 0.39 s at most (reference/media.md §1)."""
TRACKS_TAG, TRACKS = "TRACKS", "left=microphone right=call"
"""A comment in the file's header, by which an imported file is known as one of ours."""


class AppendOnlyFile(io.RawIOBase):
    """An unbuffered file PyAV may only append to. PyAV loses errno, so the OSError is kept in `error`.

    `relieve` is asked after a failed write: True means that room was made and the rest may be tried again.
    It has to happen here: after one error FFmpeg writes nothing any more, not even the end of the stream.
    """

    def __init__(self, descriptor: int, *, relieve: Callable[[OSError], bool] = lambda _: False) -> None:
        super().__init__()
        self._relieve = relieve
        self._file = io.FileIO(descriptor, "wb")
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        view = memoryview(data)  # type: ignore[arg-type]  # PyAV passes bytes
        sent = 0
        while sent < len(view):
            try:
                # A raw write may take only a part of the bytes when the disk is nearly full.
                sent += self._file.write(view[sent:]) or 0
            except OSError as error:
                if not self._relieve(error):
                    self.error = error
                    raise
        return sent

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


class OpusWriter:
    """Encodes interleaved stereo int16 (left = microphone, right = system) at RATE.

    Lives in one thread. An OSError of the disk is raised as it is, from `write` and from `close`.
    """

    def __init__(self, file: AppendOnlyFile, *, bitrate: int) -> None:
        self._file = file
        self._container = av.open(
            file,
            mode="w",
            format="ogg",
            options={"page_duration": str(PAGE_US), "flush_packets": "1"},
        )
        self._container.metadata[TRACKS_TAG] = TRACKS
        # Constrained: plain VBR overshot 64 kbit/s to 111 on speech with noise.
        self._stream = self._container.add_stream("libopus", rate=RATE, options={"vbr": "constrained"})
        self._stream.bit_rate = bitrate
        self._stream.layout = "stereo"
        self._frames = 0

    @property
    def frames(self) -> int:
        """Frames handed over so far, at RATE."""
        return self._frames

    def write(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = RATE
        frame.pts = self._frames
        self._frames += samples.shape[1] // 2
        self._encode(frame)

    def close(self) -> None:
        """Write what is pending and the end of the stream. The file itself stays open."""
        try:
            self._encode(None)
            self._container.close()
        except (av.error.FFmpegError, OSError) as error:
            raise self._file.error or OSError(str(error)) from error

    def _encode(self, frame: av.AudioFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as error:
            raise self._file.error or OSError(str(error)) from error
