"""Two revisions of misstep side by side: checked out into a temporary folder, each run by a process of its own.

The rules of both are those of the new one, so that what differs is the code, unless each is to have its own. Scripts that run
there use public names only.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("engine", "rules", "fixtures/interviews", "fixtures/stories", "fixtures/incidents", "pyproject.toml")
CASES = ("fixtures/cases/dev.jsonl", "fixtures/cases/quiet.jsonl")
"""The parts of a revision that are checked out. Rules outside of the package are only found beside a pyproject.toml."""


@contextmanager
def two_trees(old: str, new: str | None, rules: str = "new") -> Iterator[tuple[Path, Path]]:
    """Folders of the old and the new revision; None: the working tree. Their paths have the same length.

    ``rules``: whose rules both get, those of the "old" or the "new" one, or each its "own".
    """
    with tempfile.TemporaryDirectory(prefix="misstep-two-") as folder:
        trees = Path(folder) / "old", Path(folder) / "new"
        _check_out(old, trees[0])
        if new is None:
            for part in PARTS + CASES:
                _copy(ROOT / part, trees[1] / part)
        else:
            _check_out(new, trees[1])
        if rules != "own":
            giver, taker = trees if rules == "old" else (trees[1], trees[0])
            shutil.rmtree(taker / "rules")
            _copy(giver / "rules", taker / "rules")
        yield trees


def environment(tree: Path) -> dict[str, str]:
    """The variables for a process that imports misstep from a tree, with a cache of its own."""
    return {
        **os.environ,
        "PYTHONPATH": str(tree / "engine"),
        "PYTHONHASHSEED": "0",
        "MISSTEP_CACHE": str(tree / "cache"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
    }


def start(script: Path, tree: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a script on the misstep of a tree, with pipes for its input and output."""
    command = [sys.executable, "-P", str(script), *arguments]
    return subprocess.Popen(command, env=environment(tree), cwd=tree, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _check_out(revision: str, tree: Path) -> None:
    if revision.startswith("-"):
        raise SystemExit(f"'{revision}' is not a revision")
    command = ["git", "-C", str(ROOT), "archive", revision, "--", *PARTS, *CASES]
    archive = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if archive.returncode:
        raise SystemExit(f"git cannot check out '{revision}'")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
