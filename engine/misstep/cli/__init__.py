"""The command ``misstep``. Only this package prints.

Exit codes: 0 done; 1 findings at or above ``--fail-level``, a failed case or invalid records; 2 bad input, bad rules or wrong
usage; 130 stopped by Ctrl-C; 141 broken pipe.
"""

from __future__ import annotations

import io
import os
import sys
from typing import NoReturn

import click

from misstep.cli import (  # noqa: F401 - each module adds its commands to ``cli``
    ask,
    assess,
    calibrate,
    check,
    diff,
    evidence,
    explain,
    lookup,
    mapping,
    mcp,
    new,
    profile,
    prove,
    report,
    same,
    sample,
    score,
    serve,
    suggest,
    workbench,
)
from misstep.cli.group import BAD, OK, STOPPED, UNREAD, cli, print_error
from misstep.cli.standard_streams import STDOUT, open_streams
from misstep.errors import MisstepError, printable


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command and exit with its exit code."""
    open_streams()
    try:
        code = _run(arguments)
    except OSError:  # standard error cannot be written, so there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # Python flushes it once more at exit
        code = BAD
    sys.exit(code)


def _run(arguments: list[str] | None) -> int:
    """Run the command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the encoding of a terminal or file may not be UTF-8
            stream.reconfigure(errors="backslashreplace")
    code, is_lost = BAD, False
    try:
        result = cli.main(arguments, prog_name="misstep", standalone_mode=False)
        sys.stdout.flush()  # may fail: the disk may be full
        code = OK if result is None else result
    except click.ClickException as error:
        error.show()
    except (click.Abort, KeyboardInterrupt):
        print("misstep: stopped", file=sys.stderr)
        code = STOPPED
    except MisstepError as error:
        print_error(error)
    except BrokenPipeError:
        code = UNREAD
    except OSError as error:
        is_lost = error.filename == STDOUT
        place = f"{printable(str(error.filename))}: " if error.filename else ""
        print(f"misstep: {place}{error.strerror or printable(str(error))}", file=sys.stderr)
    except Exception as error:
        if os.environ.get("MISSTEP_DEBUG"):
            raise
        print(f"misstep: internal error ({type(error).__name__}); set MISSTEP_DEBUG=1 for a traceback", file=sys.stderr)
    if is_lost or code == UNREAD:  # Python flushes the stream once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
