"""What somebody wrote about an interview stands in their answer and nowhere else.

Words that nobody would say by chance are put into every free text, name, id, unknown key and unknown value, and go in by every
door. Then all that was written is searched: logs at every level, metrics, traces, files that are left, what is said on standard
error, and errors, also one that is raised within. What is an answer may have what ``ANSWERS`` says; the rest has none.
"""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mcp import Client
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.end_to_end.command import Command

from misstep import MisstepError, RuleBase
from misstep.batch import run
from misstep.cli import main
from misstep.rulebase.field_use import find_references
from misstep.service.assistants import make_server
from misstep.service.config import Settings
from misstep.service.logs import JsonFormatter
from misstep.service.metrics import Metrics
from misstep.service.page_routes import page_routes
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, ServedRules, load_served

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

BASE = RuleBase.shipped()
TEXT, NAME, ID, KEY, VALUE = "Zwieback", "Quixotina", "Xylograph", "vuvuzelas", "Jabberwock"
CANARIES = (TEXT, NAME, ID, KEY, VALUE)
ANSWERS = {ID, NAME, TEXT}
"""An answer names facts by their ids, greets by name, and quotes what was told; it never has a key or value that was refused."""
PLACES = {KEY}
"""An error says the place of what is wrong, and the place of an unknown key is its name."""
OTHERS = ("httpx", "httpcore", "asyncio", "mcp.client")
"""Loggers of the test's own clients."""
TOLD_TO_ASSISTANTS = "mcp.server"
"""Its library logs below a warning, which is where ``misstep mcp`` begins to log, the errors that assistants are told."""

_REFERENCES = find_references(BASE.program)


def told() -> list[dict[str, Any]]:
    """Facts of every kind that can be given, with canaries as ids and in every free text."""
    facts = []
    for kind in BASE.kinds.values():
        if kind.role != "derived":
            texts = [f for f in kind.fields if f.type == "text"]
            values = {f.name: f"{ID} late_arrival" if (kind.name, f.name) in _REFERENCES else f"{TEXT} and so on" for f in texts}
            numbers = {f.name: f.minimum or 0 for f in kind.fields if f.required and f.is_number}
            facts.append({"kind": kind.name, "id": f"{ID} {kind.name}", **values, **numbers})
    return [{**fact, "interviewer": f"{NAME} Smith"} if fact["kind"] == "interview" else fact for fact in facts]


FEW = [fact for fact in told() if fact["kind"] in ("interview", "late_arrival", "wrong_name", "missing_materials", "strong_fit")]
RIGHT: list[dict[str, Any]] = [{"id": f"{ID} 1", "facts": told()}, {"id": f"{ID} 2", "facts": FEW}]
WRONG: list[Any] = [
    {"id": f"{ID} 3", "facts": [{"kind": VALUE}]},
    {"id": f"{ID} 4", "facts": [{"kind": "late_arrival", "minutes": VALUE, "reason": TEXT}]},
    {"id": f"{ID} 5", "facts": [{"kind": "late_arrival", "reaction": VALUE, KEY: VALUE}]},
    {"id": f"{ID} 6", "facts": [{"kind": "interview", "channels": [VALUE], "interviewer": [NAME]}]},
    {"id": f"{ID} 7", "facts": [{"id": ID, "kind": "late_arrival"}, {"id": ID, "kind": "phone_rang"}]},
    {"id": f"{ID} 8", "facts": [], KEY: VALUE},
    {"id": [ID], "facts": VALUE},
    [VALUE],
]


def found(text: object, allowed: Iterable[str] = ()) -> set[str]:
    """The canaries in a text that may not be there."""
    written = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return {canary for canary in CANARIES if canary.lower() in written.lower()} - {*allowed}


@dataclass
class Watch:
    """Everything that is written while something runs: logs, files below a folder, and what goes out to the network."""

    folder: Path
    logged: list[str] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    allowed: dict[str, set[str]] = field(default_factory=dict)

    def given(self, name: str, content: bytes = b"") -> Path:
        """An input, which is not searched."""
        path = self.folder / name
        if content:
            path.write_bytes(content)
        self.inputs.append(path)
        return path

    def leaks(self, *said: object) -> set[str]:
        """The canaries in logs, in files that are left, and in what was said."""
        hits = {f"{canary} in {text[:300]}" for text in (*self.logged, *map(str, said)) for canary in found(text)}
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.inputs:
                allowed = {name for answer, names in self.allowed.items() if path.match(answer) for name in names}
                hits |= {f"{canary} in {path.name}" for canary in found(path.read_bytes(), allowed) | found(path.name)}
        return hits


