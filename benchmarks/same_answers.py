"""Compare the answers of two revisions of misstep through all its doors: ``python -m benchmarks.same_answers OLD [NEW]``.

OLD and NEW are revisions of git; NEW is the working tree unless given. Both get the rules (see ``--rules``) and the
fixtures of NEW, and one log that OLD made up. The exit code is 1 where an answer differs, 2 where a door of either fails.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson
from benchmarks.answers import DOORS
from benchmarks.revisions import environment, start, two_trees

MASKED: dict[str, re.Pattern[str]] = {
    "the digest of the rules": re.compile(r"sha256:[0-9a-f]{12,64}"),
    "the version of misstep": re.compile(r'(?<="misstep": ")[^"]+|(?<="misstep":")[^"]+'),
    "seconds that something took": re.compile(r'(?<="seconds": )[\d.e-]+|(?<="seconds":)[\d.e-]+'),
    "the folder of the revision": re.compile(r"(?<=/misstep-two-)\w+/(?:old|new)\b"),
}
"""Where two answers may differ, and how it is found in them."""
SHOWN = 12  # lines of a difference
Answer = tuple[str, str, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_answers", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW", nargs="?")
    parser.add_argument("--records", type=int, default=10_000, metavar="N", help="how many the log has [default: 10,000]")
    parser.add_argument("--door", action="append", choices=DOORS, metavar="DOOR", help=f"{', '.join(DOORS)}; may be repeated")
    parser.add_argument("--rules", choices=["new", "old", "own"], default="new", help="whose rules both get [default: new]")
    arguments = parser.parse_args()
    doors = list(arguments.door or DOORS)
    with two_trees(arguments.old, arguments.new, arguments.rules) as trees:
        log = trees[0].parent / "log.jsonl"
        sample = ["misstep", "sample", str(arguments.records), "-o", str(log)]
        subprocess.run([sys.executable, "-P", "-m", *sample], env=environment(trees[0]), check=True)
        script = Path(__file__).with_name("answers.py")
        processes = [start(script, tree, str(trees[1]), str(log), str(tree / "scratch"), *doors) for tree in trees]
        same = compare(doors, _answers(processes[0]), _answers(processes[1]))
        for process in processes:  # one that is still writing ends, where the comparison has stopped early
            assert process.stdout is not None
            process.stdout.close()
        codes = [process.wait() for process in processes]
    print("masked:", "; ".join(MASKED))
    return 2 if any(codes) else 0 if same else 1


def compare(doors: list[str], old: Iterator[Answer], new: Iterator[Answer]) -> bool:
    """Print how many answers differ by door, and the first difference of each; True if none does."""
    count: Counter[str] = Counter()
    differ: Counter[str] = Counter()
    first: dict[str, str] = {}
    for one, other in zip_longest(old, new):
        door, name, _ = one or other
        count[door] += 1
        if one != other and not equal_when_masked(one, other):
            differ[door] += 1
            first.setdefault(door, f"{name}: {difference(one, other)}")
            if one is None or other is None or one[:2] != other[:2]:
                break  # the rest is about other inputs
    for door in doors:
        print(f"{door:28} {count[door]:7,} answers {differ[door]:7,} differ")
        if door in first:
            print("    " + first[door].replace("\n", "\n    "))
    return not differ


def equal_when_masked(one: Answer | None, other: Answer | None) -> bool:
    """Whether two answers to one input differ only where they may."""
    return one is not None and other is not None and one[:2] == other[:2] and masked(one[2]) == masked(other[2])


def difference(old: Answer | None, new: Answer | None) -> str:
    """The first difference of two answers in a few lines, with its place if they are JSON."""
    if old is None or new is None:
        return f"only {'new' if old is None else 'old'} answers"
    if old[:2] != new[:2]:
        return f"old answers {' '.join(old[:2])}, new answers {' '.join(new[:2])}"
    before, after = masked(old[2]), masked(new[2])
    texts = [text.partition("\n")[2] if text.startswith("status ") else text for text in (before, after)]
    try:
        place = _place(*map(json.loads, texts))
    except ValueError:
        place = None
    if place is not None:
        return "at {}\n- {}\n+ {}".format(*place)
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), "old", "new", lineterm="", n=1))
    return "\n".join(["", *lines[2 : 2 + SHOWN]]) if lines else "only the ends of lines differ"


def _place(old: Any, new: Any, path: str = "") -> tuple[str, str, str] | None:
    """JSON pointer of the first difference, and both values there; None where there is none but in the bytes."""
    if isinstance(old, dict) and isinstance(new, dict):
        if list(old) != list(new):
            return f"the keys of '{path}'", json.dumps(list(old)), json.dumps(list(new))
        pairs = [(key, old[key], new[key]) for key in old]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = [(str(i), *both) for i, both in enumerate(zip(old, new, strict=True))]
    elif type(old) is type(new) and old == new:
        return None
    else:
        return path, json.dumps(old, ensure_ascii=False)[:500], json.dumps(new, ensure_ascii=False)[:500]
    return next(filter(None, (_place(a, b, f"{path}/{key}") for key, a, b in pairs)), None)


def masked(text: str) -> str:
    """A text without what two revisions may say differently."""
    for name, pattern in MASKED.items():
        text = pattern.sub(f"<{name}>", text)
    return text


def _answers(process: subprocess.Popen[bytes]) -> Iterator[Answer]:
    assert process.stdout is not None
    for line in process.stdout:
        door, name, text = orjson.loads(line)
        yield door, name, text


if __name__ == "__main__":
    raise SystemExit(main())
