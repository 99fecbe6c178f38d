"""`recorder datasets …`: list, create, rename, delete, undelete, add, items."""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
from typing import Any

from recorder_app.cli.output import opened, print_json
from recorder_app.recorder import Recorder


def datasets_command(options: argparse.Namespace) -> None:
    with opened() as recorder:
        _ACTIONS[options.action](recorder, options)


def _list(recorder: Recorder, options: argparse.Namespace) -> None:
    found = recorder.datasets.list(options.search)
    if options.json:
        print_json([_plain(each) for each in found])
    elif found:
        for each in found:
            print(f"{each.id}  {each.name}")
    else:
        print("No datasets. Make one: recorder datasets create NAME")


def _create(recorder: Recorder, options: argparse.Namespace) -> None:
    _tell(recorder.datasets.create(options.name, options.description), options)


def _rename(recorder: Recorder, options: argparse.Namespace) -> None:
    dataset = recorder.datasets.find(options.dataset)
    _tell(recorder.datasets.rename(dataset.id, options.name), options)


def _delete(recorder: Recorder, options: argparse.Namespace) -> None:
    deleted = recorder.datasets.delete(recorder.datasets.find(options.dataset).id)
    _tell(deleted, options, f"Deleted. Bring it back: recorder datasets undelete {deleted.id}")


def _undelete(recorder: Recorder, options: argparse.Namespace) -> None:
    # What is deleted is in no list: only its whole id finds it.
    _tell(recorder.datasets.undelete(options.dataset), options)


def _add(recorder: Recorder, options: argparse.Namespace) -> None:
    recording = recorder.find(options.recording)
    dataset = recorder.datasets.find(options.dataset)
    added = recorder.datasets.add_recording(dataset.id, recording.id)
    if options.json:
        print_json({"item": _plain(added.item), "was_there": added.was_there})
    else:
        print(f"{'Updated in' if added.was_there else 'Added to'} {dataset.name}: {added.item.id}")


def _items(recorder: Recorder, options: argparse.Namespace) -> None:
    dataset = recorder.datasets.find(options.dataset)
    count, found = recorder.datasets.items(dataset.id, limit=options.limit)
    if options.json:
        print_json({"count": count, "results": [_plain(each) for each in found]})
        return
    for each in found:
        title = each.metadata.get("title") if isinstance(each.metadata, dict) else None
        print(f"{each.id}  {title or 'Untitled'}")
    print(f"{count} in {dataset.name}")


def _tell(dataset: Any, options: argparse.Namespace, sentence: str = "") -> None:
    if options.json:
        print_json(_plain(dataset))
    else:
        print(sentence or f"{dataset.id}  {dataset.name}")


def _plain(value: Any) -> dict[str, Any]:
    return {
        name: each.isoformat() if isinstance(each, dt.datetime) else each
        for name, each in dataclasses.asdict(value).items()
    }


_ACTIONS = {
    "list": _list,
    "create": _create,
    "rename": _rename,
    "delete": _delete,
    "undelete": _undelete,
    "add": _add,
    "items": _items,
}
