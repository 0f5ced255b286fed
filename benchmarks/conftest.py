"""Records of every size, and the shipped rule base; the table of peers at the end."""

from __future__ import annotations

import random
from typing import Any

import pytest
from benchmarks.peers.report import ROWS, finished, save
from benchmarks.peers.table import render
from tests import needs

from misstep import RuleBase

FOUR: list[dict[str, Any]] = [
    {"kind": "late_arrival", "minutes": 12, "notified": False},
    {"kind": "wrong_name", "whose": "interviewer"},
    {"kind": "bad_joke", "topic": "self", "reaction": "none_seen"},
    {"kind": "rambling", "minutes": 6},
]


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "keep the comparison with peers in benchmarks/: peers.json, peers.svg and the table in README.md"
    parser.addoption("--save-peers", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    needs.register(config)
    config.stash[ROWS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    run = finished(config)
    if run is not None:
        terminalreporter.section("peers")
        terminalreporter.write_line(render(run))
        if config.getoption("--save-peers"):
            terminalreporter.write_line(save(run))


@pytest.fixture(scope="session")
def shipped() -> RuleBase:
    return RuleBase.shipped()


def mistakes(rulebase: RuleBase, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """So many mistakes of all kinds, with their fields at random where a field is a word or a yes and no."""
    rng = random.Random(seed)
    kinds = [kind for kind in rulebase.kinds.values() if kind.role == "mistake"]
    facts = []
    for _ in range(count):
        kind = rng.choice(kinds)
        fact: dict[str, Any] = {"kind": kind.name}
        for field in kind.fields:
            if rng.random() < 0.3 and field.type == "enum":
                fact[field.name] = rng.choice(field.values)
            elif rng.random() < 0.3 and field.type == "boolean":
                fact[field.name] = rng.random() < 0.5
        facts.append(fact)
    return facts
