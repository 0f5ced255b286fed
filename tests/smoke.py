"""The main call of each extra, and what is said where it is missing.

It is run as a file, by the Python of an environment with misstep and nothing of a checkout: ``python smoke.py works EXTRA``
where the extra is installed, ``python smoke.py missing EXTRA`` where it is not, ``python smoke.py works -`` for misstep alone. It
writes into the working folder. Nothing but misstep is imported before the call asks for it.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FACTS = [{"kind": "late_arrival", "minutes": 12}]
MISSTEP = [sys.executable, "-m", "misstep"]


@dataclass(frozen=True)
class Extra:
    """An extra. ``beside``: the other extras that its main call needs; ``works`` makes the call; ``asks`` asks for it where it is
    missing: a command of misstep, or Python that raises the error."""

    works: Callable[[], None]
    asks: list[str] | str
    beside: tuple[str, ...] = ()


def run(*words: str, code: int = 0) -> str:
    """What ``misstep`` with these words prints; it must end with this exit code."""
    done = subprocess.run([*MISSTEP, *words], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, (words, done.returncode, done.stderr)
    return done.stdout + done.stderr


def make_log() -> None:
    """A log of 20 interviews, and its scores."""
    Path("log.jsonl").write_text(run("sample", "20", "-o", "-"), encoding="utf-8")


def score(*words: str) -> None:
    run("score", *words, "--overwrite")


def alone() -> None:
    """misstep without extras: an answer, by the library and the command; a kind, a schema."""
    import misstep

    Path("record.json").write_text(json.dumps({"facts": FACTS}), encoding="utf-8")
    answer = json.loads(run("assess", "record.json", "--output", "json"))
    assert answer == json.loads(misstep.assess_json(json.dumps(FACTS).encode()))
    assert answer["findings"]
    assert f"misstep {misstep.__version__}\n" in run("--version")
    assert "minutes" in run("kinds", "late_arrival")
    assert json.loads(run("schema", "record"))


def batch() -> None:
    import misstep

    make_log()
    score("log.jsonl", "-o", "scores.parquet")
    score("log.jsonl", "-o", "scores.csv")
    score("log.jsonl", "-o", "sqlite:///scores.db?table=scores")
    score("sqlite:///scores.db?query=SELECT id, '[]' AS facts FROM scores", "-o", "again.jsonl")
    assert misstep.read_scores("scores.parquet").summary.interviews == 20
    import duckdb

    duckdb.connect("log.duckdb").execute("CREATE TABLE log AS SELECT * FROM read_json_auto('log.jsonl')").close()
    score("duckdb:///log.duckdb?table=log", "-o", "from_duckdb.jsonl")


def excel() -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["id", "facts"], ["a", json.dumps(FACTS)]):
        book.active.append(row)
    book.save("log.xlsx")
    score("log.xlsx", "-o", "from_excel.jsonl")
    assert len(Path("from_excel.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def dask() -> None:
    from distributed import LocalCluster

    make_log()
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.removeprefix("tcp://")
        score(str(Path("log.jsonl").absolute()), "-o", str(Path("from_dask.parquet").absolute()), "--on", f"dask://{address}")


def storage() -> None:
    make_log()
    score(Path("log.jsonl").absolute().as_uri(), "-o", "stored.parquet")  # fsspec has a storage of files, too
    assert Path("stored.parquet").stat().st_size


def frames(name: str) -> Callable[[], None]:
    def call() -> None:
        import misstep

        make_log()
        score("log.jsonl", "-o", "scores.parquet")
        assert len(getattr(misstep.read_scores("scores.parquet"), f"to_{name}")()) == 20

    return call


def report() -> None:
    make_log()
    score("log.jsonl", "-o", "scores.parquet")
    run("report", "scores.parquet", "-o", "report.html")
    assert "<svg" in Path("report.html").read_text(encoding="utf-8")


def docs() -> None:
    run("new", "base", "small")
    run("docs", "build", "small.yaml", "-o", "site")
    assert Path("site/index.html").exists()


def durable() -> None:
    import misstep

    rules = misstep.RuleBase.shipped()
    assert rules.assess(FACTS, "durable") == rules.assess(FACTS, "python")


def core() -> None:
    import misstep

    rules, record = misstep.RuleBase.shipped(), json.dumps(FACTS).encode()
    assert rules.core is not None
    assert "engine: core" in run("--version")
    assert rules.assess_json(record, "core") == rules.assess_json(record, "python")


@contextmanager
def service(*words: str) -> Any:
    """The URL of ``misstep serve``."""
    process = subprocess.Popen([*MISSTEP, "serve", "--port", "0", *words], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        lines = map(json.loads, process.stderr)
        yield next(line["url"] for line in lines if "url" in line)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def serve(*words: str) -> None:
    import urllib.request

    import misstep

    with service(*words) as url:
        asked = urllib.request.Request(f"{url}/assess", json.dumps(FACTS).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.read() == misstep.assess_json(json.dumps(FACTS).encode())
        with urllib.request.urlopen(f"{url}/", timeout=60) as page:
            assert b"<form" in page.read()


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers as the service does, by the library: for a client whose environment has no service."""

    def do_POST(self) -> None:
        import misstep

        answer = misstep.assess_json(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


def client() -> None:
    import misstep
    from misstep.service.client import Client

    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Client(f"http://127.0.0.1:{server.server_port}") as asking:
            assert asking.assess(FACTS) == misstep.assess(FACTS)
        server.shutdown()


def mcp() -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "smoke", "version": "1"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
    process = subprocess.Popen([*MISSTEP, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert answer["result"]["serverInfo"]["name"] == "misstep", answer


SCORE = ["score", "log.jsonl", "-o", "scores.parquet", "--overwrite"]
EXTRAS = {
    "durable": Extra(durable, "misstep.assess(FACTS, engine='durable')"),
    "core": Extra(core, "misstep.assess(FACTS, engine='core')"),
    "batch": Extra(batch, SCORE),
    "excel": Extra(excel, ["score", "log.xlsx", "-o", "x.jsonl"], ("batch",)),
    "dask": Extra(dask, [*SCORE, "--on", "dask://127.0.0.1:1"], ("batch",)),
    "storage": Extra(storage, ["score", "s3://bucket/log.jsonl", "-o", "x.jsonl"], ("batch",)),
    "pandas": Extra(frames("pandas"), "misstep.read_scores('scores.parquet').to_pandas()", ("batch",)),
    "polars": Extra(frames("polars"), "misstep.read_scores('scores.parquet').to_polars()", ("batch",)),
    "report": Extra(report, ["calibrate", "cases.jsonl", "--picture", "picture.svg"], ("batch",)),
    "docs": Extra(docs, ["docs", "build", "-o", "site"]),
    "serve": Extra(serve, ["serve", "--port", "0"]),
    "mcp": Extra(mcp, ["mcp"]),
    "telemetry": Extra(lambda: serve("--telemetry"), ["serve", "--port", "0", "--telemetry"], ("serve",)),
    "client": Extra(client, "import misstep.service.client"),
}
"""As in pyproject.toml."""


def is_missing(name: str) -> None:
    """Ask for an extra that is missing; what is said must be one line, and name the extra."""
    asks = EXTRAS[name].asks
    if EXTRAS[name].beside == ("batch",):
        make_log()
        score("log.jsonl", "-o", "scores.parquet")
        Path("log.xlsx").write_bytes(b"PK")
    if isinstance(asks, str):
        program = (
            f"import misstep\nFACTS = {FACTS}\ntry:\n    {asks}\nexcept misstep.InstallationError as error:\n    print(error)"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
        said = done.stdout + done.stderr
    else:
        said = run(*asks, code=2)
    assert said.count("\n") == 1, said
    assert f"misstep[{name}]" in said, said


def main() -> None:
    what, name = sys.argv[1:]
    if what == "missing":
        is_missing(name)
    elif name == "-":
        alone()
    else:
        EXTRAS[name].works()


if __name__ == "__main__":
    main()
