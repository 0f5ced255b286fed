"""An Agreement in; text for a terminal, or Markdown, out. Pure: nothing is printed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.padding import Padding
from rich.text import Text

from misstep.analysis.calibration.agreement import Agreement, Cause, DifferingAction, Disagreement, Figure, Figures, Group
from misstep.analysis.calibration.statistics import RESAMPLES
from misstep.errors import printable
from misstep.layout.tables import markdown_table, markdown_text, print_numbered, print_table, text_of, text_page

Rows = list[tuple[str, ...]]

_METHODS = (
    f"Intervals hold 95%: Wilson's for shares; for mean error, kappa and correlation the percentiles of {RESAMPLES:,} resamples "
    "of the cases. The last column is what comes of always saying what the experts say most, or, of acting, of always acting."
)
_FIGURES = ("", "cases", "figure", "95% interval", "always the same")
_GROUPS = ("", "cases", "same", "near", "safe", "error", "act", "rest", "advice", "against")
_MATRIX = "Bands: the experts' in rows, misstep's in columns"
_ACTS_MATRIX = "Act, or let it rest, where the expert speaks to it: the experts' in rows, misstep's in columns"
_SETS = "By set"
_WHY = {
    "unknown": "these rules have no such action",
    "none": "no rule that fires recommends it",
    "vetoed": "vetoed by {rules}",
    "recommended": "recommended by {rules}",
}
_ACTS = {True: "act", False: "let it rest"}
_NO_ROOM = ", but the plan has no room for it"


def to_text(agreement: Agreement, width: int = 100, color: bool = False) -> str:
    """What a rule author reads: how far the rules agree with experts, and where they do not, worst first."""
    console = text_page(width, color)
    console.print(Text(_title(agreement), "bold"))
    console.print(_chosen(agreement))
    print_table(console, "How far they agree", _FIGURES, [*_rows(agreement.figures), *_experts_rows(agreement)])
    console.print(Padding(Text(_METHODS, "dim"), (0, 0, 0, 2)))
    if len(agreement.by_set) > 1:
        print_table(console, _SETS, _FIGURES, _set_rows(agreement.by_set))
    for title, groups in _groups(agreement):
        print_table(console, title, _GROUPS, [_group_row(g) for g in groups])
    header, *rows = _matrix(agreement, "[{}]")
    print_table(console, f"{_MATRIX}, [ ] where both are the same", header, rows)
    header, *rows = _acts_matrix(agreement, "[{}]")
    if rows:
        print_table(console, f"{_ACTS_MATRIX}, [ ] where both are the same", header, rows)
    if agreement.worst:
        console.print(Text(f"\n{_worst_title(agreement)}", "bold underline"))
        for number, worst in enumerate(agreement.worst, start=1):
            head, *details = _told(worst)
            print_numbered(console, number, head, details)
    console.print(Text(f"\nRules: {agreement.rulebase} {agreement.version}, {agreement.digest[:19]}", "dim"))
    return text_of(console)


def to_markdown(agreement: Agreement) -> str:
    """The same as Markdown, for a page or a ticket."""
    lines = [f"# {markdown_text(_title(agreement))}", "", markdown_text(_chosen(agreement)), "", "## How far they agree", ""]
    lines += markdown_table(_FIGURES, [*_rows(agreement.figures), *_experts_rows(agreement)])
    lines += ["", _METHODS, ""]
    if len(agreement.by_set) > 1:
        lines += [f"## {_SETS}", "", *markdown_table(_FIGURES, _set_rows(agreement.by_set)), ""]
    for title, groups in _groups(agreement):
        lines += [f"## {title}", "", *markdown_table(_GROUPS, [_group_row(g) for g in groups]), ""]
    header, *rows = _matrix(agreement, "**{}**")
    lines += [f"## {_MATRIX}, bold where both are the same", "", *markdown_table(header, rows, plain=False), ""]
    header, *rows = _acts_matrix(agreement, "**{}**")
    if rows:
        lines += [f"## {_ACTS_MATRIX}, bold where both are the same", "", *markdown_table(header, rows, plain=False), ""]
    if agreement.worst:
        lines += [f"## {_worst_title(agreement)}", ""]
        for number, worst in enumerate(agreement.worst, start=1):
            head, *details = _told(worst)
            lines += [f"{number}. **{markdown_text(head)}**", *(f"   - {markdown_text(line)}" for line in details)]
        lines.append("")
    lines.append(f"Rules: {markdown_text(agreement.rulebase)} {agreement.version}, `{agreement.digest}`")
    return "\n".join(lines) + "\n"


# -- what is said


def _title(agreement: Agreement) -> str:
    return f"Agreement of {printable(agreement.rulebase)} {agreement.version} with experts"


def _chosen(agreement: Agreement) -> str:
    """Which cases were measured."""
    count = agreement.figures.cases
    chosen = [f"basis {' or '.join(_word(basis) for basis in agreement.bases)}"] if agreement.bases else []
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
        ("level of notice", figures.noticed),
        ("recommended step in plan", figures.recommended),
        ("advised-against step in plan", figures.advised_against),
    )


def _rows(figures: Figures) -> Rows:
    return [_row(name, figure, figure is figures.mean_error) for name, figure in _named(figures)]


def _experts_rows(agreement: Agreement) -> Rows:
    """How far experts agree with each other, where two of them judge the same."""
    named = (("two experts, same facts: same band", agreement.experts_same), ("  at most one band apart", agreement.experts_near))
    return [_row(name, figure, signed=False) for name, figure in named if figure.cases]


def _set_rows(groups: Sequence[Group]) -> Rows:
    """Every figure, that of each set under it."""
    rows: Rows = []
    for number, (name, _) in enumerate(_named(groups[0].figures)):
        rows.append((name.strip(), "", "", "", ""))
        for group in groups:
            figure = _named(group.figures)[number][1]
            rows.append(_row(f"  {printable(group.name)}", figure, figure is group.figures.mean_error))
    return rows


def _row(name: str, figure: Figure, signed: bool) -> tuple[str, ...]:
    baseline = "" if figure.baseline is None else f"{figure.baseline:.3f}"
    return name, str(figure.cases), _figure(figure, signed), _interval(figure), baseline


def _groups(agreement: Agreement) -> Iterator[tuple[str, Sequence[Group]]]:
    """Where there is more than one of them."""
    if len(agreement.by_basis) > 1:
        yield "By what the verdict rests on", agreement.by_basis
    if len(agreement.by_confidence) > 1:
        yield "By confidence", agreement.by_confidence


def _group_row(group: Group) -> tuple[str, ...]:
    f = group.figures
    shown = (f.exact, f.within_one, f.safe, f.mean_error, f.says_act, f.says_rest, f.recommended, f.advised_against)
    return (_word(group.name), str(f.cases), *(_figure(figure, figure is f.mean_error) for figure in shown))


def _matrix(agreement: Agreement, diagonal: str) -> Rows:
    """The table of bands with its header; the diagonal stands out, and nought is a dot."""
    bands = [_word(band) for band in agreement.bands]
    rows: Rows = [("", *bands, "all")]
    for i, counts in enumerate(agreement.matrix):
        cells = [diagonal.format(n) if i == j else str(n or ".") for j, n in enumerate(counts)]
        rows.append((bands[i], *cells, str(sum(counts))))
    rows.append(("all", *(str(sum(column)) for column in zip(*agreement.matrix, strict=True)), str(agreement.figures.cases)))
    return rows


def _acts_matrix(agreement: Agreement, diagonal: str) -> Rows:
    """The table of acting and letting go with its header; only that where no expert says it."""
    counts = Counter((case.expert_acts, case.acts) for case in agreement.cases if case.expert_acts is not None)
    rows: Rows = [("", *_ACTS.values())]
    for theirs, word in _ACTS.items() if counts else ():
        cells = [(diagonal if theirs == ours else "{}").format(counts[theirs, ours]) for ours in _ACTS]
        rows.append((word, *cells))
    return rows


def _worst_title(agreement: Agreement) -> str:
    return "The worst disagreement" + ("s" if len(agreement.worst) > 1 else "")


def _told(worst: Disagreement) -> Iterator[str]:
    """A disagreement in lines: the case, what happened, both verdicts, and the rules behind ours."""
    case = worst.case
    sure = f", confidence {case.confidence}" if case.confidence else ""
    yield f"{printable(case.id) or 'a case'} ({printable(case.place)}; {_word(case.basis)}{sure})"
    if worst.situation:
        yield worst.situation
    theirs = [_word(case.expert_band), *_known(case.expert_noticed), *_acts(case.expert_acts)]
    yield f"Expert: {', '.join(theirs)}." + (f" {worst.gist}" if worst.gist else "")
    ours = [f"{_word(case.band)} (damage {case.damage:g})", *_known(case.noticed), *_acts(case.acts), _word(worst.verdict)]
    yield f"misstep: {', '.join(ours)}{_apart(case.error)}."
    yield from (_cause(cause) for cause in worst.causes)
    yield from _actions("Not in the plan, though recommended", worst.absent, _NO_ROOM)
    yield from _actions("In the plan, though advised against", worst.present)


def _apart(error: int) -> str:
    if not error:
        return ""
    return f"; {abs(error)} band{'s' if abs(error) > 1 else ''} too {'harsh' if error > 0 else 'mild'}"


def _cause(cause: Cause) -> str:
    amounts = (("severity", cause.severity), ("noticed", cause.noticed))
    return f"{cause.rule}: {', '.join(f'{round(n, 2):+g} {dimension}' for dimension, n in amounts if n)}; {cause.text}"


def _actions(title: str, actions: Sequence[DifferingAction], after: str = "") -> Iterator[str]:
    told = (f"{a.action} ({_WHY[a.why].format(rules=', '.join(a.rules))}{after * (a.why == 'recommended')})" for a in actions)
    if actions:
        yield f"{title}: {'; '.join(told)}."


def _acts(acts: bool | None) -> list[str]:
    return [] if acts is None else [_ACTS[acts]]


def _known(word: str | None) -> list[str]:
    return [] if word is None else [_word(word)]


def _figure(figure: Figure, signed: bool = False) -> str:
    if figure.value is None:
        return "-"
    return f"{figure.value:+.3f}" if signed else f"{figure.value:.3f}"


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"


def _word(word: str) -> str:
    return printable(word.replace("_", " "))
