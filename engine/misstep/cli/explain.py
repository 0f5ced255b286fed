"""``misstep explain``: what led to an answer, why not another one, and what would change it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from misstep.cli.group import (
    BAD,
    OK,
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
from misstep.errors import BudgetError, EngineError, RecordError, UsageError

if TYPE_CHECKING:
    from misstep.api import EngineName, RuleBase
    from misstep.layout.document import ReportDocument


@cli.command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=Path))
@click.option("--why-not", metavar="NAME", help="Why the rule NAME did not fire, or why the action NAME is not in the plan.")
@click.option(
    "--what-if",
    multiple=True,
    metavar="FACT.FIELD=VALUE",
    help="The answer if a field were another; FACT is a kind or an id, no VALUE: unsaid. May be repeated.",
)
@click.option("--counterfactual", is_flag=True, help="The smallest changes of one fact that would have lowered the band.")
@rules_option
@output_option(
    "text", "json", "markdown", "mermaid", help="Text; JSON, one line for each record; Markdown; or a graph in Mermaid."
)
@record_format_option
@engine_option
@color_option
def explain(
    file: Path,
    why_not: str | None,
    what_if: tuple[str, ...],
    counterfactual: bool,
    rules: tuple[Path, ...],
    output: str,
    input_format: str | None,
    engine: EngineName,
    color: str,
) -> int:
    """Explain the answers to the interviews in FILE, or - for standard input, down to their facts.

    FILE is one record as JSON or YAML, or JSON lines with one record on each line. Decisive reasons come first: without them a
    band or the verdict would be another.

    \b
    misstep explain interview.yaml
    misstep explain interview.yaml --why-not brief_apology
    misstep explain interview.yaml --what-if late_arrival.minutes=5
    misstep explain interview.yaml --counterfactual
    misstep explain interview.yaml --output mermaid
    """
    from misstep.assessment.record_files import answer_for, check_is_file, read_documents

    if sum(map(bool, (why_not, what_if, counterfactual))) > 1:
        raise UsageError("--why-not, --what-if and --counterfactual are questions of their own: ask one at a time")
    if output == "mermaid" and (why_not or what_if or counterfactual):
        raise UsageError("--output mermaid: only a whole explanation is drawn as a graph")
    if str(file) != "-":
        check_is_file(file)  # before the rules are loaded, which takes longer
    rulebase = load_rules(rules)

    def answer(facts: Any) -> Answer:
        if why_not:
            return _why_not(rulebase, facts, why_not, engine)
        if what_if:
            return _what_if(rulebase, facts, what_if, engine)
        if counterfactual:
            return _counterfactual(rulebase, facts, engine)
        return _explanation(rulebase, facts, engine)

    code = OK
    for number, document in enumerate(read_documents(file, input_format)):
        try:
            data, laid_out, graph = answer_for(document, answer)
        except (RecordError, BudgetError, EngineError) as error:
            print_error(error)
            code = BAD
            continue
        if output == "json":
            write_bytes(data + b"\n")
            continue
        print(("\n" if number else "") + _shown(laid_out, graph, output, use_color(color)), end="")
    return code


Answer = tuple[bytes, "ReportDocument", str]
"""An answer as JSON, as a document, and as a graph."""


def _shown(document: ReportDocument, graph: str, output: str, color: bool) -> str:
    from misstep.layout.as_markdown import as_markdown
    from misstep.layout.as_text import as_text

    if output == "mermaid":
        return graph
    return as_markdown(document) if output == "markdown" else as_text(document, terminal_width(), color)


def _explanation(rulebase: RuleBase, facts: Any, engine: EngineName) -> Answer:
    from misstep.analysis.explanation_text import explanation_document, to_mermaid

    explained = rulebase.explain(facts, engine)
    return explained.to_json(), explanation_document(explained), to_mermaid(explained)


def _why_not(rulebase: RuleBase, facts: Any, name: str, engine: EngineName) -> Answer:
    from misstep.analysis.explanation_text import why_not_document

    found = rulebase.why_not(facts, name, engine)
    return found.to_json(), why_not_document(found, "rule" if name in rulebase.rules else "action"), ""


def _what_if(rulebase: RuleBase, facts: Any, changes: tuple[str, ...], engine: EngineName) -> Answer:
    from misstep.analysis.explanation_text import what_if_document

    parts = [change.partition("=") for change in changes]
    found = rulebase.what_if(facts, {name: value or None for name, _, value in parts}, engine)
    return found.to_json(), what_if_document(found), ""


def _counterfactual(rulebase: RuleBase, facts: Any, engine: EngineName) -> Answer:
    from misstep.analysis.explanation_text import counterfactual_document

    found = rulebase.counterfactuals(facts, engine)
    return found.to_json(), counterfactual_document(found), ""
