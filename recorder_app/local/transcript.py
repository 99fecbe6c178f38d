"""What appending does to a transcript: the server's rules as pure functions (posthog/README §4.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

StoredSegment = Mapping[str, Any]


def appended(stored: Sequence[StoredSegment], batch: Sequence[StoredSegment]) -> list[StoredSegment]:
    """Return `stored` with the segments of `batch` whose timestamp is not stored yet, in order of arrival.

    Only what was stored before the batch counts: two equal timestamps inside one batch are both kept.
    A segment without a timestamp is always appended. Nothing is ever sorted.
    """
    known = {segment.get("timestamp") for segment in stored} - {None}
    return [*stored, *(segment for segment in batch if segment.get("timestamp") not in known)]


def joined_text(segments: Sequence[StoredSegment]) -> str:
    """Return all texts in list order; recomputed by an append only, never by a PATCH."""
    return " ".join(segment["text"] for segment in segments)
