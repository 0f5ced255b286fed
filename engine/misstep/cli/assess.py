"""``misstep assess``: a record or many in; assessments out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import BAD, FOUND, OK, cli, colored, complain, engine_option, load, rules_option, width, write_bytes
from misstep.errors import BudgetError, EngineError, MisstepError, RecordError, UsageError, suggest

if TYPE_CHECKING:
    from misstep.analysis.certainty import Certainty
    from misstep.api import EngineName, RuleBase
    from misstep.assessment.result import Assessment


@cli.command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="Text to read; JSON, a line for each record; or Markdown with everything.")  # fmt: skip
@click.option("--input", "input_format", type=click.Choice(["json", "jsonl", "yaml"]),
              help="Form of the input; else by the ending of the file, or by the look of standard input.")  # fmt: skip
@click.option("--fail-level", metavar="BAND", help="Exit with 1 if a finding is of this severity band or worse, say `serious`.")
@engine_option
@click.option("--certainty", is_flag=True, help="Also how far the answer rests on what is not said; takes a moment.")
@click.option("--full", is_flag=True, help="Text with the ids of rules, and figures and addresses of sources.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="Colors; auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip
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

    FILE is one record as JSON or YAML, or JSON lines with a record each.

    \b
    misstep assess interview.yaml
    misstep assess interviews.jsonl --output json --fail-level serious
    misstep assess interview.yaml --certainty
    echo '[{"kind": "late_arrival", "minutes": 12}]' | misstep assess -
    """
    from misstep.assessment.record_files import check_is_file, read_documents

    if str(file) != "-":
        check_is_file(file)  # before the rules are loaded, which takes longer
    rulebase = load(rules)
    bands = rulebase.program.scale.severity.words
    if fail_level is not None and fail_level not in bands:
        hint = suggest(fail_level, bands, f"; it is one of {', '.join(bands)}")
        raise UsageError(f"--fail-level: unknown band '{fail_level}'{hint}")
    write = _writer(output, color, full, rulebase)
    code, count = OK, 0
    for document in read_documents(file, input_format):
        count += 1
        if isinstance(document, MisstepError):
            complain(document)
            code = BAD
            continue
        try:
            assessment = rulebase.assess(document.data, engine)
        except RecordError as error:
            complain(document.place(error))
            code = BAD
            continue
        except EngineError as error:
            complain(error)
            code = BAD
            continue
        certain: Certainty | None = None
        if certainty:
            try:
                certain = rulebase.certainty(document.data, engine)
            except (BudgetError, EngineError) as error:  # the assessment is there all the same
                complain(error)
                code = BAD
        write(assessment, certain, count)
        if fail_level is not None and code == OK:
            worst = max((bands.index(f.severity_band) for f in assessment.findings), default=-1)
            code = FOUND if worst >= bands.index(fail_level) else OK
    return code


def _writer(output: str, color: str, full: bool, rulebase: RuleBase) -> Callable[[Assessment, Certainty | None, int], None]:
    if output == "json":
        sys.stdout.flush()
        return lambda assessment, certainty, count: write_bytes(_json(assessment, certainty) + b"\n")
    from misstep.assessment.text import to_markdown, to_text

    def said(assessment: Assessment, certainty: Certainty | None) -> tuple[str, ...]:
        if certainty is None:
            return ()
        from misstep.analysis.certainty_words import certainty_sentences

        return certainty_sentences(certainty, rulebase.kinds, assessment.titles)

    bright, columns = colored(color), width()

    def write(assessment: Assessment, certainty: Certainty | None, count: int) -> None:
        sentences = said(assessment, certainty)
        if output == "markdown":
            text = to_markdown(assessment, sentences)
        else:
            text = to_text(assessment, columns, bright, full, sentences)
        print(("\n" if count > 1 else "") + text, end="")

    return write


def _json(assessment: Assessment, certainty: Certainty | None) -> bytes:
    """The assessment, and ``certainty`` as its last member where it was asked for."""
    if certainty is None:
        return assessment.to_json()
    return assessment.to_json()[:-1] + b',"certainty":' + certainty.to_json() + b"}"
