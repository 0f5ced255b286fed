"""The oracle of random packs: the naive interpreter on rules as written, without constants, layers, cells of tables."""

from __future__ import annotations

import json
import re

from tests.evaluate.as_written import as_written
from tests.evaluate.naive import NaiveEngine
from tests.evaluate.naive_tables import without_cells
from tests.evaluate.packs import REPLACED, WRITTEN
from tests.inline import program_of_json

from misstep import Limits
from misstep.language.program import Program

LIMITS = Limits(work=100_000_000, patterns=17, engine_seconds=60)
_CONSTANT = re.compile("|".join(rf"\b{name}\b" for name in WRITTEN))


def oracle_of(text: str, over: str = "", *, linked: Program | None = None) -> NaiveEngine:
    """The oracle of a pack, and of what is loaded on top of it, if anything is. ``linked``: their program, where it is at hand;
    it is of use where no table needs another one."""
    opened, rows = without_cells(_as_one(text, over) if over else text)
    written = {**WRITTEN, **REPLACED} if over else WRITTEN
    rules = _CONSTANT.sub(lambda named: written[named[0]], json.dumps(json.loads(opened)["rules"]))
    program = linked if linked is not None and not over and not rows else program_of_json(opened, limits=LIMITS)
    return NaiveEngine(as_written(program, json.loads(rules)), rows)


def _as_one(text: str, over: str) -> str:
    """The pack that two layers are together."""
    pack, above = json.loads(text), json.loads(over)
    rules = {name: {key: part for key, part in rule.items() if key != "replace"} for name, rule in above["rules"].items()}
    kept = {name: rule for name, rule in pack["rules"].items() if name not in above["disable"]}
    constants = {name: constant["value"] for name, constant in above["constants"].items()}
    return json.dumps({**pack, "constants": {**pack["constants"], **constants}, "rules": {**kept, **rules}})
