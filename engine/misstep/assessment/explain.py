"""Write the reasons of an assessment: the text of every firing, with its facts and sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from misstep.assessment.phrases import Say, compile_words
from misstep.assessment.result import Basis, CitedSource, Plain, RuleBaseInfo
from misstep.evaluate.memory import RANKED, Contribution, Match, Memory, Remark
from misstep.language.effects import DIMENSIONS, Note
from misstep.language.facts import ID, KIND, Row, free_ids, sort_key
from misstep.language.program import FINDING, OUTLOOK, Assumption, Pattern, Program, Rule


class RecordContext(NamedTuple):
    """The ids of the derived facts of a record, and the fields that each fact states, by its id."""

    names: dict[Row, str]
    said: Mapping[str, Collection[str]]


class RuleWording(NamedTuple):
    """The parts of a reason that all firings of a rule share, and the function that renders the text of a match."""

    rule: str
    sources: tuple[str, ...]
    say: Say
    read: tuple[Assumption, ...]
    shown: tuple[Assumption, ...]
    otherwise: Basis

    def explain(self, match: Match, context: RecordContext) -> tuple[str, tuple[str, ...], Basis]:
        """The text of a match, the ids of its facts, and its basis. A text that shows a default ends with "(assumed)"."""
        text, facts = self.say(match, context.names)
        said = context.said
        for assumption in self.read:
            if assumption.rests(match, said):
                if any(shown.rests(match, said) for shown in self.shown):
                    text += _ASSUMED
                return text, facts, "assumed"
        return text, facts, self.otherwise


_ASSUMED = " (assumed)"


class Explainer:
    """Renders firings. Holds compiled texts of rules, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._notes: dict[tuple[Rule, int], Say] = {}
        self._sources = {s.id: CitedSource(s.id, s.title, s.kind, s.year, s.figure, s.url) for s in program.sources.values()}
        self.rulebase = RuleBaseInfo(program.name, program.version, program.digest)
        self.words: dict[Rule, RuleWording] = _WordsOfRules(program)

    def sources(self, reasons: Iterable[Plain]) -> list[CitedSource]:
        """The sources that reasons name, by id."""
        cited = {name for reason in reasons for name in reason["sources"]}
        return [self._sources[name] for name in sorted(cited)]

    def note(self, remark: Remark, context: RecordContext) -> str:
        """The text of a note."""
        key = (remark.rule, remark.effect)
        if key not in self._notes:
            note = remark.rule.effects[remark.effect]
            assert isinstance(note, Note)
            self._notes[key] = compile_words(remark.rule, note.text, self._program.kinds)
        return self._notes[key](remark.match, context.names)[0]


class _WordsOfRules(dict[Rule, RuleWording]):
    """The wording of every rule, compiled on first use."""

    def __init__(self, program: Program) -> None:
        self._kinds = program.kinds

    def __missing__(self, rule: Rule) -> RuleWording:
        concluded = any(not isinstance(b, Pattern) or b.over != "fact" or self._derived(b) for b in rule.binders)
        concluded |= not all(existence.negated for existence in rule.existences)  # like a count, it names no fact
        words = self[rule] = RuleWording(
            rule.id,
            rule.sources,
            compile_words(rule, rule.because, self._kinds),
            rule.assumptions,
            rule.shown_assumptions,
            "concluded" if concluded else "said",
        )
        return words

    def _derived(self, pattern: Pattern) -> bool:
        return any(self._kinds[kind].role == "derived" for kind in pattern.kinds)


def name_derived(memory: Memory, taken: set[str]) -> dict[Row, str]:
    """An id for every derived fact, ``<kind>-<n>`` in the order of their values, so that no other order shows; equal ones that
    are kept each are in the order of the rules and facts that they come of."""
    by_kind: dict[str, list[Row]] = {}
    for row in memory.derivations:
        by_kind.setdefault(row[KIND], []).append(row)
    names: dict[Row, str] = {}
    for kind in by_kind:
        _name_kind(kind, by_kind, memory, taken, names)
    return {row: names[row] for _, rows in sorted(by_kind.items()) for row in rows}


