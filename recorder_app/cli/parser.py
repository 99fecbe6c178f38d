"""The commands and their options. Only argparse is imported here; each command imports what it needs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import recorder_app

FORMATS = ("markdown", "text", "docx", "pdf", "srt", "vtt", "json", "zip")
"""Those of `export.EXPORTERS`, which a test holds this to: importing them here would slow every command."""

Run = Callable[[argparse.Namespace], int | None]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options with `run`, the function that carries the command out. May exit with 0 or 2."""
    return build().parse_args(arguments)


def build() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recorder",
        description="Record both sides of a call, keep every second, read and act on it.",
        epilog="Data lives in RECORDER_HOME. POSTHOG_HOST, POSTHOG_PROJECT_ID and "
        "POSTHOG_PERSONAL_API_KEY name a server.",
    )
    parser.add_argument("--version", action="version", version=f"recorder {recorder_app.__version__}")
    parser.set_defaults(run=_lazy("service", "app"), hidden=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_recording(commands)
    _add_reading(commands)
    _add_trash(commands)
    _add_server(commands)
    _add_service(commands)
    return parser


def _add_recording(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, what in (("start", "start recording"), ("toggle", "start recording, or stop and save")):
        command = _command(commands, name, what, "recording", has_json=True)
        command.add_argument("--title", default="", help="the meeting's title")
        _add_sources(command)
    for name, what in (
        ("stop", "stop and save"),
        ("pause", "pause: nothing is recorded until resume"),
        ("resume", "go on after a pause"),
        ("status", "what is being recorded, levels, disk, uploads"),
    ):
        _command(commands, name, what, "recording", has_json=True)
    bookmark = _command(commands, "bookmark", "mark this moment", "recording", has_json=True)
    bookmark.add_argument("note", nargs="?", default="", help="a few words for the mark")
    record = _command(
        commands,
        "record",
        "record in the foreground, then upload, transcribe and print",
        "record",
        has_json=True,
    )
    record.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        metavar="SECONDS",
        help="stop after so many seconds (else Ctrl+C)",
    )
    record.add_argument("--title", default="", help="the meeting's title")
    record.add_argument(
        "--wait",
        type=_seconds,
        default=900.0,
        metavar="SECONDS",
        help="give up waiting for upload and transcript after so long (the work goes on later)",
    )
    _add_sources(record)


def _add_reading(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "list", "recordings, newest first", "reading", has_json=True)
    command.add_argument("--limit", type=_count, default=50, help="at most so many (default 50)")
    command.add_argument("--search", default="", metavar="WORDS", help="only those with these words")
    command = _command(commands, "search", "find words, and the line that has them", "reading", has_json=True)
    command.add_argument("words", nargs="+", help='what to look for; "in quotes": exactly so')
    command.add_argument("--limit", type=_count, default=20, help="at most so many (default 20)")
    command = _command(commands, "show", "one recording with its transcript", "reading", has_json=True)
    command.add_argument("recording", help='its id (the first characters suffice), or "last"')
    command = _command(commands, "export", "a recording as a document", "reading")
    command.add_argument("recording", help='its id (the first characters suffice), or "last"')
    command.add_argument("--format", default="markdown", choices=FORMATS, help="default: markdown")
    command.add_argument(
        "--output", metavar="FILE", help="write here (a folder: under a fitting name); never overwrites"
    )
    command = _command(
        commands, "import", "take an audio or video file into the library", "importing", has_json=True
    )
    command.add_argument("files", nargs="+", metavar="FILE", help="any file with sound, video too")
    command.add_argument("--title", default="", help="its title, of one file (default: the file's name)")
    command.add_argument(
        "--wait",
        type=_seconds,
        default=900.0,
        metavar="SECONDS",
        help="wait this long for upload and transcript",
    )


def _add_trash(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(
        commands, "delete", "move a recording to the trash, for 30 days", "trash", has_json=True
    )
    command.add_argument("recording", help='its id (the first characters suffice), or "last"')
    command = _command(commands, "trash", "what was deleted, and until when it can be restored", "trash")
    actions = command.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _action(actions, "list", "what is in the trash")
    action = _action(actions, "restore", "take a recording out of the trash")
    action.add_argument("recording", help="its id (the first characters suffice)")
    action = _action(
        actions, "empty", "delete everything in it for good, also on the server, for the whole team"
    )
    action.add_argument(
        "--wait",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="wait this long for each on the server (default 60)",
    )


def _add_server(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "workspace", "where recordings go: this computer or a server", "workspace")
    actions = command.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _action(actions, "show", "where recordings go now")
    action = _action(actions, "use", "send recordings there from now on")
    action.add_argument("address", metavar="URL", help='"local", "us", "eu", or a server\'s address')
    action.add_argument(
        "--project", metavar="ID", help="the project's number (default: the key's current one)"
    )
    action.add_argument(
        "--push-backlog", action="store_true", help="also move what this computer holds, oldest first"
    )
    action = _action(actions, "test", "what the server, the key and the project allow")
    action.add_argument("address", metavar="URL", nargs="?", help="another server than the one in use")
    action.add_argument("--project", metavar="ID", help="another project than the one in use")
    for name, what in (
        ("sign-in", "keep a key in the keyring: asked for, piped in, or from the environment"),
        ("sign-out", "take the key out of the keyring"),
    ):
        action = _action(actions, name, what)
        action.add_argument("address", metavar="URL", nargs="?", help="another server than the one in use")
    command = _command(commands, "datasets", "recordings as examples to evaluate against", "datasets")
    actions = command.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    action = _action(actions, "list", "every dataset, newest first")
    action.add_argument("--search", default="", metavar="WORDS", help="only those with these words")
    action = _action(actions, "create", "make a dataset")
    action.add_argument("name")
    action.add_argument("--description", default="")
    for name, what in (
        ("rename", "give it another name"),
        ("delete", "hide it; undelete brings it back"),
        ("undelete", "bring a deleted one back (by its whole id)"),
        ("add", "add a recording as an example, or bring it up to date"),
        ("items", "what is in it"),
    ):
        action = _action(actions, name, what)
        action.add_argument("dataset", help="its id or name")
        if name == "rename":
            action.add_argument("name")
        elif name == "add":
            action.add_argument("recording", help='the recording\'s id, or "last"')
        elif name == "items":
            action.add_argument("--limit", type=_count, default=20, help="at most so many (default 20)")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    action.add_argument("--json", action="store_true", help="print JSON")
    return action


def _add_service(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = _command(commands, "app", "the tray app (the default)", "service")
    command.add_argument("--hidden", action="store_true", help="start in the tray without a window")
    command = _command(commands, "sync", "bring what is waiting to the server", "sync", has_json=True)
    command.add_argument("--once", action="store_true", help="until nothing can move, then end")
    command.add_argument("--status", action="store_true", help="only say what is waiting, and why")
    command.add_argument("--retry", metavar="ID", help="try one again now that waits or was given up")
    command.add_argument("--cancel", metavar="ID", help="stop sending one; --retry takes it back")
    _command(commands, "doctor", "check sound, disk, server and keyring", "service", has_json=True)
    command = _command(commands, "serve", "the embedded backend on loopback", "service")
    command.add_argument("--port", type=_port, default=0, help="0 (default) takes a free one")
    command.add_argument("--data", metavar="DIR", help="its data folder (default: the one the app uses)")
    command.add_argument("--key", help="fix the bearer key instead of generating one")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    what: str,
    module: str,
    *,
    has_json: bool = False,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=what, description=what[0].upper() + what[1:] + ".")
    if has_json:
        command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=_lazy(module, name))
    return command


def _add_sources(command: argparse.ArgumentParser) -> None:
    for side, what in (("mic", "your side"), ("system", "the far side")):
        command.add_argument(
            f"--{side}",
            metavar="SRC",
            help=f'{what}: a name from `recorder doctor`, "default", "none", or fake:…',
        )


def _lazy(module: str, name: str) -> Run:
    def run(options: argparse.Namespace) -> int | None:
        from importlib import import_module

        command: Run = getattr(
            import_module(f"recorder_app.cli.{module}"), f"{name.replace('-', '_')}_command"
        )
        return command(options)

    return run


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 7 * 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds (1 to 604800)")
    return seconds


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 100000")
    return int(text)


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)
