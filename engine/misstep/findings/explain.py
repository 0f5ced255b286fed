"""Firings of rules in; reasons in words out, with the facts and sources they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any

from misstep.evaluate.memory import Contribution, Match, Memory, Remark
from misstep.model.expression import FieldRef
from misstep.model.facts import FIRST_VALUE, ID, KIND, Kind, Row, free_ids, sort_key
from misstep.model.result import ActionReason, CitedSource, Reason, RuleBaseInfo, make_action_reason, make_reason
from misstep.model.rule import DIMENSIONS, FINDING_FIELDS, Aggregate, Note, Pattern, Program, Rule, Text

Show = Callable[[Match], str]


@dataclass(frozen=True, slots=True)
class _Words:
    """How to put the firings of one rule into words: what never changes, and what is worked out of a match."""

    id: str
    plain: str
    text: Show | None
    facts: Callable[[Match, dict[Row, str]], tuple[str, ...]]
    sources: tuple[str, ...]


class Explainer:
    """Puts firings into words. Holds what it has worked out about rules, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._words: dict[Rule, _Words] = {}
        self.rulebase = RuleBaseInfo(name=program.name, version=program.version, digest=program.digest)
        sources = sorted(program.sources.values(), key=attrgetter("id"))
        places = {source.id: place for place, source in enumerate(sources)}
        self._sources = [
            CitedSource(id=s.id, title=s.title, kind=s.kind, year=s.year, figure=s.figure, url=s.url) for s in sources
        ]
        self._cited = {rule: frozenset(places[name] for name in rule.sources) for rule in program.rules.values()}

    def sources(self, rules: Iterable[Rule]) -> tuple[CitedSource, ...]:
        """Every source that the rules name, by id."""
        cited: set[int] = set()
        for rule in rules:
            cited |= self._cited[rule]
        return tuple([self._sources[place] for place in sorted(cited)])

    def words(self, rule: Rule) -> _Words:
        """How to put the firings of a rule into words."""
        found = self._words.get(rule)
        if found is None:
            plain, text = self._compile(rule, rule.because)
            found = self._words[rule] = _Words(rule.id, plain, text, _facts_of(rule, self._program.kinds), rule.sources)
        return found

    def note(self, rule: Rule, match: Match, effect: int) -> str:
        """The note that stands at a place among the effects of a rule."""
        note = rule.effects[effect]
        assert isinstance(note, Note)
        plain, text = self._compile(rule, note.text)
        return plain if text is None else text(match)

    def _compile(self, rule: Rule, text: Text) -> tuple[str, Show | None]:
        """A text as it stands, and what puts values into it, if it has places for them."""
        if all(isinstance(part, str) for part in text.parts):
            return "".join(str(part) for part in text.parts), None
        parts = [self._part(rule, part) for part in text.parts]
        return "", lambda match: "".join([part(match) for part in parts])

    def _part(self, rule: Rule, part: Any) -> Show:
        if isinstance(part, str):
            return lambda match: part
        place, binder = next((i, b) for i, b in enumerate(rule.binders) if b.name == part.name)
        if isinstance(binder, Aggregate):
            return lambda match: show(match[place])
        assert isinstance(part, FieldRef)
        return self._field(place, binder, part.field)

    def _field(self, place: int, pattern: Pattern, field: str) -> Show:
        kinds = self._program.kinds
        finding = pattern.over == "finding"
        if pattern.over == "outlook":
            return lambda match: show(match[place][0])
        if finding and field in FINDING_FIELDS:
            column = 1 + FINDING_FIELDS.index(field)
            return lambda match: shown_word(match[place][column])
        row: Callable[[Match], Row] = (lambda match: match[place][0]) if finding else (lambda match: match[place])
        if field in ("id", "fact"):
            return lambda match: str(row(match)[ID])
        if field == "kind":
            return lambda match: kinds[row(match)[KIND]].title
        if field == "concern":
            return lambda match: shown_word(kinds[row(match)[KIND]].concern)
        column, found = next((i, f) for i, f in enumerate(pattern.fields, FIRST_VALUE) if f.name == field)
        if found.type in ("enum", "set"):
            return lambda match: shown_word(row(match)[column])
        return lambda match: show(row(match)[column])


