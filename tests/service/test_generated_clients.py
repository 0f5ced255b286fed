"""Clients that well-kept generators make from the description: few files, which compile, and answers that are ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.end_to_end.command import ROOT, environment
from tests.needs import NODE_MODULES
from tests.service.running import Service

from misstep import assess

pytestmark = [pytest.mark.once, pytest.mark.slow]  # nothing here depends on the version of Python

TOO_MANY_FILES = 150
LATE = {"kind": "late_arrival", "minutes": 12, "handled": "apologised"}
CONFIG = ROOT / "deploy" / "openapi-python-client.yml"
USE_PYTHON = """
import json, sys
from io import BytesIO
from generated import Client
from generated.api.assessing import assess, assess_batch
from generated.api.rules import kind
from generated.models import Assessment, FactLateArrival, FieldHandled, Problem, Record
from generated.types import File

client = Client(sys.argv[1])
late = FactLateArrival(kind="late_arrival", minutes=12, handled=FieldHandled.APOLOGISED)
answer = assess.sync(client=client, body=Record(facts=[late]))
assert isinstance(answer, Assessment), answer
wrong = assess.sync(client=client, body=Record(facts=[FactLateArrival(kind="late_arrival", minutes=-1)]))
assert isinstance(wrong, Problem) and wrong.errors[0].pointer == "/facts/0/minutes", wrong
lines = assess_batch.sync(client=client, body=File(payload=BytesIO(b"[]\\n[1]\\n")), detail="scores")
assert [json.loads(line)["line"] for line in lines.splitlines()] == [1, 2]
assert kind.sync("late_arrival", client=client).title == "Arrived late"
print(json.dumps([answer.damage, answer.verdict.value, answer.headline]))
"""
USE_TYPESCRIPT = """
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] });
const { data, error } = await client.POST("/assess", {
  body: [{ kind: "late_arrival", minutes: 12, handled: "apologised" }],
});
if (data === undefined) throw new Error(error?.detail);
const wrong = await client.POST("/assess", { body: [{ kind: "late_arrival", minutes: -1 }] });
if (wrong.error?.errors?.[0].pointer !== "/facts/0/minutes") throw new Error("not refused");
const { data: kind } = await client.GET("/kinds/{kind}", { params: { path: { kind: "late_arrival" } } });
if (kind?.title !== "Arrived late") throw new Error("another kind");
console.log(JSON.stringify([data.damage, data.verdict, data.headline]));
"""


@pytest.fixture
def description(service: Service, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_bytes(httpx.get(f"{service.url}/openapi.json").content)
    return file


def run(*command: str | Path, folder: Path, code: int = 0) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=folder, env=environment(), check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def expected() -> list[object]:
    answer = assess([LATE])
    return [answer.damage, answer.verdict, answer.headline]


@pytest.mark.needs("python_client")
def test_a_client_in_python(service: Service, description: Path, tmp_path: Path) -> None:
    options = ["--path", description, "--output-path", tmp_path / "generated", "--meta", "none", "--config", CONFIG]
    run(sys.executable, "-m", "openapi_python_client", "generate", *map(str, options), folder=tmp_path)
    files = list((tmp_path / "generated").rglob("*.py"))
    assert len(files) < TOO_MANY_FILES
    for file in files:
        compile(file.read_text("utf-8"), str(file), "exec")
    (tmp_path / "use.py").write_text(USE_PYTHON, "utf-8")
    assert json.loads(run(sys.executable, "use.py", service.url, folder=tmp_path)) == expected()


@pytest.mark.needs("typescript_client")
def test_a_client_in_typescript(service: Service, description: Path, tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    programs = NODE_MODULES / ".bin"
    run(programs / "openapi-typescript", description, "--default-non-nullable=false", "-o", "schema.ts", folder=tmp_path)
    (tmp_path / "use.ts").write_text(USE_TYPESCRIPT, "utf-8")
    options = ["--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2022,dom", "--skipLibCheck"]
    run(programs / "tsc", *options, "use.ts", folder=tmp_path)
    assert json.loads(run("node", "use.js", service.url, folder=tmp_path)) == expected()
    (tmp_path / "wrong.ts").write_text(USE_TYPESCRIPT.replace("minutes: 12", "minuts: 12"), "utf-8")
    assert "minuts" in run(programs / "tsc", *options, "--noEmit", "wrong.ts", folder=tmp_path, code=2)
