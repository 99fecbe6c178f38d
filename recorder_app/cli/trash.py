"""`recorder delete` and `recorder trash list|restore|empty`."""

from __future__ import annotations

import argparse

from recorder_app.cli.output import opened, print_json
from recorder_app.recorder import Recorder
from recorder_app.trash import TrashRow


def delete_command(options: argparse.Namespace) -> None:
    with opened() as recorder:
        recording = recorder.find(options.recording)
        recorder.delete(recording.id)
        if options.json:
            print_json({"id": recording.id, "is_trashed": True})
        else:
            print(f"In the trash for 30 days. Take it out: recorder trash restore {recording.id[:8]}")


def trash_command(options: argparse.Namespace) -> int | None:
    is_working = options.action == "empty"
    with opened(is_working=is_working) as recorder:
        return _ACTIONS[options.action](recorder, options)


def _list(recorder: Recorder, options: argparse.Namespace) -> int:
    rows = recorder.trash.listing()
    if options.json:
        print_json([_row_json(row) for row in rows])
    for row in rows if not options.json else []:
        until = row.reason or ("being deleted" if row.is_ending else f"until {row.purge_at:%Y-%m-%d}")
        print(f"{row.recording.id[:8]}  {row.recording.title or 'Untitled'}  {until}")
    if not rows and not options.json:
        print("The trash is empty")
    return 0


def _restore(recorder: Recorder, options: argparse.Namespace) -> int:
    restored = recorder.trash.restore(recorder.trash.find(options.recording).id)
    if options.json:
        print_json({"id": restored.id, "is_trashed": False})
    else:
        print(f"Back in the library: {restored.title or 'Untitled'}")
    return 0


def _empty(recorder: Recorder, options: argparse.Namespace) -> int:
    """Delete for good and wait for the servers; what one of them holds back goes on later by itself."""
    asked = recorder.trash.empty()
    for recording_id in asked:
        recorder.work_until_idle(recording_id, timeout_s=options.wait)
    left = [row for row in recorder.trash.listing() if row.is_ending]
    if options.json:
        print_json({"deleted": len(asked) - len(left), "left": [_row_json(row) for row in left]})
    else:
        print(f"{len(asked) - len(left)} deleted for good, here and on the server")
        for row in left:
            print(f"{row.recording.id[:8]}  {row.reason or 'goes on while the app runs'}")
    return 6 if left else 0


def _row_json(row: TrashRow) -> dict[str, object]:
    return {
        "id": row.recording.id,
        "title": row.recording.title,
        "trashed_at": row.recording.trashed_at.isoformat() if row.recording.trashed_at else None,
        "purge_at": row.purge_at.isoformat(),
        "is_ending": row.is_ending,
        "reason": row.reason,
    }


_ACTIONS = {"list": _list, "restore": _restore, "empty": _empty}