class _Collect(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """As the service writes it, and all that the record has but the message of its exception, which is not written."""
        if not record.name.startswith(OTHERS):
            data = {name: value for name, value in vars(record).items() if name not in ("exc_info", "exc_text")}
            lines = [JsonFormatter().format(record), repr(data)]
            places = record.name.startswith(TOLD_TO_ASSISTANTS) and record.levelno < logging.WARNING
            self._lines += [re.sub("|".join(PLACES), "PLACE", line) for line in lines] if places else lines


_connected: list[str] = []


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        _connected.append(f"{event} {arguments[1:]!r}")


@pytest.fixture(scope="module", autouse=True)
def _ears() -> None:
    sys.addaudithook(_listen)


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """All loggers at their lowest level, and every folder that something could be written to below one."""
    watch = Watch(tmp_path)
    for variable, name in (("HOME", "home"), ("TMPDIR", "tmp"), ("MISSTEP_CACHE", "cache"), ("XDG_CACHE_HOME", "xdg")):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    handler, loggers = _Collect(watch.logged), [logging.getLogger(), logging.getLogger("misstep.service")]
    monkeypatch.setattr(loggers[1], "propagate", True)  # a service that another test began has turned that off
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    _connected.clear()
    yield watch
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_a_leak_is_found(watch: Watch) -> None:
    logging.getLogger("misstep.service").debug("it was %s", TEXT)
    (watch.folder / "tmp" / "left").write_text(f"{ID}\n", encoding="utf-8")
    watch.given("log.csv", TEXT.encode())
    watch.allowed["scores.csv"] = {ID}
    (watch.folder / "scores.csv").write_text(f"{ID},{KEY}\n", encoding="utf-8")
    leaks = watch.leaks("an error with " + VALUE)
    assert {leak.split()[0] for leak in leaks} == {TEXT, ID, VALUE, KEY}
    assert not any("log.csv" in leak or f"{ID} in scores" in leak for leak in leaks)


# -- Python


def errors_of(calls: Iterable[Callable[[], object]]) -> list[str]:
    said = []
    for call in calls:
        with pytest.raises(MisstepError) as caught:
            call()
        said.append(f"{caught.value} {caught.value!r} {caught.value.args}")
    return said


def test_in_python(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    record = RIGHT[0]
    answer = BASE.assess(record)
    explained = BASE.explain(RIGHT[1]).to_json()
    certain, asked = BASE.certainty(FEW).to_json(), BASE.questions(FEW).to_json()
    suggested = BASE.suggest(f"I was twelve minutes late because of {TEXT}.")
    assert found(answer.to_json(), ANSWERS) == found(explained, ANSWERS) == set()
    assert {ID, NAME} <= found(answer.to_json())
    assert found(certain, {ID}) == found(asked, {ID}) == set()
    assert suggested
    with BASE.session() as session:
        for fact in FEW:
            session.post(fact)
        session.assessment()
    said = errors_of(partial(BASE.assess, bad) for bad in WRONG)
    said += errors_of(partial(BASE.assess_json, text) for text in (*map(json.dumps, WRONG), f'["{VALUE}'))
    assert [found(text, PLACES) for text in said] == [set()] * len(said)
    (changed,) = errors_of([partial(BASE.what_if, FEW, {f"{ID} late_arrival.minutes": VALUE})])
    assert found(changed, {ID}) == set(), "it names the fact that was asked for, and not the value"
    out, err = capfd.readouterr()
    assert watch.leaks(out, err) == set()
    assert _connected == []


# -- logs


ROWS = [*RIGHT, *WRONG[:6]]
NOTES = f"I was twelve minutes late, {TEXT} was there."


def _csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "facts", "notes", KEY])
        rows.writerows([row["id"], json.dumps(row["facts"]), NOTES, VALUE] for row in ROWS)


