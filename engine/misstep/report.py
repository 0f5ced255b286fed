"""An Assessment in; text for a terminal or Markdown out. Pure: nothing is printed here.

Text from facts (ids, and values inside reasons) is data: control characters are spelled out, and nothing is read as
markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from misstep.errors import printable
from misstep.model.result import ActionReason, Assessment, AvoidedAction, CitedSource, Finding, PlannedAction

_STYLES = ("green", "cyan", "yellow", "red", "bold red")


def to_text(assessment: Assessment, width: int = 100, color: bool = False) -> str:
    """What a person reads after a bad interview: how bad it is, what to do first, why."""
    buffer = StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=color, color_system="standard" if color else None,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    console.print(_heading(assessment))
    if assessment.findings:
        console.print(_section("What went wrong"), _findings_table(assessment.findings))
    if assessment.actions:
        console.print(_section("What to do, in this order"))
        for action in assessment.actions:
            console.print(_action(action))
    if assessment.avoid:
        console.print(_section("What to avoid"))
        for avoid in assessment.avoid:
            console.print(_bullet(Text(printable(avoid.title), "bold"), _because(avoid.because)))
    if assessment.draft:
        console.print(_section("A message you could send"))
        console.print(Padding(Text(_lines(assessment.draft)), (0, 0, 0, 4)))
    if assessment.findings:
        console.print(_section("Why"))
        for finding in assessment.findings:
            console.print(_why(finding))
    whole = [r for r in assessment.because if r.amount]
    if whole:
        console.print(_bullet(Text("The interview as a whole", "bold"), "; ".join(printable(r.text) for r in whole)))
    if assessment.notes:
        console.print(_section("Assumed"))
        for note in assessment.notes:
            console.print(_bullet(Text(printable(note))))
    if assessment.sources:
        console.print(_section("Sources"))
        for source in assessment.sources:
            console.print(_bullet(Text(source.id, "bold"), _citation(source)))
    info = assessment.rulebase
    console.print(Text(f"\nRules: {info.name} {info.version}, {info.digest[:19]}", "dim"))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def to_markdown(assessment: Assessment) -> str:
    """The same as Markdown, for a ticket, a mail or a page."""
    name = f" of {_md(assessment.id)}" if assessment.id else ""
    lines = [f"# Assessment{name}", "", _md(_summary(assessment)), ""]
    if assessment.findings:
        lines += ["## What went wrong", "", "| Slip | Severity | Noticed | Urgency | Verdict |", "| --- | --- | --- | --- | --- |"]
        for f in assessment.findings:
            cells = (f"{f.title} ({f.fact})", _severity(f), _noticed(f), _urgency(f), _word(f.verdict))
            lines.append("| " + " | ".join(_md(cell) for cell in cells) + " |")
        lines.append("")
    if assessment.actions:
        lines += ["## What to do, in this order", ""]
        for action in assessment.actions:
            lines += [f"{action.rank}. **{_md(action.title)}** ({_md(_when(action))})"]
            lines += [f"   {_md(text)}" for text in (action.text, _because(action.because)) if text]
        lines.append("")
    if assessment.avoid:
        lines += ["## What to avoid", ""]
        lines += [f"- **{_md(a.title)}**: {_md(_because(a.because))}" for a in assessment.avoid] + [""]
    if assessment.draft:
        lines += ["## A message you could send", ""]
        lines += [f"> {_md(line)}".rstrip() for line in assessment.draft.splitlines()] + [""]
    if assessment.findings:
        lines += ["## Why", ""]
        for f in assessment.findings:
            lines.append(f"- **{_md(f.title)}** ({_md(f.fact)})")
            lines += [
                f"  - {_word(r.dimension)} {_amount(r.dimension, r.amount)}: {_md(r.text)}{_cited(r.sources)}" for r in f.because
            ]
        lines.append("")
    if assessment.notes:
        lines += ["## Assumed", "", *(f"- {_md(note)}" for note in assessment.notes), ""]
    if assessment.sources:
        lines += ["## Sources", "", *(f"- `{s.id}`: {_md(_citation(s))}" for s in assessment.sources), ""]
    info = assessment.rulebase
    lines.append(f"Rules: {info.name} {info.version}, `{info.digest}`")
    return "\n".join(lines) + "\n"


# -- parts of the text


def _summary(assessment: Assessment) -> str:
    damage = f"Damage {assessment.damage:g} of 100 ({_word(assessment.band)})"
    after = f", {assessment.damage_after:g} once the plan is carried out" if assessment.actions else ""
    return f"{damage}{after}. Verdict: {_word(assessment.verdict)}. Outlook: {_word(assessment.outlook)}."


def _heading(assessment: Assessment) -> RenderableType:
    style = _style(assessment.damage / 100)
    lines = [Text(f"Assessment of {printable(assessment.id)}", "bold")] if assessment.id else []
    lines.append(Text(_summary(assessment), style))
    lines.append(Text("Damage is the chance in percent that at least one of these counts against you.", "dim"))
    if assessment.actions:
        first = assessment.actions[0]
        lines.append(Text.assemble("First: ", (printable(first.title), "bold"), f" ({_when(first)})."))
    elif not assessment.findings:
        lines.append(Text("No mistake was reported: nothing to repair."))
    else:
        lines.append(Text("No action is recommended."))
    return Group(*lines)


def _section(title: str) -> RenderableType:
    return Text(f"\n{title}", "bold underline")


def _findings_table(findings: Iterable[Finding]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Slip", ratio=3)
    for column in ("Severity", "Noticed", "Urgency", "Verdict"):
        table.add_column(column, no_wrap=True)
    for f in findings:
        slip = Text.assemble(printable(f.title), (f" ({printable(f.fact)})", "dim"))
        table.add_row(
            slip, Text(_severity(f), _style(f.severity / 10)), _noticed(f), _urgency(f), Text(_word(f.verdict), "bold")
        )
    return table


def _action(action: PlannedAction) -> RenderableType:
    head = Text.assemble(f"{action.rank}. ", (printable(action.title), "bold"), f"  ({_when(action)})")
    parts: list[RenderableType] = [Padding(head, (0, 0, 0, 2))]
    if action.text:
        parts.append(Padding(Text(printable(action.text)), (0, 0, 0, 5)))
    parts.append(Padding(Text(f"Why: {_because(action.because)}", "dim"), (0, 0, 0, 5)))
    return Group(*parts)


def _why(finding: Finding) -> RenderableType:
    head = Text.assemble((printable(finding.title), "bold"), (f" ({printable(finding.fact)})", "dim"))
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_column(no_wrap=True)
    rows.add_column(justify="right", no_wrap=True)
    rows.add_column()
    for r in finding.because:
        rows.add_row(_word(r.dimension), _amount(r.dimension, r.amount), f"{printable(r.text)}{_cited(r.sources)}")
    return Group(Padding(head, (0, 0, 0, 2)), Padding(rows, (0, 0, 0, 4)))


def _bullet(head: Text, body: str = "") -> RenderableType:
    line = Text("- ")
    line.append_text(head)
    if body:
        line.append(f": {body}")
    return Padding(line, (0, 0, 0, 2))


def _because(reasons: Sequence[ActionReason]) -> str:
    """The reasons of an action, each once."""
    return "; ".join(dict.fromkeys(printable(r.text) for r in reasons))


def _citation(source: CitedSource) -> str:
    year = f" ({source.year})" if source.year and str(source.year) not in source.title else ""
    figure = f": {source.figure}" if source.figure else ""
    return printable(f"{source.title}{year}{figure}" + (f" <{source.url}>" if source.url else ""))


def _cited(sources: Sequence[str]) -> str:
    return f" [{', '.join(sources)}]" if sources else ""


def _amount(dimension: str, amount: float) -> str:
    if dimension in ("verdict", "outlook"):
        return ""
    return f"{-amount if dimension == 'relief' else amount:+g}"


def _severity(finding: Finding) -> str:
    return f"{finding.severity:.1f} {_word(finding.severity_band)}"


def _noticed(finding: Finding) -> str:
    return f"{finding.noticed:.0%} {_word(finding.noticed_level)}"


def _urgency(finding: Finding) -> str:
    return f"{finding.urgency:.1f} {_word(finding.urgency_level)}"


def _when(action: PlannedAction | AvoidedAction) -> str:
    assert isinstance(action, PlannedAction)
    parts = []
    if action.due_hours is not None:
        parts.append("now" if action.due_hours == 0 else f"within {_hours(action.due_hours)}")
    if action.effort_minutes:
        parts.append(f"{action.effort_minutes} minutes' work")
    if action.relief:
        parts.append(f"takes {action.relief:g} off the damage")
    return ", ".join(parts) or "in your own time"


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    if hours <= 48:
        return "1 hour" if hours == 1 else f"{hours:g} hours"
    return f"{hours / 24:.0f} days"


def _word(word: str) -> str:
    return word.replace("_", " ")


def _style(share: float) -> str:
    return _STYLES[min(len(_STYLES) - 1, int(share * len(_STYLES)))]


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~&!])")


def _md(text: str) -> str:
    """Text as Markdown shows it, whatever it holds."""
    return _MARKDOWN.sub(r"\\\1", printable(text))
