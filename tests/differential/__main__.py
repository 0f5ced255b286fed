"""Compare the core, the Python engine, durable-rules, the oracle and clingo on random programs with random records.

``python -m tests.differential --programs 20000 --durable 1000 --resume differential.jsonl``: what is not installed is left out,
and the table at the end says so. Programs are drawn by their numbers, so that a seed gives the same ones each time. The exit code
is 1 where an answer differs; the smallest program that shows it is printed then.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, process_time

from tests.differential.drawn import draw, features
from tests.differential.smaller import smaller
from tests.differential.voices import check, voices

import misstep

BLOCK = 100  # programs that a process takes at once, and that are kept together
SEED = 1_000_000_000  # programs of a seed
SIZES = (("rules", (5, 10, 15)), ("facts in a record", (1, 5, 10)))


@dataclass
class Block:
    """What was found of programs of consecutive numbers: ``counts`` of the table, and who ``differs`` by number."""

    first: int
    counts: Counter[str] = field(default_factory=Counter)
    differs: dict[int, str] = field(default_factory=dict)


def run_block(seed: int, first: int, size: int, durable_each: int, stop: bool) -> Block:
    """Compare so many programs. ``durable_each``: one of so many is asked of durable-rules too; ``stop`` at a difference."""
    gc.collect()
    gc.freeze()  # what is loaded stays
    block, started = Block(first), process_time()
    for number in range(first, first + size):
        drawn = draw(seed * SEED + number)
        checked = check(drawn, _asks_durable(number, durable_each))
        block.counts.update(checked.counts)
        block.counts.update(features(drawn))
        block.counts[_size("rules", len(drawn.program.rules))] += 1
        block.counts.update(_size("facts in a record", len(record)) for record in drawn.records)
        block.counts["programs"] += 1
        block.counts["records"] += len(drawn.records)
        if checked.differs:
            block.differs[number] = checked.differs
            if stop:
                break
    block.counts["milliseconds of CPU"] += round(1000 * (process_time() - started))
    return block


def _asks_durable(number: int, durable_each: int) -> bool:
    return durable_each > 0 and number % durable_each == 0


def _size(what: str, size: int) -> str:
    limits = dict(SIZES)[what]
    below = next((limit for limit in limits if size <= limit), None)
    return f"{what}: more than {limits[-1]}" if below is None else f"{what}: at most {below}"


def sources() -> str:
    """A digest of the code that is compared, and of what compares it: blocks of another state are not counted."""
    package, tests = Path(misstep.__file__).parent, Path(__file__).parents[1]
    files = sorted([*package.rglob("*.py"), *(tests / "evaluate").glob("*.py"), *(tests / "differential").glob("*.py")])
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--programs", type=int, default=1_000, metavar="N", help="[default: 1,000]")
    parser.add_argument("--durable", type=int, default=0, metavar="N", help="so many of them on durable-rules too, which is slow")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="J", help="processes [default: all cores]")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep what was done there, and go on from it")
    parser.add_argument("--first", action="store_true", help="stop at the first difference, and do not make it smaller")
    arguments = parser.parse_args()
    durable_each = arguments.programs // arguments.durable if arguments.durable else 0
    head = {"seed": arguments.seed, "durable_each": durable_each, "voices": list(voices()), "sources": sources()}
    done = _done(arguments.resume, head) if arguments.resume else {}
    before, started = sum(block.counts["programs"] for block in done.values()), monotonic()
    todo = [first for first in range(0, arguments.programs, BLOCK) if first not in done]
    with ProcessPoolExecutor(max(1, arguments.jobs)) as pool:
        given = [
            pool.submit(run_block, arguments.seed, at, min(BLOCK, arguments.programs - at), durable_each, arguments.first)
            for at in todo
        ]
        for future in as_completed(given):
            block = future.result()
            done[block.first] = block
            if arguments.resume:
                with arguments.resume.open("a") as stream:
                    stream.write(json.dumps(vars(block)) + "\n")
            if block.differs and arguments.first:
                pool.shutdown(cancel_futures=True)
                break
    counts = sum((block.counts for block in done.values()), Counter[str]())
    differing = {number: who for block in done.values() for number, who in block.differs.items()}
    print(table(counts))
    seconds = monotonic() - started
    speed = (counts["programs"] - before) / seconds
    cost = counts["milliseconds of CPU"] / counts["programs"]
    print(f"{speed:.1f} programs a second now; {cost:.1f} ms of CPU a program: 1,000,000 take {cost / 3.6:.1f} hours of one core")
    for number, who in sorted(differing.items())[:20]:
        print(f"program {number}: {who} differs")
    if differing and not arguments.first:
        _print_smallest(arguments.seed, differing, durable_each)
    asked = ", ".join(["python", "oracle", *head["voices"]])
    print(f"figure: {counts['programs']:,} programs, {counts['records']:,} records, {len(differing)} differ ({asked})")
    return 1 if differing else 0


def _done(file: Path, head: dict[str, object]) -> dict[int, Block]:
    """The blocks of a file; a new file begins with what they are of. Ends the command where that is something else."""
    if not file.exists():
        file.write_text(json.dumps(head) + "\n")
        return {}
    first, *lines = file.read_text().splitlines()
    if json.loads(first) != head:
        sys.exit(f"{file}: of another seed, other engines or another state of the code; name another file")
    blocks = []
    for line in lines:
        if line.endswith("}"):  # the last one may be half written
            data = json.loads(line)
            differs = {int(number): who for number, who in data["differs"].items()}
            blocks.append(Block(data["first"], Counter(data["counts"]), differs))
    return {block.first: block for block in blocks}


def table(counts: Counter[str]) -> str:
    """How many programs have what."""
    apart = ("programs", "records", "firings", "milliseconds of CPU")
    answers = {name: count for name, count in counts.items() if " of " in name and name.startswith("answers")}
    answers |= {name: count for name, count in counts.items() if name.startswith("left to")}
    sizes = {name: count for name, count in counts.items() if ":" in name and not name.startswith("tables")}
    of_rules = {name: n for name, n in counts.items() if name not in (*apart, *answers, *sizes)}
    lines = [f"{name:34}{counts[name]:12,}" for name in apart[:3]]
    lines += [f"{name:34}{count:12,}" for name, count in sorted(answers.items())]
    lines += ["", "programs with"]
    lines += [f"  {name:32}{count:12,}{count / counts['programs']:8.1%}" for name, count in sorted(of_rules.items())]
    lines += ["", "sizes", *(f"  {name:32}{sizes[name]:12,}" for name in _in_order(sizes))]
    return "\n".join(lines)


def _in_order(sizes: dict[str, int]) -> list[str]:
    def place(name: str) -> tuple[str, bool, int]:
        return name.partition(":")[0], "more" in name, int(name.rsplit(" ", 1)[1])

    return sorted(sizes, key=place)


def _print_smallest(seed: int, differing: dict[int, str], durable_each: int) -> None:
    tried = sorted(differing)[:3]
    made = [(number, smaller(draw(seed * SEED + number), _asks_durable(number, durable_each))) for number in tried]
    number, least = min(made, key=lambda each: sum(map(len, each[1].texts)))
    print(f"\nthe smallest, from program {number}, where {differing[number]} differs:")
    for text in least.texts:
        print(json.dumps(json.loads(text), indent=1))
    print(json.dumps(least.records[0]))
    if least.asp:
        print(least.asp)


if __name__ == "__main__":
    raise SystemExit(main())
