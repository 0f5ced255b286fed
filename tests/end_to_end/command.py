"""The command line as its users run it: in a folder of its own, in a process whose streams and environment are its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.forked import can_fork, run_forked

from misstep.cli import main

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
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "MISSTEP_CACHE") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT / "engine"), "COLUMNS": "100", "LANG": "C.UTF-8", **(extra or {})}


def run_command(folder: Path, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Run:
    """Run misstep in a folder. ``env``: what is added to its environment."""
    if can_fork(env or {}):
        code, out, err = run_forked(arguments, folder, environment(env), stdin)
    else:
        done = subprocess.run(
            [*MISSTEP, *arguments], input=stdin, capture_output=True, cwd=folder, env=environment(env), check=False
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    return Run(code, out, err.decode())


@dataclass(frozen=True, slots=True)
class Command:
    """Runs misstep in ``folder``; whatever happens, nobody is shown a traceback."""

    folder: Path

    def __call__(self, *arguments: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Run:
        run = run_command(self.folder, *map(str, arguments), stdin=stdin, env=env)
        shown = run.err + run.raw.decode(errors="replace")
        assert "Traceback" not in shown, shown
        assert "internal error" not in run.err, run.err
        return run

    def write(self, name: str, content: str | bytes) -> Path:
        file = self.folder / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def inside(self, *arguments: str | Path, stdin: bytes = b"") -> Run:
        """The same in this process: for long tables, where starting Python would take nearly all of the time."""
        out, err = io.BytesIO(), io.BytesIO()
        streams = (io.TextIOWrapper(io.BytesIO(stdin)), io.TextIOWrapper(out), io.TextIOWrapper(err))
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, {"COLUMNS": "100"}),
            mock.patch.multiple(sys, stdin=streams[0], stdout=streams[1], stderr=streams[2]),
        ):
            try:
                main(list(map(str, arguments)))
            except SystemExit as end:
                code = end.code
            for stream in streams[1:]:
                stream.flush()
        assert isinstance(code, int)
        assert b"internal error" not in err.getvalue()
        return Run(code, out.getvalue(), err.getvalue().decode())
