"""Find rules that ask who a person is.

It is told by the names of the kinds and fields that a rule looks at.
"""

from __future__ import annotations

from collections.abc import Iterator

from misstep.language.expression import FieldRef, walk
from misstep.language.program import Rule
from misstep.rulebase.field_use import expressions_of
from misstep.tools.lints.linted import LintedBase, LintFinding

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


def find_judged_people(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that ask who a person is."""
    for rule, entry in base.rules():
        for read in dict.fromkeys(_asked(rule)):
            message = f"'{read}' says who a person is, not what went wrong: no rule should judge by that, unless to help them"
            yield LintFinding(entry, message, ("when",))


def _asked(rule: Rule) -> Iterator[str]:
    """Kinds and fields that a rule looks at and that say who a person is, as words."""
    for pattern in rule.all_patterns:
        if all(map(_says_who, pattern.kinds)):  # a role takes any kind, and asks for none
            yield from pattern.kinds
    for expression, _ in expressions_of(rule):
        for part in walk(expression):
            if isinstance(part, FieldRef) and _says_who(part.field):
                yield f"{part.name}.{part.field}"


def _says_who(name: str) -> bool:
    words = name.split("_")
    return words[-1] in WHO_LAST or not WHO.isdisjoint(words)
