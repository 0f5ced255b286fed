"""Order linked rules in strata, so that negation, aggregates, findings and the outlook read only finished data.

The nodes of the graph are the derived kinds, the findings and the outlook. An edge says that a rule reads
one and writes the other; it is strict where the first must be finished before the rule is run. A cycle
through a strict edge has no meaning and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from misstep.errors import abridged
from misstep.language.effects import EFFECTS, Derive
from misstep.language.expression import FieldRef, Literal
from misstep.language.facts import Kind
from misstep.language.program import FINDING, OUTLOOK, Pattern, Rule, Stratum


class StrataError(Exception):
    """A rule base without a meaning: which rule shows it, and why."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class _Edge:
    read: str
    written: str
    strict: bool
    rule: str


def stratify(
    rules: Iterable[Rule], kinds: dict[str, Kind]
) -> tuple[tuple[Stratum, ...], tuple[Stratum, ...], tuple[Stratum, ...]]:
    """The strata before findings, before the outlook, and after. Raises StrataError."""
    rules = sorted(rules, key=lambda rule: rule.id)
    derived = {name for name, kind in kinds.items() if kind.role == "derived"}
    edges = [_Edge(FINDING, OUTLOOK, True, "")]
    reads = {rule.id: dict(_reads(rule, derived)) for rule in rules}
    for rule in rules:
        for written in _writes(rule):
            for read, strict in reads[rule.id].items():
                edges.append(_Edge(read, written, strict or written in (FINDING, OUTLOOK), rule.id))
    reachable = _reachability(edges)
    _refuse_cycles(edges, reachable)
    recursive = {kind for kind in derived if kind in reachable.get(kind, ())}
    _refuse_copies(rules, kinds, edges, reads, reachable)
    _refuse_new_values(rules, reads, reachable, recursive)
    levels = _levels(edges, derived, reachable)
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in rules:
        # what derives nothing is run at the end of the stratum in which the last of what it reads is finished
        later = bool(rule.derives)
        after = {read: later and not any(_together(read, d, reachable) for d in rule.derives) for read in reads[rule.id]}
        level = max((levels[read] + step for read, step in after.items()), default=0)
        groups.setdefault((_phase(reads[rule.id], reachable), level), []).append(rule)
    phases: tuple[list[Stratum], list[Stratum], list[Stratum]] = ([], [], [])
    for (phase, _), members in sorted(groups.items(), key=lambda item: item[0]):
        deriving = tuple(rule for rule in members if rule.derives)
        rest = tuple(rule for rule in members if not rule.derives)
        phases[phase].append(Stratum(deriving, rest, frozenset().union(*(rule.derives for rule in deriving))))
    return tuple(phases[0]), tuple(phases[1]), tuple(phases[2])


def _reads(rule: Rule, derived: set[str]) -> Iterator[tuple[str, bool]]:
    """The nodes that a rule reads, and whether each must be finished; strict ones come last, so that they win."""
    for pattern in rule.patterns:
        for node in _nodes(pattern, derived):
            yield node, node in (FINDING, OUTLOOK)
    for pattern in (*(n.pattern for n in rule.existences), *(a.pattern for a in rule.aggregates)):
        for node in _nodes(pattern, derived):
            yield node, True


def _nodes(pattern: Pattern, derived: set[str]) -> list[str]:
    if pattern.over != "fact":
        return [pattern.over]
    return [kind for kind in pattern.kinds if kind in derived]


def _writes(rule: Rule) -> set[str]:
    written = {effect.kind if isinstance(effect, Derive) else _WRITTEN[type(effect)] for effect in rule.effects}
    return written - {""}


_WRITTEN = {form.effect: str(form.writes) for form in EFFECTS.values()}


def _reachability(edges: list[_Edge]) -> dict[str, set[str]]:
    """For every node, the nodes that depend on it, directly or through others."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.read, set()).add(edge.written)
    reachable: dict[str, set[str]] = {}
    for node in after:
        found = list(after[node])
        seen = reachable[node] = set(found)
        for current in found:  # grows meanwhile
            new = after.get(current, set()) - seen
            seen |= new
            found += new
    return reachable


def _refuse_cycles(edges: list[_Edge], reachable: dict[str, set[str]]) -> None:
    for edge in edges:  # the one edge that no rule makes is on no cycle that has not another strict one
        if edge.rule and edge.strict and (edge.read == edge.written or edge.read in reachable.get(edge.written, ())):
            cycle = " -> ".join(abridged((edge.read, *_path(edges, edge.written, edge.read))))
            raise StrataError(
                edge.rule,
                f"needs '{edge.read}' finished, which depends on what this rule concludes (cycle: {cycle}); "
                "negation, aggregates, findings and the outlook can only look at what is finished",
            )


def _path(edges: list[_Edge], start: str, end: str) -> list[str]:
    """Nodes from start to end, the shortest way."""
    paths = [[start]]
    seen = {start}
    for path in paths:
        if path[-1] == end:
            return path
        for edge in edges:
            if edge.read == path[-1] and edge.written not in seen:
                seen.add(edge.written)
                paths.append([*path, edge.written])
    raise AssertionError("a cycle without a path")


def _refuse_copies(
    rules: list[Rule],
    kinds: dict[str, Kind],
    edges: list[_Edge],
    reads: dict[str, dict[str, bool]],
    reachable: dict[str, set[str]],
) -> None:
    """Within a recursion equal facts are one: else it would never end."""
    for rule in rules:
        for kind in sorted(name for name in rule.derives if kinds[name].each):
            through = next((read for read in reads[rule.id] if read == kind or read in reachable.get(kind, ())), None)
            if through is not None:
                cycle = " -> ".join((*_path(edges, kind, through), kind))
                raise StrataError(rule.id, f"'{kind}' depends on itself (cycle: {cycle}), so it cannot have `keep: each`")


def _refuse_new_values(
    rules: list[Rule], reads: dict[str, dict[str, bool]], reachable: dict[str, set[str]], recursive: set[str]
) -> None:
    """Within a recursion derived fields may only copy values: else it might never end."""
    for rule in rules:
        for effect in rule.effects:
            if not isinstance(effect, Derive) or effect.kind not in recursive:
                continue
            through = any(read in reachable[effect.kind] for read in reads[rule.id])
            if through and any(not isinstance(v, (FieldRef, Literal, type(None))) for v in effect.values):
                raise StrataError(
                    rule.id,
                    f"'{effect.kind}' depends on itself, so its fields may only copy values (name.field or a constant)",
                )


def _together(a: str, b: str, reachable: dict[str, set[str]]) -> bool:
    """Whether two kinds depend on each other, so that they grow in one stratum."""
    return a in reachable.get(b, ()) and b in reachable.get(a, ())


def _levels(edges: list[_Edge], derived: set[str], reachable: dict[str, set[str]]) -> dict[str, int]:
    """The stratum at whose end a kind is finished, counted along the edges."""
    levels = dict.fromkeys((*derived, FINDING, OUTLOOK), 0)
    steps = {(e.read, e.written): int(not _together(e.read, e.written, reachable)) for e in edges}
    changed = True
    while changed:
        changed = False
        for (read, written), step in steps.items():
            if levels[written] < levels[read] + step:
                levels[written] = levels[read] + step
                changed = True
    return levels


def _phase(reads: dict[str, bool], reachable: dict[str, set[str]]) -> int:
    """0: nothing about findings is read, directly or not; 1: findings; 2: the outlook."""
    if any(read == OUTLOOK or read in reachable.get(OUTLOOK, ()) for read in reads):
        return 2
    return int(any(read == FINDING or read in reachable[FINDING] for read in reads))
