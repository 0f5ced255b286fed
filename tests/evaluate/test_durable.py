"""Three voices: what durable-rules concludes is what the compiled rules conclude, and what the naive interpreter does.

Compared is all that there is, derivations with their matches included, so nothing may be missing or stand twice. Where there
is no durable-rules, these tests are left out, and run with the other two voices instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.end_to_end.command import FIXTURES, INTERVIEWS
from tests.evaluate.naive import NaiveEngine, conclusions
from tests.evaluate.oracle import LIMITS, oracle_of
from tests.evaluate.packs import JOINED, LONG, layers, packs, records_of, records_of_packs
from tests.inline import linked_shipped, load_text
from tests.needs import found

from misstep import EngineError, RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.durable.engine import DurableEngine
from misstep.evaluate.durable.network import MOST_FIELDS, MOST_JOINED, MOST_PATTERNS, ClashFree, Ruleset, clash, rulesets
from misstep.evaluate.interface import Engine
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program
from misstep.rulebase.documents import read_json, read_yaml

pytestmark = pytest.mark.slow

ABOUT_RULES = pytest.mark.once  # random packs are compared on every version of Python
Voices = Callable[[Program, ExitStack, NaiveEngine | None], tuple[Engine, ...]]
FILES = sorted(file for file in INTERVIEWS.iterdir() if file.stem != "SOURCES")


def examples(normal: int, long: int) -> settings:
    """Settings for a number of examples; to make a pack smaller takes minutes: add Phase.shrink to debug."""
    return settings(
        max_examples=long if LONG else normal,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(True, marks=pytest.mark.needs("durable"), id="durable"),
        *([] if found("durable") else [pytest.param(False, id="without durable")]),
    ],
)
def voices(request: pytest.FixtureRequest) -> Voices:
    """All engines that there are for a program; closed with the stack. The oracle is one of these rules as they are written, or
    else of the rules as they are linked."""

    def voices(program: Program, stack: ExitStack, oracle: NaiveEngine | None) -> tuple[Engine, ...]:
        durable = (stack.enter_context(closing(DurableEngine(program))),) if request.param else ()
        return PythonEngine(program), oracle or NaiveEngine(program), *durable

    return voices


def agree(program: Program, engines: tuple[Engine, ...], record: Any) -> dict[str, list[Any]]:
    """What all engines conclude from a record."""
    facts = RecordReader(program, LIMITS).read(record)
    first, *others = engines
    got, findings = Pipeline(program, first, LIMITS).conclude(facts)
    concluded = conclusions(got)
    for engine in others:
        wanted, expected = Pipeline(program, engine, LIMITS).conclude(facts)
        assert concluded == conclusions(wanted), type(engine)
        assert findings == expected
    return concluded


def agree_on(voices: Voices, text: str, *records: Any) -> list[dict[str, list[Any]]]:
    program = load_text(text, limits=LIMITS).program
    with ExitStack() as stack:
        engines = voices(program, stack, None)
        return [agree(program, engines, record) for record in records]


@pytest.fixture(scope="module", autouse=True)
def _filled_memory() -> Iterator[None]:
    """Where glibc is, memory that is handed out is filled, so that what the library reads and never wrote kills it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MALLOC_PERTURB_", "165")
        yield


@pytest.fixture(scope="module")
def shipped(voices: Voices) -> Iterator[tuple[Engine, ...]]:
    with ExitStack() as stack:
        yield voices(RuleBase.shipped().program, stack, None)


# -- random rule bases and records


@examples(60, 2500)
@given(data=st.data())
def test_on_random_packs(voices: Voices, data: st.DataObject) -> None:
    texts = data.draw(layers())
    program = load_text(*texts, limits=LIMITS).program
    with ExitStack() as stack:
        engines = voices(program, stack, oracle_of(*texts))
        agree(program, engines, data.draw(records_of(program.kinds, 2, 8)))  # with all that fields may hold
        agree(program, engines, data.draw(records_of_packs(program.kinds.values(), 1, 2)))


@examples(12, 500)
@given(data=st.data())
def test_on_many_facts_that_are_joined(voices: Voices, data: st.DataObject) -> None:
    text = data.draw(packs(joining=True))
    program = load_text(text, limits=LIMITS).program
    joined = [program.kinds[name] for name in JOINED]
    with ExitStack() as stack:
        agree(program, voices(program, stack, oracle_of(text)), data.draw(records_of_packs(joined, 10, 12)))


@examples(30, 500)
@given(record=records_of(RuleBase.shipped().kinds, 0, 9))
def test_on_the_shipped_rules(shipped: tuple[Engine, ...], record: list[dict[str, Any]]) -> None:
    agree(RuleBase.shipped().program, shipped, record)


# -- whole assessments


