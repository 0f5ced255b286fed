"""``python -m tests.conformance``: run the conformance suite of the rule language, see fixtures/conformance/README.md."""

from __future__ import annotations

import argparse
import json
import sys

from tests.conformance import words
from tests.conformance.answering import ENGINES, answer, engines
from tests.conformance.running import command, own, run
from tests.conformance.suite import about, suite


def main() -> int:
    """Do what the arguments ask for; 1 where an answer differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance", description="The conformance suite of the rule language."
    )
    parser.add_argument("chosen", nargs="?", default="", help="only tests whose name has this in it")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="an engine of misstep; else all that are installed")
    parser.add_argument(
        "--implementation", metavar="COMMAND", help="a program to be tested: a test a line in, an answer a line out"
    )
    parser.add_argument("--answer", action="store_true", help="be such a program: answer the tests on standard input")
    parser.add_argument("--tests", action="store_true", help="print every test, a line of JSON each, with what is expected")
    parser.add_argument("--words", action="store_true", help="count the tests of every word of the language")
    asked = parser.parse_args()
    if asked.answer:
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line), (asked.engine or ["python"])[0])), flush=True)
        return 0
    trials = [trial for trial in suite() if asked.chosen in trial.name]
    if asked.tests:
        for trial in trials:
            print(json.dumps({**trial.given, "expected": trial.expected}))
        return 0
    if asked.words:
        found = words.count(trials)
        print(words.table(found))
        return int(min(found[word] for word in words.words()) < words.LEAST)
    names = [asked.implementation] if asked.implementation else asked.engine or engines()
    if asked.implementation:
        outcomes = [(asked.implementation, outcome) for outcome in run(trials, command(asked.implementation))]
    else:  # engine by engine for each test, so that its packs are loaded once
        outcomes = [(name, outcome) for trial in trials for name in names for outcome in run([trial], own(name))]
    differ = [f"{name}: {outcome.name}: {outcome.differs}" for name, outcome in outcomes if outcome.differs is not None]
    print("\n".join([*differ, ""]), end="")
    print(f"figure: {len(trials)} tests of version {about()['version']}, on {', '.join(names)}: {len(differ)} differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
