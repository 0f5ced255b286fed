"""``misstep report``: from a result to a page, and every way in which that can go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.batch.scored import write
from tests.end_to_end.command import Command


def test_a_page_comes_of_a_result(misstep: Command) -> None:
    write(misstep.folder / "scores.parquet")
    run = misstep("report", "scores.parquet")
    assert (run.code, run.out, run.err) == (0, "", "")
    page = (misstep.folder / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="by-1">By team</h2>' in page
    assert '<h2 id="by-2">By month</h2>' in page


def test_columns_and_place_can_be_chosen(misstep: Command) -> None:
    write(misstep.folder / "one.csv")
    write(misstep.folder / "two.jsonl")
    misstep.write("page.html", "old")
    run = misstep.inside("report", "one.csv", "two.jsonl", "-o", "page.html", "--by", "month", "--overwrite")
    assert (run.code, run.err) == (0, "")
    page = (misstep.folder / "page.html").read_text(encoding="utf-8")
    assert "By month" in page
    assert "By team" not in page
    assert "<strong>84</strong> <span>interviews</span>" in page


def test_an_outcome_can_be_named(misstep: Command) -> None:
    write(misstep.folder / "scores.parquet")
    run = misstep.inside("report", "scores.parquet", "--outcome", "team=sales", "--title", "Spring")
    assert (run.code, run.err) == (0, "")
    page = (misstep.folder / "report.html").read_text(encoding="utf-8")
    assert '<h2 id="outcome">Damage and team</h2>' in page
    assert "By team" not in page
    assert "<h1>Spring</h1>" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.parquet"], "no.parquet: no such file"),
        (["."], ".: is a folder; give a file"),
        (["scores.parquet", "./scores.parquet"], "scores.parquet: these scores are given twice"),
        (["scores.parquet", "-o", "scores.parquet", "--overwrite"], "scores.parquet: is an input; write elsewhere"),
        (["a.txt"], "a.txt: is not a result of `misstep score`: its name ends in none of .parquet, .jsonl, .ndjson, .csv"),
        (["a.csv"], "a.csv: is not a result of `misstep score`: there is no a.csv.summary.json beside it"),
        (["a.parquet"], "a.parquet: cannot be read as parquet (ArrowInvalid)"),
        (["scores.parquet", "--by", "teem"], "--by: there is no column 'teem' to group by; did you mean 'team'?"),
        (["scores.parquet", "--outcome", "teem=ok"], "--outcome: there is no column 'teem'; did you mean 'team'?"),
        (
            ["scores.parquet", "--outcome", "team="],
            "--outcome: 'team=' is not of the form COLUMN, COLUMN=GOOD or COLUMN=GOOD:BAD",
        ),
        (
            ["scores.parquet", "--outcome", "team=ales"],
            "--outcome: no interview has 'ales' in the column 'team'; did you mean 'sales'?",
        ),
        (["scores.parquet", "-o", "a.txt"], "a.txt: is there already; give --overwrite to replace it, or choose another name"),
        (["scores.parquet", "-o", "no/x.html"], "no/x.html: no such folder"),
        (["scores.parquet", "-o", ".", "--overwrite"], ".: is a folder; give a file"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(misstep: Command, arguments: list[str], message: str) -> None:
    write(misstep.folder / "scores.parquet")
    for name in ("a.txt", "a.csv", "a.parquet"):
        misstep.write(name, "x")
    before = sorted(misstep.folder.iterdir())
    run = misstep.inside("report", *arguments)
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
    assert sorted(misstep.folder.iterdir()) == before


def test_a_result_of_an_earlier_version_is_refused_in_a_line(misstep: Command) -> None:
    write(misstep.folder / "scores.csv")
    summary = misstep.folder / "scores.csv.summary.json"
    summary.write_text(summary.read_text(encoding="utf-8").replace('"schema": 2', '"schema": 1'), encoding="utf-8")
    run = misstep.inside("report", "scores.csv")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "misstep: scores.csv.summary.json: was scored by an earlier version of misstep, whose results have other columns (schema"
        " 1, here 2): score the log anew with `misstep score`\n"
    )


def test_without_the_library_for_tables_there_is_a_word_about_it(misstep: Command) -> None:
    hide = misstep.folder / "hidden"
    hide.mkdir()
    (hide / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'pyarrow' else find(name, *more)\n",
        encoding="utf-8",
    )
    engine = Path(__file__).parents[2] / "engine"
    run = misstep("report", "scores.parquet", env={"PYTHONPATH": f"{hide}:{engine}"})
    assert (run.code, run.err) == (2, "misstep: tables of scores need pyarrow: pip install 'misstep[batch]'\n")
