"""Ogg pages with Opus in them, read and written as they lie on the disk; nothing is decoded.

Opens no file itself. Raises ValueError for what is not Ogg/Opus.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

CONTINUED, BEGIN, END = 0x01, 0x02, 0x04
"""Header flags: goes on with a packet of the page before, first page, last page (RFC 3533 §6)."""
_HEAD = struct.Struct("<4sBBqIIIB")
_CRC_AT = slice(22, 26)
_UNENDED = 255
"""A lacing value: the packet goes on in the next segment."""
_FRAME_SAMPLES = (
    *(480, 960, 1920, 2880) * 3,  # SILK, 10 to 60 ms
    *(480, 960) * 2,  # hybrid
    *(120, 240, 480, 960) * 4,  # CELT, 2.5 to 20 ms
)
"""Length of one Opus frame at 48 kHz by the configuration in a packet's first byte (RFC 6716 §3.1)."""
_MIRRORED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    flags: int
    granule: int
    """Samples at 48 kHz up to the end of the last packet that ends here, pre-skip included."""
    serial: int
    number: int
    lacing: bytes
    body: bytes

    @property
    def is_last(self) -> bool:
        return bool(self.flags & END)

    @property
    def is_closed(self) -> bool:
        """Whether it holds whole packets only, and one at least."""
        return bool(self.lacing) and self.lacing[-1] != _UNENDED and not self.flags & CONTINUED

    def samples(self) -> int:
        """Length of its packets together."""
        return sum(packet_samples(self.body[at : at + 2]) for _, at in self._packets())

    def last_samples(self) -> int:
        """Length of its last packet."""
        _, at = self._packets()[-1]
        return packet_samples(self.body[at : at + 2])

    def without_last_packet(self) -> tuple[Page | None, int]:
        """What is left, None for nothing, and the length of what was taken away."""
        index, at = self._packets()[-1]
        left = dataclasses.replace(self, lacing=self.lacing[:index], body=self.body[:at])
        return (left if index else None), self.last_samples()

    def to_bytes(self) -> bytes:
        fields = (b"OggS", 0, self.flags, self.granule, self.serial, self.number, 0, len(self.lacing))
        raw = bytearray(_HEAD.pack(*fields) + self.lacing + self.body)
        raw[_CRC_AT] = struct.pack("<I", checksum(raw))
        return bytes(raw)

    def _packets(self) -> list[tuple[int, int]]:
        """Where each packet begins: (index into `lacing`, index into `body`)."""
        starts, at, is_new = [], 0, True
        for index, length in enumerate(self.lacing):
            if is_new:
                starts.append((index, at))
            is_new = length != _UNENDED
            at += length
        return starts


def read_pages(file: BinaryIO) -> Iterator[Page]:
    """Yield undamaged pages up to the first that is not: a crash tears the last one at most."""
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        mark, version, flags, granule, serial, number, found, count = _HEAD.unpack(head)
        lacing = file.read(count)
        body = file.read(sum(lacing))
        if mark != b"OggS" or version:
            return
        raw = bytearray(head + lacing + body)
        raw[_CRC_AT] = bytes(4)
        if checksum(raw) != found:
            return
        yield Page(flags, granule, serial, number, lacing, body)


def checksum(data: bytes | bytearray) -> int:
    """Ogg's CRC-32: zlib's with the bits of every byte and of the result mirrored, and no inversions."""
    crc = zlib.crc32(data.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_MIRRORED), "big")


def packet_samples(begin: bytes) -> int:
    """Length of an Opus packet at 48 kHz, from its first two bytes. Raises ValueError."""
    kind = begin[0] & 3 if begin else 3
    if kind == 3 and len(begin) < 2:
        raise ValueError("an Opus packet is too short")
    count = begin[1] & 63 if kind == 3 else min(kind + 1, 2)
    return _FRAME_SAMPLES[begin[0] >> 3] * count


def pre_skip(head: Page) -> int:
    """Samples to leave out at the beginning, from the page of the `OpusHead`. Raises ValueError."""
    if head.body[:8] != b"OpusHead" or len(head.body) < 19:
        raise ValueError("this is not Ogg with Opus in it")
    return int.from_bytes(head.body[10:12], "little")


def channels(head: Page) -> int:
    return head.body[9]
