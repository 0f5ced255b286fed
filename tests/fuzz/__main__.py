"""Fuzz the doors of misstep: ``python -m tests.fuzz record --runs 100000``, another door, or ``all``.

With atheris, what new bytes reach in the code chooses what is tried next; without it, bytes are changed blindly, and the last
line says so. Each run begins with the inputs of ``fixtures/hostile/`` and of the good examples beside it. An exception that is no
error of misstep, more than two seconds or 300 MB are failures: the exit code is 1, and the input is kept in a folder that is
printed.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from random import Random
from time import monotonic

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
GOOD = {
    "record": "interviews/*.json",
    "pack": "packs/**/*.yaml",
    "mapping": "mappings/*.yaml",
    "story": "stories/*.md",
}
NAMES = ("record", "pack", "expression", "mapping", "story", "http")  # of targets.py, which is not loaded before it is watched
WORDS = {
    "record": ("kind", "late_arrival", "minutes", "facts", "id", "null", "1e999", "\\ud800", "true"),
    "pack": (
        "schema: 1\n",
        "pack: x\n",
        "kinds:",
        "rules:",
        "tables:",
        "when:",
        "fact:",
        "where:",
        "then:",
        "{",
        "}",
        "&a",
        "*a",
        "!!",
    ),
    "expression": (
        "a.n",
        "a.m",
        "a.s",
        "a.e",
        "a.t",
        " and ",
        " or ",
        "not ",
        "known(",
        "curve(",
        "len(",
        " if ",
        " else ",
        "[1:]",
        "**",
    ),
    "mapping": ("map: 1\n", "columns:", "facts:", "id:", "ignore:", "type:", "words:", "where:", "cases:"),
    "story": ("late", "minutes", "twelve", "I ", "not ", "never ", "interviewer", "\u0301", "\u202e", "."),
    "http": (
        "GET ",
        "POST ",
        "/assess",
        "/assess/batch",
        " HTTP/1.1\r\n",
        "Host: localhost\r\n",
        "Content-Length: ",
        "\r\n\r\n",
        "[]",
    ),
}
MOST_BYTES = 4_000


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with."""
    files = [*sorted((FIXTURES / "hostile" / target).glob("*"))]
    if target in GOOD:
        files += sorted(FIXTURES.glob(GOOD[target]))
    return [file.read_bytes() for file in files if file.stat().st_size <= 20_000]


def main() -> int:
    logging.disable(logging.CRITICAL)  # the service would tell of each hostile request
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=[*NAMES, "all"])
    parser.add_argument("--runs", type=int, default=10_000, metavar="N", help="inputs of each door [default: 10,000]")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)  # the process that atheris ends
    arguments = parser.parse_args()
    if arguments.watched:
        _watch(arguments.target, arguments.runs, arguments.seed)
    started, failed, watched = monotonic(), 0, find_spec("atheris") is not None
    targets = NAMES if arguments.target == "all" else [arguments.target]
    for target in targets:
        failed += not (_watched if watched else _blind)(target, arguments.runs, arguments.seed)
    how = "watching the code that they reach" if watched else "blindly, without atheris"
    seconds = monotonic() - started
    print(f"figure: {arguments.runs * len(targets):,} inputs in {seconds:.0f} s, {failed} of {len(targets)} doors fail ({how})")
    return 1 if failed else 0


# -- with atheris


def _watched(target: str, runs: int, seed: int) -> bool:
    """Fuzz in a process of its own, which the library ends; whether nothing failed."""
    command = [sys.executable, "-m", "tests.fuzz", target, "--watched", "--runs", str(runs), "--seed", str(seed)]
    return subprocess.run(command, check=False).returncode == 0


def _watch(target: str, runs: int, seed: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["misstep"]):
        from tests.fuzz.targets import DOORS, end_of, warm

    warm(target)
    folder = Path(tempfile.mkdtemp(prefix=f"misstep-fuzz-{target}-"))
    (folder / "corpus").mkdir()
    for i, data in enumerate(seeds(target)):
        (folder / "corpus" / f"seed-{i}").write_bytes(data)
    (folder / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS[target]))
    print(f"{target}: in {folder}", flush=True)
    options = [f"-atheris_runs={runs}", f"-seed={seed}", f"-max_len={MOST_BYTES}", f"-dict={folder / 'words'}"]
    options += [f"-artifact_prefix={folder}/", "-rss_limit_mb=0", "-timeout=60", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(folder / "corpus")], lambda data: end_of(DOORS[target], data) and None)
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


# -- without it


def _blind(target: str, runs: int, seed: int) -> bool:
    """Try changed inputs; whether nothing failed."""
    from tests.fuzz.targets import DOORS, Failure, end_of, warm

    warm(target)
    dice, known = Random(seed), seeds(target)
    for _ in range(runs):
        data = changed(target, known, dice)
        try:
            end_of(DOORS[target], data)
        except Failure as failure:
            file, name = tempfile.mkstemp(prefix=f"misstep-fuzz-{target}-")
            os.write(file, data)
            print(f"{target}: {failure}; the input is in {name}")
            return False
    return True


def changed(target: str, known: list[bytes], dice: Random) -> bytes:
    """One of the known inputs, or two of them joined, with a few changes."""
    data = dice.choice(known)
    if dice.random() < 0.2:
        other = dice.choice(known)
        data = data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        at, size = dice.randrange(len(data) + 1), dice.choice((0, 0, 1, 1, 2, 8, 64))
        piece = dice.choice((b"", bytes([dice.randrange(256)]), dice.choice(WORDS[target]).encode(), data[at : at + size] * 2))
        data = data[:at] + piece + data[at + size :]
    return data[:MOST_BYTES]


if __name__ == "__main__":
    raise SystemExit(main())
