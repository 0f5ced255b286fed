"""What `schema: 1` promises: no word of the language goes away under its number.

The file lists every key of a pack and every word of the tables that were promised so far; a release adds those that came since. A
word of the file that is gone would refuse packs that loaded before, so it needs the next number.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.words import keys_of

from misstep.language.facts import ROLES, TYPES
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.rulebase.schema import NEWEST, PackDoc


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
