"""Expressions: what is taken, what is known where, and that no text whatever does harm."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import misstep
from misstep.language.expression import Constants, Expression, FieldRef, Known, Literal, known_where, walk
from misstep.language.functions import BOOLEAN, Type
from misstep.rulebase.expressions import (
    ExpressionError,
    Scope,
    check_condition,
    check_number,
    check_text,
    check_value,
)

HERE = Path(__file__).parent
NUMBER, TEXT = Type("number", low=-1e6, high=1e6, unknown=True), Type("text", unknown=True)
SCOPE = Scope(
    facts={
        "m": {
            "id": Type("id"),
            "n": Type("integer", low=-1000, high=1000),
            "u": NUMBER,
            "v": NUMBER,
            "w": TEXT,
            "t": Type("text"),
            "e": Type("enum", ("own", "chosen")),
            "b": BOOLEAN,
            "s": Type("set", ("a", "b")),
        }
    },
    aggregates={"k": Type("integer", high=1_000_000)},
)

# -- what is known where

NARROWING: list[dict[str, str]] = yaml.safe_load((HERE / "narrowing.yaml").read_text("utf-8"))


UNKNOWN = "{0} may be unknown; let a condition ask for known({0}); an amount may also be: {0} if known({0}) else ..."


@pytest.mark.parametrize("case", NARROWING, ids=[case["text"] for case in NARROWING])
def test_a_comparison_of_a_field_that_may_be_unknown_asks_whether_it_is_known(case: dict[str, str]) -> None:
    refused = case.get("refused")
    if refused is None:
        means = case.get("means", case["text"])
        parts = check_condition(case["text"], SCOPE, frozenset())
        assert parts == check_condition(means, SCOPE, frozenset())
        asked = [node for part in parts for node in walk(part) if isinstance(node, Known)]
        assert len(asked) == means.count("known(")
        return
    with pytest.raises(ExpressionError) as caught:
        check_condition(case["text"], SCOPE, frozenset())
    assert str(caught.value) == UNKNOWN.format(refused)
    assert case["text"][caught.value.offset :].startswith(refused)


@pytest.mark.parametrize("text", ["m.u", "m.u + 1", "m.u if m.b else 1", "1 if known(m.u) else m.u", "m.u > 1", "not m.u > 1"])
def test_an_amount_has_no_value_without_its_fields(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_value(text, SCOPE, frozenset())
    assert str(caught.value) == UNKNOWN.format("m.u")


@pytest.mark.parametrize("text", ["m.u if known(m.u) else 1", "m.u if m.u > 1 else 1", "1 if not m.u > 1 else 2", "m.n"])
def test_a_test_of_an_amount_is_a_condition(text: str) -> None:
    check_number(text, SCOPE, frozenset())


def test_a_condition_grows_by_no_more_than_what_it_asks_for() -> None:
    text = "m.u > m.v"
    for i in range(14):
        text = f"not ({text} and ((1 if {'not' if i % 2 else ''} m.u > {i} else m.n) > m.v or m.v < {i}))"
    parts = check_condition(text, SCOPE, frozenset())
    nodes = sum(1 for part in parts for _ in walk(part))
    assert nodes < 3 * len([*ast.walk(ast.parse(text))])


def test_what_an_earlier_condition_made_sure_of_holds_in_later_ones() -> None:
    check_condition("m.u > 1", SCOPE, frozenset({("m", "u")}))


def test_a_flag_that_may_be_unknown_is_a_condition_where_it_is_known() -> None:
    scope = Scope({"m": {"o": Type("boolean", unknown=True)}})
    assert check_condition("m.o", scope, frozenset({("m", "o")})) == (FieldRef("m", "o"),)


# -- what is taken

TAKEN = {
    "m.n * 2 + 1": "number",
    "-m.n": "number",
    "m.n / 4": "number",
    "min(m.n, 3, k)": "number",
    "round(m.n / 2)": "number",
    "len(m.t) + len(m.s) + len(m.e)": "number",
    "curve(m.n, (0, 1), (10, 3.5), (20, -2))": "number",
    "1 if m.b else 2.5": "number",
    "0 < m.n <= 10 < k": "condition",
    "m.id < m.id": "condition",
    "m.id == 'late-1'": "condition",
    "m.e in ('own', 'chosen')": "condition",
    "m.e not in ('own',)": "condition",
    "m.n in [1, 2, 3]": "condition",
    "m.n in {1, 2}": "condition",
    "'a' in m.s and 'b' not in m.s": "condition",
    "m.t == m.e": "condition",
    "lower(m.t) == 'x'": "condition",
    "m.b == False": "condition",
    "m.e == ('own' if m.b else 'chosen')": "condition",
    " m.b ": "condition",
    "m.b\nand\tm.n > 1": "condition",
}


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_language_has_is_taken(text: str) -> None:
    check = check_number if TAKEN[text] == "number" else check_condition
    check(text, SCOPE, frozenset())


def test_a_condition_falls_into_the_parts_that_must_all_hold() -> None:
    assert len(check_condition("m.b and (m.n > 1 and m.n < 3) and (m.b or m.n > 2)", SCOPE, frozenset())) == 4


def test_a_value_at_the_edge_of_what_numbers_hold_is_taken_and_one_beyond_is_not() -> None:
    check_value("9007199254740992", SCOPE, frozenset())
    with pytest.raises(ExpressionError):
        check_value("9007199254740993", SCOPE, frozenset())


def test_texts_take_braces_for_fields_and_aggregates_only() -> None:
    text = check_text("{m.n} of {k}", SCOPE, frozenset())
    assert [type(part).__name__ for part in text.parts] == ["FieldRef", "str", "Placeholder"]
    for wrong in ("{m}", "{m.n!r}", "{m.n:>9}", "{0}", "{}", "{m.__class__}", "{k.real}", "{m.n", "m.n}", "{{m.n}}", "{m .n}"):
        with pytest.raises(ExpressionError):
            check_text(wrong, SCOPE, frozenset())


# -- hostile texts

HOSTILE = [
    "__import__('os').system('touch canary')",
    "__import__('os')",
    "().__class__.__bases__[0].__subclasses__()",
    "m.__class__",
    "m.__class__.__mro__",
    "m.n.__class__",
    "m.n.real",
    "m.__dict__['n']",
    "m.t.format(m)",
    "'{0.__class__}'.format(m)",
    "'%s' % m.t",
    "f'{m.n}'",
    "f\"{__import__('os').system('touch canary')}\"",
    "lambda: 1",
    "(lambda: open('canary', 'w'))()",
    "[x for x in m]",
    "[open('canary', 'w') for x in (1,)]",
    "{x: 1 for x in (1,)}",
    "max(x for x in (1,))",
    "(x := 1)",
    "open('canary', 'w')",
    "eval('1')",
    "exec('1')",
    "compile('1', '', 'eval')",
    "globals()",
    "getattr(m, 'n')",
    "vars(m)",
    "type(m)",
    "print(1)",
    "breakpoint()",
    "m[0]",
    "m.s[0:1]",
    "m()",
    "min.__self__",
    "max(*m.s)",
    "max(1, **m)",
    "abs.__call__(1)",
    "known.__globals__",
    "curve.__globals__",
    "m.n ** 999999999",
    "m.n << 999999999",
    "'x' * 999999999",
    "9 ** 9 ** 9",
    "import os",
    "import os; os.system('touch canary')",
    "await m",
    "yield",
    "(yield from m)",
    "del m",
    "m.n = 1",
    "assert m",
    "raise m",
    "b'x'",
    "...",
    "`ls`",
    "$(ls)",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "1; 2",
    "1\\\n+1",
    "print 1",
    "\x00",
    "m.n\x00 > 1",
    "\ud800",
    "m.t == '\ud800'",
    "(" * 10_000,
    "(" * 10_000 + "1" + ")" * 10_000,
    "[" * 100_000,
    "-" * 100_000 + "1",
    "not " * 50_000 + "m.b",
    "m.n" + " + m.n" * 20_000,
    "m.b" + " and (m.b or m.b" * 5_000 + ")" * 5_000,
    "m" + ".n" * 50_000,
    "1" * 100_000,
    "1e" + "9" * 5_000,
    "'" * 99_999,
    "#" * 100_000,
    "max(" * 5_000 + "1",
    "1 if m.b else " * 5_000 + "1",
    "m.n < " * 5_000 + "'x'",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:40]))
def test_hostile_text_is_refused(text: str) -> None:
    for check in (check_value, check_condition, check_number):
        with pytest.raises(ExpressionError):
            check(text, SCOPE, frozenset())


def test_tests_nested_in_tests_are_looked_at_once() -> None:
    text = "(True if " * 30 + "m.b" + " else False)" * 30
    (condition,) = check_condition(text, SCOPE, frozenset())  # each test looked at twice would be a thousand million looks
    assert known_where(condition, True) == known_where(condition, False) == frozenset()


@pytest.mark.parametrize("text", ["-" * 100_000 + "1", "\ud800", "not " * 50_000 + "m.b"], ids=["signs", "surrogate", "nots"])
def test_what_cannot_even_be_parsed_is_refused_in_words(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"^not an expression: nested too deep or not text$"):
        check_value(text, SCOPE, frozenset())


WATCH = """
import json, sys
from misstep.language.functions import Type
from misstep.rulebase.expressions import ExpressionError, check_text, check_value, Scope
texts = json.loads(sys.stdin.read())
scope = Scope({"m": {"n": Type("integer", low=-1000, high=1000), "t": Type("text"), "s": Type("set", ("a",))}})

