"""Build the slice of the core in Rust and in Cython, compare both with Python, and print the figures of docs/core-choice.md.

    PYTHONPATH=engine:. python -m benchmarks.core_choice [--fuzz SECONDS] [--sanitize]

It needs cargo, a C compiler and pip, which fetches maturin and Cython; it installs nothing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Protocol
from zipfile import ZipFile

import orjson
from benchmarks.core_choice.reference import FOUR, PythonSlice, mutants, records, twenty_rules

from misstep.evaluate.export import export
from misstep.limits import Limits

HERE = Path(__file__).parent
SLICES = {"Rust": ("rust", "slice_rust", "*.rs"), "Cython": ("cython", "slice_cython", "*.pyx")}
SAMPLED, ROUNDS = 300, 15


class BuiltSlice(Protocol):
    """A slice of the core."""

    def reasons(self, record: bytes) -> bytes | None:
        """The reasons of each mistake of a record, as JSON; None where Python has to say what the record is."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core_choice", description=__doc__)
    parser.add_argument("--fuzz", type=float, default=10, help="seconds of changed records, for each slice")
    parser.add_argument(
        "--sanitize", action="store_true", help="changed records for the C of Cython under address and undefined sanitizers"
    )
    arguments = parser.parse_args()
    missing = [name for name in ("cargo", "cc") if not shutil.which(name)]
    if missing:
        sys.exit(f"core_choice: needs {' and '.join(missing)}: apt-get install build-essential, and https://rustup.rs")
    with tempfile.TemporaryDirectory() as folder:
        if os.environ.get("CORE_CHOICE_SANITIZED"):
            _fuzz_sanitized(Path(folder), arguments.fuzz)
        elif arguments.sanitize:
            _run_sanitized(arguments.fuzz)
        else:
            _compare(Path(folder), arguments.fuzz)


def _compare(folder: Path, seconds: float) -> None:
    wheels = {name: _build(HERE / source, folder) for name, (source, _, _) in SLICES.items()}
    slices = {name: _load(module, folder) for name, (_, module, _) in SLICES.items()}
    program = twenty_rules()
    python = PythonSlice(program)
    texts = records(SAMPLED)
    for name, (source, _, files) in SLICES.items():
        lines = sum(bool(line.strip()) for file in (HERE / source).rglob(files) for line in file.read_text().splitlines())
        wheel = wheels[name]
        with ZipFile(wheel) as packed:
            size = sum(each.file_size for each in packed.infolist() if each.filename.endswith(".so"))
        print(f"{name}: {lines} lines, wheel {'-'.join(wheel.stem.split('-')[2:])}, {size / 1e6:.2f} MB")
    for title, some in (("four mistakes", [FOUR]), (f"{SAMPLED} sampled records", texts)):
        _print_times(title, some, {"Python": python.reasons, **{name: slice_.reasons for name, slice_ in slices.items()}})
    for name, slice_ in slices.items():
        print(f"{name}: {_judge(texts, python, slice_)}")
        print(f"{name}, {seconds:g} s of changed records: {_fuzz(texts, python, slice_, seconds)}")


def _build(source: Path, folder: Path) -> Path:
    """The wheel of a slice, which is built in a copy, and unpacked beside it."""
    copy = folder / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("target", "build", "*.c", "*.so"))
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder / f"{source.name}-wheel"), str(copy)]
    subprocess.run(command, check=True, env={"CARGO_BUILD_JOBS": "1", **os.environ})
    (wheel,) = (folder / f"{source.name}-wheel").glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(folder)
    return wheel


def _load(module: str, folder: Path) -> BuiltSlice:
    sys.path.insert(0, str(folder))
    built: BuiltSlice = importlib.import_module(module).Slice(orjson.dumps(export(twenty_rules(), Limits())))
    return built


def _print_times(title: str, texts: Sequence[bytes], contenders: dict[str, Callable[[bytes], bytes | None]]) -> None:
    """CPU microseconds of the thread for a record, contenders in turn; the ratios are the medians over the rounds."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    repeats = max(1, 200 // len(texts))
    for _ in range(ROUNDS + 1):
        for name, run in contenders.items():
            start = time.thread_time()
            for _ in range(repeats):
                for text in texts:
                    run(text)
            times[name].append((time.thread_time() - start) / repeats / len(texts) * 1e6)
    for taken in times.values():
        del taken[0]  # what is only done once
    row = ", ".join(f"{name} {min(taken):.1f} us" for name, taken in times.items())
    ratio = median(one / other for one, other in zip(times["Cython"], times["Rust"], strict=True))
    print(f"{title}: {row}; Cython / Rust {ratio:.2f}")


def _judge(texts: Sequence[bytes], python: PythonSlice, slice_: BuiltSlice) -> str:
    found = Counter(_verdict(text, python, slice_) for text in texts)
    return f"{found['equal']} of {len(texts)} sampled records equal, {found['left']} left to Python, {found['wrong']} wrong"


def _verdict(text: bytes, python: PythonSlice, slice_: BuiltSlice) -> str:
    answer = slice_.reasons(text)
    return "left" if answer is None else "equal" if answer == python.reasons(text) else "wrong"


def _fuzz(texts: list[bytes], python: PythonSlice, slice_: BuiltSlice, seconds: float) -> str:
    end, found = time.monotonic() + seconds, Counter[str]()
    for text in mutants(1, texts):
        verdict = _verdict(text, python, slice_)
        found[verdict] += 1
        if verdict == "wrong":
            print(f"wrong: {text!r}")
        if time.monotonic() > end:
            break
    return f"{found['equal']} equal, {found['left']} left to Python, {found['wrong']} wrong"


# -- sanitizers


def _run_sanitized(seconds: float) -> None:
    """Start again with the sanitizer's library before all others."""
    library = subprocess.run(["cc", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True).stdout.strip()
    environment = {
        **os.environ,
        "CORE_CHOICE_SANITIZED": "1",
        "CFLAGS": "-fsanitize=address,undefined -fno-sanitize-recover=undefined -g",
        "ASAN_OPTIONS": "detect_leaks=0",  # Python keeps much until it ends
        "PYTHONMALLOC": "malloc",
    }
    command = [sys.executable, "-m", "benchmarks.core_choice", "--fuzz", str(seconds)]
    sys.exit(subprocess.run(command, env={**environment, "LD_PRELOAD": library}).returncode)


def _fuzz_sanitized(folder: Path, seconds: float) -> None:
    library = os.environ.pop("LD_PRELOAD")
    _build(HERE / "cython", folder)
    os.environ["LD_PRELOAD"] = library
    slice_, texts = _load("slice_cython", folder), records(SAMPLED)
    print(f"Cython under sanitizers, {seconds:g} s: {_fuzz(texts, PythonSlice(twenty_rules()), slice_, seconds)}")


if __name__ == "__main__":
    main()