def _name_kind(kind: str, by_kind: dict[str, list[Row]], memory: Memory, taken: set[str], names: dict[Row, str]) -> None:
    """Name the facts of a kind; where they are kept each, what they come of before them, which is never of their own kind."""
    rows = by_kind[kind]
    if rows[0] in names:
        return
    if memory.program.kinds[kind].each:
        for row in rows:
            for fact in _matched(row, memory):
                if isinstance(fact, tuple) and fact in memory.derivations:
                    _name_kind(fact[KIND], by_kind, memory, taken, names)
        rows.sort(key=lambda row: _origin(row, memory, names))
    else:
        rows.sort(key=sort_key)
    names.update(zip(rows, free_ids(kind, len(rows), taken), strict=True))


def _origin(row: Row, memory: Memory, names: dict[Row, str]) -> tuple[object, ...]:
    """Its values, and the rule and the facts that a fact kept each comes of."""
    ((rule, _),) = memory.derivations[row]
    facts = [names.get(fact, fact[ID]) if isinstance(fact, tuple) else fact for fact in _matched(row, memory)]
    return sort_key(row), rule.id, facts


def _matched(row: Row, memory: Memory) -> Iterator[object]:
    """What the rule has matched that a fact kept each comes of; the mistake of a finding."""
    ((rule, match),) = memory.derivations[row]
    for binder, fact in zip(rule.binders, match, strict=True):
        yield fact[0] if isinstance(binder, Pattern) and binder.over == FINDING else fact


def reasons_by_fact(
    contributions: Iterable[Contribution], explainer: Explainer, context: RecordContext
) -> dict[str | None, list[Plain]]:
    """The reasons for the score of every mistake by its id (None: of the interview), the heaviest first."""
    words = explainer.words
    reasons: defaultdict[str | None, list[_Weighed]] = defaultdict(list)
    last: Match | None = None
    for contribution in contributions:
        mistake, dimension, amount, rule, match = contribution
        if match is not last:  # the contributions of one firing follow each other
            last = match
            of_rule = words[rule]
            name, sources = of_rule.rule, of_rule.sources
            text, facts, basis = of_rule.explain(match, context)
        ranked = dimension in RANKED
        if amount or ranked:  # as Contribution.is_reason says, without the call
            of_one = reasons[None if mistake is None else mistake[ID]]
            size = float(amount) if ranked else amount / 1000
            reason = {
                "rule": name,
                "dimension": dimension,
                "amount": size,
                "text": text,
                "facts": facts,
                "sources": sources,
                "basis": basis,
            }
            of_one.append((_PLACE[dimension], -abs(amount), name, facts, len(of_one), reason))
    for of_one in reasons.values():
        of_one.sort()
    return {fact: [reason for _, _, _, _, _, reason in of_one] for fact, of_one in reasons.items()}


def action_reasons(firings: Iterable[tuple[Rule, Match]], explainer: Explainer, context: RecordContext) -> list[Plain]:
    """Why an action is recommended, vetoed, or a fact concluded."""
    words = explainer.words
    reasons: list[Plain] = []
    for rule, match in firings:
        of_rule = words[rule]
        text, facts, basis = of_rule.explain(match, context)
        reasons.append({"rule": of_rule.rule, "text": text, "facts": facts, "sources": of_rule.sources, "basis": basis})
    if len(reasons) > 1:
        reasons.sort(key=_by_rule)
    return reasons


_by_rule = itemgetter("rule", "facts")

_Weighed = tuple[int, int, str, tuple[str, ...], int, Plain]
"""A reason after its sort key: dimension, size, rule, facts, and the order of the rule's effects."""


_PLACE: dict[str, int] = {dimension: i for i, dimension in enumerate((*DIMENSIONS, OUTLOOK))}
