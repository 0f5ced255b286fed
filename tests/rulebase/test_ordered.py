"""Words that have an order are compared by it, and the documents of a rule base say so."""

from __future__ import annotations

from itertools import product
from operator import ge, gt, le, lt
from pathlib import Path

import pytest
from tests.evaluate import naive
from tests.inline import load_text

from misstep.language.functions import Type
from misstep.language.operators import COMPARISONS
from misstep.rulebase.expressions import NOTHING, ExpressionError, Scope, check_condition, check_value
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render

ORDER = ("low", "mid", "high", "top")
FIELD = Type("enum", ("unknown", *ORDER), order=ORDER)
SCOPE = Scope(
    {
        "m": {
            "a": FIELD,
            "b": FIELD,
            "c": Type("enum", ORDER[::-1], order=ORDER[::-1]),
            "e": Type("enum", ORDER),
            "t": Type("text"),
            "n": Type("integer", high=7),
            "one": Type("enum", ("x",), order=("x",)),
            "many": Type("enum", tuple(f"w{i}" for i in range(21)), order=tuple(f"w{i}" for i in range(21))),
        }
    }
)
MEANING = {"<": lt, "<=": le, ">": gt, ">=": ge}


def holds(text: str, **fields: str) -> bool:
    found: bool = naive.evaluate(check_value(text, SCOPE, NOTHING).node, {"m": naive.Fact((), (), fields)})
    return found


def expected(symbol: str, a: str, b: str) -> bool:
    return "unknown" not in (a, b) and MEANING[symbol](ORDER.index(a), ORDER.index(b))


@pytest.mark.parametrize("symbol", MEANING)
def test_words_are_compared_by_their_places(symbol: str) -> None:
    for a, b in product(FIELD.values, FIELD.values):
        assert holds(f"m.a {symbol} m.b", a=a, b=b) == expected(symbol, a, b)
        if any(expected(symbol, word, b) for word in ORDER):
            assert holds(f"m.a {symbol} '{b}'", a=a) == expected(symbol, a, b)
        if any(expected(symbol, b, word) for word in ORDER):
            assert holds(f"'{b}' {symbol} m.a", a=a) == expected(symbol, b, a)


def test_a_word_without_a_place_makes_a_comparison_neither_true_nor_false() -> None:
    for a, b in product(FIELD.values, FIELD.values):
        (*conditions,) = check_condition("not m.a < m.b", SCOPE, NOTHING)
        held = all(naive.evaluate(test, {"m": naive.Fact((), (), {"a": a, "b": b})}) for test in conditions)
        assert held == expected(">=", a, b)


def test_every_order_of_the_language_is_tested() -> None:
    assert MEANING.keys() == {symbol for symbol, form in COMPARISONS.items() if form.ordered}


def test_a_chain_is_all_of_its_comparisons() -> None:
    for a, b in product(FIELD.values, FIELD.values):
        between = expected("<", "low", a) and expected("<=", a, b) and b != "top"
        assert holds("'low' < m.a <= m.b != 'top'", a=a, b=b) == between


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("m.a >= 'lo'", 7, "'lo' is not a value of this field; did you mean 'low'?"),
        ("'xyz' < m.a", 8, "'xyz' is not a value of this field; it is one of high, low, mid, top, unknown"),
        ("m.a > 'unknown'", 6, "'unknown' has no place in the order of this field"),
        ("m.a < 'low'", 6, "this never holds: nothing is below the lowest word, or above the highest"),
        ("m.a <= 'top' < m.b", 15, "this never holds: nothing is below the lowest word, or above the highest"),
        ("m.one < m.one", 8, "this never holds: nothing is below the lowest word, or above the highest"),
        ("m.a < m.c", 6, "an ordered field is compared with one of its words, or with a field of its order; this is a word"),
        ("m.t < m.a", 6, "an ordered field is compared with one of its words, or with a field of its order; this is text"),
        ("m.e >= 'mid'", 7, "the words of this field have no order; `ordered: true` at the field gives them that of `values`"),
        ("m.t < m.e", 6, "the words of this field have no order; `ordered: true` at the field gives them that of `values`"),
        ("m.many < 'w3'", 9, "this field has 21 words, too many to compare; the limit is 20"),
        ("m.t < 'x'", 6, "order is only between numbers; these are text and text"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_refused(text: str, at: int, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_value(text, SCOPE, NOTHING)
    assert (caught.value.offset, str(caught.value)) == (at, says)


PACK = """\
schema: 1
pack: p
extends: scale
constants: {enough: mid}
kinds:
  leak:
    role: mistake
    title: Leak
    concern: manners
    fields:
      a: {type: enum, values: [unknown, low, mid, high], ordered: true, default: unknown, worse: high}
      b: {type: enum, values: [unknown, low, mid, high], ordered: true, default: low}
rules:
  r:
    when: [{fact: leak, where: CONDITION}]
    then: {severity: 1}
"""


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("leak.a >= enough", "`a` is at least `mid`"),
        ("leak.a < 'high'", "`a` is at most `mid`"),
        ("leak.a > 'mid'", "`a` is `high`"),
        ("leak.a >= 'low'", "`a` is `low`, `mid` or `high`"),
        ("leak.a in ('low', 'high')", "`a` is `low` or `high`"),
        ("not leak.a >= 'mid'", "`a` is neither `mid` nor `high`"),
        ("leak.a > leak.b", "(`a` is at least `mid` and `b` is `low`) or (`a` is `high` and `b` is `mid`)"),
    ],
)
def test_the_pages_of_a_rule_base_speak_of_the_order(tmp_path: Path, condition: str, words: str) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(PACK.replace("CONDITION", f'"{condition}"'), encoding="utf-8")
    pages = render(read_book([file]), {})
    assert f"    - {words}\n" in pages["rules/r.md"]
    assert "`unknown`, `low`, `mid`, `high`, from low to high" in pages["kinds/leak.md"]


def test_a_finding_is_compared_by_its_words(tmp_path: Path) -> None:
    rule = "rules: {r: {when: [{fact: finding, as: f, where: f.severity_band >= 'serious'}], then: {recommend: act}}}\n"
    pack = "schema: 1\npack: p\nextends: scale\nkinds: {leak: {role: mistake, title: Leak, concern: manners}}\n"
    file = tmp_path / "pack.yaml"
    file.write_text(pack + rule + "actions: {act: {title: Act}}\n", encoding="utf-8")
    bands = {}
    assert "`severity_band` is at least `serious`" in render(read_book([file]), {})["rules/r.md"]
    for severity in (0, 2, 4, 6, 9):
        score = f"schema: 1\npack: q\nrules: {{s: {{when: [leak], then: {{severity: {severity}}}}}}}\n"
        assessment = load_text(file.read_text("utf-8"), score).assess([{"kind": "leak"}])
        bands[assessment.findings[0].severity_band] = bool(assessment.actions)
    assert bands == {"trivial": False, "minor": False, "moderate": False, "serious": True, "fatal": True}
