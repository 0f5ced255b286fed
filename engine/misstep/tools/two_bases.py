"""Two rule bases that are compared: an old and a new one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from misstep.api import RuleBase
from misstep.language.program import Program, Rule
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.load import SHIPPED
from misstep.rulebase.normal_form import NormalForm, rule_form
from misstep.rulebase.packs import Merged
from misstep.rulebase.shipped import shipped_rules


@dataclass(frozen=True)
class LoadedBase:
    """A rule base with the declarations that it is made of."""

    program: Program
    merged: Merged
    rulebase: RuleBase

    @cached_property
    def form(self) -> NormalForm:
        """What of it decides answers."""
        return NormalForm.of(self.program)

    def rules_beside(self, other: LoadedBase) -> list[Rule]:
        """Its rules that the other one has not, or not as often, whatever they are called."""
        left = Counter(other.rule_forms(self).values())
        found = []
        for name, form in self.rule_forms(other).items():
            if left[form]:
                left[form] -= 1
            else:
                found.append(self.program.rules[name])
        return found

    def rule_forms(self, other: LoadedBase) -> dict[str, str]:
        """The forms of its rules by their names, without the given kinds that the other one has not: a rule about all of a role
        is the same where there is one more of them."""
        derived = {name for name, kind in self.program.kinds.items() if kind.role == "derived"}
        shared = kinds_of_both((self, other)) | derived
        return {name: rule_form(rule, shared) for name, rule in self.program.rules.items()}


def load_base(path: Path) -> LoadedBase:
    """Load a rule base; ``misstep``, where there is no such path, is the shipped one. Raises RuleError, UsageError."""
    limits = Limits()
    paths = [shipped_rules() if str(path) == SHIPPED and not path.exists() else path]
    program, merged = load_program(paths, limits)
    return LoadedBase(program, merged, RuleBase(program, limits, lazy_words(program, merged, limits)))


def kinds_of_both(bases: Iterable[LoadedBase]) -> frozenset[str]:
    """The kinds that all bases have."""
    return frozenset.intersection(*(frozenset(base.program.kinds) for base in bases))
