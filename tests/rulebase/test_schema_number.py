"""What `schema: 1` promises: no word of the language goes away under its number.

The file lists every key of a pack and every word of the tables that were promised so far; a release adds those that came since. A
word of the file that is gone would refuse packs that loaded before, so it needs the next number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from misstep.language.facts import ROLES, TYPES
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.rulebase.schema import NEWEST, PackDoc

Shape = dict[str, Any]


def keys_of(shape: Shape, defs: Shape, path: str = "") -> Iterator[str]:
    """Every path of keys of a JSON Schema, with * for names."""
    if "$ref" in shape:
        yield from keys_of(defs[shape["$ref"].rpartition("/")[2]], defs, path)
    for part in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from keys_of(part, defs, path)
    for key, below in shape.get("properties", {}).items():
        yield f"{path}{key}"
        yield from keys_of(below, defs, f"{path}{key}.")
    for below in (shape.get("additionalProperties"), *shape.get("patternProperties", {}).values()):
        if isinstance(below, dict):
            yield from keys_of(below, defs, f"{path}*.")
    if isinstance(shape.get("items"), dict):
        yield from keys_of(shape["items"], defs, path)


def test_no_promised_word_is_gone() -> None:
    schema = PackDoc.model_json_schema()
    tables: dict[str, Iterable[str]] = {
        "function": [*FUNCTIONS, "curve", "known"],
        "operator": [*COMPARISONS, *MEMBERSHIPS, *LOGIC, *ARITHMETIC],
        "role": ROLES,
        "type": TYPES,
    }
    words = {f"{table} {word}" for table, words in tables.items() for word in words}
    promised = set((Path(__file__).parent / f"schema-{NEWEST}.txt").read_text(encoding="utf-8").splitlines())
    assert len(promised) > 250
    assert promised - words - {*keys_of(schema, schema["$defs"])} == set()


def test_keys_of_every_depth_are_found() -> None:
    schema = PackDoc.model_json_schema()
    found = {*keys_of(schema, schema["$defs"])}
    assert {
        "schema",
        "kinds.*.fields.*.min",
        "rules.*.when.where",
        "rules.*.then.recommend.due_hours",
        "cases.*.expect.fires",
    } <= found