def _lines(path: Path) -> None:
    rows = [{**row, "notes": NOTES, KEY: VALUE} for row in ROWS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + f'{{"id": "{ID}", "{VALUE}\n', encoding="utf-8")


def _parquet(path: Path) -> None:
    rows = [{"id": row["id"], "facts": json.dumps(row["facts"]), "notes": NOTES, KEY: VALUE} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(rows), path)


def _sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(f"create table log (id text, facts text, notes text, {KEY} text)")
        rows = [(row["id"], json.dumps(row["facts"]), NOTES, VALUE) for row in ROWS]
        database.executemany("insert into log values (?, ?, ?, ?)", rows)


FORMS: dict[str, Callable[[Path], None]] = {"csv": _csv, "jsonl": _lines, "parquet": _parquet, "db": _sqlite}


def source(watch: Watch, form: str) -> str:
    path = watch.given(f"log.{form}")
    FORMS[form](path)
    return f"sqlite:///{path}?table=log" if form == "db" else str(path)


@pytest.mark.parametrize("form", FORMS)
def test_from_a_log(watch: Watch, form: str, capfd: pytest.CaptureFixture[str]) -> None:
    output = watch.folder / "scores.jsonl"
    rejected = {*PLACES, ID}  # a reject has its place, and the id of its row
    watch.allowed = {"scores*.jsonl": {ID}, "scores.rejects.jsonl": rejected, "scores.jsonl.summary.json": rejected}
    result = run.score(
        source(watch, form), output, rules=BASE, ignore=["*"], from_notes="notes", tables=["findings", "actions"], workers=1
    )
    assert result.summary.rejects >= 4
    assert {ID} == found(output.read_bytes())
    out, err = capfd.readouterr()
    assert found(result.summary, rejected) == set()
    assert watch.leaks(out, err) == set()
    assert _connected == []


def breaks(*_: object, **__: object) -> Any:
    """What is wrong within, with the words of a record in its message."""
    raise KeyError(f"{TEXT} {NAME} {ID} {KEY} {VALUE}")


