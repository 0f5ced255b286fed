"""An Assessment in; text for a terminal or Markdown out. Pure: nothing is printed here.

Text from facts (ids, and values inside reasons) is data: control characters are spelled out, and nothing is read as
markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from misstep.assessment.phrases import due_beside, of_hundred
from misstep.assessment.result import (
    ActionReason,
    Assessment,
    AvoidedAction,
    CitedSource,
    DerivedFact,
    Finding,
    Message,
    PlannedAction,
    Reason,
    Step,
)
from misstep.errors import printable
from misstep.language.program import Source
from misstep.layout.tables import hanging, markdown_text, text_of, text_page

_BLANK_LINES = re.compile(r"\n{3,}")
ROOMY = 76  # columns from which the table of findings has room for figures beside the words

_STYLES = ("green", "cyan", "yellow", "red", "bold red")


def to_text(
    assessment: Assessment, width: int = 100, color: bool = False, full: bool = False, certainty: Sequence[str] = ()
) -> str:
    """What a person reads after a bad interview: how bad it is, what to do first, why.

    ``full`` adds what only a careful reader wants: ids of rules, what was concluded, figures and addresses of sources.
    ``certainty``: sentences on how far it rests on what was not said.
    """
    page = text_page(width, color)
    page.print(_heading(assessment))
    if certainty:
        page.print(Text(" ".join(map(printable, certainty))))
    for title, *parts in _sections(assessment, width, full):
        page.print(Text(f"\n{title}", "bold underline"))
        for part in parts:
            page.print(Padding(part, (0, 0, 0, 2)))
    info = assessment.rulebase
    page.print(Text(f"\nRules: {info.name} {info.version}, {info.digest if full else info.digest[:19]}", "dim"))
    return _BLANK_LINES.sub("\n\n", text_of(page))


def _sections(assessment: Assessment, width: int, full: bool) -> Iterable[tuple[str | RenderableType, ...]]:
    """Every section that has something to say: its title, and what stands in it."""
    numbers = {source.id: n for n, source in enumerate(assessment.sources, start=1)}
    if assessment.findings:
        words = (_item("-", ", ".join(titles), word) for word, titles in assessment.words.items())
        yield "What went wrong", _findings_table(assessment.findings, width >= ROOMY), *words
    if assessment.steps:
        yield "What to do, in this order", *(_step(step, assessment) for step in assessment.steps)
    if assessment.avoid:
        yield "What to avoid", *(_item("-", _avoided(a, assessment), _because(a.because)) for a in assessment.avoid)
    if reasons := _reasons(assessment):
        yield "Why", _why(reasons, numbers, full)
    if full and assessment.derived:
        yield "What was concluded", *(_item("-", _derived(d), _because(d.because)) for d in assessment.derived)
    if assessment.notes:
        yield "Notes", *(_item("-", "", note) for note in assessment.notes)
    if assessment.sources:
        citations = (citation(s) if full else _short_citation(s) for s in assessment.sources)
        signs = (f"[{n}]".rjust(len(f"[{len(numbers)}]")) for n in numbers.values())
        yield "Sources", *(_item(*row) for row in zip(signs, numbers, citations, strict=True))


def to_markdown(assessment: Assessment, certainty: Sequence[str] = ()) -> str:
    """The same in full as Markdown, for a ticket, a mail or a page."""
    name = f" of {_md(assessment.id)}" if assessment.id else ""
    lines = [f"# Assessment{name}", "", f"**{_md(assessment.headline)}**", "", _md(summary(assessment)), ""]
    lines += [_meaning(assessment), ""]
    lines += [_md(" ".join(certainty)), ""] if certainty else []
    if assessment.findings:
        lines += ["## What went wrong", "", "| Mistake | Severity | Noticed | Urgency | Verdict |"]
        lines += ["| --- | --- | --- | --- | --- |"]
        for f in assessment.findings:
            cells = (_named(f), _severity(f), _noticed(f), _urgency(f), _word(f.verdict))
            lines.append("| " + " | ".join(_md(cell) for cell in cells) + " |")
        lines += ["", *(f"- **{_md(', '.join(titles))}**: {_md(word)}" for word, titles in assessment.words.items()), ""]
    if assessment.steps:
        lines += ["## What to do, in this order", ""]
        for step in assessment.steps:
            due = due_beside(step.title, step.due_hours)
            lines += [f"{step.rank}. **{_md(step.title)}**" + (f" ({due})" if due else ""), ""]
            for action in step.actions:
                lines.append(f"   - {_md(_part(action, assessment))}")
                lines += [f"     {_md(text)}" for text in (action.text, _why_line(action.because)) if text]
            lines.append("")
            if step.message:
                subject = [f"Subject: {step.message.subject}", ""] if step.message.subject else []
                lines += [f"   > {_md(line)}".rstrip() for line in (*subject, *step.message.body.splitlines())] + [""]
    if assessment.avoid:
        lines += ["## What to avoid", ""]
        lines += [f"- **{_md(_avoided(a, assessment))}**: {_md(_because(a.because))}" for a in assessment.avoid] + [""]
    if reasons := _reasons(assessment):
        lines += ["## Why", ""]
        for named, changes in reasons:
            lines.append(f"- **{_md(named)}**")
            lines += [f"  - {_md(line.text)}{_amounts(line)}{_cited(line.sources)}" for line in changes]
        lines.append("")
    if assessment.derived:
        lines += ["## What was concluded", ""]
        lines += [f"- **{_md(_derived(d))}**: {_md(_because(d.because))}" for d in assessment.derived] + [""]
    if assessment.notes:
        lines += ["## Notes", "", *(f"- {_md(note)}" for note in assessment.notes), ""]
    if assessment.sources:
        lines += ["## Sources", "", *(f"- `{s.id}`: {_md(citation(s, address=False))}{_link(s)}" for s in assessment.sources), ""]
    info = assessment.rulebase
    lines.append(f"Rules: {_md(info.name)} {info.version}, `{info.digest}`")
    return "\n".join(lines) + "\n"


# -- parts of the text


def summary(assessment: Assessment) -> str:
    """The answer in one line."""
    verdict = f"Verdict: {_word(assessment.verdict)}. Outlook: {_word(assessment.outlook)}."
    if not assessment.findings:
        return verdict
    better = assessment.damage_after < assessment.damage
    after = f", {of_hundred(assessment.damage_after)} once the plan is carried out" if better else ""
    return f"How bad: {_word(assessment.band)}. Damage {of_hundred(assessment.damage)} of 100{after}. {verdict}"


def _heading(assessment: Assessment) -> RenderableType:
    lines = [Text(f"Assessment of {printable(assessment.id)}", "bold")] if assessment.id else []
    lines.append(Text(printable(assessment.headline), "bold"))
    lines.append(Text(summary(assessment), _style(assessment.damage / 100)))
    lines.append(Text(_meaning(assessment), "dim"))
    return Group(*lines)


def _meaning(assessment: Assessment) -> str:
    """How to read the damage; without a mistake there is none."""
    if not assessment.findings:
        return "No mistake was reported: nothing to repair."
    return "Damage is the chance in percent that at least one of these is held against you."


def _findings_table(findings: Iterable[Finding], roomy: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Mistake", overflow="fold")
    for column in ("Severity", "Noticed", "Urgency", "Verdict"):
        table.add_column(column, no_wrap=True)
    for f in findings:
        words = (f.severity_band, f.noticed_level, f.urgency_level)
        severity, noticed, urgency = (_severity(f), _noticed(f), _urgency(f)) if roomy else (_word(w) for w in words)
        name = Text.assemble(printable(f.title), (f" ({printable(f.fact)})", "dim"))
        table.add_row(name, Text(severity, _style(f.severity / 10)), noticed, urgency, Text(_word(f.verdict), "bold"))
    return table


def _step(step: Step, assessment: Assessment) -> RenderableType:
    due = due_beside(step.title, step.due_hours)
    parts: list[RenderableType] = [Text(printable(f"{step.title}, {due}" if due else step.title), "bold")]
    for action in step.actions:
        lines = [Text(_part(action, assessment))]
        lines += [Text(printable(text), "dim") for text in (action.text, _why_line(action.because)) if text]
        parts.append(hanging("-", Group(*lines)))
    if step.message:
        parts.append(Padding(_message(step.message), (1, 0, 1, 4)))
    return hanging(f"{step.rank}.", Group(*parts))


def _message(message: Message) -> Text:
    subject = f"Subject: {printable(message.subject)}\n\n" if message.subject else ""
    return Text(subject + _lines(message.body))


def _why(reasons: Reasons, numbers: Mapping[str, int], full: bool) -> Table:
    """Every reason once, and what it changed, a column for each dimension."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold")
    columns = ("severity", "noticed", "urgency")
    for column in columns:
        table.add_column(_word(column), justify="right", no_wrap=True)
    for named, lines in reasons:
        table.add_row(Text(named, "bold"))
        for line in lines:
            text = Text(line.text)
            if line.sets:
                text.append(f" ({_sets(line)})")
            if full:
                text.append(f" ({line.rule})", "dim")
            if line.sources:
                text.append(f" [{', '.join(str(numbers[s]) for s in line.sources)}]", "dim")
            table.add_row(Padding(text, (0, 0, 0, 2)), *(line.amount(column) for column in columns))
    return table


