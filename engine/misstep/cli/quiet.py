"""Check a log of which nothing may be urgent: the option ``--quiet`` of ``misstep test``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path

import click

from misstep.cli.group import FOUND, OK, FilePath, is_given, print_json
from misstep.errors import UsageError
from misstep.layout.wording import counted


def with_quiet_log(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command on ``paths`` the option ``--quiet``."""

    @click.option(
        "--quiet",
        type=FilePath(),
        metavar="LOG",
        help="Instead of the cases, check LOG, a log of good records: fail if one has an urgent verdict.",
    )
    @wraps(command)
    def checked(paths: tuple[Path, ...], output: str, quiet: Path | None, **options: object) -> int:
        if quiet is None:
            return command(paths, output=output, **options)
        if others := [param.opts[0] for param in click.get_current_context().command.params if _goes_astray(param, options)]:
            raise UsageError(f"--quiet checks a log instead of the cases; remove {', '.join(others)}")
        return _check(paths, quiet, output)

    return checked


def _goes_astray(param: click.Parameter, options: Mapping[str, object]) -> bool:
    """Whether an option is given that is only for cases."""
    return param.name in options and is_given(str(param.name))


def _check(paths: tuple[Path, ...], log: Path, output: str) -> int:
    from misstep.tools.quiet_log import check_quiet_log

    found = check_quiet_log(paths, log)
    if output == "json":
        print_json({"records": found.records, "urgent": [each.to_data() for each in found.urgent]})
    else:
        for each in found.urgent:
            print(f"URGENT {each}")
        print(f"{counted(found.records, 'record')}, {len(found.urgent)} urgent")
    return FOUND if found.urgent else OK
