"""Small results, as a run writes them: a file of interviews with its summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.forms import form_of, join_parts, write_part
from misstep.batch.parts import Logged, Reject
from misstep.batch.results import Scores, read_scores
from misstep.batch.score_batch import Scored, score_records
from misstep.batch.summary import Summary
from misstep.errors import Location, Problem

INTERVIEWS = Path(__file__).parents[2] / "fixtures" / "interviews"
TEAMS = ("Engineering", "Sales", None)


def logged() -> list[Logged | Reject]:
    """The interviews of the fixtures, in three teams over two months, one that is wrong, and one without a mistake."""
    found: list[Logged | Reject] = [
        Logged(row, file.read_bytes(), None, (TEAMS[row % 3], f"2025-{1 + row % 2:02}"))
        for row, file in enumerate(sorted(INTERVIEWS.glob("*.json")), start=1)
    ]
    wrong = Reject("logs.jsonl", 90, (Problem(Location("logs.jsonl", 90, 7, "/facts/0/kind"), "there is no such kind"),))
    return [*found, Logged(89, json.dumps({"id": "fine", "facts": []}).encode(), None, ("Sales", "2025-02")), wrong]


def score(records: Sequence[Logged | Reject], wanted: OutputOptions, rulebase: RuleBase | None = None) -> Scored:
    return score_records(records, "logs.jsonl", rulebase or RuleBase.shipped(), wanted)


def write(
    output: Path,
    records: Sequence[Logged | Reject] | None = None,
    keep: Sequence[str] = ("team", "month"),
    rulebase: RuleBase | None = None,
    assessment: bool = False,
) -> Scores:
    """Score records into a file."""
    wanted = OutputOptions(tuple(keep), (), assessment)
    scored = score(logged() if records is None else records, wanted, rulebase)
    summary = Summary.of(
        rulebase or RuleBase.shipped(),
        ["logs.jsonl"],
        interviews=len(scored.rows["interviews"]),
        rejects=len(scored.rejects),
        examples=[{"file": r.file, "row": r.row, "problems": [str(p) for p in r.problems]} for r in scored.rejects],
        tally=scored.tally,
        keep=wanted.keep,
    )
    return write_table(output, scored.table("interviews", wanted), summary)


def write_table(output: Path, table: pa.Table, summary: Summary) -> Scores:
    part = output.with_name(output.name + ".part")
    with part.open("wb") as stream:
        write_part(table, stream, form_of(output))
    with output.open("wb") as stream:
        join_parts([part], table.schema.with_metadata({b"misstep": summary.to_json()}), stream, form_of(output))
    part.unlink()
    output.with_name(output.name + ".summary.json").write_bytes(summary.to_json())
    return read_scores(output)
