"""Any audio or video file to int16 samples, chunk by chunk, with lengths and positions that are true.

Owns nothing but the open file; memory stays flat. Must not write, and must not open anything but the file.
"""

from __future__ import annotations

import dataclasses
import fractions
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from recorder_app.errors import StorageError, UsageError

logger = logging.getLogger(__name__)

Channel = int | Literal["mix"] | None
"""One channel, all of them folded into one, or (None) all side by side."""
Positioned = tuple[int, NDArray[np.int16]]
"""Position of the first sample in samples, and the samples."""

PREROLL_MS = 1000
"""Decoding starts this much before the wanted place: Opus converges in 80 ms, an Ogg page holds up to 1 s."""
TAIL_MS = 5000
"""How much of an Ogg file's end is read to find its exact length."""
HOLE_MS = 100
"""Timestamps that jump by more than this are a hole in the file; smaller ones are a container's rounding."""
LONGEST_HOLE_MS = 3_600_000
"""A longer jump is a broken timestamp, not a hole."""
CONVERT = "Convert it with another program first, for example to WAV"


@dataclasses.dataclass(frozen=True, slots=True)
class MediaInfo:
    duration_ms: int
    """Length of the sound. Exact for Ogg/Opus, WAV and FLAC; an estimate for MP3 without an index."""
    channels: int
    rate: int
    codec: str
    """FFmpeg's name: "opus", "aac", "pcm_s16le"."""


def probe(path: Path) -> MediaInfo:
    """Tell what sound a file holds; costs milliseconds. Raises UsageError or StorageError in words."""
    with OpenMedia(path) as media:
        return MediaInfo(
            duration_ms=media.duration_ms(),
            channels=media.channels,
            rate=media.rate,
            codec=media.stream.codec_context.name,
        )


def read_pcm(
    path: Path, *, rate: int, channel: Channel = None, start_ms: int = 0, end_ms: int | None = None
) -> Iterator[NDArray[np.int16]]:
    """Open a file at once and yield its sound from `start_ms` up to `end_ms` (None: to the end) at `rate` Hz.

    Arrays are `(n, channels) int16`, or `(n,) int16` with `channel` given; n is at most one second.
    A file that is cut off or still growing ends where its last whole packet ends. What is damaged in the
    middle becomes silence of the same length, so that times stay true. Blocking; use from one thread.
    Raises UsageError (not a media file, no sound in it, no such channel) or StorageError at the call.
    """
    media = OpenMedia(path)
    if isinstance(channel, int) and not 0 <= channel < media.channels:
        media.close()
        raise UsageError(
            "The file does not have that many tracks",
            detail=f"{path.name} has {media.channels}, track {channel + 1} was asked for",
        )
    return _cut(media, rate, channel, start_ms, end_ms)


