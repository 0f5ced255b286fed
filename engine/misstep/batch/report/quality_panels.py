"""The panels about the quality of a log: what could not be used, what was not read, and what is guessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.batch.report.panel_maker import PanelMaker
from misstep.batch.report.report_parts import NumberColumn, NumberTable, Panel, ReportCell
from misstep.batch.summary import EXAMPLES, MappingCoverage
from misstep.layout.wording import counted

FIRST = 20  # rows of a table that is seen at once
PROBLEMS = 3  # of a reject; the file of rejects has all


class QualityPanels(PanelMaker):
    """The panels about the quality of a log."""

    def quality(self) -> tuple[Panel, ...]:
        """All that there is to tell."""
        return (self._counts(), *self._rejects(), *self._inputs(), *self._mapped())

    def _counts(self) -> Panel:
        summary, guessed, words = self.summary, self.figures.guessed, self.words
        there, again = self.all + summary.rejects, summary.duplicates
        if summary.unique:
            taken = "of the records that were taken"
            duplicates = ("with the id of one before, left out", again, there + again, "of all records")
        else:
            taken = "of all records"
            duplicates = ("with the id of one before, scored all the same", again, self.all, f"of {words.records}")
        lines: list[tuple[str, int, int, str]] = [
            ("scored", self.all, there, taken),
            ("rejected: they could not be scored", summary.rejects, there, taken),
            duplicates,
            (f"{words.records} with a score that rests on a default", guessed.interviews, self.all, f"of {words.records}"),
            (f"{words.mistakes} with a score that rests on a default", guessed.mistakes, guessed.of, f"of {words.mistakes}"),
        ]
        rows: list[Sequence[ReportCell]] = [
            (what, count, count / of if of else None, of_what) for what, count, of, of_what in lines
        ]
        columns = (
            NumberColumn("what", "text"),
            NumberColumn("how many"),
            NumberColumn("share", "share"),
            NumberColumn("of", "text"),
        )
        text = (
            "A default stands in for what a record leaves out: how usual it is, not how it was. Records that say more rest on"
            " fewer."
        )
        return Panel("What the scores rest on", text, tables=(NumberTable("Quality of the log", columns, rows, unfolded=True),))

    def _rejects(self) -> Iterator[Panel]:
        summary = self.summary
        if not summary.rejects:
            return
        reasons = NumberTable(
            "Rejects by reason",
            (NumberColumn("what is wrong", "text"), NumberColumn("records"), NumberColumn("share of rejects", "share")),
            [(reason, count, count / summary.rejects) for reason, count in summary.reasons.items()],
            shown=FIRST,
            unfolded=True,
        )
        first = NumberTable(
            "Where, the first of them",
            (NumberColumn("file", "text"), NumberColumn("row", "plain"), NumberColumn("what is wrong", "text")),
            [(one.file, one.row, "; ".join(one.problems[:PROBLEMS])) for one in summary.reject_examples],
            shown=EXAMPLES,
            total=summary.rejects,
        )
        text = "A record may be wrong for several reasons. The file of rejects has all of them, with their places."
        yield Panel("What could not be scored", text, tables=(*((reasons,) if summary.reasons else ()), first))

    def _inputs(self) -> Iterator[Panel]:
        if remarks := self.summary.remarks:
            columns = (NumberColumn("input", "text"), NumberColumn("remark", "text"))
            rows = [(remark.file, remark.text) for remark in remarks]
            table = NumberTable("How inputs were read, and what of them was not", columns, rows, unfolded=True)
            yield Panel("How the inputs were read", tables=(table,))

    def _mapped(self) -> Iterator[Panel]:
        coverage = self.summary.coverage
        if coverage is not None:
            facts = sum(coverage.made.values())
            made = f"{counted(facts, 'fact')} of {counted(coverage.rows, 'row')}"
            text = f"The mapping made {made}. A value without a meaning was taken as not said."
            yield Panel("What the mapping made of the log", text, tables=tuple(_coverage_tables(coverage)))


def _coverage_tables(coverage: MappingCoverage) -> Iterator[NumberTable]:
    column = NumberColumn("column", "text")
    if coverage.unmapped:
        found = [(name, value, count) for name, values in coverage.unmapped.items() for value, count in values.items()]
        values = [
            (name, value, count, coverage.hints.get(name, {}).get(value, ""))
            for name, value, count in sorted(found, key=lambda one: (-one[2], one[:2]))
        ]
        columns = (column, NumberColumn("value", "text"), NumberColumn("times"), NumberColumn("hint", "text"))
        yield NumberTable("Values that mean nothing to the mapping", columns, values, shown=FIRST, unfolded=True)
    if coverage.unread:
        unread = sorted(coverage.unread.items(), key=lambda one: (-one[1], one[0]))
        said = (column, NumberColumn("rows with a value"))
        yield NumberTable("Columns that are not read", said, unread, shown=FIRST, unfolded=True)
    lines = [(line, coverage.made.get(line, 0), coverage.unmade.get(line, 0)) for line in {**coverage.made, **coverage.unmade}]
    facts = (NumberColumn("line", "text"), NumberColumn("made"), NumberColumn("not made: a field is not said"))
    yield NumberTable("Facts, by the lines of the mapping", facts, lines)
