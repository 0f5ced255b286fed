"""The command ``misstep``. Only this package prints.

Exit codes: 0 done; 1 findings at or above ``--fail-level``, a failed case or invalid records; 2 bad input, bad rules or wrong
usage; 130 stopped by Ctrl-C; 141 broken pipe.
"""

from __future__ import annotations

import io
import os
import sys

import click

from misstep.cli import assess, calibrate, lookup, report, sample, score, serve, workbench  # noqa: F401 - each module adds its commands to ``cli``
from misstep.cli.group import BAD, OK, STOPPED, UNREAD, cli, print_error
from misstep.errors import MisstepError, printable


def main(arguments: list[str] | None = None) -> int:
    """Run the command and exit with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the encoding of a terminal or file may not be UTF-8
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(arguments, prog_name="misstep", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = BAD
    except (click.Abort, KeyboardInterrupt):
        print("misstep: stopped", file=sys.stderr)
        code = STOPPED
    except MisstepError as error:
        print_error(error)
        code = BAD
    except BrokenPipeError:
        code = UNREAD
    except OSError as error:
        print(f"misstep: {printable(str(error.filename or ''))}: {error.strerror or printable(str(error))}", file=sys.stderr)
        code = BAD
    except Exception as error:
        if os.environ.get("MISSTEP_DEBUG"):
            raise
        print(f"misstep: internal error ({type(error).__name__}); set MISSTEP_DEBUG=1 for a traceback", file=sys.stderr)
        code = BAD
    if code == UNREAD:  # Python flushes the stream once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code if isinstance(code, int) else OK)
