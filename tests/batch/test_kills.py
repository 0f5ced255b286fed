"""A run that is killed at any moment, again and again, ends with the bytes of one that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from tests.batch.databases import tables_of
from tests.evaluate.packs import LONG

import misstep
from misstep.batch.results import read_scores
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.once, pytest.mark.needs("time")]  # nothing here depends on the version of Python

KILLS = 500 if LONG else 20

# A process that has everything loaded and makes a run in a child whenever it is told to, so that most moments at which the
# child is killed are moments of the run. A line in: after how many seconds; a line out: how the child ended, and when.
DRIVER = """
import os, select, signal, sys, tempfile, time
from misstep.batch import run
run.PART_BYTES = 7_000
log, output, how, *tables = sys.argv[1:]
rules = run.RuleBase.shipped()
with tempfile.TemporaryDirectory() as folder:
    run.score(log, folder + "/scores.parquet", rules=rules, tables=tables, workers=1)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run.score(log, output, rules=rules, tables=tables, workers=1, **{how: True})
        os._exit(0)
    began = time.monotonic()
    handle = os.pidfd_open(child)
    if not select.select([handle], [], [], float(line))[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), time.monotonic() - began, flush=True)
"""


class Driver:
    """Makes runs and kills them."""

    def __init__(self, log: Path, output: str, how: str = "overwrite") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(log), output, how, "findings", "actions"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=log.parent,
        )

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, seconds: float = 60.0) -> tuple[int, float]:
        """How a run ended that was killed after some seconds, if it had not ended by itself; and how long it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(seconds, file=self._process.stdin, flush=True)
        code, took = self._process.stdout.readline().split()
        return int(code), float(took)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("log") / "log.jsonl"
    records = sample_records(misstep.RuleBase.shipped(), 100, 5)
    file.write_bytes(b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records))
    return file


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def killed_until_done(driver: Driver, took: float, chance: random.Random, is_whole: Callable[[], None]) -> int:
    """How often a run was killed until it was done. Whatever is there after a kill is whole."""
    kills = 0
    while True:
        code, _ = driver.run(chance.uniform(0.0, took))
        if code == 0:
            return kills
        assert code == -signal.SIGKILL
        is_whole()
        kills += 1
        if kills % 10 == 0:  # a machine so busy that nothing is done in the time that it once took
            took *= 2


def test_files(log: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    with Driver(log, str(tmp_path / "whole" / "scores.parquet")) as driver:
        code, took = driver.run()
    assert code == 0
    expected = bytes_below(tmp_path / "whole")
    assert len(expected) == 4
    output = tmp_path / "killed" / "scores.parquet"

    def is_whole() -> None:
        for name, content in bytes_below(tmp_path / "killed").items():
            assert ".misstep-run/" in name or name.endswith(".tmp") or content == expected[name]

    chance, kills = random.Random(7), 0
    with Driver(log, str(output)) as driver:
        while kills < KILLS:
            for file in (tmp_path / "killed").iterdir():
                file.unlink()
            kills += killed_until_done(driver, took, chance, is_whole)
            assert bytes_below(tmp_path / "killed") == expected


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_tables_of_a_database(log: Path, tmp_path: Path, system: str, request: pytest.FixtureRequest) -> None:
    address = f"sqlite:///{tmp_path}/scores.db" if system == "sqlite" else request.getfixturevalue("postgresql")
    with Driver(log, f"{address}?table=killed") as driver:
        code, took = driver.run()
    assert code == 0
    expected = tables_of(address, "killed")
    assert [len(rows) for rows in expected.values()][:1] == [100]
    chance, kills = random.Random(11), 0
    with Driver(log, f"{address}?table=killed") as driver:
        while kills < KILLS // 5:
            kills += killed_until_done(driver, took, chance, lambda: None)
            assert tables_of(address, "killed") == expected


@pytest.mark.parametrize("system", ["folder", "sqlite", "postgresql"])
def test_what_is_added_is_there_once(log: Path, tmp_path: Path, system: str, request: pytest.FixtureRequest) -> None:
    """A folder of logs, with one more each time."""
    output = {"folder": f"{tmp_path}/scores.parquet", "sqlite": f"sqlite:///{tmp_path}/scores.db?table=scores"}.get(system)
    if output is None:
        output = f"{request.getfixturevalue('postgresql')}?table=added"
    logs = tmp_path / "logs"
    logs.mkdir()
    shutil.copy(log, logs / "0.jsonl")
    chance, kills, count = random.Random(13), 0, 0

    def is_whole() -> None:
        try:
            ids = read_scores(output).to_arrow(["id"])["id"].to_pylist()
        except misstep.UsageError:  # nothing was added yet
            assert count == 0
            return
        assert len({*ids}) == len(ids) in (count, count + 100)

    with Driver(logs, output, "append") as driver:
        code, took = driver.run()
        assert code == 0
        count = 100
        while kills < KILLS // 5:
            records = sample_records(misstep.RuleBase.shipped(), count + 100, 5)
            later = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records][count:]
            (logs / f"{count}.jsonl").write_bytes(b"".join(later))
            kills += killed_until_done(driver, took, chance, is_whole)
            count += 100
            is_whole()
            assert len(read_scores(output)) == count


def test_the_command_with_its_processes(log: Path, tmp_path: Path) -> None:
    """Killed as a whole, no process of it goes on; and the same command ends it."""
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    command = [sys.executable, "-m", "misstep", "score", str(log), "--workers", "2", "--progress", "none", "-o"]
    subprocess.run([*command, str(tmp_path / "whole" / "scores.parquet")], check=True, stdout=subprocess.DEVNULL)
    run = subprocess.Popen([*command, str(tmp_path / "killed" / "scores.parquet")], stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    started: set[int] = set()
    while len(started) < 2 and run.poll() is None:  # one for the one part, and what looks after semaphores
        started |= set(map(int, children.read_text(encoding="utf-8").split()))
        time.sleep(0.01)
    run.kill()
    run.wait()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in started) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    subprocess.run([*command, str(tmp_path / "killed" / "scores.parquet")], check=True, stdout=subprocess.DEVNULL)
    assert bytes_below(tmp_path / "killed") == bytes_below(tmp_path / "whole")
