"""Try misstep with the lowest or the newest versions that pyproject.toml allows: ``python -m tests.versions lowest|newest``.

Environments are made by uv: one with the package and all extras, in which the tests of the engine are run, and one for each
extra, in which ``tests/smoke.py`` makes its main call. Lowest are the versions of what pyproject.toml itself names, on the oldest
Python; newest are those of today, not those of ``locks/``, on the newest Python. The core is left out: it is of this version.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.locks import PYTHONS
from tests.release import UV, make_environment, run_smoke
from tests.smoke import EXTRAS

ROOT = Path(__file__).parents[1]
TESTS = ("tests/evaluate", "tests/assessment", "tests/rulebase")
TESTED_WITH = ("pytest", "pytest-benchmark", "hypothesis", "jsonschema", "psutil")
RESOLUTIONS = {"lowest": ("lowest-direct", PYTHONS[0]), "newest": ("highest", PYTHONS[-1])}
"""How uv chooses, and the Python."""


def make_extremes(folder: Path, which: str, extras: Sequence[str]) -> Path:
    """An environment with misstep, these extras, and the lowest or newest versions. Raises CalledProcessError."""
    resolution, python = RESOLUTIONS[which]
    named = [word for extra in extras for word in ("--extra", extra)]
    asked = ["--resolution", resolution, "--requirements", str(ROOT / "pyproject.toml"), *named]
    inside = make_environment(folder, asked, python)
    subprocess.run([*UV, "pip", "install", "--python", str(inside), "--no-deps", str(ROOT)], check=True)
    return inside


def run_tests(inside: Path, work: Path) -> bool:
    """Run the tests of the engine in an environment, and leave the versions in it as they are; whether they passed."""
    frozen = subprocess.run([*UV, "pip", "freeze", "--python", str(inside)], stdout=subprocess.PIPE, text=True, check=True).stdout
    constraints = work / "frozen.txt"
    constraints.write_text("".join(f"{line}\n" for line in frozen.splitlines() if "==" in line), encoding="utf-8")
    subprocess.run([*UV, "pip", "install", "--python", str(inside), "--constraint", str(constraints), *TESTED_WITH], check=True)
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT)])}
    command = [str(inside), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not once and not slow", *TESTS]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description="Try the lowest or the newest versions.")
    parser.add_argument("which", choices=RESOLUTIONS)
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="try these alone, and run no tests; default: all")
    options = parser.parse_args()
    extras = options.extras or [name for name in EXTRAS if name != "core"]
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="misstep-versions-") as folder:
        work = Path(folder)
        for extra in extras:
            try:
                inside = make_extremes(work / extra, options.which, (*EXTRAS[extra].beside, extra))
            except subprocess.CalledProcessError:
                print(f"FAILED install {extra}", flush=True)
                failed.append(extra)
            else:
                failed += [] if run_smoke(inside, work / f"in-{extra}", "works", extra) else [extra]
        if not options.extras and not run_tests(make_extremes(work / "all", options.which, extras), work):
            failed.append("tests")
    said = f"{options.which} versions on Python {RESOLUTIONS[options.which][1]}, {len(extras)} extras"
    print(f"figure: {said}, {len(failed)} failed {' '.join(failed)}".rstrip())
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
