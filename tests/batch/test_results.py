"""Results are read as they were written, whatever form they have, and what is none is told."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.scored import write

import misstep
from misstep.batch.columns import OutputOptions
from misstep.batch.parts import Logged
from misstep.batch.results import read_scores
from misstep.errors import InstallationError, UsageError

FORMS = ["scores.parquet", "scores.jsonl", "scores.csv"]
HOSTILE = ["<script>alert(1)</script>", "=1+1", "'=1", "a;b", '"', "x\ny", "NA", "null", "-", "\u202e", "é"]


def hostile() -> list[Logged]:
    facts = json.dumps([{"kind": "late_arrival"}]).encode()
    return [Logged(row, facts, text, (text,)) for row, text in enumerate(HOSTILE, start=1)]


@pytest.mark.parametrize("name", FORMS)
def test_results_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    expected = write(tmp_path / "as.parquet").to_arrow()
    got = write(tmp_path / name).to_arrow()
    assert got.schema == OutputOptions(("team", "month")).schema("interviews")
    assert got.to_pylist() == expected.to_pylist()
    assert len(got) == len(read_scores(tmp_path / name)) == read_scores(tmp_path / name).summary.interviews


@pytest.mark.parametrize("name", FORMS)
def test_text_is_text_in_every_form(tmp_path: Path, name: str) -> None:
    got = write(tmp_path / name, hostile(), keep=["who"]).to_arrow(["id", "who"])
    # of a quote before a formula nobody can say whether CSV has put it there
    expected = [text.removeprefix("'") for text in HOSTILE] if name.endswith("csv") else HOSTILE
    assert got["who"].to_pylist() == got["id"].to_pylist() == expected


@pytest.mark.parametrize("name", FORMS)
def test_nothing_scored_is_a_result_too(tmp_path: Path, name: str) -> None:
    scores = write(tmp_path / name, [])
    assert len(scores) == len(scores.to_arrow()) == 0
    assert "0 interviews" in scores._repr_html_()


def test_the_whole_assessment_may_be_a_column(tmp_path: Path) -> None:
    for name in FORMS[:2]:
        scores = write(tmp_path / name, assessment=True)
        assert scores.to_arrow(["damage"]).num_rows == len(scores)


@pytest.mark.parametrize("name", FORMS)
def test_scores_are_frames_of_pandas_and_polars(tmp_path: Path, name: str) -> None:
    scores = write(tmp_path / name)
    table = scores.to_arrow()
    frame, polars = scores.to_pandas(), scores.to_polars()
    assert list(frame.columns) == polars.columns == table.schema.names
    assert polars.to_dicts() == table.to_pylist()
    assert frame["damage"].tolist() == table["damage"].to_pylist()
    assert [list(actions) for actions in frame["actions"]] == table["actions"].to_pylist()
    assert scores.to_pandas(["id", "band"]).shape == scores.to_polars(["id", "band"]).shape == (42, 2)


@pytest.mark.parametrize("package", ["pandas", "polars"])
def test_a_frame_needs_its_package(tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = write(tmp_path / "scores.parquet")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InstallationError) as raised:
        getattr(scores, f"to_{package}")()
    assert str(raised.value) == f"a frame of {package} needs {package}: pip install 'misstep[{package}]'"


@pytest.mark.parametrize("name", FORMS)
def test_a_notebook_shows_means_bands_and_the_worst(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.results.ROWS", 10)  # the worst are not all in one batch
    scores = write(tmp_path / name)
    assert repr(scores) == f"<Scores {str(tmp_path / name)!r}: 42 interviews, 1 reject, misstep 0.1.0>"
    html = scores._repr_html_()
    rows = scores.to_arrow().to_pylist()
    assert f"{name}: 42 interviews, 1 reject" in html
    damage, after, mistakes = (sum(row[column] for row in rows) / 42 for column in ("damage", "damage_after", "mistakes"))
    assert f"Mean damage {damage:.1f} of 100, {after:.1f} once every plan is carried out; {mistakes:.1f} mistakes on" in html
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in re.findall(r"<tr>.*?</tr>", html)]
    counts = Counter(row["band"] for row in rows)
    bands = [[band, str(counts[band]), f"{counts[band] / 42:.0%}"] for band in scores.summary.bands]
    worst = sorted(rows, key=lambda row: -row["damage"])[:5]
    assert [row for row in cells if len(row) == 3] == bands
    assert [row[1] for row in cells if len(row) == 6] == [f"{row['damage']:.1f}" for row in worst]
    assert {row[0] for row in cells if len(row) == 6} <= {row["id"] for row in rows if row["damage"] >= worst[-1]["damage"]}
    assert "Scored with misstep 0.1.0." in html


def test_a_notebook_names_what_has_no_id_by_its_place(tmp_path: Path) -> None:
    late, fine = (json.dumps(facts).encode() for facts in ([{"kind": "late_arrival", "minutes": 50}], []))
    html = write(tmp_path / "scores.parquet", [Logged(1, fine, None, ()), Logged(2, late, None, ())], keep=())._repr_html_()
    assert "logs.jsonl:2" in html
    assert "logs.jsonl:1" not in html  # nothing is wrong with it


def test_a_notebook_shows_hostile_text_as_text(tmp_path: Path) -> None:
    html = write(tmp_path / "scores.parquet", hostile(), keep=["who"])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    record = {"id": "<script>", "facts": [{"kind": "late_arrival", "id": "<b>\u202e"}]}
    shown = misstep.assess(record)._repr_html_()
    assert "<script>" not in shown
    assert "Arrived late (&lt;b&gt;\\u202e)" in shown


def test_a_notebook_shows_an_assessment() -> None:
    assessment = misstep.assess({"id": "iv-17", "facts": [{"kind": "late_arrival", "minutes": 12}]})
    html = assessment._repr_html_()
    assert "Assessment of iv-17" in html
    assert f"How bad: {assessment.band}. Damage {assessment.damage:g} of 100" in html
    assert assessment.headline in html
    assert all(step.title in html for step in assessment.steps)
    assert f"{assessment.findings[0].severity:.1f} {assessment.findings[0].severity_band}" in html
    assert assessment.verdict == "act_today"
    assert "Verdict: act today. Outlook: open." in html
    assert "act_today" not in html
    nothing = misstep.assess([])._repr_html_()
    assert "<table>" not in nothing
    assert "Verdict: let go." in nothing


def test_it_is_public() -> None:
    assert misstep.read_scores is read_scores
    assert misstep.Scores.__name__ == "Scores"


def test_what_is_no_result_is_told(tmp_path: Path) -> None:
    def told(name: str) -> str:
        with pytest.raises(UsageError) as error:
            read_scores(tmp_path / name)
        return str(error.value).removeprefix(f"{tmp_path}/")

    assert told("no.parquet") == "no.parquet: no such file"
    assert told(".").endswith(": is a folder; give a file")
    (tmp_path / "a.txt").touch()
    assert told("a.txt") == "a.txt: is not a result of `misstep score`: its name ends in none of .parquet, .jsonl, .ndjson, .csv"
    (tmp_path / "b.parquet").write_text("PAR1", encoding="utf-8")
    assert told("b.parquet") == "b.parquet: cannot be read as parquet (ArrowInvalid)"
    pq.write_table(pa.table({"damage": [1.0]}), tmp_path / "c.parquet")
    assert told("c.parquet") == "c.parquet: is not a result of `misstep score`: it has no summary of a run"
    (tmp_path / "d.csv").touch()
    assert told("d.csv") == "d.csv: is not a result of `misstep score`: there is no d.csv.summary.json beside it"
    (tmp_path / "d.csv.summary.json").write_text("{", encoding="utf-8")
    assert told("d.csv").startswith("d.csv.summary.json: not a summary of a run of misstep: Invalid JSON")
    summary = write(tmp_path / "e.parquet").summary.to_json()
    findings = OutputOptions().schema("findings").empty_table().replace_schema_metadata({b"misstep": summary})
    pq.write_table(findings, tmp_path / "f.parquet")
    assert told("f.parquet") == "f.parquet: is a further table of a result; give the one with interviews"


@pytest.mark.parametrize("name", FORMS)
def test_the_result_of_an_earlier_version_is_told(tmp_path: Path, name: str) -> None:
    """With the columns and the summary of schema 1: one line, which says how to go on."""
    file = tmp_path / name
    scores = write(file)
    summary = json.loads(scores.summary.to_json())
    old = json.dumps({k: v for k, v in summary.items() if k not in ("verdicts", "unable")} | {"schema": 1}).encode()
    if name.endswith("parquet"):
        pq.write_table(scores.to_arrow().drop_columns("first_occasion").replace_schema_metadata({b"misstep": old}), file)
    else:
        file.with_name(name + ".summary.json").write_bytes(old)
    with pytest.raises(UsageError) as error:
        read_scores(file)
    told = str(error.value).removeprefix(f"{tmp_path}/")
    assert told.startswith((f"{name}: was scored by an earlier", f"{name}.summary.json: was scored by an earlier"))
    assert told.endswith("(schema 1, here 2): score the log anew with `misstep score`")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("name", FORMS)
def test_a_broken_file_is_told_without_its_values(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    scores = read_scores(tmp_path / name)
    scores.schema  # noqa: B018 - as it was when it was whole
    (tmp_path / name).write_bytes(data[:300] if name.endswith("parquet") else data[:-20] + b"\n{secret,,,\n")
    with pytest.raises(UsageError) as error:
        scores.to_arrow()
    assert str(error.value) == f"{tmp_path / name}: cannot be read as {name.partition('.')[2]} (ArrowInvalid)"
