"""Protocol between the engine and its worker: length-prefixed messages, and conclusions as JSON.

Facts are named by their place in the memory that was sent, and derived ones by the places after these. Rules are named
by their place in the program.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from time import monotonic
from typing import Any

from misstep.evaluate.memory import CONCLUSIONS, Match, Memory
from misstep.language.facts import Row
from misstep.language.program import Pattern, Rule

WorkerAnswer = dict[str, Any]
"""The answer of a worker as plain data."""
MOST_BYTES = 1 << 30
"""The most bytes of a message; a longer one is invalid."""


def send(stream: socket.socket, content: bytes) -> None:
    """Send one message."""
    stream.sendall(len(content).to_bytes(8, "big") + content)


def receive(stream: socket.socket, deadline: float | None = None) -> bytes:
    """The next message. Raises EOFError at the end of the stream, TimeoutError, and ValueError if it is invalid."""
    size = int.from_bytes(_receive(stream, 8, deadline), "big")
    if size > MOST_BYTES:
        raise ValueError("not a message")
    return _receive(stream, size, deadline)


def _receive(stream: socket.socket, size: int, deadline: float | None) -> bytes:
    content = bytearray()
    while len(content) < size:
        if deadline is not None:
            stream.settimeout(max(deadline - monotonic(), 1e-6))
        part = stream.recv(min(size - len(content), 1 << 20))
        if not part:
            raise EOFError
        content += part
    return bytes(content)


def facts_of(rows: dict[str, list[Row]]) -> list[tuple[str, Row]]:
    """All facts of a memory by their places, each with the key under which memory has it."""
    return [(key, row) for key, found in rows.items() for row in found]


def conclusions(memory: Memory, rules: Sequence[Rule], facts: Sequence[tuple[str, Row]], given: int) -> WorkerAnswer:
    """All conclusions in plain lists; the facts from ``given`` on are new."""
    place = {row: i for i, (_, row) in enumerate(facts)}
    number = {rule: i for i, rule in enumerate(rules)}

    def why(rule: Rule, match: Match) -> list[object]:
        taken = [place[v] if isinstance(b, Pattern) else v for b, v in zip(rule.binders, match, strict=True)]
        return [number[rule], taken]

    def plain(shape: str, value: Any) -> Any:
        if shape == "value" or value is None:
            return value
        return place[value] if shape == "mistake" else [place[row] for row in value]

    return {
        "work": memory.work,
        "facts": [row for _, row in facts[given:]],
        "derivations": [[place[row], *why(*firing)] for row, firings in memory.derivations.items() for firing in firings],
        **{
            name: [[*map(plain, shapes, conclusion), *why(*conclusion[-2:])] for conclusion in getattr(memory, name)]
            for name, (_, shapes) in CONCLUSIONS.items()
        },
    }


def conclude(answer: WorkerAnswer, memory: Memory, rules: Sequence[Rule]) -> None:
    """Add the conclusions of a worker to a memory. Raises ValueError, TypeError or LookupError if they are invalid."""
    facts = [row for _, row in facts_of(memory.rows)]
    facts += [tuple(map(_value, row)) for row in answer["facts"]]

    def why(rule: int, taken: list[Any]) -> tuple[Rule, Match]:
        binders = rules[rule].binders
        return rules[rule], tuple([facts[v] if isinstance(b, Pattern) else v for b, v in zip(binders, taken, strict=True)])

    def whole(shape: str, value: Any) -> Any:
        if shape == "value" or value is None:
            return value
        return facts[value] if shape == "mistake" else tuple([facts[place] for place in value])

    memory.work = answer["work"]
    for place, rule, taken in answer["derivations"]:
        memory.derive(facts[place], *why(rule, taken))
    for name, (type_, shapes) in CONCLUSIONS.items():
        concluded: list[tuple[Any, ...]] = getattr(memory, name)
        concluded += [type_(*map(whole, shapes, sent), *why(*sent[len(shapes) :])) for sent in answer[name]]


def _value(value: object) -> object:
    """A value of a field: sets are tuples."""
    return tuple(value) if isinstance(value, list) else value
