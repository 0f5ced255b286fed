"""Lay out a Comparison of two rule bases as text for a terminal, or as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.batch.baseline import ChangedInterview, ComparedRules, Comparison
from misstep.batch.responsible import Aspect
from misstep.layout.as_markdown import as_markdown
from misstep.layout.as_text import as_text
from misstep.layout.document import MATRIX_LEGEND, Point, Points, ReportDocument, Run, Section, Table, matrix, rules_line
from misstep.layout.wording import counted, spaced

MOST_RULES = 20
_NO_RULE = "no rule, but the scale or an action"


def comparison_text(comparison: Comparison, width: int = 100, color: bool = False) -> str:
    """Text for rule authors: how many answers have changed, how, and because of which rules."""
    return as_text(_document(comparison), width, color)


def comparison_markdown(comparison: Comparison) -> str:
    """The same as Markdown."""
    return as_markdown(_document(comparison))


def _document(comparison: Comparison) -> ReportDocument:
    title = f"{_named(comparison.rules)} against the baseline {_named(comparison.baseline)}"
    rules = (("Baseline", comparison.baseline), ("Rules", comparison.rules))
    foot = [rules_line(each.name, each.version, each.digest, label) for label, each in rules]
    return ReportDocument(title, list(_summary(comparison)), list(_sections(comparison)), foot)


def _sections(comparison: Comparison) -> Iterator[Section]:
    if comparison.compared:
        changes = ((what, comparison.changes[what]) for what in (*comparison.aspects, "damage"))
        rows = [(spaced(what), f"{count:,}", _share(count, comparison)) for what, count in changes]
        yield Section("What has changed", [Table(("", comparison.rules.records, "share"), rows)])
        before, after = ([spaced(band) for band in each.bands] for each in (comparison.baseline, comparison.rules))
        title = ("Bands: the baseline's in rows, those of these rules in columns, ", MATRIX_LEGEND)
        yield Section(title, [matrix(before, after, comparison.matrix), *(Run(line, "dim") for line in _means(comparison))])
    if comparison.changed:
        yield Section("Rules because of which it has changed", [Table(("", comparison.rules.records), _responsible(comparison))])
        examples = [_example(example, comparison.aspects) for example in comparison.examples]
        yield Section("Examples, the largest change of damage first", [Points(examples, "1.")])


def _named(rules: ComparedRules) -> str:
    return f"{rules.name} {rules.version}"


def _summary(comparison: Comparison) -> Iterator[str]:
    changed = (
        f"{comparison.changed:,} of them ({_share(comparison.changed, comparison)})" if comparison.changed else "none of them"
    )
    rules = comparison.rules
    *others, last = map(spaced, comparison.aspects)
    told = f"; {', '.join(others)} or {last} of {changed} changed" if comparison.compared else ""
    yield f"{counted(comparison.compared, rules.record, rules.records)} compared{told}."
    left_out = (
        (comparison.only_baseline, "only with the baseline"),
        (comparison.only_rules, "only with these rules"),
        (comparison.neither, "with neither"),
    )
    if any(count for count, _ in left_out):
        yield f"Left out, as they could be read {', '.join(f'{words}: {count:,}' for count, words in left_out if count)}."


def _share(count: int, comparison: Comparison) -> str:
    return f"{count / comparison.compared:.2%}"


def _means(comparison: Comparison) -> Iterator[str]:
    """The direction of the changes."""
    matrix = comparison.matrix
    if comparison.baseline.bands == comparison.rules.bands:
        harsher = sum(n for i, row in enumerate(matrix) for j, n in enumerate(row) if j > i)
        milder = sum(n for i, row in enumerate(matrix) for j, n in enumerate(row) if j < i)
        yield f"A harsher band: {harsher:,}, a milder one: {milder:,}."
    yield f"Mean change of damage: {comparison.mean_damage_change:+.3f} (of 100; + is worse)."


def _responsible(comparison: Comparison) -> list[tuple[str, str]]:
    rules = comparison.most_responsible()
    rows = [(rule, f"{count:,}") for rule, count in rules[:MOST_RULES]]
    if len(rules) > MOST_RULES:
        rows.append((f"and {len(rules) - MOST_RULES:,} more rules", ""))
    if comparison.unexplained:
        rows.append((_NO_RULE, f"{comparison.unexplained:,}"))
    return rows


def _example(example: ChangedInterview, aspects: Sequence[Aspect]) -> Point:
    """A record: the changes, and the rules behind them."""
    place = f"{example.file}:{example.row}"
    before, after = example.before, example.after
    details = [f"damage {before.damage / 10:g} -> {after.damage / 10:g}"]
    for aspect in aspects:
        was, now = (getattr(answer, aspect) for answer in (before, after))
        if was != now:
            details.append(f"{spaced(aspect)}: {spaced(was or 'nothing')} -> {spaced(now or 'nothing')}")
    details.append(f"because of {', '.join(example.rules) or _NO_RULE}")
    return Point(Run(f"{example.id} ({place})" if example.id else place, "strong"), details)
