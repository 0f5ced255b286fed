"""Find unknown names in the cases of packs.

``misstep test`` finds out whether a case holds. But a misspelt name under ``quiet`` or ``exclude`` would always hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from misstep.errors import did_you_mean, listing
from misstep.language.facts import GIVEN_ROLES, Field, renamings
from misstep.language.finding import FINDING_WORDS
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.actions import PRIVATE
from misstep.rulebase.packs import Merged, Pack, PackEntry, disabled_rules, refuse
from misstep.rulebase.schema import (
    RANGE,
    CaseDoc,
    ExpectActionDoc,
    ExpectedValues,
    ExpectFindingDoc,
    ExpectReasonsDoc,
    StoryCaseDoc,
)

CasePath = tuple[str | int, ...]
"""Keys and places that lead to a part of a case."""
_NUMBERED = re.compile(r"(.+)-[1-9][0-9]*")


class UnknownName(NamedTuple):
    """A name that is unknown, or stands where it cannot: its path in the case, and the message."""

    path: CasePath
    message: str


def refuse_unknown_names(program: Program, merged: Merged, limits: Limits) -> None:
    """Raise RuleError with every name in the cases of the packs that the rule base does not have."""
    names = CaseNames(program, merged.packs)
    entries = [PackEntry(pack, ("cases", name), case) for pack in merged.packs for name, case in pack.doc.cases.items()]
    refuse([entry.problem(message, *path) for entry in entries for path, message in names.find_unknown(entry.doc)], limits)


class CaseNames:
    """The names that cases may use. A rule that one of the packs turns off is still a rule."""

    def __init__(self, program: Program, packs: Iterable[Pack]) -> None:
        self._kinds = program.kinds
        self._renamed = renamings(program.kinds.values())
        self._given = [name for name, kind in program.kinds.items() if kind.role in GIVEN_ROLES]
        derived = [name for name in program.kinds if name not in self._given]
        self._rules = rules = {*program.rules, *disabled_rules(packs)}
        self._scale = scale = program.scale
        self._actions = program.actions
        self._known: dict[tuple[str, ...], tuple[str, Collection[str]]] = {
            ("fires",): ("rule", rules),
            ("quiet",): ("rule", rules),
            ("band",): ("band", scale.severity.words),
            ("verdict",): ("verdict", (*scale.verdicts, scale.unable) if scale.unable else scale.verdicts),
            ("outlook",): ("outlook", scale.outlooks if scale.has_outlooks else ()),
            ("actions", "first"): ("action", (*program.actions, "nothing")),
            ("steps", "first"): ("occasion", (*scale.occasions, "nothing")),
        }
        members: dict[str, tuple[str, Collection[str]]] = {
            "actions": ("action", program.actions),
            "steps": ("occasion", scale.occasions),
            "avoid": ("action", program.actions),
            "derived": ("derived kind", derived),
            "because": ("rule", rules),
        }
        self._derived = derived
        ways = program.kinds[scale.ways].by_name["channel"].values if scale.ways else ()
        self._channels = {*ways, PRIVATE}.union(*(action.channels for action in program.actions.values()))
        self._known |= {(key, part): known for key, known in members.items() for part in ("include", "exclude")}
        self._of_findings = {name: tuple(filter(None, words(scale))) for name, words in FINDING_WORDS.items()}

    def find_unknown(self, case: CaseDoc) -> Iterator[UnknownName]:
        """The names in a case that are not there."""
        yield from self._of_facts(case.facts)
        for path, (what, known) in self._known.items():
            value: object = case.expect
            for key in path:
                value = getattr(value, key)
            yield from self._unknown(value, what, known, ("expect", *path))
        for key, finding in case.expect.findings.items():
            yield from self._of_finding(key, finding, case.facts)
        yield from self._of_reasons(case.expect.because, ("expect", "because"))
        for name, action in (case.expect.actions.model_extra or {}).items():
            yield from self._of_action(name, action, case.facts)
        for name, values in (case.expect.derived.model_extra or {}).items():
            yield from self._of_derived(name, values)
        if isinstance(case, StoryCaseDoc):
            yield from self._of_story(case)

    def _of_facts(self, facts: list[dict[str, object]]) -> Iterator[UnknownName]:
        for i, fact in enumerate(facts):
            name = fact.get("kind")
            if not isinstance(name, str):
                continue  # of no right shape, which is for the test to say
            yield from self._of_kind(name, ("facts", i, "kind"))
            if name in self._given:
                for field in fact:
                    yield from self._unknown(field, "field", ("id", "kind", *self._kinds[name].by_name), ("facts", i), field)

    def _of_kind(self, name: str, path: CasePath) -> Iterator[UnknownName]:
        if name not in self._kinds:
            yield from self._unknown(name, "kind", self._given, path)
        elif name not in self._given:
            yield UnknownName(path, f"'{name}' is concluded by rules and cannot be said")

    def _of_story(self, case: StoryCaseDoc) -> Iterator[UnknownName]:
        kinds = [fact.get("kind") for fact in case.facts]
        for i, kind in enumerate(kinds):
            if isinstance(kind, str) and kind in kinds[:i]:
                yield UnknownName(("facts", i, "kind"), f"a kind is read once from a story, and '{kind}' stands here twice")
        for i, name in enumerate(case.not_read):
            yield from self._of_kind(name, ("not_read", i))
            if name in kinds:
                yield UnknownName(("not_read", i), f"'{name}' stands among the facts that are to be read")

    def _of_finding(self, key: str, finding: ExpectFindingDoc, facts: list[dict[str, object]]) -> Iterator[UnknownName]:
        yield from self._of_mistake(key, facts, ("expect", "findings"), key)
        for name, known in self._of_findings.items():
            yield from self._unknown(getattr(finding, name), name, known, ("expect", "findings", key, name))
        path = ("expect", "findings", key, "because")
        for part in ("include", "exclude"):
            yield from self._unknown(getattr(finding.because, part), "rule", self._rules, (*path, part))
        yield from self._of_reasons(finding.because, path)

    def _of_mistake(self, name: str, facts: list[dict[str, object]], path: CasePath, *key: str) -> Iterator[UnknownName]:
        """A mistake, by the id or kind of its fact."""
        numbered = _NUMBERED.fullmatch(name)
        named = {word for fact in facts for part in ("id", "kind") if isinstance(word := fact.get(part), str)}
        if not (numbered and numbered[1] in named):
            mistakes = [name for name in self._given if self._kinds[name].role == "mistake"]
            yield from self._unknown(name, "fact or kind", {*named, *mistakes}, path, *key)

    def _of_reasons(self, reasons: ExpectReasonsDoc, path: CasePath) -> Iterator[UnknownName]:
        for rule in reasons.model_extra or {}:
            yield from self._unknown(rule, "rule", self._rules, path, rule)

    def _of_action(self, name: str, action: ExpectActionDoc, facts: list[dict[str, object]]) -> Iterator[UnknownName]:
        path = ("expect", "actions")
        yield from self._unknown(name, "action", (*self._actions, "include", "exclude", "first"), path, name)
        yield from self._unknown(action.occasion, "occasion", self._scale.occasions, (*path, name, "occasion"))
        yield from self._unknown(action.channel, "channel", self._channels, (*path, name, "channel"))
        for i, target in enumerate(action.targets or ()):
            yield from self._of_mistake(target, facts, (*path, name, "for", i))

    def _of_derived(self, name: str, values: ExpectedValues | list[ExpectedValues]) -> Iterator[UnknownName]:
        path: CasePath = ("expect", "derived")
        if name not in self._derived:
            yield from self._unknown(name, "derived kind", (*self._derived, "include", "exclude"), path, name)
            return
        fields = self._kinds[name].by_name
        for i, each in enumerate(values if isinstance(values, list) else [values]):
            here = (*path, name, i) if isinstance(values, list) else (*path, name)
            for field, value in each.items():
                yield from self._unknown(field, "field", fields, here, field)
                if field in fields and not _may_be(fields[field], value):
                    yield UnknownName((*here, field), f"`{field}` must be {fields[field].expected()}")

    def _unknown(self, value: object, what: str, known: Collection[str], path: CasePath, *key: str) -> Iterator[UnknownName]:
        """The unknown ones of a word or several words; ``key``: the word itself, if it is a key of a mapping."""
        words = value if isinstance(value, list) else [] if value is None else [value]
        for i, word in enumerate(words):
            if word not in known:
                there = "" if len(known) > 12 else f"; it is one of {listing(known)}" if known else "; there are none"
                hint = did_you_mean(word, known, there, self._renamed)
                place = (*path, i) if isinstance(value, list) else (*path, *key)
                yield UnknownName(place, f"unknown {what} '{word}'{hint}")


def _may_be(field: Field, value: object) -> bool:
    """Whether a field may have an expected value; of a number it may be a range."""
    if value is None:
        return field.unknown
    if field.is_number and isinstance(value, str):
        return re.fullmatch(RANGE, value) is not None
    if field.form.sort == "set":
        return isinstance(value, list) and set(value) <= set(field.values)
    return field.takes(float(value) if field.type == "number" and type(value) is int else value)
