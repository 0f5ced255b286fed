"""misstep as an implementation of its language: takes a test as the suite gives it, and answers it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.conformance.error_kinds import kind_of
from tests.conformance.suite import Json
from tests.evaluate.naive import NaiveEngine

from misstep import Limits, RecordError, RuleBase, RuleError
from misstep.api import EngineName
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.rulebase.case_names import refuse_unknown_names
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Pack
from misstep.tools.ruletest import run_packs

LIMITS = Limits()
ENGINES = ("python", "core", "durable", "oracle")
ASKED: dict[str, EngineName] = {"python": "python", "core": "auto", "durable": "durable"}
"""What misstep calls an engine: what the core does not take is for Python, as everywhere."""
NEEDED = {"core": "misstep_core", "durable": "durable_rules_engine"}


def engines() -> list[str]:
    """The engines that are installed here."""
    return [name for name in ENGINES if name not in NEEDED or find_spec(NEEDED[name])]


def answer(given: Json, engine: str = "python") -> Json:
    """What misstep says to a test."""
    rules = loaded(given)
    if isinstance(rules, list):
        return {"errors": rules}
    if "cases" in given:
        return {"cases": rules.cases(engine)}
    if "record" not in given:
        return {"answer": {}}
    try:
        return {"answer": plain(rules.assess(given["record"], engine))}
    except RecordError as error:
        return {"errors": [{"pointer": p.location.pointer, "kind": kind_of(p.message)} for p in error.problems]}


@dataclass(frozen=True)
class Loaded:
    """A rule base, and the packs that are given for it."""

    rulebase: RuleBase
    packs: list[Pack]

    def cases(self, engine: str) -> dict[str, bool]:
        """Whether each case of the packs holds."""
        return {outcome.name: outcome.passed for outcome in run_packs(self.rulebase, self.packs, ASKED.get(engine, "python"))}

    def assess(self, record: Json, engine: str) -> Json:
        """The assessment of a record, as the JSON of misstep."""
        if engine in ASKED:
            told = self.rulebase.assess(record, ASKED[engine]).to_json()
        else:
            program = self.rulebase.program
            told = Pipeline(program, NaiveEngine(program), LIMITS).assess_json(RecordReader(program, LIMITS).read(record))
        assessment: Json = json.loads(told)
        return assessment


def loaded(given: Json) -> Loaded | list[Json]:
    """The rule base of a test, or what is wrong with its packs."""
    return _loaded(json.dumps(given["layers"]))


@lru_cache(maxsize=1)
def _loaded(layers: str) -> Loaded | list[Json]:
    """The rule base of some layers, or what is wrong with them."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = []
        for i, files in enumerate(json.loads(layers)):
            paths.append(root / f"layer-{i}")
            for name, text in files.items():
                file = paths[-1] / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="")
        try:
            program, merged = load_program(paths, LIMITS)
            refuse_unknown_names(program, merged, LIMITS)
            link_promises(program, merged, LIMITS)
        except RuleError as error:
            return [
                {
                    "file": p.location.file.removeprefix(f"{root}/").partition("/")[2],
                    "line": p.location.line,
                    "column": p.location.column,
                    "kind": kind_of(p.message),
                }
                for p in error.problems
            ]
        rulebase = RuleBase(program, LIMITS, lazy_words(program, merged, LIMITS))
        return Loaded(rulebase, [pack for pack in merged.packs if pack.layer > EXTENDED])


# -- an assessment as the suite has it


def plain(assessment: Json) -> Json:
    """An assessment (the JSON of misstep) as the suite compares it: numbers as text, nothing that is there for people alone."""
    keep = ("band", "verdict", "outlook", "acts", "headline", "notes")
    return {
        **{name: assessment[name] for name in keep},
        "damage": number(assessment["damage"]),
        "damage_after": number(assessment["damage_after"]),
        "because": _reasons(assessment["because"]),
        "findings": [_finding(finding) for finding in assessment["findings"]],
        "steps": [_step(step) for step in assessment["steps"]],
        "avoid": [{"action": each["action"], "for": each["for"]} for each in assessment["avoid"]],
        "derived": [{"fact": each["fact"], "values": each["values"]} for each in assessment["derived"]],
        "recommended": _recommended(action for step in assessment["steps"] for action in step["actions"]),
        "sources": [source["id"] for source in assessment["sources"]],
    }


def _finding(finding: Json) -> Json:
    numbers = {name: number(finding[name]) for name in ("severity", "noticed", "urgency", "damage")}
    words = {name: finding[name] for name in ("fact", "severity_band", "noticed_level", "urgency_level", "verdict", "word")}
    return {**words, **numbers, "because": _reasons(finding["because"])}


def _reasons(reasons: Iterable[Json]) -> list[Json]:
    return [
        {
            "rule": each["rule"],
            "score": each["dimension"],
            "amount": number(each["amount"]),
            "facts": each["facts"],
            "text": each["text"],
            "basis": each["basis"],
        }
        for each in reasons
    ]


def _step(step: Json) -> Json:
    due = step["due_hours"]
    words = {name: step[name] for name in ("occasion", "channel", "title", "text", "message")}
    actions = [
        {"action": a["action"], "for": a["for"], "relief": number(a["relief"]), "priority": number(a["priority"])}
        for a in step["actions"]
    ]
    return {**words, "due_hours": None if due is None else number(due), "actions": actions}


def _recommended(actions: Iterable[Json]) -> list[Json]:
    """The actions of the plan by their names, each with the matches that recommend it in the order of facts and text."""
    found = []
    for action in sorted(actions, key=lambda action: str(action["action"])):
        matches = [{"facts": reason["facts"], "text": reason["text"]} for reason in action["because"]]
        found.append({"action": action["action"], "matches": sorted(matches, key=lambda m: (m["facts"], m["text"]))})
    return found


def number(value: float) -> str:
    """A number as the suite writes it: decimal, without zeros behind, and without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def difference(expected: Any, got: Any, place: str = "") -> str | None:
    """The first difference between what is expected and what came, as text; None where there is none. Of an object only what
    is expected of it is compared."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name, value in expected.items():
            found = difference(value, got.get(name, "(nothing)"), f"{place}/{name}")
            if found:
                return found
        return None
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{place}: {len(expected)} expected, {len(got)} came: {json.dumps(got, ensure_ascii=False)[:300]}"
        pairs = enumerate(zip(expected, got, strict=True))
        return next((found for i, (a, b) in pairs if (found := difference(a, b, f"{place}/{i}"))), None)
    same = expected is got if bool in (type(expected), type(got)) else expected == got
    return None if same else f"{place}: {expected!r} expected, {got!r} came"
