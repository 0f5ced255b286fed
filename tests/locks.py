"""The lock files in ``locks/``: what each group of pyproject.toml brings, in exact versions with hashes, for every Python.

``python -m tests.locks`` writes them anew, by uv, and keeps the versions that still fit; ``--upgrade`` takes the newest ones. A
version is taken a week after it was published: a bad one is found by then, and mirrors have it. No lock names a registry, so that
it can be used with any. ``--check`` says what pyproject.toml asks for and no lock has. ``--versions FILE`` writes the versions of
all of them without hashes: constraints for what cannot be installed by hashes, as a checkout.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "locks"
LOCKS = {"test": True, "native": False, "generators": False, "engines": False, "build": False, "release": False}
"""The groups with a lock of their own; whether misstep's own dependencies are in it."""
BESIDE = ("test", "native", "generators", "engines")
"""Those that are installed into one environment, one after the other."""
PYTHONS = ("3.11", "3.12", "3.13")
AGE = "7 days"
PINNED = "the version is not pinned by =="


def write(upgrade: bool) -> None:
    """Write all lock files. Raises CalledProcessError where uv finds no versions that fit together; it says why."""
    FOLDER.mkdir(exist_ok=True)
    for name, with_package in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--no-annotate", "--no-emit-index-url"]
        command += ["--python-version", PYTHONS[0], "--exclude-newer", AGE, "--custom-compile-command", "poe lock"]
        command += ["--upgrade"] if upgrade else []
        before = BESIDE[: BESIDE.index(name)] if name in BESIDE else ()
        for other in before:
            command += ["--constraint", f"locks/{other}.txt"]
        command += ["pyproject.toml"] if with_package else []
        command += ["--group", f"pyproject.toml:{name}", "--output-file", f"locks/{name}.txt"]
        subprocess.run(command, cwd=ROOT, check=True)


def read_lock(text: str) -> Iterator[tuple[Requirement, int]]:
    """Each requirement of a lock file, with the number of its hashes. Raises ValueError at a line that is neither."""
    for entry in text.replace("\\\n", " ").splitlines():
        words = entry.partition("#")[0].split(" --hash=sha256:")
        if words[0].strip():
            yield Requirement(words[0]), len(words) - 1


def find_faults(asked: Sequence[str], lock: str) -> list[str]:
    """Requirements and the text of their lock file in; out a line for each requirement that the lock does not meet, on Linux with
    one of PYTHONS, and for each line of the lock that is not exact."""
    locked = list(read_lock(lock))
    faults = [f"{requirement}: no hash" for requirement, hashes in locked if not hashes]
    faults += [f"{requirement}: {PINNED}" for requirement, _ in locked if [s.operator for s in requirement.specifier] != ["=="]]
    faults += [f"{requirement.name}: from one place only: {requirement.url}" for requirement, _ in locked if requirement.url]
    for wanted in map(Requirement, asked):
        for python in PYTHONS:
            place = {"python_version": python, "python_full_version": f"{python}.99", "sys_platform": "linux"}
            if wanted.marker and not wanted.marker.evaluate(place):
                continue
            there = [
                str(next(iter(requirement.specifier)).version)
                for requirement, _ in locked
                if _same(requirement.name, wanted.name) and (not requirement.marker or requirement.marker.evaluate(place))
            ]
            if len(there) != 1 or there[0] not in wanted.specifier:
                faults.append(f"Python {python}: asked for is {wanted}, locked {' and '.join(there) or 'nothing'}: run poe lock")
    return faults


def check() -> list[str]:
    """What is wrong with the lock files, a line for each fault."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    package = project["project"]["dependencies"]
    faults = []
    for name, with_package in LOCKS.items():
        asked = project["dependency-groups"][name] + (package if with_package else [])
        text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
        faults += [f"locks/{name}.txt: {fault}" for fault in find_faults(asked, text)]
        faults += [f"locks/{name}.txt: names a host: {line}" for line in text.splitlines() if "://" in line or "-url" in line]
    return faults


def versions() -> str:
    """The versions of all lock files but those of builds and releases, as constraints."""
    texts = [(FOLDER / f"{name}.txt").read_text(encoding="utf-8") for name in BESIDE]
    return "".join(
        f"{line}\n" for line in dict.fromkeys(str(requirement) for text in texts for requirement, _ in read_lock(text))
    )


def _same(one: str, other: str) -> bool:
    return one.lower().replace("_", "-").replace(".", "-") == other.lower().replace("_", "-").replace(".", "-")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.locks", description="Write the lock files anew.")
    parser.add_argument("--upgrade", action="store_true", help="with the newest versions")
    parser.add_argument("--check", action="store_true", help="write nothing, and say what they lack")
    parser.add_argument(
        "--versions", type=Path, metavar="FILE", help="write nothing but their versions, as constraints, into a file"
    )
    options = parser.parse_args()
    if options.versions:
        options.versions.write_text(versions(), encoding="utf-8")
    elif not options.check:
        if find_spec("uv") is None:
            sys.exit("locks are made by uv: .venv/bin/pip install --require-hashes -r locks/release.txt")
        write(options.upgrade)
    faults = check()
    print("\n".join(faults) or f"figure: {len(LOCKS)} lock files, 0 faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
