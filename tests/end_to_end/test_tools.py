"""The examples of docs/batch-tools.md print what is shown, and all tools come to the same.

Each is a program of its own, run as a reader would run it, on the log that the first of them writes. A warning is an error, but
for those that a tool gives about itself. Spark and Ray are in the group ``engines``. Of what cannot be run here, as the document
says, the functions are called without what is around them.
"""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.end_to_end.command import FIXTURES, MISSTEP, ROOT, environment
from tests.end_to_end.test_documents import blocks

from misstep import score_batch

pytestmark = [pytest.mark.once, pytest.mark.needs("time")]  # nothing here depends on the version of Python

DOCUMENT = ROOT / "docs" / "batch-tools.md"
TOOLS = ["pyarrow", "Polars", "DuckDB", "pandas"]
ENGINES = {"Spark": "spark", "Databricks": "spark", "Ray Data": "ray"}
NOT_RUN = ["Snowflake", "BigQuery and Redshift"]
OTHERS = ["The log", "Rules of your own"]
ABOUT_PANDAS = ["ignore:PySpark does not yet fully support pandas >= 3:FutureWarning"]
ABOUT_THEMSELVES = {
    "Spark": ABOUT_PANDAS,
    "Databricks": ABOUT_PANDAS,
    "Ray Data": ["ignore::DeprecationWarning:ray.data.context"],  # it sets settings of its own that are deprecated
}


@dataclass(frozen=True)
class Example:
    """A section: modules that it writes, by name, its program, what that is said to print, and where this stands."""

    modules: dict[str, str]
    program: str
    shown: str
    start: int
    end: int


def examples() -> dict[str, Example]:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = {}
    for section in re.finditer(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", text):
        inside = blocks(section[2])
        codes = [block.text for block in inside if block.language == "python"]
        if codes and section[1] not in NOT_RUN:
            named = {name[1]: code for code in codes if (name := re.match(r"# (\w+\.py)\n", code))}
            (program,) = [code for code in codes if code not in named.values()]
            (output,) = [block for block in inside if block.language == "text"]
            found[section[1]] = Example(
                named, program, output.text, section.start(2) + output.start, section.start(2) + output.end
            )
    return found


def output_of(example: Example, folder: Path, ignored: Sequence[str] = ()) -> str:
    for name, code in {**example.modules, "example.py": example.program}.items():
        (folder / name).write_text(code, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("JAVA_HOME",) if name in os.environ}
    home = {"HOME": str(folder)}  # some tools leave things there
    options = [option for warning in ["error", *ignored] for option in ("-W", warning)]
    done = subprocess.run(
        [sys.executable, *options, "example.py"], capture_output=True, cwd=folder, env=environment(kept | home), check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    # what Ray's own daemon says of a slow machine is no output of the example
    return "".join(line for line in done.stdout.decode().splitlines(keepends=True) if "(raylet)" not in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with the log in it."""
    (tmp_path / "fixtures").symlink_to(FIXTURES)
    output_of(examples()["The log"], tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", [*OTHERS, *TOOLS, *[pytest.param(name, marks=pytest.mark.needs(need)) for name, need in ENGINES.items()]]
)
def test_an_example_prints_what_is_shown(name: str, folder: Path, pytestconfig: pytest.Config) -> None:
    example = examples()[name]
    printed = output_of(example, folder, ABOUT_THEMSELVES.get(name, ()))
    if pytestconfig.getoption("--update-golden"):
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(text[: example.start] + printed + text[example.end :], encoding="utf-8")
    else:
        assert printed == example.shown


def test_every_example_is_run() -> None:
    assert set(examples()) == {*OTHERS, *TOOLS, *ENGINES}


def test_all_tools_come_to_the_same() -> None:
    shown = {examples()[name].shown for name in [*TOOLS, *ENGINES]}
    assert len(shown) == 1
    assert len(shown.pop().splitlines()) == 5  # teams


def sections() -> dict[str, str]:
    return dict(re.findall(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8")))


def test_what_is_not_run_says_so() -> None:
    for name in NOT_RUN:
        assert sections()[name].startswith("\nNot run here.")


def test_the_function_for_snowflake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = [block.text for block in blocks(sections()["Snowflake"]) if block.language == "python"]
    for name in (
        "snowflake",
        "snowflake.snowpark",
        *(f"snowflake.snowpark.{part}" for part in ("context", "functions", "types")),
    ):
        monkeypatch.setitem(sys.modules, name, mock.MagicMock(pandas_udf=lambda **_: lambda function: function))
    named: dict[str, Any] = {}
    exec(compile(code, "Snowflake", "exec"), named)
    log = pq.read_table(folder / "log.parquet").slice(0, 50)
    facts = log["facts"].to_pandas()
    facts.index = facts.index + 7
    scored = named["misstep_scores"](facts)
    assert list(scored.index) == list(facts.index)
    assert list(scored) == score_batch(log.select(["facts"])).drop_columns("facts").to_pylist()


class Dbt:
    """What dbt-duckdb gives to a model."""

    def __init__(self, connection: Any, is_incremental: bool) -> None:
        self.ref = connection.table
        self.is_incremental, self.this = is_incremental, "scores"

    def config(self, **options: str) -> None:
        assert options == {"materialized": "incremental", "unique_key": "id"}


def test_the_project_for_dbt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    models = ROOT / "deploy" / "dbt" / "models"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW interviews AS {(models / 'interviews.sql').read_text(encoding='utf-8')}")
        model = runpy.run_path(str(models / "scores.py"))["model"]
        scored = model(Dbt(connection, False), connection)
        connection.register("first", scored.slice(0, 1900))
        connection.execute("CREATE TABLE scores AS FROM first")
        connection.register("more", model(Dbt(connection, True), connection))
        connection.execute("INSERT INTO scores FROM more")
        query = (models / "by_team.sql").read_text(encoding="utf-8").replace("{{ ref('scores') }}", "scores")
        found = connection.execute(query).fetchall()
    shown = [[cell.strip() for cell in line.split("|")[1:-1]] for line in sections()["dbt"].splitlines() if line.startswith("| ")]
    assert [list(map(str, row)) for row in found] == shown[2:]
    assert [" ".join(row[:4]) for row in shown[2:]] == examples()["DuckDB"].shown.splitlines()


def test_the_commands_of_the_dag(tmp_path: Path) -> None:
    """Without Airflow: what its tasks give to bash."""
    sample_log = [{"id": f"iv-{n}", "team": "x", "facts": []} for n in range(20)]
    (tmp_path / "a log.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in [*sample_log, {"facts": 5}]))
    params = {"logs": "a log.jsonl", "scores": "the scores.parquet", "report": "report.html"}
    told = []
    for command in commands_of_dag():
        for name, value in params.items():
            command = command.replace(f"{{{{ params.{name} }}}}", value)
        misstep = f'misstep() {{ {" ".join(MISSTEP)} "$@"; }}; '
        done = subprocess.run(["bash", "-c", misstep + command], cwd=tmp_path, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told += done.stdout.splitlines()
    assert told == ["20 interviews added to the scores.parquet"]
    assert (tmp_path / "report.html").exists()


def commands_of_dag() -> list[str]:
    tree = ast.parse((ROOT / "deploy" / "airflow" / "misstep_scores.py").read_text(encoding="utf-8"))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return [ast.literal_eval(value) for value in returned if value is not None]
