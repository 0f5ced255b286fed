"""Sums over interviews: the same however the interviews are parted and ordered, and what the rules themselves say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.scored import INTERVIEWS

from misstep.api import RuleBase
from misstep.assessment.assembly import Result
from misstep.batch.columns import rows_of_result
from misstep.batch.summary import KindSum, Summary, Tally
from misstep.errors import UsageError
from misstep.evaluate.memory import Memory
from misstep.language.facts import KIND

RULES = RuleBase.shipped()
RESULTS: list[Result] = [RULES.evaluate_json(file.read_bytes()) for file in sorted(INTERVIEWS.glob("*.json"))]


def tally(results: list[Result]) -> Tally:
    found = Tally()
    for result in results:
        found.add(rows_of_result(RULES, result, (), whole=False))
    return found


def fired(memory: Memory) -> set[str]:
    """The ids of all rules that concluded anything."""
    concluded: list[Any] = [*memory.contributions, *memory.recommendations, *memory.vetoes, *memory.notes, *memory.outlooks]
    derived = {rule.id for derivations in memory.derivations.values() for rule, _ in derivations}
    return derived | {each.rule.id for each in concluded}


def summary(results: list[Result], **more: Any) -> Summary:
    given_: dict[str, Any] = {"interviews": len(results), "rejects": 0, "examples": [], "tally": tally(results), **more}
    return Summary.of(RULES, ["logs.jsonl"], **given_)


def test_sums_are_what_the_results_say() -> None:
    found = tally(RESULTS)
    assert found.fired == Counter(rule for result in RESULTS for rule in fired(result.memory))
    findings = [finding for result in RESULTS for finding in result.findings]
    for kind, sums in found.kinds.items():
        own = [f for f in findings if f[0][KIND] == kind]
        assert sums == KindSum(
            len(own),
            sum(any(f[0][KIND] == kind for f in result.findings) for result in RESULTS),
            sum(round(f[4] * 1000) for f in own),
            sum(round(f[1] * 1000) for f in own),
        )
    assert set(found.kinds) == {f[0][KIND] for f in findings}


def test_a_kind_that_comes_twice_in_an_interview_is_one_interview() -> None:
    result = RULES.evaluate_json(b'[{"kind": "wrong_name"}, {"kind": "wrong_name"}]')
    sums = tally([result]).kinds["wrong_name"]
    assert (sums.count, sums.interviews) == (2, 1)


def test_many_firings_are_counted_as_few_are() -> None:
    many = tally(RESULTS * 20)
    assert many.fired == Counter({rule: 20 * count for rule, count in tally(RESULTS).fired.items()})


@given(st.permutations(range(len(RESULTS))), st.integers(0, len(RESULTS)), st.integers(0, len(RESULTS)))
def test_neither_order_nor_parts_change_the_sums(order: list[int], one: int, two: int) -> None:
    mixed = [RESULTS[i] for i in order]
    cuts = sorted((one, two))
    parts = [tally(mixed[: cuts[0]]), tally(mixed[cuts[0] : cuts[1]]), tally(mixed[cuts[1] :])]
    through_json = [Tally.from_json(json.loads(json.dumps(part.to_json()))) for part in parts]
    assert Tally.merged(through_json).to_json() == tally(RESULTS).to_json()
    whole = Summary.merged([summary(mixed[: cuts[0]]), summary(mixed[cuts[0] :])])
    assert whole.to_json() == summary(RESULTS).to_json()


def test_a_summary_survives_json() -> None:
    examples = [{"file": "a.jsonl", "row": n, "problems": ["<x>", "y"]} for n in range(30)]
    one = summary(RESULTS, rejects=30, examples=examples, keep=["team"], tables={"findings": "scores.findings.parquet"})
    assert Summary.from_json(one.to_json()) == one
    assert len(one.reject_examples) == 20
    data = json.loads(one.to_json())
    assert data["schema"] == 2
    assert data["rules"].keys() == RULES.rules.keys()
    assert data["titles"]["kinds"]["late_arrival"] == "Arrived late"
    assert data["titles"]["occasions"]["message"] == "One message"
    assert data["verdicts"] == ["let_go", "prepare", "follow_up", "act_today", "act_now"]
    assert data["unable"] == "nothing_to_send"
    assert data["bands"] == ["trivial", "minor", "moderate", "serious", "fatal"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(schema="2"), "schema: Input should be 2"),
        (lambda d: d.pop("interviews"), "interviews: Field required"),
        (lambda d: d.update(kinds={"x": {"count": "many"}}), "kinds/x/count: Input should be a valid integer"),
    ],
)
def test_what_is_no_summary_is_told(change: Callable[[dict[str, Any]], None], message: str) -> None:
    data = json.loads(summary(RESULTS).to_json())
    change(data)
    with pytest.raises(UsageError) as error:
        Summary.from_json(json.dumps(data))
    assert str(error.value).startswith(f"not a summary of a run of misstep: {message}")
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(("schema", "whose"), [(1, "an earlier"), (3, "a later")])
def test_the_summary_of_another_version_is_told(schema: int, whose: str) -> None:
    """Of whatever shape it is: only its version is looked at."""
    with pytest.raises(UsageError) as error:
        Summary.from_json(json.dumps({"schema": schema, "misstep": "0.1.0"}))
    assert str(error.value) == (
        f"was scored by {whose} version of misstep, whose results have other columns (schema {schema}, here 2): score the log"
        " anew with `misstep score`"
    )


def test_results_of_different_rules_are_not_put_together() -> None:
    other = RuleBase.load("fixtures/incidents/rules")
    found = Summary.of(other, [], interviews=0, rejects=0, examples=[], tally=Tally())
    with pytest.raises(UsageError, match=r"scored with different rules, misstep 0\.1\.0 \(sha256:.*\) and incidents 0\.3\.0"):
        Summary.merged([summary(RESULTS), found])
