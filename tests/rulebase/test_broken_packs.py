"""Every mistake a rule author can make is refused with a message at its place; compared whole."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import misstep
from misstep.language.expression import Constants, Literal
from misstep.language.functions import BOOLEAN, FUNCTIONS, Type
from misstep.language.program import Program
from misstep.rulebase.expressions import ExpressionError, NamedConstants, Scope, check_number, check_text, check_value

HERE = Path(__file__).parent
SUITE = HERE.parents[1] / "fixtures" / "conformance"
TABLES = sorted(file for file in (SUITE / "errors").glob("*.yaml") if file.stem != "expressions")
WORDS = (SUITE / "words.yaml").read_text("utf-8")
ENGINE = Path(misstep.__file__).parent


def _cases() -> Iterator[Any]:
    for table in TABLES:
        for name, case in yaml.safe_load(table.read_text("utf-8")).items():
            yield pytest.param(case, id=f"{table.stem}/{name}")


@pytest.mark.parametrize("case", list(_cases()))
def test_a_broken_pack_is_refused_with_exactly_these_lines(
    case: dict[str, Any], complaint: Callable[[Mapping[str, str]], str]
) -> None:
    files = dict(case["files"]) if "files" in case else {"pack.yaml": case["pack"]}
    if case.get("words"):
        files["words.yaml"] = WORDS
    more = [f"... and {case['omitted']} more"] if "omitted" in case else []
    assert complaint(files).split("\n") == [*(f"{error['at']}: {error['says']}" for error in case["errors"]), *more]


def test_the_words_of_the_broken_packs_load_by_themselves(load: Callable[..., Program]) -> None:
    assert {"late", "spill", "smile", "odd", "even", "bare"} == set(load(WORDS).kinds)


# -- expressions

SCOPE = Scope(
    facts={
        "m": {
            "id": Type("id"),
            "n": Type("integer", low=-1000, high=1000),
            "u": Type("number", low=-1000, high=1000, unknown=True),
            "t": Type("text"),
            "e": Type("enum", ("own", "chosen")),
            "b": BOOLEAN,
            "s": Type("set", ("a", "b")),
        }
    },
    aggregates={"k": Type("integer", high=1_000_000), "big": Type("number", low=-(2.0**73), high=2.0**73)},
    constants=NamedConstants(
        {"seven": Literal(7), "hello": Literal("hi"), "few": Constants((1, 2)), "causes": Constants(("own", "chosn"))}
    ),
)
EXPRESSIONS: list[dict[str, Any]] = yaml.safe_load((SUITE / "errors" / "expressions.yaml").read_text("utf-8"))["expressions"]


@pytest.mark.parametrize("case", EXPRESSIONS, ids=lambda case: case["text"][:50])
def test_a_broken_expression_is_refused_at_the_character(case: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_value(case["text"], SCOPE, frozenset())
    says = case["says"].replace("{functions}", ", ".join(sorted([*FUNCTIONS, "known", "curve"])))
    assert (caught.value.offset, str(caught.value)) == (case["at"], says)


@pytest.mark.parametrize("text", ["m.t", "m.b", "'x'", "m.s", "m.id"])
def test_an_amount_is_a_number(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"^a number is needed here; this is (text|true or false|a set|an id)$"):
        check_number(text, SCOPE, frozenset())


def test_the_place_in_a_text_is_that_of_the_value_in_braces() -> None:
    with pytest.raises(ExpressionError, match="'m' has no field 'nn'; did you mean 'n'") as caught:
        check_text("{m.n} and {k} and {m.nn}", SCOPE, frozenset())
    assert caught.value.offset == len("{m.n} and {k} and {")


SPELLINGS = {  # how a YAML text may be written; the column of `late.minuts` is found below
    "plain": "      where: late.minuts > 1",
    "single quotes": "      where: 'late.minuts > 1'",
    "double quotes": '      where: "late.minuts > 1"',
    "later in the text": "      where: late.minutes > 2 and late.minuts > 1",
    "beyond ASCII": "      where: late.why != 'größer' and late.minuts > 1",
    "blanks before it": "      where: '   late.minuts > 1'",
    "flow style": "      unless: [{fact: spill, where: spill.times > late.minuts}]",
}


@pytest.mark.parametrize("line", list(SPELLINGS.values()), ids=list(SPELLINGS))
def test_an_error_points_into_the_expression(line: str, complaint: Callable[[Mapping[str, str]], str]) -> None:
    pack = f"schema: 1\npack: p\nrules:\n  r:\n      when: [late]\n{line}\n      then: {{severity: 1}}\n"
    column = line.index("late.minuts ") + 1 if "late.minuts " in line else line.index("late.minuts") + 1
    said = complaint({"pack.yaml": pack, "words.yaml": WORDS})
    assert said == f"pack.yaml:6:{column}: r: 'late' has no field 'minuts'; did you mean 'minutes'?"


# -- no message without a case

MODULES = [*sorted(f"rulebase/{file.name}" for file in (ENGINE / "rulebase").glob("*.py"))]
RAISERS = {
    "problem", "fail", "_error", "error", "Problem", "ValueError", "ExpressionError", "StrataError", "UsageError", "_JsonFault",
    "TemplateError", "UnknownName", "CellError", "cell_problem", "_sheet_problem",
}  # fmt: skip
NAMES = {"what", "message", "several"}
TABLES_OF_MESSAGES = {"_SLIPS", "_REFUSED", "_EXPECTED", "_HINTS"}
UNREACHABLE = {
    # a shipped folder that is missing, and a shape error of a sort that the shapes of today never give
    "the shipped rules are missing: there is no folder *; install misstep anew",
    # what no expression that can be read leads to: these nodes only stand inside of others
    "a slice",
    "a star",
}


def _pattern(node: ast.expr) -> str | None:
    """A message as a pattern with ``*`` for what is put in."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "*" for v in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return (_pattern(left) or "*") + (_pattern(right) or "*")
        case _:
            return None


def _messages(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((ENGINE / module).read_text("utf-8"))):
        found: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if name in RAISERS:
                found = args
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in NAMES:
                found = [value]
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value) if (
                name in TABLES_OF_MESSAGES and value is not None
            ):
                found = [
                    *(value.values if isinstance(value, ast.Dict) else []),
                    *(row.elts[1] for row in getattr(value, "elts", ()) if isinstance(row, ast.Tuple)),
                ]
        for expression in found:
            text = _pattern(expression)
            if text and " " in text.strip("* "):
                yield re.sub(r"\{[^}]*\}", "*", text) if node.__class__ is not ast.Call else text


def _expected() -> str:
    """All that the tests of the loader expect to be said."""
    tables = [error["says"] for t in TABLES for c in yaml.safe_load(t.read_text("utf-8")).values() for error in c["errors"]]
    tests = HERE.glob("test_*.py")
    sources = [file.read_text("utf-8").replace("\\", "") for file in tests if file != Path(__file__)]
    return "\n".join([*tables, *(case["says"] for case in EXPRESSIONS), *sources])


def test_the_messages_are_found() -> None:
    assert len({message for module in MODULES for message in _messages(module)}) > 140


@pytest.mark.parametrize("module", MODULES)
def test_every_message_is_met_by_a_case(module: str) -> None:
    expected = _expected()
    messages = {m for m in _messages(module) if m not in UNREACHABLE}
    unmet = {m for m in messages if not re.search(re.escape(m).replace(r"\*", ".*"), expected)}
    assert unmet == set()