def _facts_of(rule: Rule, kinds: dict[str, Kind]) -> Callable[[Match, dict[Row, str]], tuple[str, ...]]:
    """What gives the ids of the facts of a match; the ids of derived facts are looked up by their rows."""
    places = [(i, b) for i, b in enumerate(rule.binders) if isinstance(b, Pattern) and b.over != "outlook"]
    given = all(kinds[k].role != "derived" for _, b in places for k in b.kinds)
    match [(i, b.over == "finding") for i, b in places] if given else []:  # one or two given facts, as nearly always
        case [(i, False)]:
            return lambda match, names: (match[i][ID],)
        case [(i, True)]:
            return lambda match, names: (match[i][0][ID],)
        case [(i, False), (j, False)]:
            return lambda match, names: (match[i][ID], match[j][ID])
        case [(i, True), (j, False)]:
            return lambda match, names: (match[i][0][ID], match[j][ID])
        case [(i, False), (j, True)]:
            return lambda match, names: (match[i][ID], match[j][0][ID])

    def facts(match: Match, names: dict[Row, str]) -> tuple[str, ...]:
        rows = [match[i][0] if b.over == "finding" else match[i] for i, b in places]
        return tuple([row[ID] or names[row] for row in rows])

    return facts


def show(value: Any) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(round(value, 3))
    return "unknown" if value is None else str(value)


def shown_word(value: Any) -> str:
    """A word of the rule base, or several, as people write them."""
    if isinstance(value, tuple):
        return ", ".join(shown_word(v) for v in value)
    return value.replace("_", " ") if isinstance(value, str) else show(value)


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
    contributions: Iterable[Contribution], explainer: Explainer, names: dict[Row, str]
) -> dict[str | None, tuple[Reason, ...]]:
    """The reasons for the score of every mistake, by its id (None: of the interview), what weighs most first."""
    reasons: dict[str | None, list[_Weighed]] = {}
    last: Match | None = None
    for target, dimension, amount, rule, match in contributions:
        if match is not last:  # the contributions of one firing follow each other
            last = match
            words = explainer.words(rule)
            facts = words.facts(match, names)
            text = words.plain if words.text is None else words.text(match)
        if amount or dimension == "verdict":
            size = float(amount) if dimension == "verdict" else amount / 1000
            fact = None if target is None else target[ID]
            of_one = reasons.get(fact)
            if of_one is None:
                of_one = reasons[fact] = []
            of_one.append(_weighed(dimension, size, words, text, facts))
    return {fact: _heaviest_first(of_one) for fact, of_one in reasons.items()}


def outlook_reasons(limits: Iterable[tuple[int, Remark]], explainer: Explainer, names: dict[Row, str]) -> tuple[Reason, ...]:
    """Why the outlook is what it is."""
    reasons = []
    for rank, (_, rule, match) in limits:
        words = explainer.words(rule)
        text = words.plain if words.text is None else words.text(match)
        reasons.append(_weighed("outlook", float(rank), words, text, words.facts(match, names)))
    return _heaviest_first(reasons)


def action_reasons(
    firings: Iterable[tuple[Rule, Match]], explainer: Explainer, names: dict[Row, str]
) -> tuple[ActionReason, ...]:
    """Why an action is recommended, vetoed, or a fact concluded."""
    reasons: list[_Values] = []
    for rule, match in firings:
        words = explainer.words(rule)
        text = words.plain if words.text is None else words.text(match)
        reasons.append({"rule": words.id, "text": text, "facts": words.facts(match, names), "sources": words.sources})
    if len(reasons) > 1:
        reasons.sort(key=itemgetter("rule", "facts"))
    return tuple([make_action_reason(values) for values in reasons])


_Values = dict[str, Any]
_Weighed = tuple[int, float, str, tuple[str, ...], Reason]
"""A reason behind what decides its place: dimension, size, rule, facts. No two reasons agree in all of it."""


def _weighed(dimension: str, amount: float, words: _Words, text: str, facts: tuple[str, ...]) -> _Weighed:
    values = {
        "rule": words.id,
        "dimension": dimension,
        "amount": amount,
        "text": text,
        "facts": facts,
        "sources": words.sources,
    }
    return (_DIMENSION_ORDER[dimension], -abs(amount), words.id, facts, make_reason(values))


def _heaviest_first(reasons: list[_Weighed]) -> tuple[Reason, ...]:
    reasons.sort(key=itemgetter(0, 1, 2, 3))
    return tuple([reason[4] for reason in reasons])


_DIMENSION_ORDER = {dimension: i for i, dimension in enumerate((*DIMENSIONS, "outlook"))}
