"""Laws that every answer of the shipped rules obeys, whatever the record."""

from __future__ import annotations

import json
import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import facts_of, records_of

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


@NO_DEADLINE
@given(record=RECORDS, data=st.data())
def test_the_order_of_facts_never_shows(record: Record, data: st.DataObject) -> None:
    assert BASE.assess(data.draw(st.permutations(record))).to_json() == BASE.assess(record).to_json()


@NO_DEADLINE
@given(record=RECORDS, data=st.data())
def test_the_order_of_the_fields_of_a_fact_never_shows(record: Record, data: st.DataObject) -> None:
    shuffled = [dict(data.draw(st.permutations(list(fact.items())))) for fact in record]
    assert BASE.assess(shuffled).to_json() == BASE.assess(record).to_json()


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


@NO_DEADLINE
@given(record=RECORDS, mistake=facts_of(MISTAKES))
def test_one_more_mistake_never_lowers_damage_or_band(record: Record, mistake: dict[str, Any]) -> None:
    fewer, more = BASE.assess(named(record)), BASE.assess([*named(record), {"id": "more", **mistake}])
    assert more.damage >= fewer.damage
    assert SCALE.severity.words.index(more.band) >= SCALE.severity.words.index(fewer.band)
    worst = [max((SCALE.verdicts.index(f.verdict) for f in result.findings), default=0) for result in (more, fewer)]
    assert worst[0] >= worst[1]


@NO_DEADLINE
@given(record=RECORDS)
def test_damage_is_within_its_range_and_a_plan_never_adds_to_it(record: Record) -> None:
    result = BASE.assess(record)
    assert 0 <= result.damage_after <= result.damage <= 100
    for finding in result.findings:
        assert 0 <= finding.severity <= 10
        assert 0 <= finding.noticed <= 1
        assert 0 <= finding.urgency <= 10
        assert finding.damage <= finding.severity
    for action in result.actions:
        assert 0 <= action.relief <= result.damage
        assert 0 <= action.priority <= 100


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


@NO_DEADLINE
@given(record=RECORDS, data=st.data())
def test_what_the_candidate_thinks_of_it_never_raises_any_severity(record: Record, data: st.DataObject) -> None:
    mistakes = [i for i, fact in enumerate(record) if BASE.kinds[fact["kind"]].role == "mistake"]
    assume(mistakes)
    i = data.draw(st.sampled_from(mistakes))
    silent = {key: value for key, value in record[i].items() if key != "self_judged"}
    told = {**silent, "self_judged": data.draw(st.sampled_from(BASE.kinds[silent["kind"]].by_name["self_judged"].values))}
    without = by_fact(BASE.assess(named([*record[:i], silent, *record[i + 1 :]])))
    withal = by_fact(BASE.assess(named([*record[:i], told, *record[i + 1 :]])))
    assert all(withal[fact].severity <= finding.severity for fact, finding in without.items())


@NO_DEADLINE
@given(record=RECORDS, strength=facts_of(STRENGTHS))
def test_a_strength_never_raises_severity_or_damage(record: Record, strength: dict[str, Any]) -> None:
    without, withal = BASE.assess(named(record)), BASE.assess([*named(record), {"id": "more", **strength}])
    findings = by_fact(withal)
    assert all(findings[fact].severity <= finding.severity for fact, finding in by_fact(without).items())
    assert withal.damage <= without.damage


# -- the plan


@NO_DEADLINE
@given(record=RECORDS)
def test_a_plan_keeps_to_its_rules(record: Record) -> None:
    result = BASE.assess(record)
    groups = [group for action in result.actions if (group := BASE.actions[action.action].group)]
    assert groups.count("apology") <= 1
    assert len(set(groups)) == len(groups)
    assert len(result.actions) <= SCALE.max_actions
    avoided = {action.action: action.targets for action in result.avoid}
    for action in result.actions:
        assert action.action not in avoided or (avoided[action.action] and not set(action.targets) & set(avoided[action.action]))
    assert len((result.draft or "").split()) <= 150


# -- the same answer by other ways


@NO_DEADLINE
@given(record=RECORDS)
def test_an_answer_survives_json_and_pickle(record: Record) -> None:
    result = BASE.assess(record)
    again = Assessment.from_json(result.to_json())
    assert again == result
    assert again.to_json() == result.to_json()
    copy = pickle.loads(pickle.dumps(result))
    assert copy == result
    assert copy.to_json() == result.to_json()
    assert Assessment.from_dict(result.to_dict()) == result


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
