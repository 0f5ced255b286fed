"""Every entry of the tables of the rule language has all its parts: a row in the document, a case of its own, words, and a
meaning that the engines and the oracle agree on. Functions: test_functions.py."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from tests.evaluate import naive, packs
from tests.inline import linked_shipped, load_text

from misstep import Limits, RecordError
from misstep.analysis.calibration import certainty_figures
from misstep.assessment.intake import Intake
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.result import Finding, Reason
from misstep.evaluate.durable import network
from misstep.evaluate.durable.wire import conclude, conclusions, facts_of
from misstep.evaluate.emit import RUNTIME, ExpressionWriter
from misstep.evaluate.memory import CONCLUSIONS, Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.effects import DIMENSIONS, EFFECTS, Effect, EffectKey
from misstep.language.facts import GIVEN_ROLES, ROLES, TYPES, FieldType, Role
from misstep.language.finding import FINDING_FIELDS, FINDING_WORDS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.language.scale import PageWords
from misstep.rulebase import schema
from misstep.rulebase.expressions import NOTHING, Scope, check_value
from misstep.rulebase.kinds import finding_types
from misstep.service.page import story
from misstep.tools import sample
from misstep.tools.docs.condition_words import Phrases
from misstep.tools.docs.markdown import say
from misstep.tools.docs.rulewords import RuleWords

HERE = Path(__file__).parent
DOCUMENT = (HERE.parents[1] / "docs" / "rule-packs.md").read_text(encoding="utf-8")
LANGUAGE = yaml.safe_load((HERE.parents[1] / "fixtures/conformance/matches.yaml").read_text(encoding="utf-8"))
CASES = LANGUAGE["cases"]
RANDOM = (HERE / "packs.py").read_text(encoding="utf-8")
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
    assert any(f" {symbol} " in condition for condition in CONDITIONS), "matches.yaml has no case of it"
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


VALUES: dict[FieldType, tuple[object, str]] = {
    "boolean": (True, "true"),
    "integer": (12, "12"),
    "number": (0.5, "0.5"),
    "text": ("w", "w"),
    "enum": ("u", "u"),
    "set": (["u", "v"], "u; v"),
}
"""A value of each type that fields have, as records and as cells of text have it."""


def test_the_types_of_fields_are_those_of_the_schema_and_the_samples() -> None:
    names = set(get_args(FieldType))
    assert names == set(VALUES) == set(packs.VALUES) == TYPES.keys() - {"id"}
    assert set(get_args(schema.FieldDoc.model_fields["type"].annotation)) == {*names, *(f"{name}?" for name in names)}
    own = [field for kind in LANGUAGE["kinds"].values() for field in kind.get("fields", {}).values()]
    shared = [field for role in LANGUAGE["roles"].values() for field in role["fields"].values()]
    assert {field["type"].removesuffix("?") for field in own + shared} == names


@pytest.mark.parametrize("name", get_args(FieldType))
def test_a_type_is_complete(name: FieldType) -> None:
    assert re.search(rf"(?m)^\| `{name}` \|", DOCUMENT), "docs/rule-packs.md has no row for it"
    value, text = VALUES[name]
    words = {"values": ["u", "v"]} if name in ("enum", "set") else {}
    kind = {"role": "mistake", "title": "K", "fields": {"f": {"type": name, **words}}}
    rulebase = load_text(yaml.safe_dump({"schema": 1, "pack": "p", "kinds": {"k": kind}}))
    field = rulebase.kinds["k"].by_name["f"]
    assert field.form.read(text, ";") == value
    assert field.takes(field.form.store(value))
    assert {field.expected(), TYPES[name].called}.isdisjoint({""})
    for other, _ in VALUES.values():
        stored = field.form.store(other)
        if field.takes(stored):
            rulebase.assess([{"kind": "k", "f": other}])
            assert stored in field.choices or not field.choices
        else:
            with pytest.raises(RecordError, match=re.escape(field.expected())):
                rulebase.assess([{"kind": "k", "f": other}])
    for drawn in (*sample._choices(field, likely_default=False), *(() if name == "text" else certainty_figures._answers(field))):
        rulebase.assess([{"kind": "k", "f": drawn}])
    typed = story.shown_value(value)
    assert story._meant(field, typed) == value, "the page reads something else than it shows"


WRITTEN: dict[EffectKey, tuple[object, str]] = {
    **{dimension: ({"for": "m", "add": 1}, "") for dimension in DIMENSIONS},
    "overall": (1, ""),
    "verdict": ("act_now", "act_now"),
    "outlook": ("closed", "closed"),
    "derive": ({"kind": "d", "about": "m.id"}, "concludes"),
    "recommend": ({"action": "a", "for": "m", "relief": 1, "due_hours": 2}, "recommends"),
    "veto": ("a", "vetoes"),
    "note": ("seen", "notes: seen"),
}
"""What stands under each key of `then`, and what documents say of it."""


def test_the_keys_of_then_are_those_of_the_table_and_all_are_drawn() -> None:
    assert set(schema.ThenDoc.model_fields) == set(EFFECTS) == set(WRITTEN)
    assert {form.conclusions for form in EFFECTS.values()} == {*CONCLUSIONS, "derivations"}
    assert {form.effect for form in EFFECTS.values()} == set(get_args(Effect))
    for key in EFFECTS:
        assert f'"{key}"' in RANDOM or key in DIMENSIONS, "packs.py never draws it"


@pytest.mark.parametrize("key", EFFECTS)
def test_an_effect_is_complete(key: EffectKey) -> None:
    assert re.search(rf"(?m)^\| `{key}: ", DOCUMENT), "docs/rule-packs.md has no row for it"
    form, (written, words) = EFFECTS[key], WRITTEN[key]
    about = {"about": {"type": "text"}}
    kinds: dict[str, Any] = {"m": {"role": "mistake", "title": "M"}}
    if key == "derive":
        kinds["d"] = {"role": "derived", "title": "D", "fields": about}
    pack = {"schema": 1, "pack": "p", "kinds": kinds, "actions": {"a": {"title": "A"}}}
    rulebase = load_text(yaml.safe_dump({**pack, "rules": {"r": {"when": ["m"], "then": {key: written}}}}))
    program = rulebase.program
    facts = Intake(program.kinds).collect(None, [["m-1", "m"]], [()])
    (rule,) = program.rules.values()
    assert [type(effect) for effect in rule.effects] == [form.effect]
    engines = (PythonEngine(program), naive.NaiveEngine(program))
    compiled, plain = (Pipeline(program, engine, Limits()).conclude(facts)[0] for engine in engines)
    assert naive.conclusions(compiled) == naive.conclusions(plain)
    assert getattr(compiled, form.conclusions)
    assert compiled.fired() == {rule}
    there = Memory(program, facts.rows, Limits())
    given = facts_of(there.rows)
    derived = [("d", row) for row in compiled.derivations]
    sent = json.loads(json.dumps(conclusions(compiled, [rule], [*given, *derived], len(given))))
    conclude(sent, there, [rule])
    assert getattr(there, form.conclusions) == getattr(compiled, form.conclusions), "the wire loses it"
    (said,) = RuleWords(rule, program, lambda _: say("it")).then()
    assert (words if key not in DIMENSIONS or key == "verdict" else form.score) in said.text
    if key in DIMENSIONS:
        reason = Reason(rule="r", dimension=key, amount=1.0, text="", facts=(), sources=(), basis="said")
        assert (reason.column or "") == form.score
        assert reason.change == form.sign


def test_a_role_is_complete() -> None:
    assert (*GIVEN_ROLES, "derived") == tuple(ROLES) == get_args(Role)
    assert f"role: mistake              # {' | '.join(ROLES)}\n" in DOCUMENT
    assert set(PageWords().sections) == set(GIVEN_ROLES), "the page has no section of it"
    assert {kind["role"] for kind in LANGUAGE["kinds"].values()} == set(GIVEN_ROLES) == set(packs.GIVEN.values())
    assert all(ROLES.values())


@pytest.mark.parametrize("name", FINDING_FIELDS)
def test_a_field_of_a_finding_is_complete(name: str) -> None:
    assert f"`f.{name}`" in DOCUMENT
    assert name in schema.ExpectFindingDoc.model_fields, "cases cannot expect it"
    assert name in Finding.__annotations__, "an assessment does not show it"
    scale = linked_shipped()[0].scale
    assert finding_types(scale)[name].name == ("enum" if name in FINDING_WORDS else "number")
    rule = {"when": [{"fact": "finding", "as": "f"}], "then": {"recommend": "a"}, "because": f"{{f.{name}}}"}
    kinds = {"m": {"role": "mistake", "title": "M"}}
    pack = {"schema": 1, "pack": "p", "kinds": kinds, "actions": {"a": {"title": "A"}}, "rules": {"r": rule}}
    found = load_text(yaml.safe_dump(pack)).assess([{"kind": "m"}])
    value = getattr(found.findings[0], name)
    assert value in FINDING_WORDS[name](scale) if name in FINDING_WORDS else value >= 0


def test_the_table_of_findings_has_their_fields() -> None:
    pytest.importorskip("pyarrow")
    from misstep.batch.columns import FINDINGS

    assert {name for name, _ in FINDINGS} >= set(FINDING_FIELDS)