class OpenMedia:
    """A file's first audio stream, opened and found to be decodable. One thread; close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.container = _open(path)
        try:
            self.stream = self._first_audio_stream()
            self._tick_ms = float(self._time_base * 1000)
            self._failures = 0
            self._frames = self._decoded()
            self._first = next(self._frames, None)
            self._check_sound()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.container.close()

    @property
    def channels(self) -> int:
        return self._first.layout.nb_channels if self._first else self.stream.codec_context.channels

    @property
    def rate(self) -> int:
        # HE-AAC's header tells half of what comes out.
        return self._first.sample_rate if self._first else self.stream.codec_context.sample_rate

    @property
    def metadata(self) -> dict[str, str]:
        """Tags of the file and the stream, names in lower case."""
        tags = {**self.container.metadata, **self.stream.metadata}
        return {name.lower(): value for name, value in tags.items()}

    def duration_ms(self) -> int:
        """Length of the sound; moves the reading position, so ask for it last."""
        is_ogg = self.container.format.name == "ogg"
        if self.stream.duration and not is_ogg:
            return round(self.stream.duration * self._time_base * 1000)
        if self.container.duration and not is_ogg:
            return round(self.container.duration / 1000)
        # Nothing in the header: an unfinished FLAC or Matroska. Ogg's duration counts Opus's pre-skip, so
        # that it is 6.5 ms too long: the last packets tell. Reading all of them would take 0.35 s an hour.
        end = 0
        if self.container.duration and self._seek(self.container.duration // 1000 - TAIL_MS):
            end = self._end_of_packets()
        if not end and self._seek(0):
            end = self._end_of_packets()
        return round((end - self._origin) * self._time_base * 1000)

    def frames(self, start_ms: int) -> Iterator[tuple[float, AudioFrame]]:
        """Yield (position in ms, frame), beginning at or before `start_ms` where the container allows."""
        if self._first is None:
            return
        origin, first, frames = self._origin, self._first, self._frames
        if start_ms > 2 * PREROLL_MS and self._seek(start_ms - PREROLL_MS):
            self._frames = self._decoded()
            landed = next(self._frames, None)
            if landed is None or landed.pts is None or self._ms(landed.pts - origin) > start_ms:
                # Landed behind the wanted place or nowhere: read from the beginning instead.
                self._seek(0)
                self._frames = self._decoded()
                landed = next(self._frames, None)
            if landed is not None:
                first, frames = landed, self._frames
        expected_ms = 0.0
        for frame in _and_then(first, frames):
            position_ms = expected_ms if frame.pts is None else self._ms(frame.pts - origin)
            yield position_ms, frame
            expected_ms = position_ms + frame.samples * 1000 / frame.sample_rate

    def glimpses(self, every_ms: float, length_ms: float) -> Iterator[tuple[float, AudioFrame]]:
        """Yield (position in ms, frame) of the first `length_ms` of each `every_ms`; the rest is not decoded.

        A glimpse's first 80 ms are inexact: the decoder starts anew in each.
        """
        self._seek(0)
        was_wanted = False
        for packet in self._packets():
            if packet.pts is None:
                continue
            at_ms = self._ms(packet.pts - self._origin)
            is_wanted = at_ms % every_ms < length_ms
            if is_wanted and not was_wanted:
                self.stream.codec_context.flush_buffers()
            was_wanted = is_wanted
            for frame in self._decode(packet) if is_wanted else ():
                yield at_ms, frame
                at_ms += frame.samples * 1000 / frame.sample_rate

    @property
    def _time_base(self) -> fractions.Fraction:
        return self.stream.time_base or fractions.Fraction(1, self.stream.codec_context.sample_rate)

    @property
    def _origin(self) -> int:
        """The timestamp of the first sample, in `_time_base`."""
        if self._first is not None and self._first.pts is not None:
            return self._first.pts
        return self.stream.start_time or 0

    def _ms(self, ticks: int) -> float:
        return ticks * self._tick_ms

    def _first_audio_stream(self) -> AudioStream:
        streams = self.container.streams.audio
        if not streams:
            raise UsageError(
                "There is no sound in this file", detail=self.path.name, hint="Choose another file"
            )
        return streams[0]

    def _check_sound(self) -> None:
        # Nothing at all is a recording of no length; nothing but garbage is not a recording.
        if (self._first is None and self._failures) or not self.channels or not self.rate:
            raise UsageError("The sound in this file cannot be decoded", detail=self.path.name, hint=CONVERT)

    def _seek(self, at_ms: int) -> bool:
        """Go to the last entry point at or before `at_ms`; False when the container cannot."""
        at = self._origin + int(max(at_ms, 0) / 1000 / self._time_base)
        try:
            self.container.seek(at, stream=self.stream)
        except (av.error.FFmpegError, OSError) as error:
            logger.debug("cannot seek: %s", error)
            return False
        return True

    def _packets(self) -> Iterator[av.Packet[AudioStream]]:
        """Packets until the end, or until the file cannot be read any further."""
        try:
            yield from self.container.demux(self.stream)
        except (av.error.FFmpegError, OSError) as error:
            logger.debug("reading ended early: %s", error)

    def _decoded(self) -> Iterator[AudioFrame]:
        """Decoded frames; packets that cannot be decoded are left out and counted."""
        for packet in self._packets():
            yield from self._decode(packet)

    def _decode(self, packet: av.Packet[AudioStream]) -> list[AudioFrame]:
        try:
            return packet.decode()
        except av.error.FFmpegError as error:
            self._failures += 1
            logger.debug("a packet was left out: %s", error)
            return []

    def _end_of_packets(self) -> int:
        ends = (packet.pts + (packet.duration or 0) for packet in self._packets() if packet.pts is not None)
        return max(ends, default=0)


def _open(path: Path) -> InputContainer:
    # Only files: a playlist handed in as "a recording" must not make us open a connection.
    # Strict metadata would make a file with a Latin-1 title unreadable.
    try:
        return av.open(str(path.absolute()), metadata_errors="ignore", options={"protocol_whitelist": "file"})
    except FileNotFoundError as error:
        raise UsageError("There is no such file", detail=str(path), hint="Check the name") from error
    except PermissionError as error:
        raise UsageError(
            "The file may not be read", detail=str(path), hint="Change its permissions or copy it"
        ) from error
    except (av.error.InvalidDataError, IsADirectoryError, EOFError, ValueError) as error:
        raise UsageError(
            "This is not an audio or video file that can be read", detail=path.name, hint=CONVERT
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        raise StorageError(
            "The file cannot be read", detail=f"{path.name}: {error.strerror or error}"
        ) from error


def _and_then(first: AudioFrame, rest: Iterator[AudioFrame]) -> Iterator[AudioFrame]:
    yield first
    yield from rest


class _Converter:
    """Frames of one format to int16 at one rate, half a second at a time; PyAV buffers in C."""

    def __init__(self, frame: AudioFrame, rate: int, channel: Channel, layout: AudioLayout) -> None:
        self._resampler = AudioResampler(format="s16", layout=layout, rate=rate, frame_size=rate // 2)
        self._format = (frame.format.name, frame.layout.name, frame.sample_rate)
        self._channel = channel
        self._channels = layout.nb_channels

    def fits(self, frame: AudioFrame) -> bool:
        return self._format == (frame.format.name, frame.layout.name, frame.sample_rate)

    def convert(self, frame: AudioFrame | None) -> Iterator[NDArray[np.int16]]:
        """None flushes. `(n, channels)` or `(n,)`."""
        if frame is not None:
            # Timestamps are ours to judge; the filter graph warns of their jitter.
            frame.pts = None
        for converted in self._resampler.resample(frame):
            rows = converted.to_ndarray().astype(np.int16, copy=False)
            yield self._pick(rows.reshape(-1, self._channels))

    def silence(self, samples: int, chunk: int) -> Iterator[NDArray[np.int16]]:
        while samples > 0:
            yield self._pick(np.zeros((min(samples, chunk), self._channels), np.int16))
            samples -= chunk

    def _pick(self, rows: NDArray[np.int16]) -> NDArray[np.int16]:
        if self._channel is None:
            return rows
        return rows[:, 0 if self._channel == "mix" else self._channel]


def _cut(
    media: OpenMedia, rate: int, channel: Channel, start_ms: int, end_ms: int | None
) -> Iterator[NDArray[np.int16]]:
    """Yield exactly the wanted stretch. Owns the open file."""
    first = start_ms * rate // 1000
    last = None if end_ms is None else end_ms * rate // 1000
    with media:
        for position, samples in _continuous(media, rate, channel, start_ms):
            begin = max(first - position, 0)
            end = len(samples) if last is None else min(last - position, len(samples))
            if begin < end:
                yield samples[begin:end]
            if last is not None and position + len(samples) >= last:
                return


def _continuous(media: OpenMedia, rate: int, channel: Channel, start_ms: int) -> Iterator[Positioned]:
    """Yield samples without holes from somewhere before `start_ms` on."""
    converter: _Converter | None = None
    layout = AudioLayout("mono")
    position = 0
    expected_ms = 0.0
    for frame_ms, frame in media.frames(start_ms):
        if converter is None:
            position = round(frame_ms * rate / 1000)
            layout = layout if channel == "mix" else frame.layout
            converter = _Converter(frame, rate, channel, layout)
        hole_ms = frame_ms - expected_ms if expected_ms else 0.0
        is_hole = HOLE_MS < hole_ms < LONGEST_HOLE_MS
        if is_hole or not converter.fits(frame):
            missing = round(hole_ms * rate / 1000) if is_hole else 0
            for samples in _flush_and_fill(converter, missing, rate):
                yield position, samples
                position += len(samples)
            converter = _Converter(frame, rate, channel, layout)
        expected_ms = frame_ms + frame.samples * 1000 / frame.sample_rate
        for samples in converter.convert(frame):
            yield position, samples
            position += len(samples)
    for samples in converter.convert(None) if converter else ():
        yield position, samples
        position += len(samples)


def _flush_and_fill(converter: _Converter, samples: int, rate: int) -> Iterator[NDArray[np.int16]]:
    yield from converter.convert(None)
    yield from converter.silence(samples, rate // 2)
