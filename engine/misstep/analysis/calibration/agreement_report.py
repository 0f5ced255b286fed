"""Lay out an Agreement as text for a terminal, or as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from misstep.analysis.calibration.agreement import Agreement, CaseGroup, Cause, DifferingAction, Disagreement, Figure, Figures
from misstep.analysis.calibration.statistics import RESAMPLES
from misstep.layout.as_markdown import as_markdown
from misstep.layout.as_text import as_text
from misstep.layout.document import MATRIX_LEGEND, Point, Points, ReportDocument, Run, Section, Table, matrix, rules_line
from misstep.layout.wording import counted, spaced

FigureRow = tuple[str, ...]

_METHODS = (
    f"Intervals hold 95%: Wilson's for shares; for mean error, kappa and correlation the percentiles of {RESAMPLES:,} resamples "
    "of the cases. The last column is what comes of always saying what the experts say most, or, of acting, of always acting."
)
_FIGURES = ("", "cases", "figure", "95% interval", "always the same")
_GROUPS = ("", "cases", "same", "near", "safe", "error", "act", "rest", "advice", "against")
_MATRIX = "the experts' in rows, misstep's in columns"
_WHY = {
    "unknown": "these rules have no such action",
    "none": "no rule that fires recommends it",
    "vetoed": "vetoed by {rules}",
    "recommended": "recommended by {rules}",
}
_ACTS = {True: "act", False: "let it rest"}
_NO_ROOM = ", but the plan has no room for it"
_NOTICE = "level of notice"  # left out where no expert speaks of it, or the rules do not ask for it


def to_text(agreement: Agreement, width: int = 100, color: bool = False) -> str:
    """Text for rule authors: how far the rules agree with experts, and the worst disagreements."""
    return as_text(_document(agreement), width, color)


def to_markdown(agreement: Agreement) -> str:
    """The same as Markdown."""
    return as_markdown(_document(agreement))


def _document(agreement: Agreement) -> ReportDocument:
    title = f"Agreement of {agreement.rulebase} {agreement.version} with experts"
    foot = [rules_line(agreement.rulebase, agreement.version, agreement.digest)]
    return ReportDocument(title, [_chosen(agreement)], list(_sections(agreement)), foot)


def _sections(agreement: Agreement) -> Iterator[Section]:
    figures = Table(_FIGURES, [*_rows(agreement.figures), *_experts_rows(agreement)])
    yield Section("How far they agree", [figures, Run(_METHODS, "dim")])
    if len(agreement.by_set) > 1:
        yield Section("By set", [Table(_FIGURES, _set_rows(agreement.by_set))])
    if len(agreement.by_basis) > 1:
        yield Section("By what the verdict rests on", [_groups(agreement.by_basis)])
    if len(agreement.by_confidence) > 1:
        yield Section("By confidence", [_groups(agreement.by_confidence)])
    bands = [spaced(band) for band in agreement.bands]
    yield Section((f"Bands: {_MATRIX}, ", MATRIX_LEGEND), [matrix(bands, bands, agreement.matrix)])
    acts = Counter((case.expert_acts, case.acts) for case in agreement.cases if case.expert_acts is not None)
    if acts:
        counts = [[acts[theirs, ours] for ours in _ACTS] for theirs in _ACTS]
        table = matrix(list(_ACTS.values()), list(_ACTS.values()), counts, total=False)
        yield Section((f"Act, or let it rest, where the expert speaks to it: {_MATRIX}, ", MATRIX_LEGEND), [table])
    if agreement.worst:
        points = [_disagreement(worst) for worst in agreement.worst]
        yield Section(f"The worst disagreement{'s' * (len(points) > 1)}", [Points(points, "1.")])


def _chosen(agreement: Agreement) -> str:
    """Which cases were measured."""
    count = agreement.figures.cases
    chosen = [f"basis {' or '.join(spaced(basis) for basis in agreement.bases)}"] if agreement.bases else []
    if agreement.min_confidence is not None:
        chosen.append(f"confidence at least {agreement.min_confidence}")
    text = f"{count} of {agreement.read} judged cases: {', '.join(chosen)}." if chosen else f"{count} judged cases."
    if agreement.problems:
        text += " Others could not be read and are left out."
    return text


def _named(figures: Figures) -> tuple[tuple[str, Figure], ...]:
    return (
        ("same band of severity", figures.exact),
        ("at most one band apart (near)", figures.within_one),
        ("at most one too mild (safe)", figures.safe),
        ("mean error (bands, + harsher)", figures.mean_error),
        ("weighted kappa of bands", figures.kappa),
        ("rank correlation with damage", figures.rank_correlation),
        ("act, or let it rest", figures.act),
        ("  of those who say act", figures.says_act),
        ("  of those who say rest", figures.says_rest),
        (_NOTICE, figures.noticed),
        ("recommended step in plan", figures.recommended),
        ("advised-against step in plan", figures.advised_against),
    )


def _rows(figures: Figures) -> list[FigureRow]:
    named = [(name, figure) for name, figure in _named(figures) if name != _NOTICE or figure.cases]
    return [_row(name, figure, figure is figures.mean_error) for name, figure in named]


def _experts_rows(agreement: Agreement) -> list[FigureRow]:
    """Agreement of experts with each other, on cases with the same facts."""
    named = (("two experts, same facts: same band", agreement.experts_same), ("  at most one band apart", agreement.experts_near))
    return [_row(name, figure, signed=False) for name, figure in named if figure.cases]


def _set_rows(groups: Sequence[CaseGroup]) -> list[FigureRow]:
    """Every figure, that of each set under it."""
    rows: list[FigureRow] = []
    for number, (name, _) in enumerate(_named(groups[0].figures)):
        if name == _NOTICE and not any(group.figures.noticed.cases for group in groups):
            continue
        rows.append((name.strip(), "", "", "", ""))
        for group in groups:
            figure = _named(group.figures)[number][1]
            rows.append(_row(f"  {group.name}", figure, figure is group.figures.mean_error))
    return rows


def _row(name: str, figure: Figure, signed: bool) -> FigureRow:
    baseline = "" if figure.baseline is None else f"{figure.baseline:.3f}"
    return name, str(figure.cases), figure.shown(signed), figure.interval, baseline


def _groups(groups: Sequence[CaseGroup]) -> Table:
    return Table(_GROUPS, [_group_row(group) for group in groups])


def _group_row(group: CaseGroup) -> FigureRow:
    f = group.figures
    shown = (f.exact, f.within_one, f.safe, f.mean_error, f.says_act, f.says_rest, f.recommended, f.advised_against)
    return (spaced(group.name), str(f.cases), *(figure.shown(figure is f.mean_error) for figure in shown))


def _disagreement(worst: Disagreement) -> Point:
    """A case: the situation, both verdicts, and the rules behind ours."""
    case = worst.case
    sure = f", confidence {case.confidence}" if case.confidence else ""
    name = f"{case.id or 'a case'} ({case.place}; {spaced(case.basis)}{sure})"
    theirs = _verdict(spaced(case.expert_band), case.expert_noticed, case.expert_acts)
    ours = _verdict(f"{spaced(case.band)} (damage {case.damage:g})", case.noticed, case.acts)
    details = [
        worst.situation,
        f"Expert: {theirs}." + (f" {worst.gist}" if worst.gist else ""),
        f"misstep: {ours}, {spaced(worst.verdict)}{_apart(case.error)}.",
        *map(_cause, worst.causes),
        _actions("Not in the plan, though recommended", worst.absent, _NO_ROOM),
        _actions("In the plan, though advised against", worst.present),
    ]
    return Point(Run(name, "strong"), [detail for detail in details if detail])


def _verdict(band: str, noticed: str | None, acts: bool | None) -> str:
    parts = (band, spaced(noticed or ""), "" if acts is None else _ACTS[acts])
    return ", ".join(part for part in parts if part)


def _apart(error: int) -> str:
    return f"; {counted(abs(error), 'band')} too {'harsh' if error > 0 else 'mild'}" if error else ""


def _cause(cause: Cause) -> str:
    amounts = (("severity", cause.severity), ("noticed", cause.noticed))
    return f"{cause.rule}: {', '.join(f'{round(n, 2):+g} {dimension}' for dimension, n in amounts if n)}; {cause.text}"


def _actions(title: str, actions: Sequence[DifferingAction], after: str = "") -> str:
    listed = (f"{a.action} ({_WHY[a.why].format(rules=', '.join(a.rules))}{after * (a.why == 'recommended')})" for a in actions)
    return f"{title}: {'; '.join(listed)}." if actions else ""
