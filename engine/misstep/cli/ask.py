"""``misstep ask``: show the questions whose answers matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    BAD,
    OK,
    FilePath,
    cli,
    color_option,
    engine_option,
    load_rules,
    output_option,
    print_error,
    record_format_option,
    rules_option,
    terminal_width,
    use_color,
    write_bytes,
)
from misstep.errors import BudgetError, EngineError, RecordError

if TYPE_CHECKING:
    from misstep.api import EngineName


@cli.command()
@click.argument("file", type=FilePath(allow_dash=True))
@rules_option
@output_option("text", "json", help="Text: the first questions; JSON, one line for each record: all of them.")
@record_format_option
@engine_option
@color_option
def ask(file: Path, rules: tuple[Path, ...], output: str, input_format: str | None, engine: EngineName, color: str) -> int:
    """Show what to ask about the interviews in FILE, or - for standard input: the open fields whose answers change most.

    FILE is one record as JSON or YAML, or JSON lines with one record on each line.

    \b
    misstep ask interview.yaml
    echo '[{"kind": "late_arrival", "minutes": 12}]' | misstep ask -
    """
    from misstep.analysis.question_text import to_text
    from misstep.assessment.record_files import answer_for, check_is_file, read_documents

    if str(file) != "-":
        check_is_file(file)  # before the rules are loaded, which takes longer
    rulebase = load_rules(rules)
    code = OK
    for number, document in enumerate(read_documents(file, input_format)):
        try:
            found = answer_for(document, lambda facts: rulebase.questions(facts, engine))
        except (RecordError, BudgetError, EngineError) as error:
            print_error(error)
            code = BAD
            continue
        if output == "json":
            write_bytes(found.to_json() + b"\n")
        else:
            print(("\n" if number else "") + to_text(found, terminal_width(), use_color(color)), end="")
    return code
