"""All answers of one revision, for same_answers.py: a script that writes a JSON line ``[door, input, answer]`` for each.

Only names that users have are used: ``misstep.RuleBase``, ``misstep.assess``, the command line, HTTP.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet
import yaml

import misstep

HTTP_RECORDS, SCORED = 300, 5_000
DURABLE_RECORDS = 200
Answers = Iterator[tuple[str, str | bytes]]
"""Names of inputs and the answers to them."""


class Inputs:
    """The inputs of both revisions: the files of the new one, and a log that the old one made."""

    def __init__(self, tree: Path, log: Path, scratch: Path) -> None:
        self.interviews = sorted(path for path in (tree / "fixtures/interviews").iterdir() if path.name != "SOURCES.yaml")
        self.stories = sorted((tree / "fixtures/stories").glob("*.yaml"))
        self.cases = [tree / "fixtures/cases" / name for name in ("dev.jsonl", "quiet.jsonl")]
        self.incidents = tree / "fixtures/incidents"
        self.log = log
        self.lines = log.read_bytes().splitlines()
        self.scratch = scratch

    @property
    def files(self) -> list[Path]:
        """All files that hold one record."""
        return [*self.interviews, *self.stories]

    def written(self) -> list[tuple[str, Any]]:
        """The records of the files, with their names."""
        return [(path.name, yaml.safe_load(path.read_text("utf-8"))) for path in self.files]


def assess(inputs: Inputs) -> Answers:
    for name, record in inputs.written():
        yield name, misstep.assess(record).to_json()
    for number, line in enumerate(inputs.lines, 1):
        yield f"line {number}", misstep.assess(json.loads(line)).to_json()


def assess_json(inputs: Inputs) -> Answers:
    for name, record in inputs.written():
        yield name, misstep.assess_json(json.dumps(record))
    for number, line in enumerate(inputs.lines, 1):
        yield f"line {number}", misstep.assess_json(line)


def durable(inputs: Inputs) -> Answers:
    if find_spec("durable_rules_engine"):
        for name, record in inputs.written():
            yield name, misstep.assess(record, engine="durable").to_json()
        for number, line in enumerate(inputs.lines[:DURABLE_RECORDS], 1):
            yield f"line {number}", misstep.assess_json(line, engine="durable")


def certainty(inputs: Inputs) -> Answers:
    for name, record in inputs.written():
        yield name, misstep.certainty(record).to_json()


def counterfactuals(inputs: Inputs) -> Answers:
    for name, record in inputs.written():
        yield name, misstep.counterfactuals(record).to_json()


def command_assess(inputs: Inputs) -> Answers:
    named: list[tuple[Path, list[str]]] = [(path, []) for path in [*inputs.interviews, *inputs.stories[::4]]]
    named.append((inputs.incidents / "checkout-down.json", ["--rules", str(inputs.incidents / "rules")]))
    for path, options in named:
        for form in (["-o", "text"], ["--full"], ["-o", "markdown"], ["-o", "json"], ["--fail-level", "serious"]):
            yield f"{path.name} {' '.join(form)}", command("assess", str(path), *form, *options)


def command_certainty(inputs: Inputs) -> Answers:
    for path in inputs.interviews[:10]:
        yield path.name, command("assess", str(path), "--certainty")


def command_score(inputs: Inputs) -> Answers:
    log = inputs.scratch / "log.jsonl"
    log.write_bytes(b"\n".join([*inputs.lines[:SCORED], b'{"facts": [{"kind": "no_such_kind"}]}']) + b"\n")
    for ending in ("jsonl", "csv", "parquet"):
        output = inputs.scratch / f"scores.{ending}"
        options = ["--with", "findings", "--with", "actions", "--keep", "team", "--workers", "1", "--progress", "none"]
        yield f"{ending}: exit code", command("score", str(log), "-o", str(output), *options).partition("\n")[0]
        for path in sorted(inputs.scratch.glob("scores.*")):
            if "rejects" not in path.name:  # holds words
                for number, row in enumerate(rows(path)):
                    yield f"{path.name} row {number}", row
            path.unlink()


def rows(path: Path) -> Iterator[str]:
    """The lines of a file; of Parquet the schema and the rows as JSON."""
    if path.suffix == ".parquet":
        file = pyarrow.parquet.ParquetFile(path)
        yield file.schema_arrow.to_string(show_schema_metadata=True, truncate_metadata=False)
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield json.dumps(row, default=str)
    else:
        yield from path.read_text("utf-8").splitlines()


def command_sample(_: Inputs) -> Answers:
    for options in (["1000"], ["200", "--seed", "7", "--columns", "team,month"]):
        yield " ".join(options), command("sample", *options)


def command_kinds(_: Inputs) -> Answers:
    for name in ["", *misstep.RuleBase.shipped().kinds]:
        yield name, command("kinds", *filter(None, [name]))
    yield "as JSON", command("kinds", "-o", "json")


def command_rule(_: Inputs) -> Answers:
    for name in list(misstep.RuleBase.shipped().rules)[::20]:  # each reads all packs; HTTP is asked for every rule
        yield name, command("rule", name)


def command_calibrate(inputs: Inputs) -> Answers:
    for form in ("text", "json", "markdown"):
        yield form, command("calibrate", *map(str, inputs.cases), "-o", form)


def command(*arguments: str) -> str:
    """Exit code and output of the command, run in this process; what it writes to standard error is words, and left out."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    before, sys.argv = sys.argv, ["misstep", *arguments]
    code: object = 0
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            try:
                runpy.run_module("misstep", run_name="__main__")
            except SystemExit as end:
                code = end.code or 0
            output.flush()
    finally:
        sys.argv = before
    assert isinstance(output.buffer, io.BytesIO)
    return f"exit code {code}\n" + output.buffer.getvalue().decode("utf-8")


