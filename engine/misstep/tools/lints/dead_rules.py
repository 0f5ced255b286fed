"""Find conditions that never hold, so that a rule never fires, and conditions that always hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from misstep.language.effects import amounts_of
from misstep.language.expression import Compare, Expression, FieldRef, Literal, Logic, walk, with_name
from misstep.language.expression_text import written_expression
from misstep.language.program import Aggregate, Existence, Pattern, Rule
from misstep.rulebase.packs import PackEntry
from misstep.rulebase.schema import RuleDoc
from misstep.tools.lints.linted import LintedBase, LintFinding, PlacedTests
from misstep.tools.lints.rule_conditions import LEVELS, ConditionReader, TooManyBoxes

_Tests = list[tuple[Expression, bool]]

# -- numbers beyond a field


def find_thresholds(base: LintedBase) -> Iterator[LintFinding]:
    """Comparisons with a number that never or always hold, as the value is never so large or small; and curves whose points are
    where the value never is."""
    for rule, entry in base.rules():
        for placed in base.tests(rule, entry):
            for message in base.beyond_limits(rule, placed):
                yield LintFinding(entry, message, placed.path)
        for path, effect in base.effects(rule, entry):
            for message in base.beyond_limits(rule, PlacedTests(path, tuple(amounts_of(effect)))):
                yield LintFinding(entry, message, path)


# -- conditions that never hold


def find_contradictions(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that never fire, as their conditions exclude each other; `unless` that exclude nothing; and alternatives that never
    hold."""
    for rule, entry in base.rules():
        placed = [each for each in base.tests(rule, entry) if not base.beyond_limits(rule, each)]
        whole = _Whole(base, rule, entry)
        try:
            found = [*whole.find(placed)]
            yield from found or whole.find_parts(placed)
        except TooManyBoxes:
            continue