def refused(check, text):
    try:
        check(text, scope, frozenset())
    except ExpressionError:
        return True
    return False

refused(check_value, "m.n >")  # whatever is imported late is imported now
events = []
watching = True
sys.addaudithook(lambda event, args: events.append(event) if watching and event != "compile" else None)
all_refused = all([refused(check_value, text) for text in texts])
for text in texts:
    refused(check_text, text)
seen = sorted(set(events))
events.clear()
eval("1")  # the hook does see what it is there for
sees = "exec" in events
watching = False
print(json.dumps({"all_refused": all_refused, "events": seen, "sees": sees}))
"""


def test_nothing_is_run_opened_or_imported_while_hostile_text_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(Path(misstep.__file__).parent.parent)!r})\n{WATCH}"],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert json.loads(done.stdout) == {"all_refused": True, "events": [], "sees": True}
    assert list(tmp_path.iterdir()) == []


# -- laws over any text

TOKENS = [
    "m.n", "m.u", "m.v", "m.w", "m.t", "m.e", "m.b", "m.s", "m.id", "m", "k", "x", "1", "0", "2.5", "1e3", "'own'", "'a'", '"x"',
    "(", ")", ",", ".", "[", "]", "{", "}", ":", "=", ":=", "&", "|", "~", "#", "\\", "<", "<=", "==", "!=", ">", ">=",
    "in", "not", "and", "or", "if", "else", "for", "lambda", "+", "-", "*", "/", "**", "%", "True", "False", "None",
    "known(", "min(", "max(", "curve(", "len(", "lower(", "round(", "abs(",
]  # fmt: skip
LIKELY = st.lists(st.sampled_from(TOKENS), max_size=14).map(" ".join)
NODES = (*get_args(Expression), Constants)


def _whole(node: Any) -> bool:
    """Whether a tree is made of nothing but nodes of the language."""
    if isinstance(node, tuple):
        return all(_whole(part) for part in node)
    if isinstance(node, NODES):
        assert is_dataclass(node)
        return isinstance(node, (Literal, FieldRef)) or all(_whole(getattr(node, f.name)) for f in fields(node))
    return isinstance(node, (str, int, float, bool))


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(st.text(), LIKELY, st.text("mnkbte.()[]{}<>=!+-*/'\"# \n,:0123456789_\\", max_size=30)))
def test_any_text_is_checked_or_refused_at_one_of_its_characters(text: str) -> None:
    for check in (check_value, check_condition, check_number, check_text):
        error: ExpressionError | None = None
        got: Any = None
        try:
            got = check(text, SCOPE, frozenset())
        except ExpressionError as caught:
            error = caught
        if error is not None:
            assert 0 <= error.offset <= len(text)
            assert 0 < len(str(error)) < 400
        elif check is check_value:
            assert _whole(got[0])


CONDITIONS = st.recursive(
    st.sampled_from(["m.b", "m.n > 3", "m.e == 'own'", "m.t in ('a', 'b')", "'a' in m.s", "known(m.u)", "k < m.n <= 9"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} and {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} or {p[1]})"),
        inner.map(lambda c: f"not {c}"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(text=CONDITIONS)
def test_conditions_put_together_by_the_grammar_are_taken(text: str) -> None:
    assert check_value(text, SCOPE, frozenset())[1] == BOOLEAN


@settings(max_examples=100, deadline=None)
@given(text=CONDITIONS, data=st.data())
def test_blanks_and_line_breaks_mean_nothing(text: str, data: st.DataObject) -> None:
    blank = st.sampled_from([" ", "  ", "\n", "\t ", " \n  "])
    spread = "".join(data.draw(blank) if c == " " else c for c in text)
    assert check_value(f"\n {spread} ", SCOPE, frozenset()) == check_value(text, SCOPE, frozenset())
