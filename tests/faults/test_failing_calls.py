"""Calls to the system fail, one after the other: the command says so in one line, what was there stays, what is there is whole,
and the same command then does all of it."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from tests.batch.databases import in_order, rows_of
from tests.evaluate.packs import LONG

import misstep
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.once, pytest.mark.needs("time"), pytest.mark.needs("cc")]  # for all versions of Python the same

SOURCE = Path(__file__).with_name("failing_calls.c")
SORTS = {"open": errno.EACCES, "write": errno.ENOSPC, "sync": errno.EIO, "rename": errno.EIO, "unlink": errno.EACCES}
"""The sorts of calls, and the error of each."""
NEVER = 1_000_000
TABLE = "scores"
COMMANDS = {
    "parquet": "score ../log.jsonl -o scores.parquet --with findings --workers 1 --overwrite",
    "csv": "score ../log.jsonl -o scores.csv --workers 1 --overwrite",
    "lines": "score ../odd.jsonl -o scores.jsonl --with assessment --workers 1 --overwrite",
    "sqlite": f"score ../log.jsonl -o sqlite:///scores.db?table={TABLE} --workers 1 --overwrite",
    "append": "score ../log.jsonl -o scores.parquet --append --workers 1",
    "again": "score ../log.jsonl -o old.csv --workers 1 --overwrite",
    "report": "report ../scores.parquet -o report.md",
    "sample": "sample 50 -o sample.jsonl",
    "new": "new pack own",
}
OLD = "of an earlier run\n"
"""What `again` writes over."""

# A process that has everything loaded and runs commands in children. A line in: the folder, the arguments, the sort of call that
# fails, which of them, with which error, and whether all that follow fail too; a line out: whether one has failed, how many
# calls of that sort there were, and the exit code.
DRIVER = """
import ctypes, json, os, sys, tempfile
from misstep.batch.run import score
from misstep.cli import main
lib = ctypes.CDLL(None)
with tempfile.TemporaryDirectory() as folder:
    score(sys.argv[1], folder + "/scores.parquet", workers=1)
for line in sys.stdin:
    folder, arguments, sort, number, error, on = json.loads(line)
    ends, begins = os.pipe()
    if os.fork() == 0:
        os.chdir(folder)
        for stream, name in ((1, "../out"), (2, "../err")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), stream)
        sys.argv = ["misstep", *arguments]
        lib.arm(folder.encode(), sort.encode(), number, error, on)
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(begins, f"{lib.has_failed()} {lib.calls()} {code}".encode())
        os._exit(0)
    os.close(begins)
    os.wait()
    print(os.read(ends, 100).decode(), flush=True)
    os.close(ends)
"""


class Done(NamedTuple):
    """A command that has ended."""

    failed: bool
    calls: int
    code: int
    said: str


class Driver:
    """Runs commands in which a call fails."""

    def __init__(self, library: Path, log: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(log)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"LD_PRELOAD": str(library)},
        )

    def run(self, folder: Path, command: str, sort: str = "", number: int = 0, on: bool = False) -> Done:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = [str(folder), command.split(), sort, number, SORTS.get(sort, 0), int(on)]
        print(orjson.dumps(told).decode(), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline().split()
        assert line, "the command died"
        return Done(line[0] == "1", int(line[1]), int(line[2]), (folder.parent / "err").read_text("utf-8"))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read, and a folder that they write into."""
    made = tmp_path_factory.mktemp("faults")
    lines = [
        orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in sample_records(misstep.RuleBase.shipped(), 12, 5)
    ]
    (made / "log.jsonl").write_bytes(b"".join(lines))
    (made / "odd.jsonl").write_bytes(b"".join([*lines, b'{"id": "x", "facts": [{"kind": "late"}]}\n']))
    misstep.score(made / "log.jsonl", made / "scores.parquet", workers=1)
    (made / "work").mkdir()
    return made / "work"


@pytest.fixture(scope="module")
def driver(folder: Path) -> Iterator[Driver]:
    library = folder.parent / "failing_calls.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
    made = Driver(library, folder.parent / "log.jsonl")
    yield made
    made.close()


def begin(folder: Path) -> None:
    """Nothing is there but the output of an earlier run."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / "old.csv").write_text(OLD, encoding="utf-8")


def written(folder: Path) -> dict[str, object]:
    """What is there: the bytes of files, the rows of tables. What the next run goes on with is none of it."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.name == "scores.db":
            address = f"sqlite:///{path}"
            names = {str(row["name"]) for row in rows_of(address, "SELECT name FROM sqlite_master WHERE type = 'table'")}
            on_the_way = {name for name in names if "_load" in name}
            found |= {name: in_order(rows_of(address, f'SELECT * FROM "{name}"')) for name in names - on_the_way}
        elif path.is_file() and ".misstep-run" not in name and not name.startswith("scores.db"):
            found[name] = path.read_bytes()
    return found


def to_try(calls: int) -> list[tuple[int, bool]]:
    """Which calls fail, alone or with all that follow; one in the middle where minutes count."""
    every = [(number, on) for number in range(1, calls + 1) for on in (False, True)]
    return every if LONG else every[len(every) // 2 :][:1]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_call_that_fails(name: str, sort: str, folder: Path, driver: Driver) -> None:
    command = COMMANDS[name]
    begin(folder)
    whole = driver.run(folder, command, sort, NEVER)
    assert whole.code < 2, whole.said  # 1: a record could not be scored
    expected = written(folder)
    for number, on in to_try(whole.calls):
        begin(folder)
        done = driver.run(folder, command, sort, number, on)
        told = f"{sort} {number} of {whole.calls}: {done.said}"
        assert done.failed, told
        assert "Traceback" not in done.said, told
        left = written(folder)
        if done.code != whole.code:
            assert done.said.splitlines()[-1].startswith("misstep: "), told
            assert os.strerror(SORTS[sort]) in done.said or re.search("disk|readonly database|allocate memory", done.said), told
            assert len([line for line in done.said.splitlines() if line.startswith("misstep: ")]) == 1, told
            assert all(
                held == (OLD.encode() if file == "old.csv" else expected.get(file))
                for file, held in left.items()
                if held != expected.get(file)
            ), (sorted(left), told)
        else:
            assert left == expected, told
        if name == "new" and done.code == 0:
            continue  # it writes over nothing
        again = driver.run(folder, command)
        assert again.code == whole.code, told + again.said
        assert written(folder) == expected, told
        assert not [path for path in folder.rglob("*") if ".misstep-run" in path.name], told