@pytest.mark.parametrize("inside", ["misstep.batch.columns.read_rows", "misstep.api.RuleBase.assess"])
def test_of_what_breaks_within_nothing_is_told(
    watch: Watch, inside: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = source(watch, "jsonl")
    monkeypatch.setattr(inside, breaks)
    commands = {
        "read_rows": ["score", log, "-o", "scores.csv", "--ignore", "*", "--workers", "1"],
        "assess": ["assess", str(watch.given("right.json", json.dumps(RIGHT[1]).encode()))],
    }
    with pytest.raises(SystemExit) as ended:
        main(commands[inside.rpartition(".")[2]])
    out, err = capfd.readouterr()
    assert (ended.value.code, "internal error (KeyError)" in err) == (2, True)
    assert watch.leaks(out, err) == set()


# -- the command line


def test_on_the_command_line(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command(watch.folder)
    for text in ("text", "json", "markdown"):
        answer = command.inside("assess", "-", "-o", text, stdin=json.dumps(RIGHT[1]).encode())
        assert (answer.code, found(answer.raw, ANSWERS), answer.err) == (0, set(), "")
    said = ""
    for bad in WRONG:
        refused = command.inside("assess", "-", stdin=json.dumps(bad).encode())
        assert (refused.code, refused.raw) == (2, b"")
        said += refused.err
    assert found(said, PLACES) == set()
    assert watch.leaks() == set()


# -- over HTTP, on the page, and for assistants


@dataclass
class Asked:
    """The service in this process, with its metrics and its traces."""

    app: Any
    exporter: InMemorySpanExporter

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def told(self) -> str:
        """Metrics and traces."""
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        assert spans
        return self("GET", "/metrics").text + "".join(spans)


@pytest.fixture(scope="module")
def served() -> ServedRules:
    return load_served(Settings())


def asked_of(rules: ServedRules, monkeypatch: pytest.MonkeyPatch) -> Asked:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", lambda name: provider.get_tracer(name))
    settings, reloader = Settings(telemetry=True), RuleReloader(lambda: rules, first=rules)
    return Asked(create_app(reloader, settings, Metrics(), page_routes(reloader, settings)), exporter)


JSON = {"content-type": "application/json"}
HEADERS = dict.fromkeys(("user-agent", "referer", "cookie", "authorization", f"x-{KEY}", "traceparent"), VALUE)


def test_over_http(served: ServedRules, watch: Watch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    ask = asked_of(served, monkeypatch)
    for path in ("/assess", "/certainty", "/questions", "/counterfactuals"):
        answer = ask("POST", path, content=json.dumps({"id": ID, "facts": FEW}), headers=JSON | HEADERS)
        assert (answer.status_code, found(answer.text, ANSWERS)) in ((200, set()), (404, set())), path
        for bad in WRONG:
            refused = ask("POST", path, content=json.dumps(bad), headers=JSON | HEADERS)
            assert refused.status_code in (422, 404)
            assert found(refused.text, PLACES) == set()
    batch = "\n".join(map(json.dumps, [*RIGHT, *WRONG]))
    lines = ask("POST", "/assess/batch", content=batch, headers=HEADERS | {"content-type": "application/x-ndjson"}).text
    assert found(lines, {*ANSWERS, *PLACES}) == set()
    suggested = ask("POST", "/suggest", content=json.dumps({"text": f"I was late, {TEXT}."}), headers=JSON)
    assert suggested.status_code == 200
    asked_for = [ask("GET", path, headers=HEADERS).text for path in (f"/kinds?{KEY}={VALUE}", f"/rules/{KEY}")]
    assert [found(text, PLACES) for text in asked_for] == [set()] * 2, "the name that was asked for, and no value"
    elsewhere = [
        ask("POST", "/assess", content=f'["{VALUE}', headers=JSON),
        ask("POST", "/assess", content=b"{}", headers={"content-type": VALUE}),
        ask("POST", "/suggest", content=json.dumps({"text": [VALUE]}), headers=JSON),
        ask("GET", f"/{VALUE}?{VALUE}={VALUE}", headers=HEADERS),
        ask(VALUE, "/assess", headers=HEADERS),
    ]
    assert [found(f"{answer.text} {answer.headers}") for answer in elsewhere] == [set()] * len(elsewhere)
    out, err = capfd.readouterr()
    assert watch.leaks(ask.told(), out, err) == set()
    assert _connected == []


def test_on_the_page(
    served: ServedRules, watch: Watch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ask = asked_of(served, monkeypatch)
    form = {"content-type": "application/x-www-form-urlencoded"}
    fact = {"facts.0.kind": "late_arrival", "facts.0.minutes": VALUE, "facts.0.reason": TEXT, f"facts.0.{KEY}": VALUE, KEY: VALUE}
    for posted in ({"text": f"I was late. {TEXT}", "step": "read"}, fact, {"facts.0.kind": VALUE}, {"q": VALUE}):
        answer = ask("POST", "/", content=urlencode(posted), headers=form | HEADERS)
        assert answer.status_code in (200, 422)
        assert found(answer.headers) == set(), "the page shows what was typed; nothing else does"
    out, err = capfd.readouterr()
    assert watch.leaks(ask.told(), out, err) == set()
    assert _connected == []


def test_an_error_within_the_service(
    served: ServedRules, watch: Watch, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            return breaks

    ask = asked_of(replace(served, rulebase=cast(RuleBase, Broken())), monkeypatch)
    answer = ask("POST", "/assess", content=json.dumps(FEW), headers=JSON | HEADERS)
    assert (answer.status_code, found(f"{answer.text} {answer.headers}")) == (500, set())
    out, err = capfd.readouterr()
    assert watch.logged
    assert watch.leaks(ask.told(), out, err) == set()


def test_for_assistants(watch: Watch, capfd: pytest.CaptureFixture[str]) -> None:
    server = make_server()

    async def calls() -> tuple[list[Any], list[Any]]:
        async with Client(server) as client:
            right = [await client.call_tool("assess", {"facts": FEW})]
            bad = [{"facts": record["facts"]} for record in WRONG[:4]]
            return right, [await client.call_tool("assess", arguments) for arguments in bad]

    (answer,), refused = asyncio.run(calls())
    assert not answer.is_error
    assert found(answer, ANSWERS) == set()
    assert [each.is_error for each in refused] == [True] * len(refused)
    assert [found(each, PLACES) for each in refused] == [set()] * len(refused)
    out, err = capfd.readouterr()
    assert watch.leaks(out, err) == set()
    assert _connected == []
