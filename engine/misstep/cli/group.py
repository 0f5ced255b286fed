"""The command ``misstep``, and the options and helpers that its subcommands share."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from misstep.errors import MisstepError, UsageError
from misstep.files import EMPTY

if TYPE_CHECKING:
    from misstep.api import RuleBase

OK, FOUND, BAD, STOPPED, UNREAD = 0, 1, 2, 130, 141
"""Exit codes: see ``misstep --help``; 130: stopped by Ctrl-C; 141: broken pipe."""

_Command = TypeVar("_Command", bound=Callable[..., object])


class FilePath(click.Path):
    """The path of a file or folder. An empty one, which pathlib takes for the working folder, is a UsageError."""

    def __init__(self, allow_dash: bool = False, dir_okay: bool = True) -> None:
        super().__init__(allow_dash=allow_dash, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Raises UsageError."""
        if not os.fspath(value):
            raise UsageError(f"{param.get_error_hint(ctx)}: {EMPTY}" if param is not None else EMPTY)
        return super().convert(value, param, ctx)


class NumberRange(click.FloatRange):
    """A number within bounds. NaN, which no comparison finds outside of them, is wrong usage."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number."""
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


rules_option = click.option(
    "--rules",
    multiple=True,
    type=FilePath(),
    metavar="PATH",
    help="Pack or folder of packs to use instead of the shipped rules; may be repeated. "
    "A pack that begins with `extends: misstep` is added to the shipped rules.",
)
record_format_option = click.option(
    "--input",
    "input_format",
    type=click.Choice(["json", "jsonl", "yaml"]),
    help="Format of the input. Default: by the file extension; for standard input, detected.",
)
engine_option = click.option(
    "--engine",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="core, python or durable, which give the same answers; auto: core where misstep-core is installed, else python.",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colors in the text; auto: on a terminal, unless NO_COLOR is set.",
)
seed_option = click.option(
    "--seed", type=int, default=1, show_default=True, help="Seed of the records that are made for the search."
)
budget_option = click.option(
    "--budget", type=click.IntRange(min=1), default=5000, show_default=True, metavar="N", help="Most records to assess."
)
paths_argument = click.argument("paths", nargs=-1, required=True, type=FilePath(), metavar="PATH...")


def output_option(*formats: str, help: str | None = None) -> Callable[[_Command], _Command]:  # noqa: A002 - as click has it
    """``--output`` for a choice of formats; the first is the default."""
    choice = click.Choice(formats)
    return click.option("-o", "--output", type=choice, default=formats[0], show_default=True, help=help)


class Commands(click.Group):
    """Click group that returns exit code 141 on a broken pipe; click itself would report an error."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command and return its exit code."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return UNREAD


def show_version(ctx: click.Context, _: click.Parameter, requested: bool) -> None:
    """Print the version for ``--version``. It is looked up only then, because that takes as long as an assessment."""
    if requested:
        from misstep.cli.version import describe_installation

        print(describe_installation())
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and the installed extras, and exit.",
)
def cli() -> None:
    """Assess mistakes in job interviews: how bad they were, whether anybody noticed, and what to do.

    \b
    Exit codes: 0 done
                1 findings at or above --fail-level, a failed case in `misstep test`,
                  a refuted promise in `misstep prove`, or invalid records in `misstep score`
                2 bad input, bad rules or wrong usage
    """


def print_error(error: MisstepError) -> None:
    """Print every problem of an error on standard error, one on each line."""
    for line in str(error).splitlines():
        print(f"misstep: {line}", file=sys.stderr)


def is_given(option: str) -> bool:
    """Whether an option of the command that runs stands on its line, by the name of its parameter."""
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


def load_rules(paths: tuple[Path, ...]) -> RuleBase:
    """The rule base of ``--rules``."""
    from misstep.api import RuleBase

    return RuleBase.load(*paths) if paths else RuleBase.shipped()


def print_json(data: object) -> None:
    """Print data as JSON."""
    print(json.dumps(data, ensure_ascii=False, indent=1))


def write_bytes(data: bytes) -> None:
    """Write JSON, which is UTF-8 in every locale, to standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def split_names(text: str) -> list[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",")] if text else []


def use_color(color: str) -> bool:
    """Whether to use colors, by the option ``--color``."""
    return color == "always" or (color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def terminal_width() -> int:
    """Columns of the terminal, from 60 to 100."""
    return max(60, min(100, shutil.get_terminal_size((100, 24)).columns))