@dataclass(frozen=True, slots=True)
class _Line:
    """What one firing of a rule changed, in all dimensions."""

    rule: str
    text: str
    sources: tuple[str, ...]
    amounts: dict[str, float]
    sets: tuple[str, ...]

    def amount(self, column: str) -> str:
        return f"{round(self.amounts[column], 2):+g}" if column in self.amounts else ""


Reasons = list[tuple[str, list[_Line]]]


def _reasons(assessment: Assessment) -> Reasons:
    """The mistakes, and at last all of them together, with their reasons."""
    named = [*((_named(f), f.because) for f in assessment.findings), ("All of it together", assessment.because)]
    return [(name, _merged(because)) for name, because in named if because]


def _merged(reasons: Iterable[Reason]) -> list[_Line]:
    lines: dict[tuple[str, str, tuple[str, ...]], _Line] = {}
    for r in reasons:
        line = lines.setdefault((r.rule, r.text, r.facts), _Line(r.rule, printable(r.text), r.sources, {}, ()))
        if r.column is None:
            lines[r.rule, r.text, r.facts] = _Line(line.rule, line.text, line.sources, line.amounts, (*line.sets, r.dimension))
        elif r.amount:
            line.amounts[r.column] = line.amounts.get(r.column, 0) + r.change
    return list(lines.values())


