"""A Comparison of two rule bases in; text for a terminal, or Markdown, out. Pure: nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterator

from rich.padding import Padding
from rich.text import Text

from misstep.batch.baseline import ChangedInterview, ComparedRules, Comparison
from misstep.batch.responsible import ASPECTS
from misstep.errors import printable
from misstep.layout.tables import markdown_table, markdown_text, print_numbered, print_table, text_of, text_page

Rows = list[tuple[str, ...]]

MOST_RULES = 20
_CHANGES = "What has changed"
_CHANGES_HEADER = ("", "interviews", "share")
_MATRIX = "Bands: the baseline's in rows, those of these rules in columns"
_RULES = "Rules because of which it has changed"
_RULES_HEADER = ("", "interviews")
_EXAMPLES = "Examples, the largest change of damage first"


def comparison_text(comparison: Comparison, width: int = 100, color: bool = False) -> str:
    """What a rule author reads: whose answer has changed, how, and because of which rules."""
    page = text_page(width, color)
    page.print(Text(_title(comparison), "bold"))
    page.print(Text("\n".join(_summary(comparison))))
    if comparison.compared:
        print_table(page, _CHANGES, _CHANGES_HEADER, _changes(comparison))
        header, *rows = _matrix(comparison, "[{}]")
        print_table(page, f"{_MATRIX}, [ ] where both are the same", header, rows)
        page.print(Padding(Text("\n".join(_means(comparison)), "dim"), (0, 0, 0, 2)))
    if comparison.changed:
        print_table(page, _RULES, _RULES_HEADER, _responsible(comparison))
        page.print(Text(f"\n{_EXAMPLES}", "bold underline"))
        for number, example in enumerate(comparison.examples, start=1):
            head, *details = _told(example)
            print_numbered(page, number, head, details)
    for name, rules in (("Baseline", comparison.baseline), ("Rules", comparison.rules)):
        page.print(Text(f"{'' if name == 'Rules' else chr(10)}{name}: {_named(rules)}, {rules.digest[:19]}", "dim"))
    return text_of(page)


def comparison_markdown(comparison: Comparison) -> str:
    """The same as Markdown, for a page or a ticket."""
    lines = [f"# {markdown_text(_title(comparison))}", "", *map(markdown_text, _summary(comparison)), ""]
    if comparison.compared:
        lines += [f"## {_CHANGES}", "", *markdown_table(_CHANGES_HEADER, _changes(comparison)), ""]
        header, *rows = _matrix(comparison, "**{}**")
        lines += [f"## {_MATRIX}, bold where both are the same", "", *markdown_table(header, rows, plain=False), ""]
        lines += [*_means(comparison), ""]
    if comparison.changed:
        lines += [f"## {_RULES}", "", *markdown_table(_RULES_HEADER, _responsible(comparison)), "", f"## {_EXAMPLES}", ""]
        for number, example in enumerate(comparison.examples, start=1):
            head, *details = _told(example)
            lines += [f"{number}. **{markdown_text(head)}**", *(f"   - {markdown_text(line)}" for line in details)]
        lines.append("")
    for name, rules in (("Baseline", comparison.baseline), ("Rules", comparison.rules)):
        lines += [f"{name}: {markdown_text(_named(rules))}, `{rules.digest}`", ""]
    return "\n".join(lines[:-1]) + "\n"


# -- what is said


def _title(comparison: Comparison) -> str:
    return f"{_named(comparison.rules)} against the baseline {_named(comparison.baseline)}"


def _named(rules: ComparedRules) -> str:
    return printable(f"{rules.name} {rules.version}")


def _summary(comparison: Comparison) -> Iterator[str]:
    changed = (
        f"{comparison.changed:,} of them ({_share(comparison.changed, comparison)})" if comparison.changed else "none of them"
    )
    told = f"; band, verdict, first action or outlook of {changed} changed" if comparison.compared else ""
    yield f"{_interviews(comparison.compared)} compared{told}."
    left_out = (
        (comparison.only_baseline, "only with the baseline"),
        (comparison.only_rules, "only with these rules"),
        (comparison.neither, "with neither"),
    )
    if any(count for count, _ in left_out):
        yield f"Left out, as they could be read {', '.join(f'{words}: {count:,}' for count, words in left_out if count)}."


def _interviews(count: int) -> str:
    return f"{count:,} interview{'' if count == 1 else 's'}"


def _share(count: int, comparison: Comparison) -> str:
    return f"{count / comparison.compared:.2%}"


def _changes(comparison: Comparison) -> Rows:
    counts = ((what, comparison.changes[what]) for what in (*ASPECTS, "damage"))
    return [(_word(what), f"{count:,}", _share(count, comparison)) for what, count in counts]


def _matrix(comparison: Comparison, same: str) -> Rows:
    """The table of bands with its header; where both are the same stands out, and nought is a dot."""
    before, after = comparison.baseline.bands, comparison.rules.bands
    rows: Rows = [("", *map(_word, after), "all")]
    for band, counts in zip(before, comparison.matrix, strict=True):
        cells = [same.format(f"{n:,}") if band == after[j] else f"{n:,}" if n else "." for j, n in enumerate(counts)]
        rows.append((_word(band), *cells, f"{sum(counts):,}"))
    columns = zip(*comparison.matrix, strict=True)
    return [*rows, ("all", *(f"{sum(column):,}" for column in columns), f"{comparison.compared:,}")]


def _means(comparison: Comparison) -> Iterator[str]:
    """Which way it has gone."""
    matrix = comparison.matrix
    if comparison.baseline.bands == comparison.rules.bands:
        harsher = sum(n for i, row in enumerate(matrix) for j, n in enumerate(row) if j > i)
        milder = sum(n for i, row in enumerate(matrix) for j, n in enumerate(row) if j < i)
        yield f"A harsher band: {harsher:,}, a milder one: {milder:,}."
    yield f"Mean change of damage: {comparison.mean_damage_change:+.3f} (of 100; + is worse)."


def _responsible(comparison: Comparison) -> Rows:
    rules = comparison.most_responsible()
    rows: Rows = [(rule, f"{count:,}") for rule, count in rules[:MOST_RULES]]
    if len(rules) > MOST_RULES:
        rows.append((f"and {len(rules) - MOST_RULES:,} more rules", ""))
    if comparison.unexplained:
        rows.append(("no rule, but the scale or an action", f"{comparison.unexplained:,}"))
    return rows


def _told(example: ChangedInterview) -> Iterator[str]:
    """An example in lines: which interview, what has changed, and the rules behind it."""
    place = f"{example.file}:{example.row}"
    yield printable(f"{example.id} ({place})" if example.id else place)
    before, after = example.before, example.after
    yield f"damage {before.damage / 10:g} -> {after.damage / 10:g}"
    for aspect in ASPECTS:
        was, now = (getattr(answer, aspect) for answer in (before, after))
        if was != now:
            yield f"{_word(aspect)}: {_word(was or 'nothing')} -> {_word(now or 'nothing')}"
    yield f"because of {', '.join(example.rules)}" if example.rules else "because of no rule, but the scale or an action"


def _word(word: str) -> str:
    return printable(word.replace("_", " "))
