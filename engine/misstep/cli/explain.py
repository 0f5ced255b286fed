"""``misstep explain``: what led to an answer, why not another one, and what would change it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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
from misstep.errors import BudgetError, EngineError, RecordError, UsageError, printable

if TYPE_CHECKING:
    from misstep.api import EngineName
    from misstep.layout.document import ReportDocument


@cli.command()
@click.argument("file", type=FilePath(allow_dash=True))
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

    if sum((why_not is not None, bool(what_if), counterfactual)) > 1:
        raise UsageError("--why-not, --what-if and --counterfactual are questions of their own: ask one at a time")
    if output == "mermaid" and (why_not is not None or what_if or counterfactual):
        raise UsageError("--output mermaid: only a whole explanation is drawn as a graph")
    changes = [change.partition("=") for change in what_if]
    names = [name for name, _, _ in changes]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"what-if {printable(twice[0])[:60]}: is changed twice; give the field one value")
    if str(file) != "-":
        check_is_file(file)  # before the rules are loaded, which takes longer
    rulebase = load_rules(rules)

    def answer(facts: Any) -> tuple[_Told, ReportDocument]:
        from misstep.analysis import explanation_text as texts

        if why_not is not None:
            reason = rulebase.why_not(facts, why_not, engine)
            return reason, texts.why_not_document(reason, "rule" if why_not in rulebase.rules else "action")
        if what_if:
            changed = rulebase.what_if(facts, {name: value or None for name, _, value in changes}, engine)
            return changed, texts.what_if_document(changed)
        if counterfactual:
            found = rulebase.counterfactuals(facts, engine)
            return found, texts.counterfactual_document(found)
        explained = rulebase.explain(facts, engine)
        return explained, texts.explanation_document(explained)

    code = OK
    for number, document in enumerate(read_documents(file, input_format)):
        try:
            told, laid_out = answer_for(document, answer)
        except (RecordError, BudgetError, EngineError) as error:
            print_error(error)
            code = BAD
            continue
        if output == "json":
            write_bytes(told.to_json() + b"\n")
        else:
            print(("\n" if number else "") + _shown(told, laid_out, output, use_color(color)), end="")
    return code


class _Told(Protocol):
    def to_json(self) -> bytes: ...


def _shown(told: _Told, document: ReportDocument, output: str, color: bool) -> str:
    from misstep.analysis.explanation import Explanation
    from misstep.analysis.explanation_text import to_mermaid
    from misstep.layout.as_markdown import as_markdown
    from misstep.layout.as_text import as_text

    if output == "mermaid" and isinstance(told, Explanation):  # of other questions it was refused
        return to_mermaid(told)
    return as_markdown(document) if output == "markdown" else as_text(document, terminal_width(), color)
