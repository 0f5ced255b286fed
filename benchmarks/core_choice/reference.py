"""The slice in Python: twenty rules of the shipped base, records for them, and the reasons that misstep gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import orjson

from misstep import RuleBase
from misstep.assessment.explain import Explainer, RecordContext, reasons_by_fact
from misstep.assessment.records import RecordReader
from misstep.errors import MisstepError
from misstep.evaluate.memory import Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program, Stratum
from misstep.limits import Limits
from misstep.tools.sample import sample_records

RULES = (
    *("late-arrival", "late-arrival.nobody-told", "late-arrival.told-ahead", "rambling.minutes", "wrong-name.accuracy"),
    *("urgency.before", "urgency.now", "urgency.since", "urgency.decision-near", "urgency.next-round"),
    *("mistake.repeated", "mistake.feared", "mistake.in-writing", "interview.formality", "interview.structured"),
    *("interview.survived", "done.apology", "missed-deadline.still-due", "wrong-document.still-due", "failed-repair.of-honesty"),
)
"""Joins, negations, an existence; curves, decimals, unknown fields."""

FOUR = orjson.dumps(
    [
        {"kind": "late_arrival", "minutes": 12, "notified": False},
        {"kind": "wrong_name", "whose": "interviewer"},
        {"kind": "bad_joke", "topic": "self", "reaction": "none_seen"},
        {"kind": "rambling", "minutes": 6},
    ]
)


class PythonSlice:
    """What the others must equal."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._limits = Limits()
        self._reader = RecordReader(program, self._limits)
        self._engine = PythonEngine(program)
        self._explainer = Explainer(program)

    def reasons(self, record: bytes) -> bytes | None:
        """The reasons of each mistake of a record, as JSON; None of a record that is wrong."""
        try:
            facts = self._reader.read_json(record)
        except MisstepError:
            return None
        memory = Memory(self._program, facts.rows, self._limits)
        self._engine.run("scoring", memory)
        found = reasons_by_fact(memory.contributions, self._explainer, RecordContext({}, facts.said))
        return orjson.dumps([{"fact": fact, "because": found[fact]} for fact in sorted(found, key=str)])


def twenty_rules() -> Program:
    """The kinds of the shipped rule base, and some of its rules."""
    whole = RuleBase.shipped().program
    rules = {name: whole.rules[name] for name in RULES}
    return replace(whole, rules=rules, scoring=(Stratum((), tuple(rules.values()), frozenset()),), judging=(), advising=())


def records(count: int) -> list[bytes]:
    return [orjson.dumps(record) for record in sample_records(RuleBase.shipped(), count)]


def mutants(seed: int, texts: list[bytes]) -> Iterator[bytes]:
    """Changed records without end: every other one in its bytes, the others in what they say."""
    rng = Random(seed)
    facts = [fact for text in texts for fact in orjson.loads(text)["facts"]]
    while True:
        yield _other_bytes(rng, texts)
        yield _other_facts(rng, texts, facts)


_PIECES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u00e9", b"\\ud800", b"\xff", b"\xc3\xa9", b"\0", b"null", b"true"]
_PIECES += [b"0", b"-0", b"-0.0", b"1e400", b"1e2", b"00", b"23.", b"9007199254740993", b"99999999999999999999", b"NaN", b" "]
_VALUES = [
    0,
    1,
    -1,
    0.5,
    1e300,
    2**53,
    2**53 + 1,
    -0.0,
    True,
    None,
    "",
    "unknown",
    "\u00e9\ud7ff\U0001f600",
    'a"b\\c\n',
    "x" * 201,
    [],
    ["email"],
]


def _other_bytes(rng: Random, texts: list[bytes]) -> bytes:
    """Some bytes are changed, cut out, doubled or put in."""
    text = bytearray(rng.choice(texts))
    for _ in range(rng.randint(1, 3)):
        at, length = rng.randrange(len(text) + 1), rng.choice((0, 1, 1, 2, 8, 40))
        match rng.randrange(4):
            case 0:
                text[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                text[at : at + length] = rng.choice(_PIECES)
            case 2:
                text[at:at] = text[at : at + length]
            case _:
                other, start = rng.choice(texts), rng.randrange(40)
                text[at : at + length] = other[start : start + rng.choice((1, 4, 20))]
    return bytes(text)


def _other_facts(rng: Random, texts: list[bytes], facts: list[dict[str, object]]) -> bytes:
    """Facts come from other records, and fields have values of others."""
    record = orjson.loads(rng.choice(texts))
    record["facts"] += rng.choices(facts, k=rng.choice((0, 1, 3, 20)))
    rng.shuffle(record["facts"])
    for _ in range(rng.randrange(3)):
        fact = rng.choice(record["facts"])
        fact[rng.choice([*fact, "id", "about"])] = rng.choice([*_VALUES, *rng.choice(facts).values()])
    return orjson.dumps(record)
