"""Outputs that are inputs, or each other, and what a damaged row or journal costs."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from misstep.api import RuleBase
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.run import score
from misstep.errors import UsageError

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_a_table_that_is_read_is_not_written_whatever_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(sqlite3.connect("i.db")) as database:
        database.executescript("CREATE TABLE log (id, facts); INSERT INTO log VALUES ('a', '[]')")
    Path("j.db").symlink_to("i.db")
    outputs = [
        "sqlite:///i.db?table=Log",
        "sqlite:///./i.db?table=log",
        "sqlite:///j.db?table=log",
        f"sqlite:///{tmp_path}/i.db?table=log",
    ]
    for inputs in ("sqlite:///i.db?table=log", "sqlite:///i.db?query=SELECT * FROM log"):
        for output in outputs:
            with pytest.raises(UsageError, match="is an input; write elsewhere"):
                score(inputs, output, overwrite=True, workers=1)
    assert score("sqlite:///i.db?table=log", "sqlite:///i.db?table=scores", workers=1).interviews == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rejects": "k.jsonl"}, "k.jsonl: is named for two outputs; give each a file of its own"),
        ({"rejects": "k.jsonl.summary.json"}, "k.jsonl.summary.json: is named for two outputs; give each a file of its own"),
        ({"rejects": "r.txt", "writes": ["r.txt"]}, "r.txt: is named for two outputs; give each a file of its own"),
        ({"rejects": "file:///r.jsonl"}, "file:///r.jsonl: a file of this machine is named by its path: /r.jsonl"),
        ({"journal": "file:///j"}, "file:///j: a file of this machine is named by its path: /j"),
        ({"rejects": "log.jsonl/r.jsonl"}, "log.jsonl/r.jsonl: there is no folder log.jsonl"),
        ({"journal": "other.txt"}, "other.txt: is no folder; checkpoints need a folder of their own"),
        (
            {"journal": "mine"},
            "mine: is no checkpoint folder, as notes.txt is in it; checkpoints need a folder of their own",
        ),
        ({"rejects": ""}, "an empty name is no file or folder"),
        ({"writes": ["log.jsonl"]}, "log.jsonl: is an input; write elsewhere"),
    ],
)
def test_each_output_has_a_file_of_its_own(
    options: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl").write_text('{"id": "a", "facts": []}\n', encoding="utf-8")
    Path("other.txt").touch()
    Path("mine").mkdir()
    Path("mine/notes.txt").touch()
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        score("log.jsonl", "k.jsonl", overwrite=True, **options)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "mine", "other.txt"]
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]


READ = {
    "rules/priority.csv": "a table of the rules",
    "rules/cases.yaml": "a pack of the rules",
    "rules/words/more.yaml": "words of the rules",
    "old.yaml": "the baseline",
    "map.yaml": "the mapping",
    "log.db": "the database of the input",
}


@pytest.mark.parametrize("way", ["itself", "a soft link", "a hard link"])
@pytest.mark.parametrize("read", READ)
def test_no_output_replaces_what_is_read(read: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copytree(FIXTURES / "patch-priority" / "rules", "rules")
    Path("rules/words").mkdir()
    Path("rules/words/more.yaml").write_text("schema: 1\npack: more-words\n", encoding="utf-8")
    Path("old.yaml").write_text("schema: 1\npack: old\nextends: misstep\n", encoding="utf-8")
    Path("map.yaml").write_text("map: 1\ncolumns: {m: integer}\nfacts: {late_arrival: {minutes: m}}\n", encoding="utf-8")
    with closing(sqlite3.connect("log.db")) as database:
        database.executescript("CREATE TABLE log (id, facts); INSERT INTO log VALUES ('a', '[]')")
    rules = {"rules": RuleBase.load("rules"), "baseline": RuleBase.load("old.yaml")}
    options = {**rules, "mapping": RowMapping.load("map.yaml")}
    before = Path(read).read_bytes()
    file = Path(read)
    if way == "a soft link":
        file = Path(f"soft{file.suffix}")
        file.symlink_to(read)
    elif way == "a hard link":
        file = Path(f"hard{file.suffix}")
        file.hardlink_to(read)
    files = [file.name for file in tmp_path.iterdir()]
    places: list[dict[str, Any]] = [{"rejects": file}, {"writes": [file]}]
    for place in [*places, {"output": file}] if file.suffix == ".csv" else places:
        with pytest.raises(UsageError, match=f"^{re.escape(str(file))}: is an input; write elsewhere$"):
            score("sqlite:///log.db?table=log", **{"output": "s.csv", "overwrite": True, **options, **place})
    assert Path(read).read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == files


def test_what_rules_do_not_read_may_be_written_into_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text("schema: 1\npack: own\nextends: misstep\n", encoding="utf-8")
    Path("log.jsonl").write_text('{"id": "a", "facts": []}\n', encoding="utf-8")
    assert score("log.jsonl", "s.csv", rules=RuleBase.load("."), workers=1).interviews == 1


def test_a_database_is_not_named_for_two_outputs(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"id": "a", "facts": []}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"s\.db: is named for two outputs; give each a file of its own$"):
        score(tmp_path / "log.jsonl", f"sqlite:///{tmp_path}/s.db?table=s", rejects=tmp_path / "s.db")


def test_half_a_surrogate_pair_in_a_column_costs_its_row_alone(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"id": "a", "facts": [], "team": "\\ud800"}\n{"id": "b", "facts": [], "team": "x"}\n')
    outcome = score(tmp_path / "log.jsonl", tmp_path / "s.jsonl", keep=["team"])
    assert (outcome.interviews, outcome.rejects) == (1, 1)
    assert "the column 'team' has half of a surrogate pair" in (tmp_path / "s.rejects.jsonl").read_text("utf-8")


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"id": "a", "facts": []}\n')
    (tmp_path / "s.jsonl.misstep-run").mkdir()
    (tmp_path / "s.jsonl.misstep-run" / "run.json").write_text('{"cut')
    with pytest.raises(UsageError, match=r"run\.json: is damaged; delete the folder .*s\.jsonl\.misstep-run to start anew$"):
        score(tmp_path / "log.jsonl", tmp_path / "s.jsonl")
