"""`python3 -m recorder_app`. Stdlib only until the environment is right."""

from __future__ import annotations

import sys

from recorder_app import bootstrap


def main() -> int:
    """Run the command line; with no arguments and no display, show the whole job on a screen of our own."""
    is_demo = len(sys.argv) == 1 and not bootstrap.has_display()
    bootstrap.ensure("run", bootstrap.APP + (bootstrap.NO_SCREEN if is_demo else ()))
    if is_demo:
        from recorder_app.demo import run

        return run.main()
    from recorder_app import cli

    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
