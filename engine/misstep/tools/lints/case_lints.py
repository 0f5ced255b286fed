"""Read the cases of packs against their rules: facts that cannot be assessed, and expectations that cannot hold.

``misstep test`` finds out whether a case holds; here no rule is run, and each fault is told at its line. Names that are not there
are errors of their own: case_names.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from misstep.assessment.records import RecordReader
from misstep.errors import RecordError, from_pointer, listing
from misstep.language.effects import Veto
from misstep.language.program import OUTLOOK, Program, Rule
from misstep.limits import Limits
from misstep.rulebase.schema import RANGE, CaseDoc, ExpectDoc, ExpectListDoc, ExpectReasonsDoc, StoryCaseDoc
from misstep.tools.lints.linted import LintedBase, LintFinding
from misstep.tools.lints.rule_conditions import SCORES

_Path = tuple[str | int, ...]

DAMAGE = 100.0
"""The greatest damage of a record, in percent."""


def find_wrong_facts(base: LintedBase) -> Iterator[LintFinding]:
    """Facts of cases that are no record: a value of a wrong type or beyond the limits of its field, a field that is missing."""
    reader = RecordReader(base.program, Limits())
    for entry in base.cases():
        try:
            reader.read(entry.doc.facts)
        except RecordError as error:
            for problem in error.problems:
                path = from_pointer(problem.location.pointer, {"facts": entry.doc.facts})
                name = f"`{path[-1]}` " if path and isinstance(path[-1], str) else ""
                yield LintFinding(entry, name + problem.message, tuple(path))


def find_vain_expectations(base: LintedBase) -> Iterator[LintFinding]:
    """Expectations that no answer meets: ranges beyond a score, and what cannot come of the facts of the case."""
    reach = _Reach(base.program)
    for entry in base.cases():
        case: CaseDoc = entry.doc
        for path, message in (*_ranges(case.expect), *_both(case.expect), *reach.find(case)):
            yield LintFinding(entry, message, ("expect", *path))


def find_idle_cases(base: LintedBase) -> Iterator[LintFinding]:
    """Cases that expect nothing, so that they hold whatever rules do; a story expects that its facts are read."""
    for entry in base.cases():
        if not isinstance(entry.doc, StoryCaseDoc) and not _says_something(entry.doc.expect):
            yield LintFinding(entry, "this case expects nothing, so it always holds", ("expect",))


def _says_something(value: object) -> bool:
    if isinstance(value, (list, dict)) or value is None:
        return bool(value)
    return any(_says_something(part) for _, part in value) if hasattr(value, "model_fields_set") else True  # type: ignore[attr-defined]


def _ranges(expect: ExpectDoc) -> Iterator[tuple[_Path, str]]:
    """Ranges that are empty, or beyond what a score can be."""
    yield from _range(("damage",), expect.damage, DAMAGE)
    yield from _range(("damage_after",), expect.damage_after, DAMAGE)
    reasons: list[tuple[_Path, ExpectReasonsDoc]] = [(("because",), expect.because)]
    for key, finding in expect.findings.items():
        for name, most in SCORES.items():
            yield from _range(("findings", key, name), getattr(finding, name), most)
        reasons.append((("findings", key, "because"), finding.because))
    for path, listed in reasons:
        for rule, amounts in (listed.model_extra or {}).items():
            for dimension, amount in amounts:
                yield from _range((*path, rule, dimension), amount)
    for name, action in (expect.actions.model_extra or {}).items():
        yield from _range(("actions", name, "due_hours"), action.due_hours)
    for kind, values in (expect.derived.model_extra or {}).items():
        for i, each in enumerate(values if isinstance(values, list) else [values]):
            for name, value in each.items():
                if isinstance(value, str) and re.fullmatch(RANGE, value):
                    yield from _range(("derived", kind, *([i] if isinstance(values, list) else []), name), value)


def _range(path: _Path, value: float | str | None, most: float | None = None) -> Iterator[tuple[_Path, str]]:
    """What is wrong with a number or a range; ``most``: the greatest that a score can be, from 0 on."""
    if value is None:
        return
    low, _, high = value.partition("..") if isinstance(value, str) else (str(value), "", "")
    ends = float(low), float(high or low)
    if ends[0] > ends[1]:
        yield path, f"no number is in {value}: the lower end comes first"
    elif most is not None and (ends[1] < 0 or ends[0] > most):
        yield path, f"`{path[-1]}` is from 0 to {most:g}"


def _both(expect: ExpectDoc) -> Iterator[tuple[_Path, str]]:
    """Names that are expected to be there and not to be."""
    yield from (
        (("quiet", i), f"'{name}' stands under `fires` too") for i, name in enumerate(expect.quiet) if name in expect.fires
    )
    for key in ("because", "actions", "steps", "avoid", "derived", "headline", "draft", "notes"):
        members = getattr(expect, key)
        for i, name in enumerate(members.exclude):
            if name in (*members.include, getattr(members, "first", None), *(members.model_extra or ())):
                yield (key, "exclude", i), f"'{name}' is expected to be there too"


class _Reach:
    """What can come of facts by their kinds alone, whatever they say."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._assumed = {name for name, kind in program.kinds.items() if kind.assumed}
        rules = program.rules.values()
        self._vetoed = {effect.action for rule in rules for effect in rule.effects if isinstance(effect, Veto)}
        self._needs = {rule.id: _needs(rule) for rule in rules}
        self._deriving = [rule for rule in rules if rule.derives]
        self._found: dict[frozenset[str], set[str]] = {}

    def find(self, case: CaseDoc) -> Iterator[tuple[_Path, str]]:
        """What a case expects and cannot come."""
        expect = case.expect
        there = self._derivable(frozenset(str(fact.get("kind")) for fact in case.facts))
        for i, name in enumerate(expect.fires):
            rule = self._program.rules.get(name)
            missing = self._missing(rule, there) if rule is not None else None
            if missing is not None:
                yield ("fires", i), f"'{name}' cannot fire: there is no {listing(missing, 3)} among the facts"
        for place, name in _placed(expect.derived):
            if name not in there:
                yield ("derived", *place), f"no rule derives '{name}' of facts of these kinds"
        for place, name in _placed(expect.actions):
            if name not in self._program.recommended:
                yield ("actions", *place), f"no rule recommends '{name}', so it is in no plan"
        if expect.actions.first not in (None, "nothing", *self._program.recommended):
            yield ("actions", "first"), f"no rule recommends '{expect.actions.first}', so it is in no plan"
        for i, name in enumerate(expect.avoid.include):
            if name not in self._vetoed:
                yield ("avoid", "include", i), f"no rule vetoes '{name}'"

    def _derivable(self, given: frozenset[str]) -> set[str]:
        """The kinds of which facts are given, and those of which rules can derive facts then."""
        if given not in self._found:
            there, grown = {*given, *self._assumed}, True
            while grown:
                before = len(there)
                for rule in self._deriving:
                    if not rule.derives <= there and self._missing(rule, there) is None:
                        there |= rule.derives
                grown = len(there) > before
            self._found[given] = there
        return self._found[given]

    def _missing(self, rule: Rule, there: set[str]) -> frozenset[str] | None:
        """The kinds of which a rule needs a fact that is not there; None if it has all."""
        return next((kinds for kinds in self._needs[rule.id] if kinds.isdisjoint(there)), None)


def _placed(members: ExpectListDoc) -> Iterator[tuple[_Path, str]]:
    """The names that must be there, each with its place."""
    yield from ((("include", i), name) for i, name in enumerate(members.include))
    yield from (((name,), name) for name in members.model_extra or ())


def _needs(rule: Rule) -> tuple[frozenset[str], ...]:
    """The kinds of facts that a rule needs, one of each set."""
    needed = [*rule.patterns, *(each.pattern for each in rule.existences if not each.negated)]
    return tuple(frozenset(pattern.kinds) for pattern in needed if pattern.over != OUTLOOK)
