"""Mutation tests of the Python engine, linking, scoring, planning and expressions: ``python -m tests.mutants``.

A seeded sample of places in the code is changed, each by one operator of cosmic-ray, in a copy of what is committed; the tests
that reach the place are run, until one fails. cosmic-ray by itself runs all tests for every mutant, which here are minutes: so
they are chosen by coverage. What was run is kept in the folder, and a second call goes on from it. Survivors are printed; those
with a reason in ``equivalent.yaml`` change no answer, and do not count.
"""

from __future__ import annotations

import argparse
import configparser
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
PACKAGE = Path("engine/misstep")
MODULES = (
    *("evaluate/codegen.py", "evaluate/emit.py", "evaluate/memory.py", "evaluate/python_engine.py"),
    *("language/expression.py", "language/functions.py", "language/numbers.py"),
    *("rulebase/link.py", "rulebase/link_effects.py", "rulebase/link_tables.py", "rulebase/link_scale.py"),
    *("rulebase/expressions.py", "rulebase/patterns.py", "rulebase/strata.py", "rulebase/cells.py", "rulebase/coverage.py"),
    *("assessment/scoring.py", "assessment/planning.py"),
)
TESTS = ("tests/evaluate", "tests/assessment", "tests/rulebase")
LEFT_OUT = "not once and not slow and not needs"
MOST_TESTS = 40  # functions that are run for a mutant
LONGEST = 300  # seconds: tests that do not end have noticed
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
Mutant = dict[str, Any]
"""``module``, ``operator``, ``occurrence``, ``line``; once it was run, ``end``, and the line ``before`` and ``after``."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--sample", type=int, default=500, metavar="N", help="mutants [default: 500]")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="M", help="stop then, and say how far it came")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="for the copy, and for what was run [default: a new one]")
    arguments = parser.parse_args()
    deadline = monotonic() + 60 * arguments.minutes
    folder = (arguments.folder or Path(tempfile.mkdtemp(prefix="misstep-mutants-"))).resolve()
    tree = _copied(folder)
    reached = _reached(folder, tree)
    kept = folder / f"mutants-{arguments.seed}.jsonl"
    done = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    chosen = sample(tree, arguments.sample, arguments.seed)
    for mutant in chosen[len(done) :]:
        if monotonic() > deadline:
            break
        _run(tree, mutant, reached)
        done.append(mutant)
        with kept.open("a") as stream:
            stream.write(json.dumps(mutant) + "\n")
    return _report(done[: arguments.sample], len(chosen))


def _copied(folder: Path) -> Path:
    """A copy of what is committed, made once."""
    tree = folder / "tree"
    if not tree.exists():
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", "HEAD"], stdout=subprocess.PIPE, check=True).stdout
        tree.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(tree, filter="data")
    return tree


def _reached(folder: Path, tree: Path) -> dict[str, dict[str, list[str]]]:
    """By module and line: the test functions that run it. They are run once, for that."""
    file, data = folder / "reached.json", folder / "coverage"
    if not file.exists():
        config = configparser.ConfigParser()
        config["run"] = {
            "source": str(tree / PACKAGE),
            "dynamic_context": "test_function",
            "data_file": str(data),
            "core": "ctrace",
        }
        with (folder / "coverage.ini").open("w") as stream:
            config.write(stream)
        command = ["-m", "coverage", "run", f"--rcfile={folder / 'coverage.ini'}", *_pytest("-m", LEFT_OUT, *TESTS)]
        subprocess.run([sys.executable, *command], cwd=tree, env=ENVIRONMENT, check=True)
        from coverage import CoverageData

        measured = CoverageData(str(data))
        measured.read()
        found = {module: measured.contexts_by_lineno(str(tree / PACKAGE / module)) for module in MODULES}
        file.write_text(json.dumps(found))
    lines: dict[str, dict[str, list[str]]] = json.loads(file.read_text())
    return lines


def _pytest(*arguments: str) -> list[str]:
    return ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", *arguments]


def sample(tree: Path, size: int, seed: int) -> list[Mutant]:
    """So many places, in an order that a seed gives, each with one of the operators that change it."""
    dice = Random(seed)
    places: dict[tuple[str, int, int], list[Mutant]] = {}
    for module in MODULES:
        for mutant, start in _mutants_of(tree, module):
            places.setdefault((module, *start), []).append(mutant)
    chosen = [dice.choice(mutants) for mutants in places.values()]
    dice.shuffle(chosen)
    return chosen[:size]


def _mutants_of(tree: Path, module: str) -> Iterator[tuple[Mutant, tuple[int, int]]]:
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    code = get_ast((tree / PACKAGE / module).read_text())
    for name in sorted(operator_names()):
        if "BitOr" in name or get_operator(name).arguments():  # `|` stands in types alone
            continue
        operator = get_operator(name)()
        positions = [start for node in ast_nodes(code) for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(positions):
            yield {"module": module, "operator": name, "occurrence": occurrence, "line": start[0]}, start


def _run(tree: Path, mutant: Mutant, reached: dict[str, dict[str, list[str]]]) -> None:
    """Apply a mutant, run the tests that reach it, and write down how that ended."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    file = tree / PACKAGE / mutant["module"]
    code = file.read_text()
    changed = mutate_code(code, get_operator(mutant["operator"])(), mutant["occurrence"])
    pairs = [pair for pair in zip(code.splitlines(), changed.splitlines(), strict=False) if pair[0] != pair[1]]
    mutant["before"], mutant["after"] = (line.strip() for line in (pairs or [("", "")])[0])
    tests = _tests(tree, reached[mutant["module"]], mutant["line"])
    if not tests:
        mutant["end"] = "no test"
        return
    file.write_text(changed)
    try:
        command = [sys.executable, *_pytest("-m", LEFT_OUT, *tests)]
        done = subprocess.run(command, cwd=tree, env=ENVIRONMENT, capture_output=True, timeout=LONGEST, check=False)
        mutant["end"] = {0: "survived", 5: "no test"}.get(done.returncode, "killed")
    except subprocess.TimeoutExpired:
        mutant["end"] = "killed"
    finally:
        file.write_text(code)


