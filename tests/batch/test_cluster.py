"""A run on a cluster: the same bytes as on one machine, whoever dies, and plain words where it cannot go on."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest
from tests.batch.clusters import Cluster, Network, network
from tests.end_to_end.command import Command
from tests.needs import remark

import misstep
from misstep import EngineError, InstallationError, UsageError, __version__
from misstep.batch import cluster as dask
from misstep.batch import run as running
from misstep.batch import tasks
from misstep.batch.run import Progress, RunResult, score, workers_of
from misstep.batch.score_batch import score_records
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.once, pytest.mark.needs("time")]  # nothing here depends on the version of Python

HOSTS = 3  # a scheduler and two workers
SMALL = 12_000  # bytes of a part: some twenty interviews


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PART_BYTES", SMALL)


@pytest.fixture(scope="module")
def hosts(request: pytest.FixtureRequest) -> Iterator[Network]:
    with network(HOSTS) as found:
        if found.why_plain:
            remark(request.config, f"clusters ran on the plain network, not in network namespaces: {found.why_plain}")
        yield found


@pytest.fixture
def cluster(hosts: Network, tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "cluster", hosts) as one:
        yield one


@pytest.fixture(scope="module")
def shared(hosts: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster for tests that do it no harm."""
    with Cluster(
        tmp_path_factory.mktemp("shared") / "cluster", hosts, {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    ) as one:
        one.start(HOSTS - 1)
        yield one


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 interviews in some thirty parts, one of them wrong."""
    file = tmp_path_factory.mktemp("log") / "log.jsonl"
    records = sample_records(misstep.RuleBase.shipped(), 600, 3, ["team"])
    lines = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records]
    lines[17] = b'{"id": "w", "facts": [{"kind": "late_arival"}]}\n'
    file.write_bytes(b"".join(lines))
    return file


@pytest.fixture(scope="module")
def expected(log: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process writes."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "PART_BYTES", SMALL)
        score_all(log, folder, workers=1)
    return files(folder)


def score_all(log: Path, folder: Path, **options: object) -> RunResult:
    folder.mkdir(exist_ok=True)
    given = {"keep": ["team"], "tables": ["findings", "actions"], "assessment": True, **options}
    return score(log, folder / "scores.parquet", **given)  # type: ignore[arg-type]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def once(act: Callable[[], None], after: int = 80) -> Callable[[Progress], None]:
    """Something that is done in the middle of a run."""
    acts = [act]

    def progress(progress: Progress) -> None:
        if progress.scored >= after and acts:
            acts.pop()()

    return progress


# -- the same as on one machine


def test_a_cluster_writes_the_same_bytes(shared: Cluster, log: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    outcome = score_all(log, tmp_path / "out", on=shared.url)
    assert (outcome.interviews, outcome.rejects, outcome.resumed) == (599, 1, 0)
    assert files(tmp_path / "out") == expected
    assert len(expected) == 5


def test_parts_that_the_planner_writes_reach_the_workers(
    shared: Cluster, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that can only be read from its beginning, named and written to by paths that begin here."""
    monkeypatch.chdir(tmp_path)
    Path("log.jsonl.gz").write_bytes(gzip.compress(log.read_bytes(), mtime=0))
    score("log.jsonl.gz", "alone.jsonl", keep=["team"], workers=1)
    score("log.jsonl.gz", "cluster.jsonl", keep=["team"], on=shared.url)
    assert Path("cluster.jsonl").read_bytes() == Path("alone.jsonl").read_bytes()
    assert Path("cluster.rejects.jsonl").read_bytes() == Path("alone.rejects.jsonl").read_bytes()


class Forgetful:
    """Workers whose first answer is lost, as when one dies after its work and before its word."""

    def __init__(self) -> None:
        self.tasks = 0

    def run(self, work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        for task in tasks:
            self.tasks += 1
            work(task)
            yield work(task)


def test_a_part_that_is_done_again_is_scored_once(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(log.read_bytes(), mtime=0))
    score(tmp_path / "log.jsonl.gz", tmp_path / "once.parquet", keep=["team"], workers=1)
    forgetful, scoring = Forgetful(), mock.Mock(wraps=score_records)
    monkeypatch.setattr(running, "workers_of", lambda *_: forgetful)
    monkeypatch.setattr(tasks, "score_records", scoring)
    score(tmp_path / "log.jsonl.gz", tmp_path / "twice.parquet", keep=["team"])
    assert (tmp_path / "twice.parquet").read_bytes() == (tmp_path / "once.parquet").read_bytes()
    assert scoring.call_count == forgetful.tasks > 20


def test_facts_in_rows_of_their_own(shared: Cluster, tmp_path: Path) -> None:
    rows = "".join(f"{number},late_arrival,{number % 60 + 1}\n" for number in range(600))
    (tmp_path / "log.csv").write_text("id,kind,minutes\n" + rows, encoding="utf-8")
    score(tmp_path / "log.csv", tmp_path / "alone.csv", workers=1)
    score(tmp_path / "log.csv", tmp_path / "cluster.csv", on=shared.url)
    assert (tmp_path / "cluster.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_the_command(shared: Cluster, log: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    options = ["--keep", "team", "--with", "findings", "--with", "actions", "--with", "assessment", "--on", shared.url]
    run = Command(tmp_path)("score", log, "-o", tmp_path / "out" / "scores.parquet", *options)
    assert run.code == 1
    assert run.out == f"599 interviews scored into {tmp_path}/out/scores.parquet\n"
    first, *_ = run.err.splitlines()
    assert first.startswith(f"misstep: 1 record could not be scored: see {tmp_path}/out/scores.rejects.jsonl")
    assert "distributed" not in run.err
    assert {name for name in files(tmp_path / "out") if "findings" not in name} == {n for n in expected if "findings" not in n}


def test_over_tls_as_dask_is_configured(hosts: Network, log: Path, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=misstep", "-out", certificate, "-keyout", key],
        capture_output=True,
        check=True,
    )
    comm = "DASK_DISTRIBUTED__COMM__"
    settings = {
        f"{comm}DEFAULT_SCHEME": "tls",
        f"{comm}REQUIRE_ENCRYPTION": "true",
        f"{comm}TLS__CA_FILE": str(certificate),
        **{f"{comm}TLS__{who}__CERT": str(certificate) for who in ("SCHEDULER", "WORKER", "CLIENT")},
        **{f"{comm}TLS__{who}__KEY": str(key) for who in ("SCHEDULER", "WORKER", "CLIENT")},
    }
    with Cluster(tmp_path / "cluster", hosts, settings, "tls") as cluster:
        cluster.start(1, nanny=False)
        words = ["score", str(log), "-o", "scores.csv", "--keep", "team", "--on", cluster.url]
        refused = Command(tmp_path).inside(*words)
        done = Command(tmp_path)(*words, env=settings)
    assert refused.code == 2
    assert refused.err.endswith("if it uses TLS, the configuration of Dask here must say so\n")
    assert done.out == "599 interviews scored into scores.csv\n"


# -- who dies


def test_a_worker_that_is_killed_costs_nothing(cluster: Cluster, log: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    cluster.start(HOSTS - 1, nanny=False)
    score_all(log, tmp_path / "out", on=cluster.url, progress=once(cluster.processes["worker-2"].kill))
    assert files(tmp_path / "out") == expected


def test_after_the_scheduler_has_gone_the_run_goes_on(
    cluster: Cluster, log: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    cluster.start(1, nanny=False)
    with pytest.raises(EngineError) as raised:
        score_all(log, tmp_path / "out", on=cluster.url, progress=once(cluster.processes["scheduler"].kill))
    assert str(raised.value) == (
        f"{cluster.url}: the scheduler was lost, or cannot be reached any more; scored parts are kept: once it is back, the"
        " same command resumes"
    )
    cluster.processes["worker-1"].kill()
    cluster.start(1, nanny=False)
    outcome = score_all(log, tmp_path / "out", on=cluster.url)
    assert outcome.resumed >= 80
    assert files(tmp_path / "out") == expected


def test_without_any_worker_it_does_not_wait_for_ever(
    cluster: Cluster, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "PATIENCE_SECONDS", 1.0)
    cluster.start(1, nanny=False)
    with pytest.raises(EngineError) as raised:
        score_all(log, tmp_path / "out", on=cluster.url, progress=once(cluster.processes["worker-1"].kill))
    assert str(raised.value) == (
        f"{cluster.url}: has had no workers for 1 seconds; scored parts are kept: start some (`dask worker HOST:PORT`), and the"
        " same command resumes"
    )


def kill_or_say(task: str) -> str:
    if task == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    return task


def test_what_kills_its_workers_is_named_and_others_are_done(shared: Cluster, tmp_path: Path) -> None:
    done: list[str] = []
    with pytest.raises(EngineError) as raised:
        done.extend(workers_of(shared.url, None, tmp_path).run(kill_or_say, ["a", "b", "killer", "c"]))
    assert str(raised.value) == "killer: its worker died 4 times, also when it was retried alone"
    assert sorted(done) == ["a", "b", "c"]
    assert not list(tmp_path.iterdir())


SLOW = """
import os, time
from pathlib import Path
from misstep.batch import tasks
write, here = tasks.write_part, Path(os.environ["HERE"])
def slow(table, stream, form):
    (here / "begun").touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    write(table, stream, form)
    stream.flush()
    (here / "written").touch()
tasks.write_part = slow
"""


def test_a_worker_that_was_given_up_wakes_and_does_no_harm(
    hosts: Network, log: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    with Cluster(tmp_path / "cluster", hosts, {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "1s"}) as cluster:
        cluster.start(1, nanny=False)
        cluster.start_worker(2, "--preload", str(tmp_path / "slow.py"), nanny=False, environment={"HERE": str(tmp_path)})
        cluster.wait_for(2)
        asleep = cluster.processes["worker-2"]

        def sleep() -> None:
            until = time.monotonic() + 30
            while not (tmp_path / "begun").exists():
                assert time.monotonic() < until
                time.sleep(0.01)
            asleep.signal(signal.SIGSTOP)

        score_all(log, tmp_path / "out", on=cluster.url, progress=once(sleep, after=20))
        assert files(tmp_path / "out") == expected
        (tmp_path / "go").touch()
        asleep.signal(signal.SIGCONT)
        until = time.monotonic() + 30
        while not (tmp_path / "written").exists() and asleep.popen.poll() is None:  # it ends once it finds itself given up
            assert time.monotonic() < until
            time.sleep(0.01)
        cluster.processes["scheduler"].kill()
        asleep.kill()
    assert files(tmp_path / "out") == expected


# -- what cannot go on


def refused(log: Path, folder: Path, url: str, **options: object) -> str:
    with pytest.raises(UsageError) as raised:
        score_all(log, folder / "out", on=url, **options)
    assert not (folder / "out" / "scores.parquet").exists()
    return str(raised.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("dask://127.0.0.1:1", "no Dask scheduler answers there: Connection refused"),
        ("dask://nowhere.invalid:8786", "no Dask scheduler answers there: "),
        ("dask://", "is not the URL of a cluster, dask://HOST:PORT"),
        ("dask://host:port", "is not the URL of a cluster, dask://HOST:PORT"),
        ("dask://host:8786/path", "is not the URL of a cluster, dask://HOST:PORT"),
        ("tcp://host:8786", "is not the URL of a cluster, dask://HOST:PORT"),
    ],
)
def test_a_cluster_that_is_not_there(log: Path, tmp_path: Path, url: str, said: str) -> None:
    run = Command(tmp_path).inside("score", log, "-o", "scores.parquet", "--on", url)
    assert run.code == 2
    assert run.err.startswith(f"misstep: {url}: {said}")
    assert run.err.count("\n") == 1
    assert not (tmp_path / "scores.parquet").exists()


def test_somebody_else_who_listens_there(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"dask://127.0.0.1:{silent.getsockname()[1]}"
        assert refused(log, tmp_path, url) == (
            f"{url}: no Dask scheduler answers there: it sends nothing for 0.2 seconds; if it uses TLS, the configuration of"
            " Dask here must say so"
        )


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "misstep.batch.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InstallationError) as raised:
        workers_of("dask://host", None, tmp_path)
    assert str(raised.value) == "a cluster of Dask needs distributed: pip install 'misstep[dask]'"


def test_a_number_of_processes_and_a_cluster(log: Path, tmp_path: Path) -> None:
    said = refused(log, tmp_path, "dask://127.0.0.1:1", workers=2)
    assert said == "give a number of processes or a cluster, not both; a cluster has its own workers"


def test_a_folder_that_workers_do_not_see(shared: Cluster, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = refused(log, tmp_path, shared.url, journal="/proc/self/cwd/run")  # is another folder for every process
    assert said.endswith(
        " does not see the folder /proc/self/cwd/run; what a cluster reads and writes must lie where this machine and all workers"
        " see it, under the same path"
    )
    assert said.startswith(f"{shared.url}: the worker at tcp://")


def test_an_input_that_workers_do_not_see(shared: Cluster, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(log.parent)
    said = refused(Path("/proc/self/cwd/log.jsonl"), tmp_path, shared.url)
    assert said.startswith("/proc/self/cwd/log.jsonl from row ")
    assert said.endswith(
        ": error of a worker: [Errno 2] No such file or directory: '/proc/self/cwd/log.jsonl'; what a cluster reads and writes"
        " must lie where this machine and all workers see it, under the same path"
    )


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("import sys\nsys.modules['misstep'] = None\n", " has no misstep, or not all that it needs ("),
        (
            "from misstep.batch import cluster\ncluster.__version__ = '0.0.7'\n",
            f" has misstep 0.0.7, and this machine {__version__}; they must be the same",
        ),
    ],
)
def test_a_worker_that_is_not_like_this_machine(cluster: Cluster, log: Path, tmp_path: Path, preload: str, said: str) -> None:
    """One that joins in the middle is as good as one that is there from the beginning."""
    (tmp_path / "preload.py").write_text(preload, encoding="utf-8")
    cluster.start_scheduler()
    cluster.start_worker(1, "--preload", str(tmp_path / "preload.py"), nanny=False)
    cluster.wait_for(1)
    message = refused(log, tmp_path, cluster.url)
    assert said in message
    assert "\n" not in message
