"""Find rules beside each other that do not fit: the same twice, one within another, both at a bound, or none there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import combinations, pairwise

from misstep.language.effects import Contribute, Effect
from misstep.language.expression import Literal, walk
from misstep.rulebase.tables import RowEntry
from misstep.tools.lints.linted import LintedBase, LintFinding
from misstep.tools.lints.plain_rules import FamilyMember, FamilySubject, PlainRule, RuleFamily, sort_of
from misstep.tools.lints.value_sets import NumberPoint, ValueSet, union

# -- rules that say the same


def find_doubled(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that fire where another one does, and do nothing else than that one."""
    alike: dict[Hashable, list[PlainRule]] = defaultdict(list)
    for plain in base.plain:
        alike[plain.takes, frozenset(frozenset(box.items()) for box in plain.boxes)].append(plain)
    for rules in alike.values():
        for one, other in combinations(rules, 2):
            same = {*one.effects} <= {*other.effects} or {*other.effects} <= {*one.effects}
            if one.effects and other.effects and same and not _of_one_table(base, one, other):
                earlier, later = _in_order(base, one, other)
                message = f"this says the same as '{earlier.rule.id}', and both fire"
                yield LintFinding(base.merged.rules[later.rule.id], message)


def find_subsumed(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that fire only where another one of their family does, so that both amounts are added."""
    for family in base.families:
        for wide, narrow in _nested(family):
            if _is_step(wide, narrow) and not _of_one_table(base, wide.plain, narrow.plain):
                name, both = wide.plain.rule.id, _amount(narrow.effect) + _amount(wide.effect)
                message = f"where this fires, '{name}' fires too: {both:g} in all are added, of '{_dimension(narrow.effect)}'"
                yield _at(base, narrow.plain, family.subject, message)


def _nested(family: RuleFamily) -> Iterator[tuple[FamilyMember, FamilyMember]]:
    """Members of which one is within the other and has an end in common with it, each with the next one."""
    for end in (0, 1):
        by_end: dict[NumberPoint, list[FamilyMember]] = defaultdict(list)
        for member in family.members:
            by_end[member.values.spans[0][end]].append(member)
        for members in by_end.values():
            inwards = sorted(members, key=lambda member: member.values.spans[0][1 - end], reverse=end == 0)
            yield from pairwise(inwards)


def _is_step(wide: FamilyMember, narrow: FamilyMember) -> bool:
    """Whether one is the next step after the other, and adds more."""
    more, less = _amount(narrow.effect), _amount(wide.effect)
    return wide.values != narrow.values and abs(more) > abs(less) and more * less > 0


# -- rules beside each other


def find_overlaps(base: LintedBase) -> Iterator[LintFinding]:
    """Two rules of a family that meet at a number, and both take it."""
    for family in base.families:
        for lower, upper in pairwise(family.members):
            common = (lower.values & upper.values).spans
            beside = lower.values.spans[0][0] < upper.values.spans[0][0] and lower.values.spans[0][1] < upper.values.spans[0][1]
            if len(common) == 1 and common[0][0] == common[0][1] and beside and lower.effect != upper.effect:
                base.unfit |= {lower.plain.rule.id, upper.plain.rule.id}
                earlier, later = _in_order(base, lower.plain, upper.plain)
                message = f"at {_named(family, common[0][0][0])} both this and '{earlier.rule.id}' fire"
                yield _at(base, later, family.subject, message)


def find_gaps(base: LintedBase) -> Iterator[LintFinding]:
    """Numbers between the rules of a family that none of them takes, though severity should go one way there, or all others of
    them meet."""
    by_facts: dict[Hashable, list[PlainRule]] = defaultdict(list)
    for plain in base.plain:
        by_facts[plain.takes].append(plain)
    for family in base.families:
        for place, (lower, upper) in enumerate(pairwise(family.members)):
            hole = _hole(family, lower, upper)
            if hole and _is_gap(family, place, hole) and not _is_filled(family, hole, by_facts[lower.plain.takes]):
                (low, _), (high, _) = hole.spans[0]
                numbers = _named(family, low) if low == high else f"{_named(family, low)} to {_named(family, high)}"
                base.unfit |= {lower.plain.rule.id, upper.plain.rule.id}
                earlier, later = _in_order(base, lower.plain, upper.plain)
                message = f"neither this nor '{earlier.rule.id}' takes {numbers}, which is between them"
                yield _at(base, later, family.subject, message)


def _hole(family: RuleFamily, lower: FamilyMember, upper: FamilyMember) -> ValueSet:
    """What is between two members, and of none."""
    end, start = lower.values.spans[0][1], upper.values.spans[0][0]
    beyond = family.domain.beyond(union([member.values for member in family.members], family.domain.whole))
    return ValueSet(tuple(span for span in beyond.spans if end < span[0] and span[1] < start))


def _is_gap(family: RuleFamily, place: int, hole: ValueSet) -> bool:
    lower, upper = family.members[place : place + 2]
    if lower.effect == upper.effect:
        return False  # all but some numbers
    (low, _), (high, _) = hole.spans[0]
    if low == high and not family.domain.whole:
        return True  # `< 5` and `> 5`
    a, b = _amount(lower.effect), _amount(upper.effect)
    if a * b > 0 and _dimension(lower.effect) == "severity" and _goes_on(family, lower, upper):
        return True  # it would fall to 0 on its way
    meeting = [not _hole(family, one, other) for one, other in pairwise(family.members)]
    return len(meeting) > 1 and sum(meeting) == len(meeting) - 1


def _goes_on(family: RuleFamily, lower: FamilyMember, upper: FamilyMember) -> bool:
    """Whether the field says which direction is worse, and the member in that direction is for all that is further on."""
    worse = family.field.worse if family.field is not None else None
    ends = family.domain.all.spans[0][0], family.domain.all.spans[-1][1]
    if worse == "higher" or (family.words and worse == family.words[-1]):
        return upper.values.spans[0][1] == ends[1]
    return (worse == "lower" or (bool(family.words) and worse == family.words[0])) and lower.values.spans[0][0] == ends[0]


def _is_filled(family: RuleFamily, hole: ValueSet, rules: list[PlainRule]) -> bool:
    """Whether a rule outside of the family does the same sort of thing for all of what is between its members."""
    own = [member.plain for member in family.members]
    sort = sort_of(family.members[0].effect)
    for plain in rules:
        if plain not in own and len(plain.boxes) == 1 and sort in map(sort_of, plain.rule.effects):
            box = plain.boxes[0]
            alike = all(family.others.get(subject) == values for subject, values in box.items() if subject != family.subject)
            if alike and (family.subject not in box or family.words or (hole & box[family.subject]).spans):
                return True
    return False


def _named(family: RuleFamily, number: float) -> str:
    return family.words[int(number)] if family.words else f"{number:g}"


def _in_order(base: LintedBase, one: PlainRule, other: PlainRule) -> tuple[PlainRule, PlainRule]:
    """Two rules in the order in which they stand: the later one is rather the one to mend."""
    places = [base.merged.rules[plain.rule.id].place() for plain in (one, other)]
    return (one, other) if places[0] < places[1] else (other, one)


def _at(base: LintedBase, plain: PlainRule, subject: FamilySubject, message: str) -> LintFinding:
    """A finding at the condition of a rule that tells it from its family."""
    conditions = zip(base.merged.condition_places[plain.rule.id], plain.rule.conditions, strict=False)
    place = next((path for path, condition in conditions if subject in walk(condition.test)), ())
    return LintFinding(base.merged.rules[plain.rule.id], message, place)


def _of_one_table(base: LintedBase, one: PlainRule, other: PlainRule) -> bool:
    """Whether two rules are rows of one table, which minds what they have in common by itself."""
    a, b = (base.merged.rules[plain.rule.id] for plain in (one, other))
    return isinstance(a, RowEntry) and isinstance(b, RowEntry) and a.table.path == b.table.path


def _amount(effect: Effect) -> float:
    """The amount that an effect adds; 0 where it is computed, or adds none."""
    if isinstance(effect, Contribute) and effect.dimension != "verdict" and isinstance(effect.amount, Literal):
        return float(effect.amount.value) if not isinstance(effect.amount.value, str) else 0
    return 0


def _dimension(effect: Effect) -> str:
    return effect.dimension if isinstance(effect, Contribute) else ""
