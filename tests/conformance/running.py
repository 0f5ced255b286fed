"""Run the suite: every test is given to an implementation, and what it answers is compared with what is expected."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.conformance.answering import answer, difference
from tests.conformance.suite import Json, Trial

Implementation = Callable[[list[Json]], list[Json]]
"""Answers tests, each with an object, in their order."""


class Outcome(NamedTuple):
    """A test that was asked, and how its answer differs; None: it does not."""

    name: str
    differs: str | None


def own(engine: str) -> Implementation:
    """misstep with one of its engines."""
    return lambda given: [answer(each, engine) for each in given]


def command(line: str, seconds: float = 3600) -> Implementation:
    """A program: a test a line on its standard input, an answer a line on its standard output."""

    def implementation(given: list[Json]) -> list[Json]:
        text = "".join(json.dumps(each) + "\n" for each in given)
        done = subprocess.run(shlex.split(line), input=text, stdout=subprocess.PIPE, text=True, check=False, timeout=seconds)
        lines = done.stdout.splitlines()
        answers = [_read(text) for text in lines[: len(given)]]
        return answers + [{"nothing": f"it ended with {done.returncode} before"}] * (len(given) - len(answers))

    return implementation


def _read(line: str) -> Json:
    try:
        read = json.loads(line)
    except ValueError:
        read = line
    return read if isinstance(read, dict) else {"nothing": f"not an object of JSON: {line[:60]}"}


def run(trials: Iterable[Trial], implementation: Implementation) -> Iterator[Outcome]:
    """The outcome of every test; those that are about a record are asked with its facts turned round, too."""
    asked = [(trial, given) for trial in trials for given in (trial.given, trial.turned()) if given is not None]
    answers = implementation([given for _, given in asked])
    for (trial, given), got in zip(asked, answers, strict=True):
        yield Outcome(given["name"], compare(trial.expected, got))


def compare(expected: Json, got: Json) -> str | None:
    """How an answer differs from what is expected; None if it does not."""
    if "nothing" in got:
        return str(got["nothing"])
    if "errors" in expected:
        return _compare_errors(expected, got)
    if "errors" in got:
        return f"refused: {json.dumps(got['errors'])[:300]}"
    return difference(expected, got)


def _compare_errors(expected: Json, got: Json) -> str | None:
    """Errors have no order. Where some are left out, as they are too many, those that are told are among the expected ones."""
    if "errors" not in got:
        return "not refused"
    keys = expected["errors"][0].keys()
    wanted, told = ({json.dumps({key: e.get(key) for key in keys}) for e in of["errors"]} for of in (expected, got))
    missing, more = sorted(wanted - told), sorted(told - wanted)
    if "omitted" in expected:
        missing, more = ([], []) if told & wanted else (missing, more)
    return f"not told: {missing[:3]}; told instead: {more[:3]}" if missing or more else None
