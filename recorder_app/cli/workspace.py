"""`recorder workspace …`: show, use, test, sign-in, sign-out. A key is never an argument."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import os
import sys

from recorder_app.cli.output import opened, print_json, say
from recorder_app.connection import ConnectionReport
from recorder_app.errors import UsageError
from recorder_app.recorder import Recorder
from recorder_app.workspaces import WorkspaceView


def workspace_command(options: argparse.Namespace) -> int | None:
    with opened() as recorder:
        return _ACTIONS[options.action](recorder, options)


def _show(recorder: Recorder, options: argparse.Namespace) -> int:
    _tell(recorder.workspaces.current(), options)
    return 0


def _use(recorder: Recorder, options: argparse.Namespace) -> int:
    view = recorder.workspaces.use(
        options.address, project_id=options.project, push_backlog=options.push_backlog
    )
    _tell(view, options)
    if view.backlog and not view.moving and not options.json:
        say(f"{view.backlog} recordings stay on this computer. Move them: add --push-backlog")
    elif view.moving and not options.json:
        say("They move one by one while the app runs, or now with: recorder sync --once")
    return 0


def _test(recorder: Recorder, options: argparse.Namespace) -> int:
    report = recorder.workspaces.check(options.address, project_id=options.project)
    if options.json:
        print_json(_report_json(report))
    else:
        marks = {True: "✓", False: "✗"}
        print(f"{marks[report.can_read]} read   {report.workspace}, project {_project(report)}")
        print(f"{marks[report.can_write]} write")
        print(f"{marks[report.can_create]} create recordings")
        if report.user:
            print(f"· signed in as {report.user}")
    if report.error is None:
        return 0
    say(f"recorder: {report.error.sentence}")
    return report.error.exit_code


def _sign_in(recorder: Recorder, options: argparse.Namespace) -> int:
    recorder.workspaces.sign_in(_key(), options.address)
    if not options.json:
        print("The key is in the keyring. Test it: recorder workspace test")
        return 0
    return _show(recorder, options)


def _sign_out(recorder: Recorder, options: argparse.Namespace) -> int:
    was_there = recorder.workspaces.sign_out(options.address)
    if options.json:
        print_json({"was_there": was_there})
    else:
        print("The key is gone from the keyring" if was_there else "There was no key in the keyring")
    return 0


def _key() -> str:
    """From the environment, a prompt that shows nothing, or one line of the standard input."""
    given = os.environ.get("POSTHOG_PERSONAL_API_KEY", "").strip()
    if not given:
        is_person = sys.stdin.isatty()
        given = (getpass.getpass("Personal API key: ") if is_person else sys.stdin.readline()).strip()
    if not given:
        raise UsageError(
            "There was no key", hint="Type it at the prompt, or pipe it in, or set POSTHOG_PERSONAL_API_KEY"
        )
    return given


def _tell(view: WorkspaceView, options: argparse.Namespace) -> None:
    if options.json:
        print_json(dataclasses.asdict(view))
        return
    where = view.label if view.workspace == "local" else f"{view.label}, project {view.project_id}"
    print(where)
    if view.workspace != "local":
        print(f"Key: {view.key_source}" if view.key_source else "No key: recorder workspace sign-in")
    if view.moving:
        print(f"{view.moving} recordings move here from this computer")
    if view.paused_reason:
        print(view.paused_reason)


def _project(report: ConnectionReport) -> str:
    return f"{report.project.name} ({report.project.id})" if report.project else report.project_id


def _report_json(report: ConnectionReport) -> dict[str, object]:
    return {
        "workspace": report.workspace,
        "project_id": report.project_id,
        "project": dataclasses.asdict(report.project) if report.project else None,
        "user": report.user or None,
        "can_read": report.can_read,
        "can_write": report.can_write,
        "can_create": report.can_create,
        "trouble": report.trouble.value if report.trouble else None,
        "title": report.error.title if report.error else None,
        "detail": report.error.detail if report.error else None,
        "hint": report.error.hint if report.error else None,
    }


_ACTIONS = {"show": _show, "use": _use, "test": _test, "sign-in": _sign_in, "sign-out": _sign_out}
