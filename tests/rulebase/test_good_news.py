"""Owning up never weighs more than silence about the same thing: every kind of mistake with every pair of values.

The same over drawn records, and that good news never costs, is in tests/laws."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.evaluate.packs import records_of
from tests.rulebase.drawn import BASE, LONG, MISTAKES, variants

from misstep.language.facts import Kind

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

NAMES = [kind.name for kind in MISTAKES]
GOOD_SIGNS = ("warm_close", "next_step_offered")
RECORDS = records_of(BASE.kinds, 0, 5)
DRAWN = settings(
    max_examples=2_000 if LONG else 300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
Record = list[dict[str, Any]]

OWNED = ("acknowledged", "apologised", "corrected", "explained")
SILENT = ("unknown", "ignored")
WARM_TO_COLD = ("reassuring", "amused", "none_seen", "neutral", "surprised", "annoyed", "offended")
GOOD_REACTIONS = WARM_TO_COLD[:4]
"""Never worse than not knowing how they took it."""
FEWER_TO_MORE = ("nobody", "interviewer", "panel")
ALL_AUDIENCES = BASE.kinds[NAMES[0]].by_name["audience"].values


def pairs(field: str) -> list[tuple[Any, Any]]:
    """Pairs of values of a common field: the second is never good news beside the first."""
    if field == "handled":
        return [(owned, silent) for owned in OWNED for silent in SILENT]
    if field == "reaction":
        return [*combinations(WARM_TO_COLD, 2), *((good, "unknown") for good in GOOD_REACTIONS)]
    if field == "audience":
        return [*combinations(FEWER_TO_MORE, 2), *(("nobody", other) for other in ALL_AUDIENCES if other != "nobody")]
    raise AssertionError(field)


COMMON = [(field, better, worse) for field in ("handled", "reaction", "audience") for better, worse in pairs(field)]


def switches(kind: Kind) -> list[tuple[str, Any, Any]]:
    """The kind's own yes-or-no fields that say which answer is the worse one."""
    return [(f.name, not f.worse, f.worse) for f in kind.fields if f.type == "boolean" and isinstance(f.worse, bool)]


# -- every kind, every pair of values, in the situations where hardly anybody knows (the first four) and where everybody does

SITUATIONS: list[Record] = [
    [{}],
    [{"tells": True}],
    [{"tells": True, "audience": "nobody"}],
    [{"audience": "nobody"}],
    [{"audience": "nobody", "reaction": "neutral"}],
    [{"self_judged": "severe"}],
    [{"times": 5}],
    [{"cause": "outside"}],
    [{}, {"kind": "interview", "format": "phone", "structured": False}],
    [{"phase": "opening"}, {"kind": "they_brought_it_up", "about": "m"}],
    [{"cause": "own"}, {"kind": "apology_given", "about": "m"}],
    [{}, {"kind": "strong_fit"}, {"kind": "interview", "outcome": "advanced"}],
]


def required(kind: Kind) -> dict[str, Any]:
    return {f.name: "x" if f.type == "text" else f.minimum for f in kind.fields if f.required}


@pytest.mark.parametrize("kind", MISTAKES, ids=NAMES)
def test_no_value_that_is_better_news_has_more_damage(kind: Kind) -> None:
    found = []
    for variant in variants(kind):
        for mistake, *besides in SITUATIONS[:4] if variant else SITUATIONS:
            said = {**required(kind), **variant, **mistake, "id": "m", "kind": kind.name}

            def damage(field: str, value: Any, said: dict[str, Any] = said, besides: Record = besides) -> float:
                return BASE.assess([{**said, field: value}, *besides]).damage

            compared = [*COMMON, *switches(kind)]
            values = {(field, value) for field, better, worse in compared for value in (better, worse)}
            seen = {(field, value): damage(field, value) for field, value in values}
            found += [(f, better, worse, said) for f, better, worse in compared if seen[f, better] > seen[f, worse]]
    assert found == []
