"""Find unknown names in the cases of packs.

``misstep test`` finds out whether a case holds. But a misspelt name under ``quiet`` or ``exclude`` would always hold.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from misstep.errors import did_you_mean, listing
from misstep.language.facts import GIVEN_ROLES, renamings
from misstep.language.finding import FINDING_WORDS
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.packs import Merged, Pack, PackEntry, disabled_rules, refuse
from misstep.rulebase.schema import CaseDoc, ExpectFindingDoc, StoryCaseDoc

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
        rules = {*program.rules, *disabled_rules(packs)}
        scale = program.scale
        self._known: dict[tuple[str, ...], tuple[str, Collection[str]]] = {
            ("fires",): ("rule", rules),
            ("quiet",): ("rule", rules),
            ("band",): ("band", scale.severity.words),
            ("verdict",): ("verdict", (*scale.verdicts, scale.unable) if scale.unable else scale.verdicts),
            ("outlook",): ("outlook", scale.outlooks if scale.has_outlooks else ()),
            ("actions", "first"): ("action", (*program.actions, "nothing")),
        }
        members = {
            "actions": ("action", program.actions),
            "avoid": ("action", program.actions),
            "derived": ("derived kind", derived),
        }
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
        numbered = _NUMBERED.fullmatch(key)
        named = {name for fact in facts for part in ("id", "kind") if isinstance(name := fact.get(part), str)}
        if not (numbered and numbered[1] in named):
            mistakes = [name for name in self._given if self._kinds[name].role == "mistake"]
            yield from self._unknown(key, "fact or kind", {*named, *mistakes}, ("expect", "findings"), key)
        for name, known in self._of_findings.items():
            yield from self._unknown(getattr(finding, name), name, known, ("expect", "findings", key, name))

    def _unknown(self, value: object, what: str, known: Collection[str], path: CasePath, *key: str) -> Iterator[UnknownName]:
        """The unknown ones of a word or several words; ``key``: the word itself, if it is a key of a mapping."""
        words = value if isinstance(value, list) else [] if value is None else [value]
        for i, word in enumerate(words):
            if word not in known:
                there = "" if len(known) > 12 else f"; it is one of {listing(known)}" if known else "; there are none"
                hint = did_you_mean(word, known, there, self._renamed)
                place = (*path, i) if isinstance(value, list) else (*path, *key)
                yield UnknownName(place, f"unknown {what} '{word}'{hint}")
