"""Every function of the rule language has all its parts: a row in the document, a case of its own, words, and a place in the
oracle and in the rule bases that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.evaluate import naive

from misstep.language.expression import Call, Literal, Scalar
from misstep.language.functions import FUNCTIONS, NUMBERS
from misstep.rulebase.expressions import NOTHING, Scope, check_value
from misstep.tools.docs.condition_words import Phrases

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "rule-packs.md").read_text(encoding="utf-8")
CASES = yaml.safe_load((HERE.parents[1] / "fixtures/conformance/matches.yaml").read_text(encoding="utf-8"))["cases"]
RANDOM = (HERE / "packs.py").read_text(encoding="utf-8")
SOME: dict[bool, list[list[Scalar]]] = {
    True: [[7, 2, -3], [-2.5, 0.5, 1.5], [3, 3, 3]],
    False: [["Mixed", "Mi"], ["", ""], ["ß", "s"]],
}
"""Arguments of functions of numbers, and of others."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_complete(name: str) -> None:
    function = FUNCTIONS[name]
    assert re.search(rf"(?m)^\| `{name}\(", DOCUMENT), "docs/rule-packs.md has no row for it"
    assert any(f"{name}(" in str(case) for case in CASES.values()), "matches.yaml has no case of it"
    assert set(function.takes) >= set(NUMBERS) or f"{name}(" in RANDOM, "packs.py never draws it"
    assert function.words.count("{}") == 1, "documents have no words for it"
    assert "{}" not in Phrases({}).value(Call(name, tuple(map(Literal, SOME[function.takes == NUMBERS][0][: function.least]))))


def test_the_document_and_the_cases_have_no_other_functions() -> None:
    _, table = DOCUMENT.split("| function | what it gives |\n")
    documented = re.findall(r"(?m)^\| `(\w+)\(", table.partition("\n\n")[0])
    assert documented == [*FUNCTIONS, "known", "curve"]
    called = {name for case in CASES.values() for name in re.findall(r"\b([a-z]+)\(", str(case))}
    assert called <= {*FUNCTIONS, "known", "curve"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_table_and_the_oracle_give_the_same(name: str) -> None:
    function = FUNCTIONS[name]
    for values in SOME[function.takes == NUMBERS]:
        given = values[: max(function.least, min(function.most, len(values)))]
        got = function.run(*given)
        assert got == naive.evaluate(Call(name, tuple(map(Literal, given))), {})
        _, type_ = check_value(f"{name}({', '.join(map(repr, given))})", Scope({}), NOTHING)
        assert isinstance(got, str if type_.name == "text" else int if type_.name == "integer" else (int, float))
