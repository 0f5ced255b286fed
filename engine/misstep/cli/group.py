"""The command itself, and what its subcommands share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from misstep.errors import MisstepError

if TYPE_CHECKING:
    from misstep.api import RuleBase

OK, FOUND, BAD, STOPPED, UNREAD = 0, 1, 2, 130, 141

rules_option = click.option(
    "--rules", "rules", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
    help="Pack or folder of packs to use instead of the shipped rules; may be repeated. "
    "A pack that begins with `extends: misstep` adds to the shipped ones.",
)  # fmt: skip

engine_option = click.option(
    "--engine", default="compiled", show_default=True, metavar="NAME",
    help="compiled, or durable for durable-rules (extra misstep[durable]); the answers are the same.",
)  # fmt: skip


class Commands(click.Group):
    """The commands; that nobody reads the output any more is no error of theirs, as click would have it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its exit code comes back."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return UNREAD


def show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """What ``--version`` prints; looked up only then, for it takes as long as an assessment."""
    if not wanted:
        return
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
    help="Show the version and which extras are installed, and exit.",
)
def cli() -> None:
    """Says how bad a mistake in a job interview was, whether anybody noticed, and what to do about it.

    \b
    Exit codes: 0 done
                1 findings at or above --fail-level, a case of `misstep test` that failed,
                  or an interview that `misstep score` could not score
                2 bad input, bad rules or bad usage
    """


def complain(error: MisstepError) -> None:
    """Every problem, a line each, on standard error."""
    for line in str(error).splitlines():
        print(f"misstep: {line}", file=sys.stderr)


def load(rules: tuple[Path, ...]) -> RuleBase:
    """The rule base of ``--rules``."""
    from misstep.api import RuleBase

    return RuleBase.load(*rules) if rules else RuleBase.shipped()


def write_bytes(data: bytes) -> None:
    """JSON is UTF-8, whatever the terminal's encoding is."""
    sys.stdout.buffer.write(data)


def colored(color: str) -> bool:
    """Whether ``--color`` asks for colors here."""
    return color == "always" or (color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR"))


def width() -> int:
    """Columns of the terminal, within what can be read."""
    return max(60, min(100, _columns()))


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns
