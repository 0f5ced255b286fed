"""Laws of the shipped rules over every kind and value, over files and threads; those over drawn records are in tests/laws."""

from __future__ import annotations

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from tests.evaluate.packs import records_of

from misstep import Assessment, RuleBase, assess
from misstep.api import EngineName
from misstep.assessment.result import Finding
from misstep.language.facts import Field, Kind
from misstep.rulebase.shipped import shipped_rules

BASE = RuleBase.shipped()
PROGRAM = BASE.program
SCALE = PROGRAM.scale
MISTAKES = [kind for kind in BASE.kinds.values() if kind.role == "mistake"]
INTERVIEWS = Path(__file__).parents[1] / "fixtures" / "interviews"
GIVEN = [kind for kind in BASE.kinds.values() if kind.role in ("mistake", "signal", "strength")]
STRENGTHS = [kind for kind in BASE.kinds.values() if kind.role == "strength"]
RECORDS = records_of(BASE.kinds, 0, 8)
NO_DEADLINE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
Record = list[dict[str, Any]]


def named(record: Record) -> Record:
    """The record with ids of its own, so that a fact more does not rename the others."""
    return [{"id": f"f{i}", **fact} for i, fact in enumerate(record)]


def by_fact(result: Assessment) -> dict[str, Finding]:
    return {finding.fact: finding for finding in result.findings}


# -- order


SECTIONS = ("kinds", "rules", "actions", "sources", "cases")


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> RuleBase:
    """The shipped packs under other file names, and all they declare in another order."""
    folder = tmp_path_factory.mktemp("packs")
    order = random.Random(4711)
    files = sorted(shipped_rules().glob("*.yaml"))
    order.shuffle(files)
    for i, file in enumerate(files):
        pack = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        pack = dict(order.sample(list(pack.items()), len(pack)))
        for section in SECTIONS:
            if section in pack:
                pack[section] = dict(order.sample(list(pack[section].items()), len(pack[section])))
        place = folder / f"folder{i % 3}" / f"{i:02}.yml"
        place.parent.mkdir(exist_ok=True)
        place.write_text(yaml.dump(pack, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return RuleBase.load(*order.sample(sorted(folder.iterdir()), 3))


def test_the_order_of_packs_and_rules_leaves_the_digest_alone(shuffled: RuleBase) -> None:
    assert (shuffled.digest, shuffled.version, shuffled.program.name) == (BASE.digest, BASE.version, PROGRAM.name)


@settings(NO_DEADLINE, suppress_health_check=[*HealthCheck])
@given(record=RECORDS)
def test_the_order_of_packs_and_rules_never_shows(shuffled: RuleBase, record: Record) -> None:
    assert shuffled.assess(record).to_json() == BASE.assess(record).to_json()


# -- more and worse


def values_from_mild_to_worse(field: Field) -> list[Any]:
    """Values of a field in the order that ``worse`` tells; values that it does not tell apart stand alone."""
    if field.type == "boolean":
        return [not field.worse, field.worse]
    if field.type == "enum":
        return [field.default, field.worse]
    low = 0 if field.minimum is None else field.minimum
    high = low + 1000 if field.maximum is None else field.maximum
    whole = field.type == "integer"
    steps = {low, high, *(low + (high - low) * i / 60 for i in range(61)), *(v for v in range(100) if low <= v <= high)}
    values = sorted({round(step) if whole else float(step) for step in steps})
    return values if field.worse == "higher" else values[::-1]


WORSE = [(kind, field) for kind in MISTAKES for field in kind.fields if field.worse is not None]


def required(kind: Kind) -> dict[str, Any]:
    return {f.name: "x" if f.type == "text" else f.minimum for f in kind.fields if f.required}


@pytest.mark.parametrize(("kind", "field"), WORSE, ids=[f"{kind.name}.{field.name}" for kind, field in WORSE])
def test_a_worse_field_never_lowers_the_severity(kind: Kind, field: Field) -> None:
    values = values_from_mild_to_worse(field)
    facts = [{**required(kind), "kind": kind.name, field.name: value} for value in values]
    severities = [BASE.assess([fact]).findings[0].severity for fact in facts]
    assert severities == sorted(severities)


def test_every_mistake_has_a_field_that_makes_it_worse() -> None:
    assert {kind.name for kind, _ in WORSE} == {kind.name for kind in MISTAKES}


@cache
def _plain(kind: str) -> Finding:
    return BASE.assess([{**required(BASE.kinds[kind]), "kind": kind}]).findings[0]


@pytest.mark.parametrize("judged", BASE.kinds["late_arrival"].by_name["self_judged"].values)
@pytest.mark.parametrize("kind", [kind.name for kind in MISTAKES])
def test_what_the_candidate_thinks_of_it_never_raises_the_severity(kind: str, judged: str) -> None:
    fact = {**required(BASE.kinds[kind]), "kind": kind, "self_judged": judged}
    assert BASE.assess([fact]).findings[0].severity <= _plain(kind).severity


# -- the same answer by other ways


@pytest.mark.parametrize(("engine", "count"), [("python", 60), pytest.param("durable", 12, marks=pytest.mark.needs("durable"))])
def test_four_threads_that_share_a_rule_base_get_the_answers_of_one(engine: EngineName, count: int) -> None:
    order = random.Random(17)
    told = [json.loads(file.read_bytes())["facts"] for file in sorted(INTERVIEWS.glob("*.json"))]
    records = order.choices(told, k=count // 2)
    while len(records) < count:
        records.append([{**required(kind), "kind": kind.name} for kind in order.choices(GIVEN, k=order.choice((1, 2, 8, 30)))])
    expected = [BASE.assess(record).to_json() for record in records]
    fresh = RuleBase(PROGRAM)  # its functions are yet to be written

    def work(seed: int) -> list[int]:
        places = random.Random(seed).sample(range(count), count)
        by_json = {place: fresh.assess_json(json.dumps(records[place]), engine) for place in places}
        plain = {place: fresh.assess(records[place], engine).to_json() for place in reversed(places)}
        return [place for place in places if not by_json[place] == plain[place] == expected[place]]

    turns = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # as many turns as possible
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(work, range(4))) == [[]] * 4
    finally:
        sys.setswitchinterval(turns)


def test_assess_uses_the_shipped_rules() -> None:
    record = [{"kind": "late_arrival", "minutes": 12}]
    assert assess(record).to_json() == BASE.assess(record).to_json()
    assert assess(record).rulebase.digest == BASE.digest


def test_an_empty_record_has_an_answer() -> None:
    result = assess([])
    assert (result.damage, result.band, result.verdict, result.findings) == (0, SCALE.severity.words[0], SCALE.verdicts[0], ())
