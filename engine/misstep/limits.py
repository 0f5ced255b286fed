"""Resource limits for rule bases and records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of rule bases and records; all can be raised.

    ``work``: facts looked at while rules are run on one record. ``derived``: derived facts of one record.
    ``alternatives``: facts assessed in all where changes of a record are tried: a record of five may be changed 4,000 times.
    ``certainty``: the same where answers to open fields are tried: a record of five may be assessed 10,000 times.
    ``story``: characters of a text that is read for facts.
    ``engine_seconds``: how long the engine 'durable' is waited for, at each of the three times that it is asked.
    """

    pack_bytes: int = 1_000_000
    packs: int = 500
    rules: int = 5_000
    patterns: int = 8
    record_bytes: int = 1_000_000
    facts: int = 1_000
    work: int = 1_000_000
    derived: int = 10_000
    alternatives: int = 20_000
    certainty: int = 50_000
    story: int = 100_000
    engine_seconds: float = 10.0
    problems: int = 20
