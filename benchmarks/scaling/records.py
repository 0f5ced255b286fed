"""Kinds and a seed in; records out that differ in everything a record can differ in, so that no cache sees one twice."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from misstep.language.facts import GIVEN_ROLES, Field, Kind

Record = dict[str, Any]

SIZES = (1, 1, 2, 3, 4, 4, 5, 6, 8, 12, 20)
"""How many facts, besides settings; most interviews have few."""


def endless(kinds: Iterable[Kind], seed: int = 1, sizes: Sequence[int] = SIZES) -> Iterator[Record]:
    """Records without end, always the same ones for a seed."""
    rng = random.Random(seed)
    given = [kind for kind in kinds if kind.role in GIVEN_ROLES]
    settings = [kind for kind in given if kind.role == "setting"]
    others = [kind for kind in given if kind.role != "setting"]
    number = 0
    while True:
        chosen = rng.choices(others, k=rng.choice(sizes)) + [kind for kind in settings if rng.random() < 0.5]
        rng.shuffle(chosen)
        facts = [{"kind": kind.name, **_values(kind, rng)} for kind in chosen]
        for i, fact in enumerate(facts):
            if rng.random() < 0.5:
                fact["id"] = f"{fact['kind']} {number}.{i}"
        yield {"id": f"interview {number}", "facts": facts}
        number += 1


def _values(kind: Kind, rng: random.Random) -> dict[str, Any]:
    return {field.name: _value(field, rng) for field in kind.fields if field.required or rng.random() < 0.5}


def _value(field: Field, rng: random.Random) -> Any:
    low = 0 if field.minimum is None else field.minimum
    high = low + 1000 if field.maximum is None else field.maximum
    match field.type:
        case "boolean":
            return rng.random() < 0.5
        case "enum":
            return rng.choice(field.values)
        case "set":
            return rng.sample(field.values, rng.randint(0, len(field.values)))
        case "integer":
            return rng.randint(round(low), round(high))
        case "number":
            return round(rng.uniform(low, high), 3)
        case "text":
            return "".join(rng.choices(string.ascii_lowercase + " ", k=rng.randint(1, 60)))
