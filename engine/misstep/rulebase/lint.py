"""Find unknown names in the cases of packs, and declarations that are valid and probably not meant.

``misstep test`` finds out whether a case holds. But a misspelt name under ``quiet`` or ``exclude`` would always hold. A remark is
no error; it comes of simple look-ups, and nothing is proved here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import permutations
from typing import NamedTuple

from misstep.errors import Problem, did_you_mean, listing
from misstep.language.effects import Contribute, Recommend, Veto
from misstep.language.expression import Compare, FieldRef, names_in, walk
from misstep.language.facts import GIVEN_ROLES, renamings
from misstep.language.finding import FINDING_WORDS
from misstep.language.program import Action, Aggregate, Existence, Pattern, Program, Rule
from misstep.limits import Limits
from misstep.rulebase.field_use import expressions_of
from misstep.rulebase.packs import Merged, Pack, PackEntry, disabled_rules, refuse
from misstep.rulebase.schema import CaseDoc, ExpectFindingDoc, StoryCaseDoc

WHO = frozenset(
    {
        "accent",
        "belief",
        "beliefs",
        "citizenship",
        "disabilities",
        "disability",
        "disabled",
        "ethnic",
        "ethnicity",
        "faith",
        "gender",
        "marital",
        "married",
        "nationality",
        "pregnancy",
        "pregnant",
        "religion",
        "religious",
        "sex",
    }
)
"""Words in the name of a kind or a field that say who a person is."""

WHO_LAST = frozenset({"age", "children", "family", "origin", "race"})
"""The same, at the end of a name only: ``candidate_age``, but not ``age_hours``."""


def find_remarks(program: Program, merged: Merged) -> list[Problem]:
    """Constants that nothing uses, actions that are never in a plan, advice that is never given, and rules that ask who a person
    is: each with its place, in the order of places."""
    checks = (_idle_constants, _idle_actions, _idle_advice, _judging_people, _multiplied_amounts)
    return sorted({problem for check in checks for problem in check(program, merged)})


def _idle_constants(_: Program, merged: Merged) -> Iterator[Problem]:
    for name, entry in merged.constants.items():
        if name not in merged.named.used:
            yield entry.problem(f"nothing uses the constant '{name}'")


def _idle_actions(program: Program, merged: Merged) -> Iterator[Problem]:
    vetoed = {effect.action for rule in program.rules.values() for effect in rule.effects if isinstance(effect, Veto)}
    for name, action in program.actions.items():
        if name not in program.recommended and (name not in vetoed or _is_step(action)):
            yield merged.actions[name].problem(f"no rule recommends the action '{name}', so it is in no plan")


def _is_step(action: Action) -> bool:
    """Whether an action has a reach, a due time or words, which an action that is only ever vetoed does not need."""
    return action.reach != "private" or action.due_hours is not None or bool(action.says)


def _idle_advice(program: Program, merged: Merged) -> Iterator[Problem]:
    done_for = _done_for(program)
    for name, kind in program.kinds.items():
        for action in kind.advice:
            if name not in done_for[action]:
                yield merged.kinds[name].problem(
                    f"no rule recommends '{action}' for '{name}', so this is never shown", "advice", action
                )


def _done_for(program: Program) -> dict[str, set[str]]:
    """The kinds of mistakes that each action may be for: those that rules recommend it for, and those that it takes over of
    another action of its group."""
    kinds: dict[str, set[str]] = {name: set() for name in program.actions}
    groups: dict[str, set[str]] = {}
    for rule in program.rules.values():
        patterns = {pattern.name: pattern for pattern in rule.patterns}
        for effect in rule.effects:
            if isinstance(effect, Recommend):
                of_rule = {kind for target in effect.targets for kind in patterns[target].kinds}
                kinds[effect.action] |= of_rule
                groups.setdefault(program.actions[effect.action].group, set()).update(of_rule)
    for name in program.recommended:
        if group := program.actions[name].group:
            kinds[name] |= groups[group]
    return kinds


def _judging_people(program: Program, merged: Merged) -> Iterator[Problem]:
    for rule in program.rules.values():
        for read in dict.fromkeys(_asked(rule)):
            message = f"'{read}' says who a person is, not what went wrong: no rule should judge by that, unless to help them"
            yield merged.rules[rule.id].problem(message, "when")


def _multiplied_amounts(program: Program, merged: Merged) -> Iterator[Problem]:
    """Amounts that are added once for each fact of a pattern that has no part in them."""
    for rule in program.rules.values():
        several = [p for p in rule.patterns if p.over == "fact" and not _is_single(p, rule, program)]
        for effect in rule.effects:
            if isinstance(effect, Contribute) and effect.dimension != "verdict":
                for pattern in several:
                    if pattern.name != effect.target and pattern.name not in names_in(effect.amount):
                        message = (
                            f"this is added once for each '{pattern.name}'; with `exists` in place of `fact` it is added once"
                        )
                        yield merged.rules[rule.id].problem(message, "then", effect.dimension)


def _is_single(pattern: Pattern, rule: Rule, program: Program) -> bool:
    """Whether at most one fact can match, once the others are chosen: a setting, or a derived fact with no field to differ by but
    those that conditions compare with one value."""
    kinds = [program.kinds[kind] for kind in pattern.kinds]
    given: set[str] = set()
    for condition in rule.conditions:
        if isinstance(condition.test, Compare) and condition.test.operators == ("==",):
            for own, other in permutations(condition.test.operands):
                if isinstance(own, FieldRef) and own.name == pattern.name and pattern.name not in names_in(other):
                    given.add(own.field)
    derived = [kind for kind in kinds if kind.role == "derived"]
    return all(kind.role == "setting" for kind in kinds) or (
        len(kinds) == len(derived) == 1 and all(field.name in given for field in derived[0].fields)
    )


def _asked(rule: Rule) -> Iterator[str]:
    """Kinds and fields that a rule looks at and that say who a person is, as words."""
    inner: list[Aggregate | Existence] = [*rule.aggregates, *rule.existences]
    for pattern in (*rule.patterns, *(binder.pattern for binder in inner)):
        if all(map(_says_who, pattern.kinds)):  # a role takes any kind, and asks for none
            yield from pattern.kinds
    for expression, _ in expressions_of(rule):
        for part in walk(expression):
            if isinstance(part, FieldRef) and _says_who(part.field):
                yield f"{part.name}.{part.field}"


def _says_who(name: str) -> bool:
    words = name.split("_")
    return words[-1] in WHO_LAST or not WHO.isdisjoint(words)


# -- names in cases

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
