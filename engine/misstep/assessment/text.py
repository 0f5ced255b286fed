"""Lay out an assessment as text for a terminal, as Markdown, and as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.assessment.result import Assessment, CitedSource
from misstep.assessment.statement import MergedReason, StatedReasons, StatedStep, Statement, source_details, state
from misstep.language.scale import Scale
from misstep.layout.as_html import as_html
from misstep.layout.as_markdown import as_markdown
from misstep.layout.as_text import as_text
from misstep.layout.document import (
    Block,
    Inline,
    Point,
    Points,
    Quote,
    ReportDocument,
    Run,
    Section,
    Table,
    TextStyle,
    rules_line,
)
from misstep.layout.wording import capitalized

ROOMY = 76  # columns from which the table of mistakes has room for figures beside the words
_COLORS: tuple[TextStyle, ...] = ("green", "cyan", "yellow", "red", "bold red")


def to_text(
    assessment: Assessment,
    scale: Scale,
    width: int = 100,
    color: bool = False,
    full: bool = False,
    certainty: Sequence[str] = (),
) -> str:
    """An assessment for a terminal, in the words of the scale of its rule base.

    ``full`` adds ids of rules, conclusions, and figures and addresses of sources. ``certainty``: sentences on how certain it is.
    """
    return as_text(_document(assessment, scale, certainty, full, width >= ROOMY), width, color)


def to_markdown(assessment: Assessment, scale: Scale, certainty: Sequence[str] = ()) -> str:
    """The same in full as Markdown, for a ticket, a mail or a page."""
    return as_markdown(_document(assessment, scale, certainty, full=True, roomy=True))


def to_html(assessment: Assessment) -> str:
    """The short form for notebooks: summary, mistakes and steps."""
    stated = state(assessment)
    blocks: list[Block] = [_mistakes(stated, roomy=True)] if stated.mistakes else []
    blocks += [Points([Point(_step_title(step)) for step in stated.steps], "1.")] if stated.steps else []
    return as_html(ReportDocument(_title(assessment), [Run(stated.headline, "strong"), stated.summary], [Section("", blocks)]))


def _document(assessment: Assessment, scale: Scale, certainty: Sequence[str], full: bool, roomy: bool) -> ReportDocument:
    stated = state(assessment, scale)
    summary = Run(stated.summary, _color(assessment.damage / 100))
    lead: list[Inline] = [Run(stated.headline, "strong"), summary, Run(stated.meaning, "dim")]
    lead += [" ".join(certainty)] if certainty else []
    info = assessment.rulebase
    foot = [rules_line(info.name, info.version, info.digest, whole=full)]
    return ReportDocument(_title(assessment), lead, list(_sections(stated, full, roomy)), foot)


def _title(assessment: Assessment) -> str:
    return f"Assessment of {assessment.id}" if assessment.id else ""


def _sections(stated: Statement, full: bool, roomy: bool) -> Iterator[Section]:
    """The sections that have content."""
    if stated.mistakes:
        words = Points([_point(titles, word) for titles, word in stated.words])
        yield Section(stated.terms.page.sections["mistake"].title, [_mistakes(stated, roomy), words])
    if stated.steps:
        yield Section("What to do, in this order", [Points([_step(step) for step in stated.steps], "1.")])
    if stated.avoid:
        yield Section("What to avoid", [_reasons(stated.avoid)])
    if stated.reasons:
        yield Section("Why", [_why(stated, full)])
    if full and stated.derived:
        yield Section("What was concluded", [_reasons(stated.derived)])
    if stated.notes:
        yield Section("Notes", [Points([Point(note) for note in stated.notes])])
    if stated.sources:
        yield Section("Sources", [Points([_source(source, full) for source in stated.sources], "[1]")])


def _mistakes(stated: Statement, roomy: bool) -> Table:
    rows: list[list[Inline]] = []
    for mistake in stated.mistakes:
        severity, *others = (" ".join(score) if roomy else score.word for score in map(mistake.score, stated.scores))
        finding = mistake.finding
        name = (finding.title, Run(f" ({finding.fact})", "dim"))
        rows.append([name, Run(severity, _color(finding.severity / 10)), *others, Run(mistake.verdict, "strong")])
    words = stated.terms
    header = (capitalized(words.mistake), *(capitalized(words.of(score)) for score in stated.scores), "Verdict")
    return Table(header, rows, figures=False)


def _step(step: StatedStep) -> Point:
    actions = []
    for action in step.actions:
        gain = f" ({action.gain})" if action.gain else ""
        about = f"; for: {action.about}" if action.about else ""
        details = [action.text, f"Why: {action.why}." if action.why else ""]
        actions.append(Point((Run(action.title, "strong"), gain + about), [Run(text, "dim") for text in details if text]))
    subject = [f"Subject: {step.subject}", ""] if step.subject else []
    message = [Quote([*subject, *step.body.splitlines()])] if step.body else []
    return Point(_step_title(step), [Points(actions), *message])


def _step_title(step: StatedStep) -> Inline:
    return Run(step.title, "strong"), f", {step.due}" if step.due else ""


def _why(stated: Statement, full: bool) -> Table:
    """Each reason once, with a column of amounts for each score."""
    rows: list[list[Inline]] = []
    for named, firings in stated.reasons:
        rows.append([Run(named, "strong"), *[""] * len(stated.scores)])
        rows += [[_reason(firing, stated, full), *map(firing.amount, stated.scores)] for firing in firings]
    return Table(("", *map(stated.terms.of, stated.scores)), rows)


def _reason(firing: MergedReason, stated: Statement, full: bool) -> Inline:
    limit = f" ({', '.join(firing.limits)})" if firing.limits else ""
    rule = (" (", Run(firing.rule, "code"), ")") if full else ()
    numbers = ", ".join(str(stated.numbers[source]) for source in firing.sources)
    return (f"  {firing.text}{limit}", *rule, Run(f" [{numbers}]" if numbers else "", "dim"))


def _reasons(stated: Sequence[StatedReasons]) -> Points:
    return Points([_point(each.title, each.why) for each in stated])


def _point(head: str, body: str) -> Point:
    return Point((Run(head, "strong"), ": " if head and body else "", body))


def _source(source: CitedSource, full: bool) -> Point:
    address = (" ", Run(source.url, "address")) if source.url and full else ()
    return Point((Run(source.id, "strong"), f": {source.title}{source_details(source, full)}", *address))


def _color(share: float) -> TextStyle:
    return _COLORS[min(len(_COLORS) - 1, int(share * len(_COLORS)))]
