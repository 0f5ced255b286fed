"""``misstep ask``: the questions of the library, as text and as JSON, and its errors."""

from __future__ import annotations

import json

from tests.end_to_end.command import INCIDENTS, Command

from misstep import RuleBase
from misstep.analysis.question_text import to_text

RULES = ("--rules", INCIDENTS / "rules")
OUTAGE = '[{"kind": "outage", "minutes": 30}]'
BASE = RuleBase.load(INCIDENTS / "rules")


def test_text_is_the_first_question_with_its_why(misstep: Command) -> None:
    run = misstep("ask", "-", *RULES, stdin=OUTAGE.encode(), env={"COLUMNS": "80"})
    assert (run.code, run.err) == (0, "")
    assert run.out == to_text(BASE.questions(json.loads(OUTAGE)), 80)


def test_json_is_that_of_the_library_a_line_for_each_record(misstep: Command) -> None:
    run = misstep("ask", "-", *RULES, "-o", "json", stdin=f"{OUTAGE}\n{OUTAGE}\n".encode())
    assert (run.code, run.raw) == (0, 2 * (BASE.questions_json(OUTAGE) + b"\n"))


def test_a_wrong_record_is_told_with_its_place_and_the_others_are_asked_about(misstep: Command) -> None:
    run = misstep("ask", "-", *RULES, "-o", "json", stdin=f'[{{"kind": "outge"}}]\n{OUTAGE}\n[\n'.encode())
    assert run.code == 2
    assert run.raw == BASE.questions_json(OUTAGE) + b"\n"
    first, second = run.err.splitlines()
    assert first == "misstep: <stdin>:1:12: /facts/0/kind: there is no such kind; did you mean 'outage'?"
    assert second.startswith("misstep: <stdin>:3:")


def test_a_missing_file_is_told_in_one_line(misstep: Command) -> None:
    run = misstep("ask", "no-such-file.json", *RULES)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
