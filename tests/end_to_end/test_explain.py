"""``misstep explain``: the answers of the library in every format, and its errors."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import INCIDENTS, Command

from misstep import RuleBase
from misstep.analysis.explanation_text import explanation_document, to_mermaid
from misstep.layout.as_markdown import as_markdown
from misstep.layout.as_text import as_text

RULES = ("--rules", INCIDENTS / "rules")
OUTAGE = '[{"kind": "outage", "minutes": 30}]'
FACTS = json.loads(OUTAGE)
BASE = RuleBase.load(INCIDENTS / "rules")


def test_text_markdown_and_graph_are_those_of_the_library(misstep: Command) -> None:
    explained = BASE.explain(FACTS)
    document = explanation_document(explained)
    shown = {"text": as_text(document, 80), "markdown": as_markdown(document), "mermaid": to_mermaid(explained)}
    for output, expected in shown.items():
        run = misstep("explain", "-", *RULES, "-o", output, stdin=OUTAGE.encode(), env={"COLUMNS": "80"})
        assert (run.code, run.err, run.out) == (0, "", expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), BASE.explain(FACTS)),
        (("--why-not", "outage.minutes"), BASE.why_not(FACTS, "outage.minutes")),
        (("--what-if", "outage.minutes=5"), BASE.what_if(FACTS, {"outage.minutes": 5})),
        (("--what-if", "outage.minutes="), BASE.what_if(FACTS, {"outage.minutes": None})),
        (("--counterfactual",), BASE.counterfactuals(FACTS)),
    ],
    ids=str,
)
def test_json_is_that_of_the_library_a_line_for_each_record(misstep: Command, options: tuple[str, ...], expected: object) -> None:
    run = misstep("explain", "-", *RULES, *options, "-o", "json", stdin=f"{OUTAGE}\n{OUTAGE}\n".encode())
    assert (run.code, run.raw) == (0, 2 * (expected.to_json() + b"\n"))  # type: ignore[attr-defined]


WRONG: dict[tuple[str, ...], str] = {
    ("--why-not", "outage.minuts"): "misstep: there is no rule or action 'outage.minuts'; did you mean 'outage.minutes'?",
    ("--what-if", "outge.minutes=1"): "misstep: what-if outge: the record has no such fact; did you mean 'outage'?",
    ("--what-if", "outage.minuts=1"): "misstep: what-if outage.minuts: outage has no field 'minuts'; did you mean 'minutes'?",
    ("--why-not", ""): "misstep: there is no rule or action ''",
    ("--what-if", "outage.minutes=1", "--what-if", "outage.minutes=2"): (
        "misstep: what-if outage.minutes: is changed twice; give the field one value"
    ),
    ("--what-if", "outage.minutes=1", "--what-if", "outage-1.minutes=2"): (
        "misstep: what-if outage-1.minutes: is changed twice; give the field one value"
    ),
    ("--why-not", "", "--counterfactual"): (
        "misstep: --why-not, --what-if and --counterfactual are questions of their own: ask one at a time"
    ),
    ("--why-not", "outage", "--counterfactual"): (
        "misstep: --why-not, --what-if and --counterfactual are questions of their own: ask one at a time"
    ),
    ("--counterfactual", "-o", "mermaid"): "misstep: --output mermaid: only a whole explanation is drawn as a graph",
}


@pytest.mark.parametrize("options", WRONG, ids=" ".join)
def test_wrong_usage_is_told_in_one_line(misstep: Command, options: tuple[str, ...]) -> None:
    run = misstep("explain", "-", *RULES, *options, stdin=OUTAGE.encode())
    assert (run.code, run.out, run.err) == (2, "", WRONG[options] + "\n")


def test_a_wrong_record_is_told_with_its_place_and_the_others_are_explained(misstep: Command) -> None:
    run = misstep("explain", "-", *RULES, "-o", "json", stdin=f'[{{"kind": "outge"}}]\n{OUTAGE}\n'.encode())
    assert (run.code, run.raw) == (2, BASE.explain(FACTS).to_json() + b"\n")
    assert run.err == "misstep: <stdin>:1:12: /facts/0/kind: there is no such kind; did you mean 'outage'?\n"
