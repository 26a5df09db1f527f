"""The command line `bpm`: one file per command, each a thin door to a function of `bpm.service`.

Exit codes: 0 fine, 1 findings at or above `--fail-on`, 2 bad usage or an unreadable input. An input error is one line
on stderr, `PATH:LINE: CODE message`, never a traceback. JSON goes alone to stdout.
"""

from __future__ import annotations

import importlib
import sys

import typer

from bpm.errors import LichtungError

COMMANDS = (
    "inspect",
    "check",
    "explain",
    "annotate",
    "decide",
    "simulate",
    "calibrate",
    "compare",
    "question",
    "redesign",
    "report",
    "serve",
    "db",
    "exchange",
)
"""Modules of this package, in the order of the help page; each has `register(app)`."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)


@app.callback()
def _subcommands() -> None:
    # typer turns an app with a single command into that command; a callback keeps the word on the line
    pass


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the console script's entry point."""
    for command in () if app.registered_commands else COMMANDS:
        importlib.import_module(f"bpm.cli.{command}").register(app)
    try:
        app(args=arguments)
    except LichtungError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        # a file that cannot be opened or written, named by the caller; reading models has errors of its own
        print(f"{error.filename or '-'}:0: unusable-file {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