class _Whole:
    """All conditions of one rule."""

    def __init__(self, base: LintedBase, rule: Rule, entry: PackEntry[RuleDoc]) -> None:
        self.base, self.rule, self.entry = base, rule, entry
        self.reader = ConditionReader(base.knowledge, rule)
        self.every: _Tests = [(condition.test, True) for condition in rule.conditions]
        self.outer = self.every[: len(base.merged.condition_places[rule.id])]  # without those that the cells of a table add

    def find(self, placed: list[PlacedTests]) -> Iterator[LintFinding]:
        """Why the rule never fires."""
        for i, item in enumerate(self.entry.doc.when):
            words = item if isinstance(item, str) else item.fact or item.exists
            pattern = next((p for p in self.rule.all_patterns if not p.kinds and p.over != "outlook" and p.key == words), None)
            if pattern is not None:
                yield LintFinding(self.entry, f"there is no kind of {words}, so the rule never fires", ("when", i))
                return
        so_far: _Tests = []
        of_cells = PlacedTests((), tuple(test for test, _ in self.every[len(self.outer) :]))
        for each in (*(each for each in placed if each.binder is None), of_cells):
            so_far += [(test, True) for test in each.tests]
            if not self.reader.boxes(so_far):
                yield LintFinding(self.entry, f"{self._excluding(so_far)}, so the rule never fires", each.path)
                return
        for each in placed:
            if isinstance(each.binder, Existence) and not self._meets(each.binder):
                what = "so it excludes nothing" if each.binder.negated else "so the rule never fires"
                tests = [*self.outer, *((test, True) for test in each.tests)]
                reader = ConditionReader(self.base.knowledge, self.rule, each.binder.pattern)
                yield LintFinding(self.entry, f"{self._excluding(tests, reader)}, {what}", each.path)
            elif isinstance(each.binder, Aggregate) and not self._meets(each.binder):
                yield LintFinding(self.entry, "no fact meets this condition, so nothing is counted", each.path)
        yield from self._always_excluded()

    def _meets(self, binder: Existence | Aggregate) -> bool:
        """Whether a fact may meet the conditions of an existence or aggregate, beside those of the rule."""
        reader = ConditionReader(self.base.knowledge, self.rule, binder.pattern)
        return bool(reader.boxes([*self.outer, *((test, True) for test in binder.conditions)]))

    def _excluding(self, tests: _Tests, reader: ConditionReader | None = None) -> str:
        """The one or two conditions that never hold together, in words."""
        reader = reader or self.reader
        for test, truth in tests:
            if not reader.boxes([(test, truth)]):
                return f"`{written_expression(test)}` never holds" + self._band(test)
        for a, b in combinations(tests, 2):
            if not reader.boxes([a, b]):
                both = f"`{written_expression(a[0])}` and `{written_expression(b[0])}` exclude each other"
                return both + self._band(Logic("and", (a[0], b[0])))
        return "these conditions exclude each other"

    def _band(self, node: Expression) -> str:
        """The scores of a band in words, where a condition asks for a band and for its score."""
        refs = {part.field: part for part in walk(node) if isinstance(part, FieldRef)}
        for word, score in LEVELS.items():
            if word in refs and score in refs:
                levels = getattr(self.base.program.scale, score)
                ends = ", ".join(f"{name} from {low:g}" for name, low in zip(levels.words, levels.lower, strict=True))
                return f" ({ends})"
        return ""

    def _always_excluded(self) -> Iterator[LintFinding]:
        """An `unless` that is met by what the rule has taken itself, the mistake of a finding or the finding of a mistake, or by
        what it asks to exist."""
        there = [(pattern, self.outer) for pattern in self.rule.patterns]
        there += [
            (each.pattern, [*self.outer, *((test, True) for test in each.conditions)])
            for each in self.rule.existences
            if not each.negated
        ]
        existing = {each.pattern.name for each in self.rule.existences}
        for path, binder in self.base.binders(self.rule, self.entry):
            for pattern, tests in there:
                taken = pattern.over == binder.pattern.over and pattern.name not in existing
                if not isinstance(binder, Existence) or not binder.negated or taken or not _always_among(pattern, binder.pattern):
                    continue
                reader = ConditionReader(self.base.knowledge, self.rule, pattern)
                same = [(_as_fact(with_name(test, binder.pattern.name, pattern.name)), False) for test in binder.conditions]
                if not any(reader.boxes([*tests, test]) for test in same):
                    what = f"whatever '{pattern.name}' is meets this `unless`, so the rule never fires"
                    yield LintFinding(self.entry, what, path)
                    return

    def find_parts(self, placed: list[PlacedTests]) -> Iterator[LintFinding]:
        """Alternatives that never hold."""
        for each in placed:
            reader = ConditionReader(self.base.knowledge, self.rule, each.binder.pattern if each.binder else None)
            for part in [part for test in each.tests for part in walk(test)]:
                if isinstance(part, Logic) and part.operator == "or":
                    for operand in part.operands:
                        if not reader.boxes([(operand, True)]):
                            yield LintFinding(self.entry, f"`{written_expression(operand)}` never holds", each.path)


def _always_among(pattern: Pattern, of: Pattern) -> bool:
    """Whether what a pattern takes is among what another one looks at: a finding is of its mistake, and each mistake has one."""
    return "outlook" not in (pattern.over, of.over) and bool(pattern.kinds) and {*pattern.kinds} <= {*of.kinds}


def _as_fact(node: Any) -> Any:
    """An expression in which a finding is called by the id of its mistake."""
    for part in [*walk(node)]:
        if isinstance(part, FieldRef) and part.field == "fact":
            node = _with_field(node, part)
    return node


def _with_field(node: Any, ref: FieldRef) -> Any:
    if node == ref:
        return FieldRef(ref.name, "id")
    if isinstance(node, tuple):
        return tuple(_with_field(part, ref) for part in node)
    if isinstance(node, (Compare, Logic)):
        return type(node)(*(_with_field(getattr(node, name), ref) for name in node.__match_args__))
    return node


# -- conditions that always hold


def find_tautologies(base: LintedBase) -> Iterator[LintFinding]:
    """Conditions that hold whatever the facts say."""
    for rule, entry in base.rules():
        for placed in base.tests(rule, entry):
            reader = ConditionReader(base.declared, rule, placed.binder.pattern if placed.binder else None)
            for test in () if base.beyond_limits(rule, placed) else placed.tests:
                try:
                    if not isinstance(test, Literal) and not reader.boxes([(test, False)]):
                        yield LintFinding(entry, f"`{written_expression(test)}` always holds", placed.path)
                except TooManyBoxes:
                    continue
