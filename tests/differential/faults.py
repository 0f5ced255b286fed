"""Faults of one line, seeded in each engine: whether the differential check sees them.

``python -m tests.differential.faults python``, ``core`` or ``durable``: each fault of ``faults.yaml`` is put into a copy, and the
check is run on the copy up to the first difference. The exit code is 1 where a fault is not seen. The core is built for each, by
cargo, which costs most of a minute; ``--part 2/8`` takes every eighth from the second on.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import yaml

ROOT = Path(__file__).parents[2]
FAULTS = Path(__file__).with_name("faults.yaml")
PROGRAMS = {"python": 3_000, "core": 3_000, "durable": 1_000}
LONGEST = 3600  # seconds: a fault by which the check does not end is seen
Fault = dict[str, str]
"""``file``, ``before`` and ``after``."""


def faults(engine: str) -> list[Fault]:
    """The faults of an engine."""
    of_engine: list[Fault] = yaml.safe_load(FAULTS.read_text(encoding="utf-8"))[engine]
    return of_engine


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.faults", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("engine", choices=PROGRAMS)
    parser.add_argument("--part", default="1/1", metavar="I/N", help="every N-th fault from the I-th on")
    arguments = parser.parse_args()
    first, each = map(int, arguments.part.split("/"))
    chosen = list(enumerate(faults(arguments.engine), start=1))[first - 1 :: each]
    seen = 0
    with tempfile.TemporaryDirectory(prefix="misstep-faults-") as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "engine", copy / "engine", ignore=shutil.ignore_patterns("target", "__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        (copy / "rules").symlink_to(ROOT / "rules")
        if seen_by(copy, arguments.engine, programs=8):
            sys.exit("the check tells of a difference where there is no fault")
        for number, fault in chosen:
            started = monotonic()
            with seeded(copy, fault):
                by = seen_by(copy, arguments.engine, PROGRAMS[arguments.engine])
            seen += by != ""
            said = f"seen by {by}" if by else f"NOT SEEN: {fault['before']} -> {fault['after']}"
            print(f"{number:3} {monotonic() - started:5.0f} s  {fault['file']}: {said}", flush=True)
    print(f"figure: {seen} of {len(chosen)} faults of {arguments.engine} seen")
    return 0 if seen == len(chosen) else 1


@contextmanager
def seeded(copy: Path, fault: Fault) -> Iterator[None]:
    """A copy of the engine while it has the fault."""
    file = copy / fault["file"]
    text = file.read_text(encoding="utf-8")
    assert text.count(fault["before"]) == 1, fault
    file.write_text(text.replace(fault["before"], fault["after"]), encoding="utf-8")
    yield
    file.write_text(text, encoding="utf-8")


def seen_by(copy: Path, engine: str, programs: int) -> str:
    """Who differs from the Python engine on the first program that shows the fault; empty: nobody."""
    paths = [copy / "engine", ROOT]
    if engine == "core":
        paths.insert(0, _built(copy))
    durable = programs if engine == "durable" else 0
    command = [sys.executable, "-P", "-m", "tests.differential", "--first", "--jobs", "1"]
    command += ["--programs", str(programs), "--durable", str(durable)]
    path = os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")])
    try:
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, env=environment, cwd=copy, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return "its not coming to an end"
    said = [line for line in done.stdout.splitlines() if line.endswith(" differs")]
    if done.returncode and not said:  # a check that fails has seen nothing
        raise RuntimeError(done.stderr)
    return said[0].removesuffix(" differs") if said else ""


def _built(copy: Path) -> Path:
    """The folder with the core of the copy. It is built quickly: what it answers is compared, and not its speed."""
    profile = {"CARGO_PROFILE_DEV_OPT_LEVEL": "1", "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_PROFILE_DEV_OVERFLOW_CHECKS": "false"}
    target, folder = copy / "target", copy / "built"
    command = ["cargo", "build", "--quiet", "--manifest-path", str(copy / "engine" / "core" / "Cargo.toml")]
    subprocess.run([*command, "--target-dir", str(target)], env={**os.environ, **profile}, check=True)
    folder.mkdir(exist_ok=True)
    shutil.copy(target / "debug" / "libmisstep_core.so", folder / "misstep_core.abi3.so")
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
