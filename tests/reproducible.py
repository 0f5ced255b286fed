"""Build the wheels twice, in two folders at two times, and compare their bytes: ``python -m tests.reproducible [--core]``.

``--core``: the wheel of misstep-core too, which takes minutes and needs cargo. ``--outdir DIST``: what was built first is left
there. The time in a wheel is that of SOURCE_DATE_EPOCH, else one that never changes; the files of the second folder are a day
older. The sdist is compared too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "dist", "target", "*.so")
PLACES = ("a", "another/folder")
NEVER_CHANGES = "1580601600"
"""Seconds since 1970. It is what hatchling takes; C that is compiled into the core would say when that was."""


def copy_checkout(folder: Path, age: int) -> None:
    """Copy what a wheel is built from; every file is so many seconds older than now."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    now = folder.stat().st_mtime
    for path in folder.rglob("*"):
        os.utime(path, (now - age, now - age))


def build(checkout: Path, dist: Path, core: bool) -> dict[str, str]:
    """Build a copy of the checkout; the SHA-256 of each file, by its name."""
    python = [sys.executable, "-m"]
    env = {"SOURCE_DATE_EPOCH": NEVER_CHANGES, **os.environ, "CARGO_TARGET_DIR": str(checkout / "target")}
    commands = [[*python, "build", "--outdir", str(dist), str(checkout)]]
    if core:
        commands.append([*python, "pip", "wheel", "--quiet", "--no-deps", "-w", str(dist), str(checkout / "engine" / "core")])
    for command in commands:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(dist.iterdir())}


def compare(core: bool, outdir: Path | None) -> tuple[dict[str, str], list[str]]:
    """Build twice; what was built first, and the names of files that are not the same."""
    with tempfile.TemporaryDirectory(prefix="misstep-built-") as work:
        built = []
        for number, place in enumerate(PLACES):
            checkout = Path(work) / place / "misstep"
            copy_checkout(checkout, number * 86_400)
            built.append(build(checkout, Path(work) / f"dist{number}", core))
        if outdir:
            shutil.copytree(Path(work) / "dist0", outdir, dirs_exist_ok=True)
    first, second = built
    return first, sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reproducible", description="Build twice, and compare.")
    parser.add_argument("--core", action="store_true", help="the core in Rust too")
    parser.add_argument("--outdir", type=Path, metavar="DIST", help="where to leave what was built first")
    options = parser.parse_args()
    first, differ = compare(options.core, options.outdir)
    for name, digest in first.items():
        print(f"{'differs' if name in differ else digest[:16]}  {name}")
    print(f"figure: {len(first)} files built twice, {len(differ)} differ")
    sys.exit(bool(differ))


if __name__ == "__main__":
    main()
