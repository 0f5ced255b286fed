"""Scored interviews in; what a notebook shows of them out: means, how many came to each band, and the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from misstep.batch.summary import Summary
from misstep.layout.document import ReportDocument, Section, Table
from misstep.layout.wording import counted, spaced

_WORST = ("damage", "band", "verdict", "worst", "first_action")
VIEWED = ("file", "row", "id", *_WORST, "damage_after", "mistakes")
"""The columns that are looked at."""
WORST = 5  # rows


def scores_view(name: str, summary: Summary, batches: Iterable[pa.RecordBatch]) -> ReportDocument:
    """A document about a result. ``batches``: its columns ``VIEWED``."""
    sums, bands, worst = dict.fromkeys(("damage", "damage_after", "mistakes"), 0.0), Counter[str](), list[dict[str, object]]()
    for batch in batches:
        for column in sums:
            sums[column] += pc.sum(batch.column(column)).as_py() or 0.0
        bands.update({each["values"]: each["counts"] for each in pc.value_counts(batch.column("band")).to_pylist()})
        first = pc.sort_indices(batch.column("damage"), sort_keys=[("", "descending")])[:WORST]
        worst += [row for row in batch.take(first).to_pylist() if row["damage"]]
        worst = sorted(worst, key=lambda row: -row["damage"])[:WORST]  # type: ignore[operator]
    words, n, rules = summary.words, bands.total(), summary.rulebase
    rejects = f", {counted(summary.rejects, 'reject')}" if summary.rejects else ""
    title, foot = f"{name}: {words.counted(summary.interviews)}{rejects}", [f"Scored with {rules.name} {rules.version}."]
    if not n:
        return ReportDocument(title, (), (), foot)
    lead = (
        f"Mean damage {sums['damage'] / n:.1f} of 100, {sums['damage_after'] / n:.1f} once every plan is carried out;"
        f" {sums['mistakes'] / n:.1f} {words.mistakes} on average."
    )
    shares = [(spaced(band), f"{bands[band]:,}", f"{bands[band] / n:.0%}") for band in summary.bands]
    sections = [Section("By band", [Table(("band", words.records, "share"), shares)])]
    if worst:
        header = (words.record, *map(spaced, _WORST))
        rows = [(_named(row), *(_shown(row[column]) for column in _WORST)) for row in worst]
        sections.append(Section("The worst", [Table(header, rows, figures=False)]))
    return ReportDocument(title, [lead], sections, foot)


def _named(row: dict[str, object]) -> str:
    """The id; where there is none, the place in the input."""
    return str(row["id"]) if row["id"] is not None else f"{row['file']}:{row['row']}"


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return "" if value is None else str(value)
