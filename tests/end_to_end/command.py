"""The command line as its users run it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
INTERVIEWS = FIXTURES / "interviews"
INCIDENTS = FIXTURES / "incidents"
MISSTEP = [sys.executable, "-m", "misstep"]


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "engine"), "COLUMNS": "100", "LANG": "C.UTF-8", **(extra or {})}


@dataclass(frozen=True, slots=True)
class Command:
    """Runs misstep in ``folder``; whatever happens, nobody is shown a traceback."""

    folder: Path

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Run:
        done = subprocess.run(
            [*MISSTEP, *map(str, arguments)], input=stdin, capture_output=True, cwd=self.folder, env=environment(env), check=False
        )
        run = Run(done.returncode, done.stdout, done.stderr.decode())
        assert "Traceback" not in run.err + done.stdout.decode(errors="replace")
        assert "internal error" not in run.err
        return run

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def __truediv__(self, name: str) -> Command:
        """The same in a folder of its own in this one."""
        (self.folder / name).mkdir()
        return Command(self.folder / name)


def together(runs: Mapping[str, Callable[[], Run]]) -> dict[str, Run]:
    """Many runs at once: most of the time of one goes to starting Python."""
    with ThreadPoolExecutor(4) as pool:
        futures = {name: pool.submit(run) for name, run in runs.items()}
        return {name: future.result() for name, future in futures.items()}
