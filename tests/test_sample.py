"""Made-up records: every one is right, everything that the kinds declare comes up, and a seed says which ones they are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.evaluate.packs import packs
from tests.inline import load_text

from misstep import RuleBase, UsageError
from misstep.language.facts import Kind
from misstep.tools.sample import COLUMNS, sample_records

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
RULES: dict[str, tuple[Path, ...]] = {
    "shipped": (),
    "incidents": (ROOT / "fixtures" / "incidents" / "rules",),
    "acme": (ROOT / "fixtures" / "packs" / "acme",),
}
EDGES = """\
schema: 1
pack: edges
kinds:
  edge:
    role: mistake
    title: Edge
    concern: manners
    fields:
      small: {type: number, min: 0.001, max: 0.002}
      exact: {type: number, min: 0.3333, max: 0.3333}
      below: {type: integer, max: -5}
      around: {type: number, min: -1000000, max: 0}
      open: {type: integer}
      word: {type: enum, values: [a, b, c]}
      maybe: {type: "boolean?"}
      huge: {type: integer, min: 0, max: 9007199254740992}
      few: {type: integer, min: 1, max: 2}
      words: {type: set, values: [a]}
      text: {type: text}
"""


def rules(name: str) -> RuleBase:
    return RuleBase.load(*RULES[name]) if RULES[name] else RuleBase.shipped()


def facts(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [fact for record in records for fact in record["facts"]]


@pytest.mark.parametrize("name", RULES)
def test_every_record_is_taken(name: str) -> None:
    rulebase = rules(name)
    for record in sample_records(rulebase, 2000, seed=7):
        assert rulebase.assess(record).id == record["id"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pack=packs())
def test_every_record_of_any_pack_is_taken(pack: str) -> None:
    rulebase = load_text(pack)
    for record in sample_records(rulebase, 20):
        rulebase.assess(record)


def test_numbers_keep_to_their_limits() -> None:
    rulebase = load_text(EDGES)
    records = list(sample_records(rulebase, 300))
    for record in records:
        rulebase.assess(record)
    drawn = {name: {fact[name] for fact in facts(records)} for name in ("exact", "below", "few", "small", "huge")}
    assert drawn["exact"] == {0.3333}
    assert max(drawn["below"]) == -5
    assert drawn["few"] == {1, 2}
    assert len(drawn["small"]) > 10
    assert max(drawn["huge"]) == 2**53


def test_everything_that_the_shipped_kinds_declare_comes_up() -> None:
    rulebase = rules("shipped")
    drawn = facts(sample_records(rulebase, 5000))
    assert {fact["kind"] for fact in drawn} == {kind.name for kind in rulebase.kinds.values() if kind.role != "derived"}
    shared = {field.name for fields in rulebase.program.roles.values() for field in fields}
    wanted = {place for kind in rulebase.kinds.values() if kind.role != "derived" for place in _values(kind, shared)}
    came_up = {
        ("" if name in shared else fact["kind"], name, value)
        for fact in drawn
        for name, given in fact.items()
        for value in (given if isinstance(given, list) else [given])
    }
    assert wanted - came_up == set()


def _values(kind: Kind, shared: set[str]) -> Iterable[tuple[str, str, Any]]:
    """What can be said in words, or yes or no: of a field of a whole role once, of one's own for every kind."""
    for field in kind.fields:
        values: tuple[Any, ...] = (True, False) if field.type == "boolean" else field.values
        yield from (("" if field.name in shared else kind.name, field.name, value) for value in values)


def test_it_looks_like_a_log() -> None:
    rulebase = rules("shipped")
    records = list(sample_records(rulebase, 5000))
    roles = [Counter(rulebase.kinds[fact["kind"]].role for fact in record["facts"]) for record in records]
    mistakes = [found["mistake"] for found in roles]
    assert (min(mistakes), max(mistakes)) == (1, 9)
    assert 3.9 < sum(mistakes) / len(mistakes) < 4.1
    assert all(0.2 < sum(1 for found in roles if found[role]) / len(roles) < 0.8 for role in ("signal", "strength"))
    often = Counter(fact["kind"] for fact in facts(records) if rulebase.kinds[fact["kind"]].role == "mistake").most_common()
    assert often[0][1] > 10 * often[-1][1]
    given = Counter(name for fact in facts(records) if rulebase.kinds[fact["kind"]].role == "mistake" for name in fact)
    assert given["audience"] < 0.2 * given["kind"]  # who was there is mostly left out
    late = sorted(fact["minutes"] for fact in facts(records) if fact["kind"] == "late_arrival" and "minutes" in fact)
    assert late[len(late) // 2] < 30 < late[-1]


def test_signals_name_mistakes_of_their_own_record() -> None:
    rulebase = rules("shipped")
    named = 0
    for record in sample_records(rulebase, 1000):
        known = {name for fact in record["facts"] for name in (fact.get("id"), fact["kind"])}
        about = [
            fact["about"]
            for fact in record["facts"]
            if fact["kind"] in ("they_brought_it_up", "apology_given") and "about" in fact
        ]
        assert known.issuperset(about)
        named += len(about)
    assert named > 50
    tickets = [f for f in facts(sample_records(rules("incidents"), 500)) if f["kind"] == "customer_ticket" and "about" in f]
    assert tickets


def test_the_same_seed_gives_the_same_records_and_another_one_others() -> None:
    rulebase = rules("shipped")
    some = list(sample_records(rulebase, 50, seed=3))
    assert list(sample_records(RuleBase.shipped(), 50, seed=3)) == some
    assert list(islice(sample_records(rulebase, 10**9, seed=3), 50)) == some
    assert [record["id"] for record in some[:2]] == ["iv-0000001", "iv-0000002"]
    assert facts(sample_records(rulebase, 50, seed=-3)) != facts(some) != facts(sample_records(rulebase, 50, seed=4))


def test_the_same_on_every_version_of_python() -> None:
    """Where this has to change, the logs that somebody kept cannot be made again."""
    text = json.dumps(list(sample_records(load_text(EDGES), 200, columns=list(COLUMNS))))
    assert sha256(text.encode()).hexdigest()[:16] == "0e212abe4f0e3834"


def test_columns_are_there_on_request_and_change_nothing_else() -> None:
    rulebase = rules("incidents")
    plain, grouped = list(sample_records(rulebase, 300)), list(sample_records(rulebase, 300, columns=["month", "team"]))
    assert [{"id": record["id"], "facts": record["facts"]} for record in grouped] == plain
    assert list(grouped[0]) == ["id", "month", "team", "facts"]
    assert {name: {record[name] for record in grouped} for name in COLUMNS} == {n: set(v) for n, v in COLUMNS.items()}
    assert [r["team"] for r in sample_records(rulebase, 300, columns=["team"])] == [r["team"] for r in grouped]


def test_changing_a_record_does_not_change_the_next() -> None:
    rulebase = load_text(EDGES)
    for record in sample_records(rulebase, 20):
        for fact in record["facts"]:
            assert fact["words"] == ["a"]
            fact["words"].append("b")


def test_no_other_column_is_known() -> None:
    with pytest.raises(UsageError) as caught:
        sample_records(rules("incidents"), 1, columns=["teem"])
    assert str(caught.value) == "columns: a sample has no column 'teem'; did you mean 'team'?"