def over_http(inputs: Inputs) -> Answers:
    service = subprocess.Popen(
        [sys.executable, "-P", "-m", "misstep", "serve", "--port", "0", "--no-access-log"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert service.stderr is not None
        address = json.loads(service.stderr.readline())["url"].removeprefix("http://")
        posted = [*((name, json.dumps(record).encode()) for name, record in inputs.written())]
        generated = [(f"line {n}", line) for n, line in enumerate(inputs.lines[:HTTP_RECORDS], 1)]
        for path, records in (("/assess", posted + generated), ("/certainty", posted[:5]), ("/", posted)):
            for name, body in records:
                yield f"POST {path} {name}", exchange(address, "POST", path, body)
        lines = b"\n".join(body for _, body in generated)
        yield "POST /assess/batch", exchange(address, "POST", "/assess/batch", lines, "application/x-ndjson")
        for path in ("/kinds", *(f"/rules/{rule}" for rule in misstep.RuleBase.shipped().rules)):
            yield f"GET {path}", exchange(address, "GET", path)
    finally:
        service.terminate()
        service.communicate()


def exchange(address: str, method: str, path: str, body: bytes | None = None, media_type: str = "application/json") -> str:
    """The status and the body of an answer. Each has a connection of its own: one that waits for the other revision is closed."""
    connection = HTTPConnection(address, timeout=600)
    connection.request(method, path, body, {"Content-Type": media_type} if body else {})
    response = connection.getresponse()
    answer = f"status {response.status}\n" + response.read().decode("utf-8")
    connection.close()
    return answer


DOORS: dict[str, Callable[[Inputs], Answers]] = {
    "assess": assess,
    "assess_json": assess_json,
    "assess on durable-rules": durable,
    "certainty": certainty,
    "counterfactuals": counterfactuals,
    "misstep assess": command_assess,
    "misstep assess --certainty": command_certainty,
    "misstep score": command_score,
    "misstep sample": command_sample,
    "misstep kinds": command_kinds,
    "misstep rule": command_rule,
    "misstep calibrate": command_calibrate,
    "HTTP": over_http,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("doors", nargs="+", choices=DOORS)
    arguments = parser.parse_args()
    assert misstep.__file__.startswith(str(Path.cwd())), misstep.__file__
    arguments.scratch.mkdir()
    output = sys.stdout.buffer
    inputs = Inputs(arguments.tree, arguments.log, arguments.scratch)
    for door in arguments.doors:
        for name, answer in DOORS[door](inputs):
            text = answer.decode("utf-8") if isinstance(answer, bytes) else answer
            output.write(orjson.dumps([door, name, text], option=orjson.OPT_APPEND_NEWLINE))
    output.flush()


if __name__ == "__main__":
    main()
