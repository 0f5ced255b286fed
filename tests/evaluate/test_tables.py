"""Every entry of the tables of the rule language has all its parts: a row in the document, a case of its own, words, and a
meaning that the engines and the oracle agree on. Functions: test_functions.py."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.evaluate import naive

from misstep.evaluate.durable import network
from misstep.evaluate.emit import RUNTIME, ExpressionWriter
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.rulebase.expressions import NOTHING, Scope, check_value
from misstep.tools.docs.condition_words import Phrases

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "rule-packs.md").read_text(encoding="utf-8")
CASES = yaml.safe_load((HERE / "language.yaml").read_text(encoding="utf-8"))["cases"]
CONDITIONS = re.findall(r"(?:'where'|'of'): (\"[^\"]*\"|'[^']*')", str(CASES))
NUMBERS = ["-2", "0", "0.5", "3", "-2.5"]
OPERANDS: dict[str, list[list[str]]] = {
    **{symbol: [NUMBERS, NUMBERS] for symbol in COMPARISONS},
    **{symbol: [NUMBERS, ["-2", "0.5", "3"]] for symbol in ARITHMETIC},
    **{symbol: [["True", "False"]] * 2 for symbol in LOGIC},
    **{symbol: [["'u'", "'v'"], ["('u', 'w')", "('v',)"]] for symbol in MEMBERSHIPS},
}


def outcomes(text: str) -> tuple[Any, Any]:
    """What an expression without names comes to: compiled, and by the oracle."""
    node, _ = check_value(text, Scope({}), NOTHING)
    writer = ExpressionWriter({})
    source = writer.expression(node)
    return eval(source, {**RUNTIME, **writer.constants}), naive.evaluate(node, {})


@pytest.mark.parametrize("symbol", OPERANDS)
def test_an_operator_is_complete(symbol: str) -> None:
    assert re.search(rf"(?m)^\| `a {re.escape(symbol)} b` \|", DOCUMENT), "docs/rule-packs.md has no row for it"
    assert any(f" {symbol} " in condition for condition in CONDITIONS), "language.yaml has no case of it"
    for operands in product(*OPERANDS[symbol]):
        compiled, plain = outcomes(f" {symbol} ".join(operands))
        assert (type(compiled), compiled) == (type(plain), plain)
        node, _ = check_value(f" {symbol} ".join(operands), Scope({}), NOTHING)
        assert "{}" not in Phrases({}).value(node), "documents have no words for it"


def test_operators_have_words_of_their_own() -> None:
    for table in (COMPARISONS, ARITHMETIC, LOGIC, MEMBERSHIPS):
        assert len({form.words for form in table.values()}) == len(table)


@pytest.mark.parametrize("symbol", COMPARISONS)
def test_a_comparison_turned_round_or_denied_is_the_other(symbol: Any) -> None:
    form = COMPARISONS[symbol]
    for a, b in product(NUMBERS, NUMBERS):
        holds, _ = outcomes(f"{a} {symbol} {b}")
        assert outcomes(f"{b} {form.mirrored} {a}")[0] == holds
        assert outcomes(f"{a} {form.opposite} {b}")[0] != holds
    assert symbol == "==" or symbol in network._OPERATORS
