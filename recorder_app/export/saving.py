"""An export as a file: whole or not at all, and never over another one unless that was asked for."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from pathlib import Path

from recorder_app.errors import DiskFullError, StorageError, UsageError
from recorder_app.export.base import Exporter
from recorder_app.export.document import file_name
from recorder_app.models import RecordingDetail

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def save(detail: RecordingDetail, exporter: Exporter, target: Path, *, is_overwriting: bool = False) -> Path:
    """Write the file and return where it is; a folder as `target` gets one with a fitting name.

    Raises UsageError when the file exists, DiskFullError or StorageError.
    """
    path = target / file_name(detail, exporter.suffix) if target.is_dir() else target
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        # Looked at early to save the work; what counts is `_put`.
        if not is_overwriting and path.exists():
            _refuse(path)
        with partial.open("xb") as file:
            exporter.write_to(detail, file)
            file.flush()
            os.fsync(file.fileno())
        _put(partial, path, is_overwriting=is_overwriting)
    except FileExistsError as error:
        raise UsageError("The file exists already", detail=str(path), hint="Choose another name") from error
    except OSError as error:
        kind = DiskFullError if error.errno in _FULL else StorageError
        raise kind(
            "The file cannot be written",
            detail=f"{path}: {error.strerror or error}",
            hint="Choose another folder",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return path


def _refuse(path: Path) -> None:
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _put(partial: Path, path: Path, *, is_overwriting: bool) -> None:
    if is_overwriting:
        partial.replace(path)
        return
    try:
        # A link fails when the name is taken, whoever took it meanwhile; a rename would replace it.
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:
        # No links on this file system (FAT, some shares): reserve the name first.
        path.open("xb").close()
        partial.replace(path)
