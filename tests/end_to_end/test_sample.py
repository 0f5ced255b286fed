"""``misstep sample``: what it writes and where, and how it ends."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import INCIDENTS, Command

RULES = ("--rules", INCIDENTS / "rules")


def test_what_it_prints_can_be_assessed(misstep: Command) -> None:
    run = misstep("sample", "20")
    assert (run.code, run.err) == (0, "")
    assert [json.loads(line)["id"] for line in run.out.splitlines()] == [f"iv-{n:07}" for n in range(1, 21)]
    again = misstep.inside("assess", "-", "-o", "json", "--input", "jsonl", stdin=run.raw)
    assert (again.code, again.err) == (0, "")
    assert len(again.out.splitlines()) == 20


def test_seed_rules_and_columns(misstep: Command) -> None:
    run = misstep.inside("sample", "5", "--seed", "7", *RULES, "--columns", "team, month")
    assert misstep.inside("sample", "5", "--seed", "7", *RULES, "--columns", "team,month", "-o", "-").raw == run.raw
    assert misstep.inside("sample", "5", "--seed", "8", *RULES, "--columns", "team,month").raw != run.raw
    assert list(json.loads(run.out.splitlines()[0])) == ["id", "team", "month", "facts"]
    assert "outage" in run.out


def test_into_a_file(misstep: Command) -> None:
    run = misstep.inside("sample", "5", *RULES, "-o", "log.jsonl")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert (misstep.folder / "log.jsonl").read_bytes() == misstep.inside("sample", "5", *RULES).raw
    assert [file.name for file in misstep.folder.iterdir()] == ["log.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["5", "-o", "nowhere/log.jsonl"], "misstep: nowhere/log.jsonl: No such file or directory\n"),
        (["5", "-o", "."], "misstep: .: Is a directory\n"),
        (["5", "--columns", "team,color"], "misstep: columns: unknown column 'color'; it is one of team, month\n"),
        (["5", "--rules", "nowhere"], "misstep: nowhere: no such file or folder\n"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing_behind(misstep: Command, arguments: list[str], message: str) -> None:
    run = misstep.inside("sample", *arguments)
    assert (run.code, run.out, run.err) == (2, "", message)
    assert list(misstep.folder.iterdir()) == []


def test_a_file_is_replaced_only_where_that_is_asked_for_and_rules_never(misstep: Command) -> None:
    misstep.write("log.jsonl", "mine")
    pack = "schema: 1\npack: own\nextends: misstep\n"
    misstep.write("own.yaml", pack)
    there = "log.jsonl: is there already; give --overwrite to replace it, or choose another name"
    read = "own.yaml: is an input; write elsewhere"
    for arguments, message in (
        (["-o", "log.jsonl"], there),
        (["--rules", "own.yaml", "-o", "own.yaml"], read),
        (["--rules", "own.yaml", "-o", "own.yaml", "--overwrite"], read),
    ):
        run = misstep.inside("sample", "5", *arguments)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
    assert (misstep.folder / "log.jsonl").read_text("utf-8") == "mine"
    assert (misstep.folder / "own.yaml").read_text("utf-8") == pack
    run = misstep.inside("sample", "5", "-o", "log.jsonl", "--overwrite")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert (misstep.folder / "log.jsonl").read_bytes() == misstep.inside("sample", "5").raw


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_a_count_is_a_whole_number_from_one(misstep: Command, count: str) -> None:
    run = misstep.inside("sample", "--", count)
    assert (run.code, run.out) == (2, "")
    assert "Invalid value for 'N'" in run.err