def _sets(line: _Line) -> str:
    return f"limits the {' and the '.join(line.sets)}"


def _amounts(line: _Line) -> str:
    parts = [f"{column} {line.amount(column)}" for column in line.amounts] + ([_sets(line)] if line.sets else [])
    return f" ({', '.join(parts)})" if parts else ""


def _item(sign: str, head: str, body: str) -> RenderableType:
    """A point of a list whose lines stand under one another."""
    text = Text()
    if head:
        text.append(printable(head), "bold")
    if head and body:
        text.append(": ")
    return hanging(sign, text.append(printable(body)))


def _named(finding: Finding) -> str:
    return printable(f"{finding.title} ({finding.fact})")


def _avoided(avoid: AvoidedAction, assessment: Assessment) -> str:
    """Its title; and for which mistakes it is meant, where the plan has the same action for others."""
    if all(action.action != avoid.action for action in assessment.actions):
        return avoid.title
    return f"{avoid.title} (for: {_titles(avoid.targets, assessment)})"


def _titles(facts: Sequence[str], assessment: Assessment) -> str:
    return ", ".join(printable(title) for fact, title in assessment.titles.items() if fact in facts)


def _derived(fact: DerivedFact) -> str:
    shown = {name: " ".join(value) if isinstance(value, tuple) else value for name, value in fact.values.items()}
    values = ", ".join(f"{name} {value}" for name, value in shown.items() if value is not None)
    return fact.title + (f" ({values})" if values else "")


def _because(reasons: Sequence[ActionReason]) -> str:
    """The reasons of an action, each once."""
    return "; ".join(dict.fromkeys(printable(r.text) for r in reasons))


def _why_line(reasons: Sequence[ActionReason]) -> str:
    because = _because(reasons)
    return f"Why: {because.rstrip('.')}." if because else ""


def _short_citation(source: CitedSource | Source) -> str:
    year = f" ({source.year})" if source.year and str(source.year) not in source.title else ""
    return f"{source.title}{year}"


def citation(source: CitedSource | Source, address: bool = True) -> str:
    """A source with its figure and where to read it."""
    figure = f": {source.figure}" if source.figure else ""
    return f"{_short_citation(source)}{figure}" + (f" <{source.url}>" if address and source.url else "")


def _link(source: CitedSource) -> str:
    """An address as Markdown's own link; one that might end it early stands there as text."""
    if not source.url:
        return ""
    return f" <{source.url}>" if _PLAIN_URL.fullmatch(source.url) else f" {_md(source.url)}"


def _cited(sources: Sequence[str]) -> str:
    return f" [{', '.join(sources)}]" if sources else ""


def _severity(finding: Finding) -> str:
    return f"{finding.severity:.1f} {_word(finding.severity_band)}"


def _noticed(finding: Finding) -> str:
    return f"{finding.noticed:.0%} {_word(finding.noticed_level)}"


def _urgency(finding: Finding) -> str:
    return f"{finding.urgency:.1f} {_word(finding.urgency_level)}"


def _part(action: PlannedAction, assessment: Assessment) -> str:
    """An action of a step: its title, what it gains; and for which mistakes, where not for all."""
    gain = f" ({action.relief:g} off the damage)" if action.relief else ""
    some = 0 < len(action.targets) < len(assessment.findings)
    return printable(action.title) + gain + (f"; for: {_titles(action.targets, assessment)}" if some else "")


def _word(word: str) -> str:
    return word.replace("_", " ")


def _style(share: float) -> str:
    return _STYLES[min(len(_STYLES) - 1, int(share * len(_STYLES)))]


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())


_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9/.:?=&%#_~+,;@-]+")
_md = markdown_text  # short, for nearly every line above has it
