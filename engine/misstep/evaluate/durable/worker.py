"""The worker process: reads a program and requests from a socket, and answers with conclusions.

It uses the C module of durable-rules, which is the whole engine, and not the layer in Python above it: that one starts
two threads that cannot be stopped, drops what an action raises, and stops firing for good after ten seconds.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Any

from misstep.errors import BudgetError
from misstep.evaluate.codegen import Generated, generate
from misstep.evaluate.durable.network import PRIME, START, ClashFree, Ruleset, Tokens, rulesets
from misstep.evaluate.durable.wire import WorkerAnswer, conclusions, facts_of, receive, send
from misstep.evaluate.memory import Match, Memory, extent_of
from misstep.language.facts import KIND, Row
from misstep.language.program import OUTLOOK, Pattern, Program, Rule
from misstep.limits import Limits

MOST_MEMORY = 2 << 30
"""Bytes: matches of patterns that nothing joins can be more than there is room for."""
TAKEN, NOT_TAKEN = 0, 1
"""Return codes of the library: a pattern took the fact, or none did."""


class Network:
    """The rules of one program in durable-rules; each ruleset is made when it is first needed."""

    def __init__(self, program: Program, durable: Any) -> None:
        self.program = program
        self.durable = durable
        self.numbers = ClashFree()
        self.rules = tuple(program.rules.values())
        self.derived = frozenset(name for name, kind in program.kinds.items() if kind.role == "derived")
        self.phases = {
            phase: [
                (stratum.kinds, rulesets(stratum.deriving, program.kinds), rulesets(stratum.rest, program.kinds))
                for stratum in getattr(program, phase)
            ]
            for phase in ("scoring", "judging", "advising")
        }
        self.handles: dict[Ruleset, int] = {}
        self.functions: dict[Rule, Generated] = {}

    def handle(self, ruleset: Ruleset) -> int:
        """The library's number of a ruleset.

        A new one fires once before it is used: the library only initialises all of a session when an action starts in
        it, and frees what it has not initialised when a session ends before that.
        """
        if ruleset not in self.handles:
            handle: int = self.durable.create_ruleset(f"s{len(self.handles)}", json.dumps(ruleset.definition))
            _, session = self.durable.assert_fact(handle, PRIME)
            self.durable.start_action_for_state(handle, session)
            self.durable.complete_and_start_action(handle, session)
            self.durable.delete_state(handle, None)
            self.handles[ruleset] = handle
        return self.handles[ruleset]

    def function(self, rule: Rule) -> Generated:
        """The function of a rule: it judges a match in full, and applies all effects."""
        if rule not in self.functions:
            self.functions[rule] = generate(rule, self.program.kinds)
        return self.functions[rule]


class RequestMemory(Memory):
    """The memory of one request; derived facts are asserted in the rulesets that are running."""

    __slots__ = ("facts", "given", "stage")

    def __init__(self, program: Program, rows: dict[str, list[Row]], limits: Limits, derived: frozenset[str]) -> None:
        super().__init__(program, rows, limits)
        self.facts = facts_of(rows)
        self.given = len(self.facts)
        self.derivations = {row: [] for key, row in self.facts if key in derived}
        self.stage: Stage | None = None

    def derive(self, row: Row, rule: Rule, match: Match) -> Row | None:
        """Conclude a fact, and assert it in the library if it is new."""
        new = super().derive(row, rule, match)
        if new is not None:
            self.facts.append((row[KIND], row))
            assert self.stage is not None
            self.stage.assert_everywhere(len(self.facts) - 1)
        return new


class Stage:
    """Rulesets that run together on all facts, derived ones included."""

    def __init__(self, network: Network, record: RequestMemory, tokens: Tokens, together: Iterable[Ruleset]) -> None:
        self.network = network
        self.durable = network.durable
        self.record = record
        self.tokens = tokens
        self.together = tuple(together)
        self.sessions: dict[Ruleset, int] = {}
        self.taken = dict.fromkeys(self.together, 0)
        self.due: list[Ruleset] = []
        self.extents: dict[str, list[Row]] = {}

    def run(self) -> None:
        """Assert all facts, and fire every match once."""
        self.record.stage = self
        try:
            for ruleset in self.together:
                if ruleset.starts:
                    self._assert(ruleset, START)
            for place in range(len(self.record.facts)):
                self.assert_everywhere(place)
                self._fire_all()
            self._fire_all()
            self._count()
        finally:
            for ruleset in self.sessions:
                self.durable.delete_state(self.network.handle(ruleset), None)

    def assert_everywhere(self, place: int) -> None:
        """Assert a fact in all rulesets that have a pattern for it; its matches fire later."""
        key, row = self.record.facts[place]
        for ruleset in self.together:
            text = ruleset.fact(key, row, self.network.numbers[place], self.tokens)
            if text is not None:
                self._assert(ruleset, text)

    def _assert(self, ruleset: Ruleset, text: str) -> None:
        answer, session = self.durable.assert_fact(self.network.handle(ruleset), text)
        self.sessions[ruleset] = session
        if answer not in (TAKEN, NOT_TAKEN):
            raise RuntimeError("a fact was refused")
        self.taken[ruleset] += answer == TAKEN
        self.due.append(ruleset)

    def _fire_all(self) -> None:
        while self.due:
            ruleset = self.due.pop()
            handle, session = self.network.handle(ruleset), self.sessions[ruleset]
            started = self.durable.start_action_for_state(handle, session)
            match = started and started[1]
            while match:
                ((name, facts),) = json.loads(match).items()
                self._fire(ruleset.rules[int(name[1:])], facts)
                match = self.durable.complete_and_start_action(handle, session)

    def _fire(self, rule: Rule, facts: dict[str, dict[str, int]]) -> None:
        """Let the function of a rule judge one match: each pattern of ``when`` has one fact to take."""
        self.record.spend(1 + len(rule.patterns), rule)
        function = self.network.function(rule)
        places = [self.network.numbers.place(facts[f"f{i}"]["id"]) for i in range(len(rule.patterns))]
        bound = {pattern.name: self.record.facts[place][1] for pattern, place in zip(rule.patterns, places, strict=True)}
        sources = {
            key: [bound[pattern.name]] if pattern.name in bound else self._extent(pattern)
            for key, pattern in function.patterns.items()
        }
        function.fire(self.record, sources)
        kept = {id(rows) for rows in self.extents.values()}  # other indexes are over facts that were chosen for this match
        for index in [index for index in self.record.indexes if index[0] not in kept]:
            del self.record.indexes[index]

    def _extent(self, pattern: Pattern) -> list[Row]:
        """All facts of a pattern of a negation or aggregate; they are complete when the rule is run."""
        if pattern.key not in self.extents:
            self.extents[pattern.key] = extent_of(self.record.rows, pattern.over, pattern.kinds)
        return self.extents[pattern.key]

    def _count(self) -> None:
        """The library must hold exactly the facts that it took."""
        for ruleset in self.sessions:
            held = json.loads(self.durable.get_facts(self.network.handle(ruleset), None))
            if len(held) != self.taken[ruleset]:
                raise RuntimeError("facts were lost")


def run(network: Network, phase: str, record: RequestMemory) -> None:
    """Run the strata of a phase."""
    tokens = Tokens(network.numbers)
    for growing, deriving, rest in network.phases[phase]:
        present = frozenset(kind for kind, rows in record.rows.items() if rows)
        wanted = [ruleset for ruleset in deriving if ruleset.wanted(present | growing, OUTLOOK in present)]
        if wanted:
            Stage(network, record, tokens, wanted).run()
            present |= growing
        for ruleset in rest:
            if ruleset.wanted(present, OUTLOOK in present):
                Stage(network, record, tokens, [ruleset]).run()


def answer(network: Network, request: bytes) -> WorkerAnswer:
    """The conclusions of a request, or its error, which holds no values of facts."""
    phase, rows, work, limits, seconds = pickle.loads(request)  # noqa: S301 - from the process that started this one
    record = RequestMemory(network.program, rows, limits, network.derived)
    record.work = work
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)  # ends this process, should the other be gone by then
    try:
        run(network, phase, record)
    except BudgetError as error:
        return {"budget": str(error)}
    except Exception as error:
        return {"failed": type(error).__name__}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return conclusions(record, network.rules, record.facts, record.given)


def main() -> None:
    """Serve the process that started this one until it closes the socket, which is where input comes from."""
    stream = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY if most < 0 else min(MOST_MEMORY, most), most))
    try:
        durable = _durable()
    except ImportError as error:
        send(stream, json.dumps({"missing": str(error)}).encode())
        return
    network = Network(pickle.loads(receive(stream)), durable)  # noqa: S301 - as above
    send(stream, b"{}")
    while True:
        try:
            request = receive(stream)
        except EOFError:
            return
        send(stream, json.dumps(answer(network, request)).encode())


def _durable() -> Any:
    """The library. It is loaded with lazy binding: on Python 3.13 a symbol of an unused function is missing."""
    if hasattr(sys, "setdlopenflags"):
        sys.setdlopenflags(os.RTLD_LAZY)
    return import_module("durable_rules_engine")
