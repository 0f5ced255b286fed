"""Laws of rule bases, drawn by number: what is written otherwise and means the same has the same answer, and less is less."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from tests.evaluate.fired import case
from tests.evaluate.oracle import LIMITS
from tests.inline import load_text
from tests.laws.law import Draw, Fault, Record, changed_code, law, without_rules

from misstep import RuleBase, RuleError
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.memory import CONCLUSIONS, Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program

Pack = dict[str, Any]


def no_record(number: int, draw: Draw) -> Record:
    """These laws draw a rule base and its records by themselves."""
    return []


def drawn_case(draw: Draw) -> tuple[Pack, Program, list[Record]]:
    """A pack, the program that it is, and records for it."""
    text, program, records = case(draw.randrange(10**6))
    return json.loads(text), program, records


def answer(base: RuleBase, record: Record) -> dict[str, Any]:
    """The whole answer, but for the version of its rules."""
    found: dict[str, Any] = orjson.loads(base.assess(record).to_json())
    return {**found, "rulebase": None}


def same_answers(program: Program, packs: list[Pack], records: list[Record]) -> Iterator[str]:
    """Whether packs have the answers of a program."""
    before, after = RuleBase(program, LIMITS), load_text(*map(json.dumps, packs), limits=LIMITS)
    for record in records:
        one, other = answer(before, record), answer(after, record)
        yield "" if one == other else f"{json.dumps(packs)}: {json.dumps(record)}: {[k for k in one if one[k] != other[k]]}"


def loading(make: Callable[[str], str]) -> Fault:
    """A loader that reads packs otherwise than they are written."""

    def read(old: Any) -> Any:
        def load(*paths: Path, **given: Any) -> RuleBase:
            for path in paths:
                path.write_text(make(path.read_text("utf-8")), encoding="utf-8")
            base: RuleBase = old(*paths, **given)
            return base

        return load

    return changed_code("api.RuleBase.load", read)


def _without_the_last_rule(text: str) -> str:
    pack = json.loads(text)
    rules = [*pack.get("rules", {}).items()]
    return json.dumps({**pack, "rules": dict(rules[:-1] if len(rules) > 1 else rules)})


@law("The order in which a pack declares things never shows.", loading(_without_the_last_rule), no_record)
def order_of_declarations(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    pack, program, records = drawn_case(draw)
    shuffled = dict(draw.sample([*pack.items()], len(pack)))
    for section in ("kinds", "rules", "tables", "actions"):
        if section in shuffled:
            shuffled[section] = dict(draw.sample([*shuffled[section].items()], len(shuffled[section])))
    yield from same_answers(program, [shuffled], records)


@law(
    "Rules in a pack of their own are the rules of the whole, in whichever order packs are loaded.",
    loading(_without_the_last_rule),
    no_record,
)
def order_of_packs(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    pack, program, records = drawn_case(draw)
    moved = {name: rule for name, rule in pack["rules"].items() if draw.random() < 0.5}
    rest = {**pack, "rules": {name: rule for name, rule in pack["rules"].items() if name not in moved}}
    yield from same_answers(program, draw.sample([rest, {"schema": 1, "pack": "moved", "rules": moved}], 2), records)


DEAD = "m.times > 5 and m.times < 3"


@law("A rule whose condition never holds changes nothing.", loading(lambda text: text.replace(DEAD, "m.times > -9")), no_record)
def dead_rules_change_nothing(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    pack, program, records = drawn_case(draw)
    effects: list[dict[str, Any]] = [
        {"severity": {"for": "m", "add": 2}},
        {"noticed": {"for": "m", "add": 2}},
        {"overall": 3},
        {"recommend": {"action": "x", "for": "m"}},
        {"veto": {"action": "x"}},
    ]
    dead = {"when": [{"fact": "mistake", "as": "m", "where": DEAD}], "then": draw.choice(effects)}
    yield from same_answers(program, [{**pack, "rules": {**pack["rules"], "dead": dead}}], records)


def rewritten(value: Any, write: Callable[[str], str]) -> Any:
    """A part of a pack, every condition of it written otherwise."""
    if isinstance(value, dict):
        return {k: write(v) if k == "where" else rewritten(v, write) for k, v in value.items()}
    return [rewritten(each, write) for each in value] if isinstance(value, list) else value


WAYS: tuple[Callable[[str], str], ...] = (
    lambda test: f"({test}) and ({test})",
    lambda test: f"({test}) or ({test})",
    lambda test: f"({test}) and (1 < 2)",
    lambda test: f"(1 < 2) and ({test})",
    lambda test: f"({test}) or (2 < 1)",
    lambda test: f"not (not ({test}))",
    lambda test: f"not ((not ({test})) or (2 < 1))",
)


@law(
    "A condition that is written otherwise and means the same has the same matches.",
    loading(lambda text: text.replace("(1 < 2)", "(2 < 1)").replace("(2 < 1)", "(1 > 2)").replace("or (1 > 2)", "or (1 < 2)")),
    no_record,
)
def rewritten_conditions(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    pack, program, records = drawn_case(draw)
    write = draw.choice(WAYS)
    try:
        yield from same_answers(program, [{**pack, "rules": rewritten(pack["rules"], write)}], records)
    except RuleError as error:
        if "known" not in str(error):  # what it makes sure to be known may not be seen any more
            raise


def matches(program: Program, record: Record) -> set[tuple[str, Any]]:
    """Every rule with each of its matches."""
    memory: Memory
    memory, _ = Pipeline(program, PythonEngine(program), LIMITS).conclude(RecordReader(program, LIMITS).read(record))
    found = {(each.rule.id, each.match) for name in CONCLUSIONS for each in getattr(memory, name)}
    return found | {(rule.id, match) for firings in memory.derivations.values() for rule, match in firings}


@law(
    "One condition more never gives a rule a match more.",
    loading(lambda text: text.replace("(1 < 2) and (", "(1 < 2) or (")),
    no_record,
)
def narrowing(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    pack, program, records = drawn_case(draw)
    places = [
        (name, place)
        for name, rule in pack["rules"].items()
        for place, pattern in enumerate(rule["when"])
        if "fact" in pattern and "where" in pattern
    ]
    if not places:
        return
    name, place = draw.choice(places)
    rule = pack["rules"][name]
    pattern = rule["when"][place]
    tests = ["(1 < 2)", "(2 < 1)", *([f"({pattern['as']}.times > 1)"] if pattern["fact"] == "mistake" else [])]
    narrow = {**pattern, "where": f"{draw.choice(tests)} and ({pattern['where']})"}
    when = [*rule["when"][:place], narrow, *rule["when"][place + 1 :]]
    after = load_text(json.dumps({**pack, "rules": {**pack["rules"], name: {**rule, "when": when}}}), limits=LIMITS).program
    for each in records:
        more = {match for match in matches(after, each) - matches(program, each) if match[0] == name}
        yield f"{name} of {json.dumps(pack)} on {each}: {more}" if more else ""


@law(
    "A rule that does not fire may be left out.",
    changed_code("assessment.pipeline.make_plan", lambda old: lambda findings, memory: _counting_rules(old, findings, memory)),
    no_record,
)
def a_rule_that_does_not_fire_may_be_left_out(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    _, program, records = drawn_case(draw)
    for each in records:
        quiet = sorted(program.rules.keys() - type(base)(program, LIMITS).fired(each))
        if quiet:
            fewer = without_rules(program, {*quiet})
            one, other = answer(type(base)(program, LIMITS), each), answer(type(base)(fewer, LIMITS), each)
            yield "" if one == other else f"without {quiet}: {[key for key in one if one[key] != other[key]]}"


def _counting_rules(old: Any, findings: Any, memory: Any) -> Any:
    plan = old(findings, memory)
    return plan._replace(damage=plan.damage + len(memory.program.rules))


@law(
    "What an explanation calls decisive is needed: without that reason a word of the finding is another one.",
    changed_code(
        "analysis.explanation._Writer._reason",
        lambda old: lambda self, firing, decisive, amounts: old(self, firing, True, amounts),
    ),
    no_record,
)
def decisive_reasons_are_needed(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    _, program, records = drawn_case(draw)
    whole = type(base)(program, LIMITS)
    for each in records:
        for finding in whole.explain(each).findings:
            rules = [reason.rule for reason in finding.because]
            for reason in finding.because:
                only_scores = not program.rules[reason.rule].derives and rules.count(reason.rule) == 1
                if reason.decisive and only_scores:
                    fewer = type(base)(without_rules(program, {reason.rule}), LIMITS).assess(each)
                    now = next(f for f in fewer.findings if f.fact == finding.fact)
                    yield _words_changed(finding, now, reason.rule)


def _words_changed(before: Any, after: Any, rule: str) -> str:
    names = ("severity_band", "noticed_level", "urgency_level", "verdict")
    return (
        "" if any(getattr(before, n) != getattr(after, n) for n in names) else f"{rule} is called decisive, and changes no word"
    )