def same_assessments(engines: tuple[Engine, ...], records: list[Any]) -> None:
    program = RuleBase.shipped().program
    reader, pipelines = RecordReader(program, LIMITS), [Pipeline(program, engine, LIMITS) for engine in engines]
    for record in records:
        facts = reader.read(record)
        first, *others = (pipeline.assess(facts).to_json() for pipeline in pipelines)
        assert others == [first] * (len(engines) - 1)


def test_every_interview_is_assessed_the_same(shipped: tuple[Engine, ...]) -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in FILES}
    same_assessments(shipped, [(read_json if f.suffix == ".json" else read_yaml)(text, f.name).data for f, text in texts.items()])


@ABOUT_RULES
def test_every_judged_case_is_assessed_the_same(shipped: tuple[Engine, ...]) -> None:
    lines = (FIXTURES / "cases" / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 129
    same_assessments(shipped, [json.loads(line)["record"] for line in lines])


@ABOUT_RULES
def test_every_case_of_the_shipped_packs_is_assessed_the_same(shipped: tuple[Engine, ...]) -> None:
    _, merged = linked_shipped()
    cases = [case.facts for pack in merged.packs for case in pack.doc.cases.values()]
    assert len(cases) > 300
    same_assessments(shipped, cases)


# -- what durable-rules itself takes for something else

ODD_TEXTS = (
    "", "a", "A", "é", "e\u0301", "it's", 'say "so"', "\\", "a\nb", "a\x00b", "\U0001f600", "$and", "null", "true", "1", "1.0",
    "x" * 10_000, "x" * 9_999 + "y", "{}", '{"id":1}', "costarring", "liquid",
)  # fmt: skip
ODD_NUMBERS = (0, -0.0, 1, 1.0, 0.1, 0.1 + 0.2, 0.3, 1e-07, 1.5e-07, 1e15, 2**53, -(2**53), 2**53 - 1, 5e-324, 9, 10)

ODD = (Path(__file__).parent / "odd.yaml").read_text(encoding="utf-8")


def test_odd_values_are_what_they_are(voices: Voices) -> None:
    texts = [{"kind": "items", "s": text} for text in ODD_TEXTS] + [{"kind": "host", "type": text} for text in ODD_TEXTS]
    numbers: list[dict[str, Any]] = [{"kind": "items", "m": float(n)} for n in ODD_NUMBERS]
    numbers += [{"kind": "host", "post": float(n)} for n in ODD_NUMBERS]
    numbers += [{"kind": "items", "sid": n} for n in ODD_NUMBERS if isinstance(n, int)]
    sets: list[dict[str, Any]] = [{"kind": "host", "state": words} for words in ([], ["u"], ["any"], ["u", "any"])]
    concluded = agree_on(voices, ODD, texts, numbers, sets, texts + numbers + sets, [])
    assert len(concluded[0]["contributions"]) > len(ODD_TEXTS)
    assert len(concluded[1]["contributions"]) > len(ODD_NUMBERS)


def test_ids_mean_nothing_to_the_library(voices: Voices) -> None:
    # two of them have one hash there, and the words are names of its own
    ids = ("iv049599-m", "iv212382-m", "sid", "0", "1", "start", "prime", "sid-0", "$s", "id", "x" * 200, 'a"b', "é\n")
    agree_on(voices, ODD, [{"kind": "items", "id": id_, "s": "a"} for id_ in ids] + [{"kind": "host", "id": "h", "type": "a"}])


def test_facts_that_differ_in_nothing_but_their_ids_are_each_taken(voices: Voices) -> None:
    (concluded,) = agree_on(
        voices, ODD, [{"kind": "items", "s": "a", "m": 1.0}] * 5 + [{"kind": "host", "type": "a", "post": 1.0}] * 4
    )
    assert sum(1 for c in concluded["contributions"] if c[1][3][1] == "text") == 20
    assert len(concluded["derivations"]) == 1
    assert len(concluded["derivations"][0][1]) == 5


TWICE = """
schema: 1
pack: twice
kinds:
  slip: {role: mistake, title: x, concern: manners, fields: {}}
  sign: {role: derived, title: x, fields: {word: {type: text}}}
rules:
  early: {when: [{fact: slip, as: a}], then: {derive: {kind: sign, word: "'same'"}}}
  later: {when: [{fact: finding, as: f}], then: {derive: {kind: sign, word: "'same'"}}}
  last: {when: [{fact: sign, as: s}], unless: [{fact: slip, as: x, where: "x.id == s.word"}], then: {recommend: {action: go}}}
actions: {go: {title: x}}
"""


def test_a_fact_that_is_derived_before_there_are_findings_and_after_is_one(voices: Voices) -> None:
    (concluded,) = agree_on(voices, TWICE, [{"kind": "slip"}] * 2)
    assert len(concluded["derivations"]) == 1
    assert len(concluded["derivations"][0][1]) == 4


# -- more than one ruleset, and what none can hold


def many_rules(count: int) -> str:
    """Rules that all hold for one fact, and derive through many steps what is read by others."""
    kinds: dict[str, Any] = {
        "slip": {"role": "mistake", "title": "x", "concern": "manners", "fields": {"n": {"type": "integer"}}}
    }
    kinds["stair"] = {"role": "derived", "title": "x", "fields": {"n": {"type": "integer"}}}
    kinds |= {f"d{i}": {"role": "derived", "title": "x", "fields": {"n": {"type": "integer"}}} for i in range(count)}
    rules: dict[str, Any] = {
        f"at{i}": {"when": [{"fact": "slip", "as": "a", "where": f"a.n >= {i % 7}"}], "then": {"overall": i % 10}}
        for i in range(count)
    }
    rules |= {
        f"to{i}": {"when": [{"fact": f"d{i}", "as": "a"}], "then": {"derive": {"kind": f"d{(i + 1) % count}", "n": "a.n"}}}
        for i in range(count)
    }  # fmt: skip
    rules["first"] = {"when": [{"fact": "slip", "as": "a"}], "then": {"derive": {"kind": "d0", "n": "a.n"}}}
    return json.dumps({"schema": 1, "pack": "many", "kinds": kinds, "rules": rules})


def test_rules_beyond_the_tables_of_the_library(voices: Voices) -> None:
    (concluded,) = agree_on(voices, many_rules(150), [{"kind": "slip", "n": n} for n in (0, 3, 9)])
    assert len(concluded["derivations"]) == 3 * 150


def wide_rule(patterns: int) -> str:
    when = [
        {"fact": "slip", "as": f"p{i}", "where": f"p{i}.n == {i} and p{i}.n == p{max(0, i - 1)}.n + {int(i > 0)}"}
        for i in range(patterns)
    ]
    kinds = {"slip": {"role": "mistake", "title": "x", "concern": "manners", "fields": {"n": {"type": "integer"}}}}
    return json.dumps({"schema": 1, "pack": "wide", "kinds": kinds, "rules": {"wide": {"when": when, "then": {"overall": 1}}}})


@pytest.mark.needs("durable")
def test_as_many_patterns_as_a_match_has_room_for() -> None:
    text = wide_rule(MOST_JOINED)
    program = load_text(text, limits=LIMITS).program
    with closing(DurableEngine(program)) as engine:
        record = [{"kind": "slip", "n": n} for n in range(MOST_JOINED)]
        concluded = agree(program, (PythonEngine(program), engine), record)
    assert len(concluded["contributions"]) == 1


@pytest.mark.needs("durable")
def test_a_rule_that_is_too_large_is_refused_and_names_the_other_engine() -> None:
    program = load_text(wide_rule(MOST_JOINED + 1), limits=LIMITS).program
    with pytest.raises(
        EngineError, match=r"^the rule wide has 17 patterns .* at most 16; the engine 'python' has no such limit$"
    ):
        DurableEngine(program)


# -- the form of what it is told


def test_numbers_never_clash() -> None:
    numbers = ClashFree()
    taken = [numbers[i] for i in range(20_000)]
    assert len({clash(str(n)) for n in taken}) == len(taken)
    assert [numbers.place(n) for n in taken] == list(range(20_000))
    assert clash("costarring") == clash("liquid")


def check_form(ruleset: Ruleset) -> None:
    """The forms that are known to be safe, and no others: see network.py."""
    names = {"id", "sid", "$s", "start", "prime"}
    fields: set[str] = set()
    patterns = 0
    for rule in ruleset.definition.values():
        aliases: list[str] = []
        for pattern in rule["all"]:
            ((alias, content),) = pattern.items()
            patterns += 1
            joins = 0
            for condition in content.get("$and", [content]):
                ((name, value),) = condition.items()
                if name.startswith("$"):
                    assert name in ("$neq", "$lt", "$lte", "$gt", "$gte")
                    ((name, value),) = value.items()
                    assert type(value) is int
                elif type(value) is not int:
                    ((other, field),) = value.items()
                    assert other in aliases
                    fields.add(field)
                    joins += 1
                fields.add(name)
            assert joins <= 1
            aliases.append(alias)
        assert len(aliases) <= MOST_JOINED
        assert len(set(map(clash, aliases))) == len(aliases)
    assert patterns <= MOST_PATTERNS + 1
    assert len(fields) <= MOST_FIELDS + 2
    assert len({clash(name) for name in fields | names}) == len(fields | names)


@ABOUT_RULES
def test_the_shipped_rules_have_the_safe_form() -> None:
    program = RuleBase.shipped().program
    made = rulesets(program.rules.values(), program.kinds)
    assert {rule for ruleset in made for rule in ruleset.rules} == set(program.rules.values())
    for ruleset in made:
        check_form(ruleset)


@ABOUT_RULES
@examples(50, 500)
@given(text=packs())
def test_random_rules_have_the_safe_form(text: str) -> None:
    program = load_text(text, limits=LIMITS).program
    for ruleset in rulesets(program.rules.values(), program.kinds):
        check_form(ruleset)
