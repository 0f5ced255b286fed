"""``misstep suggest``: read a text for the facts that it may tell of."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import OK, cli, load_rules, output_option, rules_option, terminal_width, write_bytes
from misstep.errors import Location, Problem, RecordError, UsageError, printable
from misstep.limits import FIXED
from misstep.rulebase.documents import read_text

if TYPE_CHECKING:
    from misstep.analysis.reading.reader import Suggestion
    from misstep.api import RuleBase

MOST_BYTES = FIXED.story_bytes
NOTHING = "nothing was understood; tell in English what went wrong, or look through `misstep kinds`"


@cli.command()
@click.argument("story", metavar="TEXT|FILE|-")
@rules_option
@output_option("text", "json", help="Text with the likely facts, or JSON with all of them.")
def suggest(story: str, rules: tuple[Path, ...], output: str) -> int:
    """Read a story, in people's own words, for the facts that it may tell of.

    The story is the argument itself, the text of a file, or standard input with -. Nothing is assessed: what it suggests is for a
    person to confirm.

    \b
    misstep suggest "My phone rang and I was twelve minutes late."
    misstep suggest story.txt --output json
    """
    from misstep.analysis.reading import SHOWN

    text = _read(story)
    rulebase = load_rules(rules)
    if output == "json":
        from misstep.analysis.reading.suggestions_json import to_json

        write_bytes(to_json(rulebase.suggest(text)) + b"\n")
        return OK
    shown = [each for each in rulebase.suggest(text) if each.score >= SHOWN]
    for each in shown:
        _show(each, text, rulebase)
    if not shown:
        print(NOTHING)
    return OK


def _read(story: str) -> str:
    """The text of the argument. Raises UsageError where it names a folder, RecordError where it cannot be read as text."""
    if not story:  # pathlib takes it for the working folder
        return story
    if story == "-":
        return _decoded(sys.stdin.buffer.read(MOST_BYTES + 1), "<stdin>")
    try:
        path = Path(story)
        if path.is_dir():
            raise UsageError(f"{printable(story)}: is a folder; name a file, or tell the story itself")
        if path.is_file():
            with path.open("rb") as stream:
                return _decoded(stream.read(MOST_BYTES + 1), story)
    except (OSError, ValueError) as error:  # a long story is no path
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError) and len(story) < 200 and "\n" not in story:
            raise
    return story


def _decoded(data: bytes, name: str) -> str:
    if len(data) > MOST_BYTES:
        raise RecordError([Problem(Location(name), f"has more than {MOST_BYTES} bytes; tell the part that matters")])
    return read_text(data, name)


def _show(each: Suggestion, text: str, rulebase: RuleBase) -> None:
    """One suggestion: how likely, which kind, its words in the text, and its fields."""
    said = ", ".join(f'"{_shown(text[start:end])}"' for start, end in each.spans)
    title = rulebase.kinds[each.kind].title
    line = f"{each.score:4.0%}  {each.kind}: {title}" + (f", from {said}" if said else "")
    print(textwrap.fill(line, terminal_width(), subsequent_indent="      ", break_on_hyphens=False))
    fields = ", ".join(f"{name}: {_value(value)}" for name, value in each.fields.items())
    if fields:
        print(textwrap.fill(fields, terminal_width(), initial_indent="      ", subsequent_indent="      "))


def _shown(words: str) -> str:
    return printable(" ".join(words.split()))


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else json.dumps(value).strip('"')
