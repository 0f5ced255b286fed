"""Logs as other programs write them, in fixtures/messy: each is scored, or refused in words that name the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.end_to_end.command import run_command

NONE = "none of {} records could be scored, all for one reason:"
NO_FIELD = "there is no such field; there are id, facts; --keep carries further columns along, --ignore leaves them out"
MESSY = Path(__file__).parents[2] / "fixtures" / "messy"


class Came(NamedTuple):
    """What a command came to."""

    code: int
    said: list[str]
    rows: list[dict[str, Any]]
    rejects: list[dict[str, Any]]


def score(folder: Path, name: str, *options: str) -> Came:
    run = run_command(MESSY, "score", name, "-o", str(folder / "out.jsonl"), "--workers", "1", *options)
    rows, rejects = (
        [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
        for file in (folder / "out.jsonl", folder / "out.rejects.jsonl")
    )
    return Came(run.code, run.err.splitlines(), rows, rejects)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("excel_semi.csv", ("--keep", "team"), ["cells end at ';'; --delimiter and --decimal say otherwise"]),
        ("pipe.csv", ("--keep", "team"), ["cells end at '|'; --delimiter and --decimal say otherwise"]),
        (
            "caps.csv",
            ("--facts", "Facts", "--id", "ID"),
            ["columns that are not read: Team; --keep carries them along, --ignore says that they are known"],
        ),
        ("array.json", ("--keep", "team"), []),
        ("polars_nulls.ndjson", (), []),
        ("extrakeys.jsonl", ("--ignore", "*"), []),
        ("extrakeys.jsonl", ("--ignore", "candidate,created_at", "--keep", "team"), []),
        ("polars_struct.parquet", (), []),
        (
            "long_german.csv",
            ("--input-format", "long-csv", "--keep", "team", "--ignore", "*"),
            ["cells end at ';', numbers have a decimal comma; --delimiter and --decimal say otherwise"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_scored(tmp_path: Path, name: str, options: tuple[str, ...], said: list[str]) -> None:
    came = score(tmp_path, name, *options)
    assert (came.code, came.said, came.rejects) == (0, [f"misstep: {name}: {line}" for line in said], [])
    ids = ["iv-1", "iv-2"] if name == "long_german.csv" else ["iv-1", "iv-2", "iv-3", "iv-4"]
    assert [row["id"] for row in came.rows] == ids
    assert [row["mistakes"] for row in came.rows] == [2, 1, 0, 1][: len(ids)]
    if "--keep" in options:
        assert came.rows[1]["team"] == "Köln"
    if name == "long_german.csv":
        assert [row["row"] for row in came.rows] == [2, 4]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("caps.csv", "has no column 'facts'; there are Facts, ID, Team; did you mean 'Facts'? Then give --facts Facts"),
        (
            "wide.csv",
            "has no column 'facts'; there are comment, interview_id, interviewer_name_wrong, phone_rang, tardiness_min, team",
        ),
        ("extrakeys.jsonl", f"{NONE.format(4)} /team: {NO_FIELD} (and 2 more)"),
        ("lever_feedback.json", f"{NONE.format(3)} /facts: is missing (and 11 more)"),
        ("greenhouse_scorecards.json", f"{NONE.format(3)} /facts: is missing (and 15 more)"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, said: str) -> None:
    came = score(tmp_path, name)
    assert (came.code, came.rows) == (2, [])
    assert came.said[-1] == (f"misstep: {said}" if said.startswith("none") else f"misstep: {name}: {said}")
    assert came.rejects == []


def test_a_column_of_json_is_scored(tmp_path: Path) -> None:
    came = score(tmp_path, "duckdb_json_column.parquet")
    assert (came.code, came.said, [row["id"] for row in came.rows]) == (0, [], ["a"])


def test_python_s_own_notation_is_named(tmp_path: Path) -> None:
    came = score(tmp_path, "pandas_repr.csv")
    assert (came.code, [row["id"] for row in came.rows]) == (1, ["iv-3"])
    assert [reject["id"] for reject in came.rejects] == ["iv-1", "iv-2", "iv-4"]
    for reject in came.rejects:
        assert reject["problems"][0]["message"].endswith("; it looks like Python's repr, where json.dumps writes JSON")