def _tests(tree: Path, lines: dict[str, list[str]], line: int) -> list[str]:
    """The tests that run a line, or of one that runs before any test those that run most of its module; as pytest names them."""
    named = [name for name in lines.get(str(line), ()) if name]
    if not named and str(line) in lines:
        counts = Counter(name for names in lines.values() for name in names if name)
        named = [name for name, _ in counts.most_common(MOST_TESTS)]
    found = (name.rpartition(".") for name in named[:MOST_TESTS])
    files = ((module.replace(".", "/") + ".py", function) for module, _, function in found)
    return [f"{file}::{function}" for file, function in files if (tree / file).exists()]


def _report(done: list[Mutant], chosen: int) -> int:
    known = {(each["file"], each["before"], each["after"]): each["reason"] for each in yaml.safe_load(EQUIVALENT.read_text())}
    ends = Counter(mutant["end"] for mutant in done)
    for mutant in done:
        if mutant["end"] != "killed":
            reason = known.get((mutant["module"], mutant["before"], mutant["after"]), "")
            ends["equivalent"] += bool(reason)
            print(f"{mutant['module']}:{mutant['line']}: {mutant['end']}{': ' * bool(reason)}{reason}")
            print(f"  - {mutant['before']}\n  + {mutant['after']}")
    counted = len(done) - ends["equivalent"]
    share = ends["killed"] / counted if counted else 0
    unchanged = f"{ends['equivalent']} more change nothing"
    print(f"figure: {share:.1%} of {counted} mutants killed, {unchanged}; {len(done)} of {chosen} were run")
    return 0 if share >= 0.9 else 1


if __name__ == "__main__":
    raise SystemExit(main())
