"""Compare what a case expects with the answer, and say what would have to stand there instead."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from misstep.assessment.result import Assessment, DerivedFact, Finding, Reason, Step
from misstep.rulebase.schema import (
    ExpectActionDoc,
    ExpectDoc,
    ExpectedValues,
    ExpectFindingDoc,
    ExpectListDoc,
    ExpectReasonDoc,
    ExpectReasonsDoc,
    ExpectTextDoc,
)

CLOSE = 1e-9
"""Numbers that differ by less are equal."""

ExpectPath = tuple[str | int, ...]
"""Keys and places that lead to a part of `expect`."""


class Gone:
    """Stands for a part of a case that is taken out."""


GONE = Gone()


class ExpectChange(NamedTuple):
    """What would have to stand at a path into `expect`: a value, or GONE."""

    path: ExpectPath
    value: object


class Mismatch(NamedTuple):
    """An expectation that failed: which one, what it expects and what came; and what would have to stand there for it to hold.
    Without ``changes`` that cannot be told."""

    what: str
    expected: str
    got: str
    changes: tuple[ExpectChange, ...] = ()


def find_mismatches(expect: ExpectDoc, got: Assessment, fired: Collection[str]) -> Iterator[Mismatch]:
    """The expectations of a case that failed. ``fired``: the ids of the rules that fired.

    What is not expected is not asked of the answer: its reasons and words take most of the time.
    """
    quiet = f"quiet; fired: {', '.join(sorted(fired))}"
    yield from _members(("fires",), expect.fires, [rule for rule in expect.fires if rule not in fired], quiet)
    yield from _members(("quiet",), expect.quiet, [rule for rule in expect.quiet if rule in fired], "fired")
    yield from _compare_members((), expect, got, _SCORES)
    if expect.model_fields_set <= _SUMMARY:
        return
    yield from _compare_reasons(("because",), expect.because, got.because)
    for key, finding in expect.findings.items():
        yield from _compare_finding(key, finding, got.findings)
    actions = [action.action for action in got.actions]
    yield from _compare_list(("actions",), expect.actions, actions)
    yield from _compare(("actions", "first"), expect.actions.first, actions[0] if actions else "nothing")
    for name, action in (expect.actions.model_extra or {}).items():
        yield from _compare_action(name, action, got)
    occasions = [step.occasion for step in got.steps]
    yield from _compare_list(("steps",), expect.steps, occasions)
    yield from _compare(("steps", "first"), expect.steps.first, occasions[0] if occasions else "nothing")
    yield from _compare_list(("avoid",), expect.avoid, [action.action for action in got.avoid])
    yield from _compare_list(("derived",), expect.derived, [fact.kind for fact in got.derived])
    for kind, values in (expect.derived.model_extra or {}).items():
        several = [fact for fact in got.derived if fact.kind == kind]
        if isinstance(values, list):
            for i, each in enumerate(values):
                yield from _compare_derived(("derived", kind, i), each, several)
        else:
            yield from _compare_derived(("derived", kind), values, several)
    yield from _compare_texts(("headline",), expect.headline, [got.headline])
    yield from _compare_texts(("draft",), expect.draft, [got.draft] if got.draft is not None else [])
    yield from _compare_texts(("notes",), expect.notes, got.notes)


_SCORES = ("damage", "damage_after", "band", "verdict", "outlook", "acts")
_SUMMARY = frozenset(("fires", "quiet", *_SCORES))


def _called(path: ExpectPath) -> str:
    return ".".join(map(str, path))


def _members(path: ExpectPath, listed: Sequence[str], failing: Sequence[str], got: str, expected: str = "") -> Iterator[Mismatch]:
    """The members of a list that fail, as one mismatch; they would have to be taken out."""
    if failing:
        changes = tuple(ExpectChange((*path, i), GONE) for i, word in enumerate(listed) if word in failing)
        yield Mismatch(_called(path), expected + ", ".join(failing), got, changes)


def _compare_list(path: ExpectPath, expect: ExpectListDoc | ExpectReasonsDoc, got: Sequence[str]) -> Iterator[Mismatch]:
    there = ", ".join(got)
    missing = [name for name in expect.include if name not in got]
    surplus = [name for name in expect.exclude if name in got]
    yield from _members((*path, "include"), expect.include, missing, there or "nothing")
    yield from _members((*path, "exclude"), expect.exclude, surplus, there, "without ")


def _compare_texts(path: ExpectPath, expect: ExpectTextDoc, got: Sequence[str]) -> Iterator[Mismatch]:
    """Words that texts have in them; where their lines end does not matter."""
    flat = [" ".join(text.split()) for text in got]
    missing = [words for words in expect.include if not any(" ".join(words.split()) in text for text in flat)]
    surplus = [words for words in expect.exclude if any(" ".join(words.split()) in text for text in flat)]
    there = " | ".join(flat) or "nothing"
    yield from _members((*path, "include"), expect.include, missing, there)
    yield from _members((*path, "exclude"), expect.exclude, surplus, there, "without ")


def _compare_members(prefix: ExpectPath, expected: object, got: object, members: Iterable[str]) -> Iterator[Mismatch]:
    for member in members:
        yield from _compare((*prefix, member), getattr(expected, member), getattr(got, member))


def _compare(path: ExpectPath, expected: float | str | bool | None, got: object) -> Iterator[Mismatch]:
    """Compare one value; None expects nothing."""
    if expected is None or _holds(expected, got):
        return
    yield Mismatch(_called(path), _shown(expected), _shown(got), (ExpectChange(path, got),))


def _holds(expected: object, got: object) -> bool:
    """Whether a value is the expected one, or in the expected range."""
    if _is_number(got):
        if isinstance(expected, str) and ".." in expected:
            low, high = expected.split("..", 1)
            return float(low) <= got <= float(high)
        return _is_number(expected) and abs(expected - got) <= CLOSE
    if isinstance(expected, list):  # the words of a set, in any order
        return isinstance(got, tuple) and sorted(expected) == sorted(got)
    return expected == got and isinstance(expected, bool) == isinstance(got, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(value) or "no words"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if _is_number(value) else "unknown" if value is None else str(value)


def _compare_finding(key: str, expected: ExpectFindingDoc, findings: Sequence[Finding]) -> Iterator[Mismatch]:
    path = ("findings", key)
    found = [f for f in findings if f.fact == key] or [f for f in findings if f.kind == key]
    if len(found) != 1:
        there = ", ".join(f.fact for f in findings) or "none"
        yield Mismatch(_called(path), "one finding", f"{len(found)} of: {there}")
        return
    members = [name for name in type(expected).model_fields if name != "because"]
    yield from _compare_members(path, expected, found[0], members)
    yield from _compare_reasons((*path, "because"), expected.because, found[0].because)


def _compare_reasons(path: ExpectPath, expected: ExpectReasonsDoc, reasons: Sequence[Reason]) -> Iterator[Mismatch]:
    rules = list(dict.fromkeys(reason.rule for reason in reasons))
    yield from _compare_list(path, expected, rules)
    for rule, amounts in (expected.model_extra or {}).items():
        for dimension in ExpectReasonDoc.model_fields:
            added = [reason.amount for reason in reasons if (reason.rule, reason.dimension) == (rule, dimension)]
            yield from _compare((*path, rule, dimension), getattr(amounts, dimension), round(sum(added), 3))


def _compare_action(name: str, expected: ExpectActionDoc, got: Assessment) -> Iterator[Mismatch]:
    path = ("actions", name)
    step = next((step for step in got.steps if any(action.action == name for action in step.actions)), None)
    if step is None:
        yield Mismatch(_called(path), "in the plan", ", ".join(action.action for action in got.actions) or "nothing")
        return
    yield from _compare_targets(path, expected.targets, step, got.findings)
    if expected.due_hours is not None and step.due_hours is None:
        yield Mismatch(_called((*path, "due_hours")), _shown(expected.due_hours), "at any time")
    else:
        yield from _compare((*path, "due_hours"), expected.due_hours, step.due_hours)
    yield from _compare_members(path, expected, step, ("occasion", "channel"))


def _compare_targets(path: ExpectPath, expected: list[str] | None, step: Step, findings: Sequence[Finding]) -> Iterator[Mismatch]:
    """All mistakes that an action is for, each by its fact or its kind."""
    if expected is None:
        return
    targets = next(action.targets for action in step.actions if action.action == path[-1])
    kinds = {finding.fact: finding.kind for finding in findings}
    named = {*expected}
    missed = [target for target in targets if target not in named and kinds[target] not in named]
    idle = named - {*targets} - {kinds[target] for target in targets}
    if missed or idle:
        there = ", ".join(targets)
        yield Mismatch(_called((*path, "for")), ", ".join(expected), there, (ExpectChange((*path, "for"), list(targets)),))


def _compare_derived(path: ExpectPath, expected: ExpectedValues, facts: Sequence[DerivedFact]) -> Iterator[Mismatch]:
    """The values of a derived fact; of several facts one must have them all."""
    failing = [[name for name, value in expected.items() if not _holds(value, fact.values.get(name))] for fact in facts]
    if [] in failing:
        return
    if len(facts) == 1:
        for name in failing[0]:
            yield from _compare((*path, name), expected[name], facts[0].values.get(name))
        return
    shown = "; ".join(", ".join(f"{name} {_shown(fact.values.get(name))}" for name in expected) for fact in facts)
    yield Mismatch(
        _called(path), ", ".join(f"{name} {_shown(value)}" for name, value in expected.items()), shown or "no such fact"
    )
