"""``misstep assess``: assess records and print the assessments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    BAD,
    FOUND,
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
from misstep.errors import BudgetError, EngineError, RecordError, UsageError, did_you_mean

if TYPE_CHECKING:
    from misstep.analysis.certainty import Certainty
    from misstep.api import EngineName, RuleBase
    from misstep.assessment.result import Assessment


@cli.command()
@click.argument("file", type=FilePath(allow_dash=True))
@rules_option
@output_option("text", "json", "markdown", help="Text; JSON, one line for each record; or Markdown with all details.")
@record_format_option
@click.option(
    "--fail-level", metavar="BAND", help="Exit with code 1 if a finding has this severity band or a worse one, e.g. `serious`."
)
@engine_option
@click.option("--certainty", is_flag=True, help="Also show how far the answer depends on missing information; this takes longer.")
@click.option("--full", is_flag=True, help="Text with rule ids, and with figures and addresses of sources.")
@color_option
def assess(
    file: Path,
    rules: tuple[Path, ...],
    output: str,
    input_format: str | None,
    fail_level: str | None,
    engine: EngineName,
    certainty: bool,
    full: bool,
    color: str,
) -> int:
    """Assess the interviews in FILE, or - for standard input.

    FILE is one record as JSON or YAML, or JSON lines with one record on each line.

    \b
    misstep assess interview.yaml
    misstep assess interviews.jsonl --output json --fail-level serious
    misstep assess interview.yaml --certainty
    echo '[{"kind": "late_arrival", "minutes": 12}]' | misstep assess -
    """
    from misstep.assessment.record_files import answer_for, check_is_file, read_documents

    if str(file) != "-":
        check_is_file(file)  # before the rules are loaded, which takes longer
    rulebase = load_rules(rules)
    bands = rulebase.program.scale.severity.words
    if fail_level is not None and fail_level not in bands:
        hint = did_you_mean(fail_level, bands, f"; it is one of {', '.join(bands)}")
        raise UsageError(f"--fail-level: unknown band '{fail_level}'{hint}")
    code = OK
    for number, document in enumerate(read_documents(file, input_format)):
        certain: Certainty | None = None
        try:
            facts, assessment = answer_for(document, lambda facts: (facts, rulebase.assess(facts, engine)))
        except (RecordError, EngineError) as error:
            print_error(error)
            code = BAD
            continue
        try:
            certain = rulebase.certainty(facts, engine) if certainty else None
        except (BudgetError, EngineError) as error:  # the assessment is still shown
            print_error(error)
            code = BAD
        if output == "json":
            write_bytes(_json(assessment, certain) + b"\n")
        else:
            text = _text(assessment, certain, rulebase, output, full, use_color(color))
            print(("\n" if number else "") + text, end="")
        if fail_level is not None and code == OK:
            worst = max((bands.index(f.severity_band) for f in assessment.findings), default=-1)
            code = FOUND if worst >= bands.index(fail_level) else OK
    return code


def _text(a: Assessment, certain: Certainty | None, rulebase: RuleBase, output: str, full: bool, color: bool) -> str:
    from misstep.analysis.certainty_words import certainty_sentences
    from misstep.assessment.text import to_markdown, to_text

    sentences = () if certain is None else certainty_sentences(certain, rulebase.kinds, a.titles)
    scale = rulebase.program.scale
    if output == "markdown":
        return to_markdown(a, scale, sentences)
    return to_text(a, scale, terminal_width(), color, full, sentences)


def _json(assessment: Assessment, certain: Certainty | None) -> bytes:
    """The assessment, with ``certainty`` as its last member if it was requested."""
    if certain is None:
        return assessment.to_json()
    return assessment.to_json()[:-1] + b',"certainty":' + certain.to_json() + b"}"
