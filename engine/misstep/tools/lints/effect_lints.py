"""Find effects that come to something else than they seem to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from misstep.language.effects import Contribute
from misstep.language.expression import Compare, FieldRef, names_in
from misstep.language.program import Pattern, Program, Rule
from misstep.tools.lints.linted import LintedBase, LintFinding


def find_multiplied_amounts(base: LintedBase) -> Iterator[LintFinding]:
    """Amounts that are added once for each fact of a pattern that has no part in them."""
    for rule, entry in base.rules():
        several = [p for p in rule.patterns if p.over == "fact" and not _is_single(p, rule, base.program)]
        for effect in rule.effects:
            if isinstance(effect, Contribute) and effect.dimension != "verdict":
                for pattern in several:
                    if pattern.name != effect.target and pattern.name not in names_in(effect.amount):
                        message = (
                            f"this is added once for each '{pattern.name}'; with `exists` in place of `fact` it is added once"
                        )
                        yield LintFinding(entry, message, ("then", effect.dimension))


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
