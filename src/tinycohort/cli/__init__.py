"""The command line: `init | check | show | fit | pool | reconstruct | calibrate | report | reproduce` of `tinycohort`.

Only here is anything printed. Nothing heavy is imported before a command needs it, so that help and complaints are
instant.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from ..issues import InputError
from .output import complain, refuse
from .parser import build_parser

__all__ = ["ANSWERED", "INTERRUPTED", "PIPE_CLOSED", "SHOW_FAULTS", "USAGE", "WRONG", "main"]

ANSWERED, WRONG, USAGE = 0, 1, 2
# What shells report for a command that was stopped by the keyboard, or by the end of the pipe that it wrote to.
INTERRUPTED, PIPE_CLOSED = 130, 141

#: Set in the environment, it lets a fault of the package itself show where it happened.
SHOW_FAULTS = "TINYCOHORT_TRACEBACK"
_OURS = f"This is a fault of tinycohort, please report it with what you typed; {SHOW_FAULTS}=1 shows where it happened."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after ``tinycohort``; those of the process when not given.

    Returns
    -------
    int
        0 if it answered; 1 if the input is wrong, a file is missing or a fit may not be reported, which standard error
        then explains; 2 if the command itself was not understood.

    Examples
    --------
    >>> main(["show", "sato_2020_response", "--json"]) == ANSWERED
    {
      "name": "sato_2020_response",
      ...
    True
    """
    try:
        options = build_parser().parse_args(arguments)
    except SystemExit as stop:  # argparse has said what it had to say
        return int(stop.code or ANSWERED)
    # A warning is a message like others; the place in the source that raised it tells a user nothing.
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        return _run(options)


def _run(options: Any) -> int:
    try:
        status = options.command(options)
        sys.stdout.flush()
        return int(status)
    except InputError as error:
        refuse([str(issue) for issue in error.issues], options)
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more when it ends: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        refuse([f"{place}{error.strerror or error}"], options)
        return WRONG
    except (ArithmeticError, LookupError, ValueError) as error:
        if os.environ.get(SHOW_FAULTS):
            raise
        refuse([f"{type(error).__name__}: {error}. {_OURS}"], options)
        return WRONG


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    complain(f"warning: {message}")
