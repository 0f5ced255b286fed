"""``misstep calibrate``: every form of output, bad input, and pictures."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from pathlib import Path

import jsonschema
import pytest
from tests.analysis.calibration.judged import BANDS, BASE, case, outage
from tests.end_to_end.command import FIXTURES, INCIDENTS, INTERVIEWS, Command

from misstep import RuleBase
from misstep.analysis.calibration.agreement_report import to_markdown, to_text

SHIPPED = FIXTURES / "cases" / "dev.jsonl"
RULES = ("--rules", INCIDENTS / "rules")
CASES = [
    case(outage(0), "cosmetic", "drill", act="let_it_go", recommended=["post_mortem"], confidence=1),
    case(outage(30), "cosmetic", "drill", act="act", recommended=["roll_back"], confidence=2),
    case(outage(240), "catastrophic", "letter", against=["status_update"], confidence=3),
]
LINES = "".join(json.dumps(one) + "\n" for one in CASES)
PNG = b"\x89PNG\r\n\x1a\n"


# -- what comes out


def test_the_shipped_rules_are_measured_on_the_shipped_cases(misstep: Command) -> None:
    run = misstep("calibrate", SHIPPED, "-o", "json")
    assert run.code == 0
    found = RuleBase.shipped().calibrate(SHIPPED)
    assert run.raw == found.to_json() + b"\n"
    assert run.err.splitlines() == [f"misstep: {remark}" for remark in found.remarks]
    assert all("these rules have no action '" in line for line in run.err.splitlines())


def test_text_is_what_comes_without_options(misstep: Command) -> None:
    file = misstep.write("judged.jsonl", LINES)
    run = misstep.inside("calibrate", file, *RULES)
    assert (run.code, run.err) == (0, "")
    assert run.out == to_text(BASE.calibrate(file), 100)
    assert misstep.inside("calibrate", file, *RULES, "-o", "markdown").out == to_markdown(BASE.calibrate(file))


def test_cases_come_from_standard_input(misstep: Command) -> None:
    run = misstep("calibrate", "-", *RULES, stdin=LINES.encode())
    assert (run.code, run.err) == (0, "")
    assert "(<stdin>:2; drill, confidence 2)" in run.out


def test_several_files_are_measured_together_and_apart(misstep: Command) -> None:
    misstep.write("old.jsonl", LINES)
    misstep.write("new.jsonl", LINES)
    run = misstep("calibrate", "old.jsonl", "new.jsonl", *RULES, "-o", "json")
    assert (run.code, run.err) == (0, "")
    data = json.loads(run.out)
    assert [c["place"] for c in data["cases"]] == [f"{name}.jsonl:{n}" for name in ("old", "new") for n in (1, 2, 3)]
    assert [(group["name"], group["figures"]["cases"]) for group in data["by_set"]] == [("new", 3), ("old", 3)]
    both = misstep.inside("calibrate", "old.jsonl", "-", *RULES, stdin=LINES.encode()).out
    assert "\nBy set\n" in both
    assert "\n    <stdin> " in both


def test_choices_are_obeyed(misstep: Command) -> None:
    misstep.write("judged.jsonl", LINES)

    def places(*options: str) -> list[str]:
        data = json.loads(misstep.inside("calibrate", "judged.jsonl", *RULES, "-o", "json", *options).out)
        assert data["read"] == 3
        return [c["place"].rpartition(":")[2] for c in data["cases"]]

    assert places() == ["1", "2", "3"]
    assert places("--basis", "drill") == ["1", "2"]
    assert places("--basis", "drill", "--basis", "letter") == ["1", "2", "3"]
    assert places("--min-confidence", "2") == ["2", "3"]
    assert places("--basis", "letter", "--min-confidence", "2") == ["3"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_as_many_of_the_worst_are_told_as_are_asked_for(misstep: Command, number: int) -> None:
    run = misstep.inside("calibrate", "-", *RULES, "--worst", str(number), "-o", "json", stdin=LINES.encode())
    assert len(json.loads(run.out)["worst"]) == number


@pytest.mark.needs("durable")
def test_the_other_engine_measures_the_same(misstep: Command) -> None:
    file = misstep.write("judged.jsonl", LINES)
    run = misstep.inside("calibrate", file, *RULES, "--engine", "durable", "-o", "json")
    assert (run.code, run.err) == (0, "")
    assert run.raw == BASE.calibrate(file).to_json() + b"\n"


def test_color_is_obeyed_in_a_pipe(misstep: Command) -> None:
    assert "\x1b[" in misstep.inside("calibrate", "-", *RULES, "--color", "always", stdin=LINES.encode()).out
    assert "\x1b[" not in misstep.inside("calibrate", "-", *RULES, stdin=LINES.encode()).out


# -- bad input: the place, what is wrong, and exit code 2; the rest is scored


def test_bad_lines_are_told_and_the_rest_is_scored(misstep: Command) -> None:
    bad = [
        '{"record": [',
        json.dumps(case(outage(3), "brokn")),
        json.dumps(case([{"kind": "outge"}], "broken")),
        json.dumps({**CASES[0], "expert": {"severity": "broken", "confidence": "high"}}),
        "5",
    ]
    misstep.write("judged.jsonl", LINES + "\n".join(bad) + "\n" + LINES)
    run = misstep("calibrate", "judged.jsonl", *RULES, "-o", "json")
    assert run.code == 2
    assert run.err.splitlines() == [
        "misstep: judged.jsonl:4:13: not valid JSON: Expecting value",
        f"misstep: judged.jsonl:5:{bad[1].index('brokn') + 1}: /expert/severity: there is no such band; did you mean 'broken'?",
        f"misstep: judged.jsonl:6:{bad[2].index('outge') + 1}: /record/0/kind: there is no such kind; did you mean 'outage'?",
        f"misstep: judged.jsonl:7:{bad[3].index('high') + 1}: /expert/confidence: `confidence` must be a whole number",
        "misstep: judged.jsonl:8:1: a judged case is a mapping {record: ..., expert: ..., ...}",
    ]
    data = json.loads(run.out)
    assert data["read"] == 6
    assert [c["place"] for c in data["cases"]] == [f"judged.jsonl:{n}" for n in (1, 2, 3, 9, 10, 11)]


def test_unknown_steps_are_remarked_and_cost_nothing(misstep: Command) -> None:
    step = json.dumps(case(outage(3), "broken", recommended=["rol_back"]))
    run = misstep.inside("calibrate", "-", *RULES, stdin=f"{step}\n{step}\n".encode())
    assert run.code == 0
    assert run.err == (
        f"misstep: <stdin>:1:{step.index('rol_back') + 1}: /expert/recommended/0: "
        "these rules have no action 'rol_back', so it is in no plan; did you mean 'roll_back'?\n"
    )
    assert "2 judged cases." in run.out


WRONG = {
    "nothing": (b"", [], "there is no judged case that can be scored"),
    "blank lines": (b"\n \n", [], "there is no judged case that can be scored"),
    "no UTF-8": (b"\xff\n", [], "<stdin>:1:1: not UTF-8 text\nmisstep: there is no judged case that can be scored"),
    "a basis that no case has": (LINES.encode(), ["--basis", "leter"], "no case has the basis 'leter'; did you mean 'letter'?"),
    "a basis of another kind": (LINES.encode(), ["--basis", "x"], "no case has the basis 'x'; there are drill, letter"),
    "no case so sure": (LINES.encode(), ["--min-confidence", "4"], "none of the 3 cases has the chosen basis and confidence"),
    "an unknown engine": (
        LINES.encode(), ["--engine", "rete"], "engine: there is no engine 'rete'; it is one of auto, core, python, durable"
    ),
    "a picture of another kind": (LINES.encode(), ["--picture", "bands.gif"], "bands.gif: a picture is called *.svg or *.png"),
    "a picture in no folder": (LINES.encode(), ["--picture", "no/bands.svg"], "no/bands.svg: no such folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_measured_is_refused(misstep: Command, name: str) -> None:
    stdin, options, message = WRONG[name]
    run = misstep.inside("calibrate", "-", *RULES, *options, stdin=stdin)
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
    assert list(misstep.folder.iterdir()) == []


HALF = "has half of a surrogate pair, which is no character"


@pytest.mark.parametrize(
    ("broken", "place", "message"),
    [
        ({"basis": "\ud800"}, "/basis", f"`basis` {HALF}"),
        ({"approximate": ["\udfff"]}, "/approximate/0", f"an item of `approximate` {HALF}"),
        ({"expert": {"severity": "cosmetic", "gist": "a\ud800b"}}, "/expert/gist", f"`gist` {HALF}"),
        ({"expert": {"severity": "cosmetic", "\ud800": 1}}, "/expert", f"a key {HALF}"),
        ({"\ud800": 1}, "", f"a key {HALF}"),
    ],
)
def test_half_of_a_sign_costs_its_case_alone(misstep: Command, broken: dict[str, object], place: str, message: str) -> None:
    misstep.write("judged.jsonl", LINES + json.dumps(CASES[0] | broken) + "\n")
    run = misstep("calibrate", "judged.jsonl", *RULES, "-o", "json")
    assert run.code == 2
    assert len(json.loads(run.out)["cases"]) == 3
    assert re.fullmatch(rf"misstep: judged\.jsonl:4:[0-9]+: {re.escape(f'{place}: ' * bool(place) + message)}\n", run.err)


def test_a_file_of_cases_is_read_though_its_name_is_not_utf_8(misstep: Command) -> None:
    names = [misstep.write(os.fsdecode(name), LINES).name for name in (b"a\xff.jsonl", b"b\xff.jsonl")]
    run = misstep.inside("calibrate", *names, *RULES, "-o", "json")
    assert (run.code, run.err) == (0, "")
    assert {case["set"] for case in json.loads(run.out)["cases"]} == {"a\\udcff", "b\\udcff"}


def test_a_path_that_is_no_file_is_refused(misstep: Command) -> None:
    assert misstep.inside("calibrate", "nowhere.jsonl").err == "misstep: nowhere.jsonl: no such file\n"
    assert misstep.inside("calibrate", INTERVIEWS).err == f"misstep: {INTERVIEWS}: is a folder; give a file\n"
    assert misstep.inside("calibrate", SHIPPED, "nowhere.jsonl").err == "misstep: nowhere.jsonl: no such file\n"
    assert misstep.inside("calibrate", SHIPPED, SHIPPED).err == f"misstep: {SHIPPED}: these cases are given twice\n"
    assert misstep.inside("calibrate", SHIPPED, "--rules", "nowhere").err == "misstep: nowhere: no such file or folder\n"


@pytest.mark.parametrize(("option", "value"), [("--worst", "-1"), ("--min-confidence", "0"), ("--worst", "x"), ("-o", "csv")])
def test_options_are_checked(misstep: Command, option: str, value: str) -> None:
    run = misstep.inside("calibrate", "-", option, value)
    assert (run.code, run.out) == (2, "")
    assert "Invalid value" in run.err


def test_cases_of_other_rules_are_told_by_their_first_problem(misstep: Command) -> None:
    """Judged interviews against rules for incidents: nothing fits, and it is said where."""
    run = misstep.inside("calibrate", SHIPPED, *RULES)
    assert (run.code, run.out) == (2, "")
    assert f"misstep: {SHIPPED}:1:" in run.err
    assert "there is no such band; it is one of cosmetic, degraded, broken, catastrophic" in run.err
    assert run.err.endswith(f"misstep: {SHIPPED}: there is no judged case that can be scored\n")


# -- pictures


def test_a_picture_is_drawn_as_svg_or_png(misstep: Command) -> None:
    for name in ("bands.svg", "bands.PNG"):
        run = misstep.inside("calibrate", "-", *RULES, "--picture", name, stdin=LINES.encode())
        assert (run.code, run.err) == (0, "")
        assert run.out.startswith("Agreement of incidents")
    svg = (misstep.folder / "bands.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg ")
    assert all(f">{word}</text>" in svg for word in BANDS)
    assert "3 cases, experts against incidents" in svg
    assert (misstep.folder / "bands.PNG").read_bytes().startswith(PNG)
    assert {file.name for file in misstep.folder.iterdir()} == {"bands.svg", "bands.PNG"}
    assert stat.S_IMODE((misstep.folder / "bands.svg").stat().st_mode) == 0o644


def test_a_picture_takes_the_place_of_another(misstep: Command) -> None:
    misstep.write("bands.svg", "old")
    assert misstep.inside("calibrate", "-", *RULES, "--picture", "bands.svg", stdin=LINES.encode()).code == 0
    assert (misstep.folder / "bands.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_a_picture_replaces_neither_cases_nor_rules(misstep: Command) -> None:
    misstep.write("judged.svg", LINES)
    misstep.write("rules.svg", "schema: 1\npack: own\nextends: misstep\n")
    for picture in ("judged.svg", "rules.svg"):
        before = (misstep.folder / picture).read_bytes()
        run = misstep.inside("calibrate", "judged.svg", "--rules", "rules.svg", "--picture", picture)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {picture}: is an input; write elsewhere\n")
        assert (misstep.folder / picture).read_bytes() == before


def test_a_picture_that_cannot_be_put_down_is_said_and_leaves_nothing(misstep: Command) -> None:
    (misstep.folder / "bands.svg").mkdir()
    run = misstep.inside("calibrate", "-", *RULES, "--picture", "bands.svg", stdin=LINES.encode())
    assert run.code == 2
    assert run.err.startswith("misstep: ")
    assert [file.name for file in misstep.folder.iterdir()] == ["bands.svg"]


def test_without_the_library_it_is_said_how_to_get_it(misstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    run = misstep.inside("calibrate", "-", *RULES, "--picture", "bands.svg", stdin=LINES.encode())
    assert (run.code, run.out) == (2, "")
    assert run.err == "misstep: pictures need vl-convert-python: pip install 'misstep[report]'\n"
    assert misstep.inside("calibrate", "-", *RULES, stdin=LINES.encode()).code == 0


# -- schema


def test_the_schema_of_cases_speaks_the_words_of_the_rules(misstep: Command) -> None:
    shipped = json.loads(misstep.inside("schema", "cases").out)
    validator = jsonschema.Draft202012Validator(shipped)
    for line in Path(SHIPPED).read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))
    own = jsonschema.Draft202012Validator(json.loads(misstep.inside("schema", "cases", *RULES).out))
    assert [one for one in CASES if not own.is_valid(one)] == []
    assert not validator.is_valid(CASES[0])


# -- certainty


def test_certainty_is_measured_on_the_same_cases(misstep: Command) -> None:
    file = misstep.write("judged.jsonl", LINES)
    run = misstep.inside("calibrate", file, *RULES, "--certainty", "-o", "json")
    assert (run.code, run.err) == (0, "")
    assert run.raw == BASE.measure_certainty(file).to_json() + b"\n"
    text = misstep.inside("calibrate", file, *RULES, "--certainty").out
    assert "kinds only" in text
    assert "Refuted by trying all single answers: 0." in text
    assert misstep.inside("calibrate", file, *RULES, "--certainty", "-o", "markdown").out.startswith("# ")


@pytest.mark.parametrize(
    ("given", "named"), [("judged.jsonl", "judged.jsonl"), ("./judged.jsonl", "judged.jsonl"), ("-", "<stdin>")]
)
def test_of_no_file_certainty_is_measured_twice(misstep: Command, given: str, named: str) -> None:
    misstep.write("judged.jsonl", LINES)
    run = misstep("calibrate", given.removeprefix("./"), given, *RULES, "--certainty", stdin=LINES.encode())
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {named}: these cases are given twice\n")


@pytest.mark.parametrize(
    "option", [("--basis", "drill"), ("--min-confidence", "2"), ("--worst", "5"), ("--picture", "p.svg"), ("--picture", "p.gif")]
)
def test_certainty_looks_at_records_only(misstep: Command, option: tuple[str, str]) -> None:
    file = misstep.write("judged.jsonl", LINES)
    run = misstep.inside("calibrate", file, *RULES, "--certainty", *option)
    message = "--certainty measures the records of all cases; remove --basis, --min-confidence, --worst and --picture"
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
