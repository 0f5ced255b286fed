"""A coverage in; what became of the rows, columns and values, laid out as text or Markdown, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.layout.as_text import as_text
from misstep.layout.document import Inline, ReportDocument, Run, Section, Table
from misstep.layout.wording import counted


def coverage_text(mapping: RowMapping, coverage: LogCoverage, width: int = 100, color: bool = False) -> str:
    """Text for analysts: which facts were made, which columns were not read, and which values mean nothing."""
    lead = f"{counted(coverage.rows, 'row')}, {counted(coverage.made.total(), 'fact')}"
    return as_text(
        ReportDocument("What the mapping made of the log", [lead], list(coverage_sections(mapping, coverage))), width, color
    )


def coverage_sections(mapping: RowMapping, coverage: LogCoverage) -> Iterator[Section]:
    """The same as sections of a larger report."""
    lines: list[Sequence[Inline]] = [
        (line, f"{coverage.made[line]:,}", f"{coverage.unmade[line]:,}" if coverage.unmade[line] else "")
        for line in mapping.lines
    ]
    yield Section("Facts, by the lines of the mapping", [Table(("", "made", "not made: a field is not said"), lines)])
    if coverage.unread:
        unread = [(column, f"{count:,}") for column, count in coverage.unread.most_common()]
        yield Section(
            "Columns that are not read",
            [Table(("", "rows with a value"), unread), Run("`ignore` names those that are meant to be left out.", "dim")],
        )
    if coverage.unmapped:
        rows: list[Sequence[Inline]] = [
            (f"{column}: {value}{mapping.hint(column, value)}", f"{count:,}")
            for column, values in sorted(coverage.unmapped.items())
            for value, count in values.most_common()
        ]
        yield Section(
            "Values that mean nothing to the mapping",
            [Table(("", "times"), rows), Run("They are taken as not said; `nothing` names those that are meant to be.", "dim")],
        )
