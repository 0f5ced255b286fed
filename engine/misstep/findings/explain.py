"""Firings of rules in; reasons out, in words, with the facts and sources they rest on."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from misstep.evaluate.memory import Contribution, Match, Memory, Remark
from misstep.findings.words import Say, compile_words
from misstep.model.facts import ID, KIND, Row, free_ids, sort_key
from misstep.model.result import MODELS, PLAIN, Form
from misstep.model.rule import DIMENSIONS, Note, Program, Rule


class _Words(NamedTuple):
    """What the reasons of one rule have in common, and what says the rest of a match."""

    id: str
    sources: tuple[str, ...]
    say: Say


class Explainer:
    """Puts firings into words. Holds what it has worked out about rules, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._words: dict[Rule, _Words] = {}
        self._notes: dict[tuple[Rule, int], Say] = {}
        about = {"name": program.name, "version": program.version, "digest": program.digest}
        self._about = {form: form.rulebase(about) for form in (MODELS, PLAIN)}
        sources = sorted(program.sources.values(), key=attrgetter("id"))
        places = {source.id: place for place, source in enumerate(sources)}
        values = [
            {"id": s.id, "title": s.title, "kind": s.kind, "year": s.year, "figure": s.figure, "url": s.url} for s in sources
        ]
        self._sources = {form: [form.source(dict(source)) for source in values] for form in (MODELS, PLAIN)}
        self._cited = {rule: frozenset(places[name] for name in rule.sources) for rule in program.rules.values()}

    def rulebase(self, form: Form) -> Any:
        """Which rules speak."""
        return self._about[form]

    def sources(self, rules: Iterable[Rule], form: Form) -> tuple[Any, ...]:
        """Every source that the rules name, by id."""
        cited: set[int] = set()
        for rule in rules:
            cited |= self._cited[rule]
        sources = self._sources[form]
        return tuple([sources[place] for place in sorted(cited)])

    def words(self, rule: Rule) -> _Words:
        """How to put the firings of a rule into words."""
        found = self._words.get(rule)
        if found is None:
            say = compile_words(rule, rule.because, self._program.kinds)
            found = self._words[rule] = _Words(rule.id, rule.sources, say)
        return found

    def note(self, remark: Remark, names: dict[Row, str]) -> str:
        """The text of a note."""
        effect, rule, match = remark
        say = self._notes.get((rule, effect))
        if say is None:
            note = rule.effects[effect]
            assert isinstance(note, Note)
            say = self._notes[rule, effect] = compile_words(rule, note.text, self._program.kinds)
        return say(match, names)[0]


def name_derived(memory: Memory, taken: set[str]) -> dict[Row, str]:
    """An id for every derived fact, ``<kind>-<n>`` in the order of their values, so that no other order shows."""
    by_kind: dict[str, list[Row]] = {}
    for row in memory.derivations:
        by_kind.setdefault(row[KIND], []).append(row)
    names: dict[Row, str] = {}
    for kind, rows in sorted(by_kind.items()):
        if len(rows) > 1:
            rows.sort(key=sort_key)
        names.update(zip(rows, free_ids(kind, len(rows), taken), strict=True))
    return names


def reasons_by_fact(
    contributions: Iterable[Contribution], explainer: Explainer, names: dict[Row, str], form: Form
) -> dict[str | None, tuple[Any, ...]]:
    """The reasons for the score of every mistake, by its id (None: of the interview), what weighs most first."""
    reasons: dict[str | None, list[_Weighed]] = {}
    last: Match | None = None
    for target, dimension, amount, rule, match in contributions:
        if match is not last:  # the contributions of one firing follow each other
            last = match
            words = explainer.words(rule)
            text, facts = words.say(match, names)
        if amount or dimension == "verdict":
            fact = None if target is None else target[ID]
            if fact not in reasons:
                reasons[fact] = []
            size = float(amount) if dimension == "verdict" else amount / 1000
            reasons[fact].append(_weighed(dimension, size, words, text, facts))
    return {fact: _heaviest_first(of_one, form) for fact, of_one in reasons.items()}


def outlook_reasons(
    limits: Iterable[tuple[int, Remark]], explainer: Explainer, names: dict[Row, str], form: Form
) -> tuple[Any, ...]:
    """Why the outlook is what it is."""
    reasons = []
    for rank, (_, rule, match) in limits:
        words = explainer.words(rule)
        reasons.append(_weighed("outlook", float(rank), words, *words.say(match, names)))
    return _heaviest_first(reasons, form)


def action_reasons(
    firings: Iterable[tuple[Rule, Match]], explainer: Explainer, names: dict[Row, str], form: Form
) -> tuple[Any, ...]:
    """Why an action is recommended, vetoed, or a fact concluded."""
    reasons = []
    for rule, match in firings:
        words = explainer.words(rule)
        text, facts = words.say(match, names)
        reasons.append({"rule": words.id, "text": text, "facts": facts, "sources": words.sources})
    if len(reasons) > 1:
        reasons.sort(key=itemgetter("rule", "facts"))
    return tuple(map(form.action_reason, reasons))


_Weighed = tuple[int, float, str, tuple[str, ...], int, dict[str, Any]]
"""A reason behind what decides its place: dimension, size, rule, facts. No two reasons agree in all of it; the number that
follows is there to say so to the sort."""


def _weighed(dimension: str, amount: float, words: _Words, text: str, facts: tuple[str, ...]) -> _Weighed:
    rule, sources, _ = words
    values = {"rule": rule, "dimension": dimension, "amount": amount, "text": text, "facts": facts, "sources": sources}
    return (_DIMENSION_ORDER[dimension], -abs(amount), rule, facts, id(values), values)


def _heaviest_first(reasons: list[_Weighed], form: Form) -> tuple[Any, ...]:
    reasons.sort()
    return tuple([form.reason(reason[5]) for reason in reasons])


_DIMENSION_ORDER = {dimension: i for i, dimension in enumerate((*DIMENSIONS, "outlook"))}
