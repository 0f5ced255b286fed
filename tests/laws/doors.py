"""Laws of doors: whichever way a record comes in and its answer goes out, it is the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import orjson
from tests.end_to_end.command import Command
from tests.laws.answers import differ
from tests.laws.law import Draw, Fault, Record, changed_code, law, with_a_mistake

from misstep import Assessment, RuleBase
from misstep.batch.columns import FINDINGS, SCORES, TABLES, read_rows
from misstep.service.config import Settings
from misstep.service.metrics import Metrics
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, ServedRules, load_served


@law(
    "JSON to JSON is the answer of the library, byte by byte.",
    changed_code(
        "assessment.pipeline.Pipeline.to_json", lambda old: lambda self, result: old(self, result).replace(b"serious", b"grave")
    ),
    with_a_mistake,
)
def json_to_json(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    got = base.assess_json(json.dumps(record, ensure_ascii=draw.random() < 0.5))
    yield "" if got == base.assess(record).to_json() else "other bytes"


@law(
    "An answer without reasons is a part of the whole answer.",
    changed_code("assessment.pipeline.outline", lambda old: lambda *given: {**old(*given), "verdict": "let_go"}),
    with_a_mistake,
)
def less_detail_is_a_part(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    whole = orjson.loads(base.assess(record).to_json())
    scores, findings = (orjson.loads(base.assess_json(json.dumps(record), detail=detail)) for detail in ("scores", "findings"))
    steps = [{**step, "actions": [action["action"] for action in step["actions"]]} for step in whole["steps"]]
    kept = [{name: each[name] for name in found} for each, found in zip(whole["findings"], findings["findings"], strict=True)]
    told = [{name: each[name] for name in found} for each, found in zip(steps, findings["steps"], strict=True)]
    right = scores == {name: whole[name] for name in scores} and findings["findings"] == kept and findings["steps"] == told
    yield "" if right and {name: findings[name] for name in scores} == scores else "another answer"


@law(
    "A session has the answer of its facts, whatever was posted and retracted on the way.",
    changed_code("assessment.session.Session.retract", lambda old: lambda self, name: None),
    with_a_mistake,
)
def a_session_has_the_answer_of_its_facts(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    with base.session() as session:
        left_out = draw.choice(record)["id"]
        for fact in draw.sample(record, len(record)):
            session.post(fact)
        session.retract(left_out)
        answer = session.assessment()
    yield differ(answer, base.assess([fact for fact in record if fact["id"] != left_out]))


def _rows_of(answer: Assessment) -> tuple[dict[str, Any], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What tables say of an interview, by its answer."""
    steps, actions = answer.steps, [action.action for action in answer.actions]
    due = [step.due_hours for step in steps if any(a.reach == "repairs" and a.targets for a in step.actions)]
    scores = {
        **{name: getattr(answer, name) for name in ("damage", "damage_after", "band", "verdict", "outlook", "acts")},
        "due_hours": due[0] if due else None,
        "mistakes": len(answer.findings),
        "worst": answer.findings[0].kind if answer.findings else None,
        "worst_severity": max((f.severity for f in answer.findings), default=None),
        "first_occasion": steps[0].occasion if steps else None,
        "first_action": actions[0] if actions else None,
        "actions": actions,
    }
    names = [name for name, _ in FINDINGS[1:-1]]
    findings = [(rank, *(getattr(f, name) for name in names)) for rank, f in enumerate(answer.findings, 1)]
    rows = [
        (s.rank, s.occasion, s.channel, a.action, a.reach, s.due_hours, a.priority, a.relief, list(a.targets))
        for s in steps
        for a in s.actions
    ]
    return scores, findings, rows


@law(
    "A row of a log says what the answer says.",
    changed_code("batch.columns._scores", lambda old: lambda result, summary: ("", *old(result, summary)[1:])),
    with_a_mistake,
)
def a_row_of_a_log(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    rows = read_rows(base, orjson.dumps(record), None, TABLES)
    got = dict(zip([name for name, _ in SCORES], rows.scores, strict=True))
    scores, findings, actions = _rows_of(base.assess(record))
    assert rows.findings is not None
    right = {name: got[name] for name in scores} == scores and [row[:-1] for row in rows.findings] == findings
    yield "" if right and rows.actions == actions else f"{got}, {rows.findings}, {rows.actions}"


# -- over HTTP and on the command line, in this process


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


@cache
def _served() -> ServedRules:
    return load_served(Settings())


_clients: dict[int, httpx.AsyncClient] = {}


def ask(base: RuleBase, body: bytes) -> httpx.Response:
    """What the service with these rules answers."""
    client = _clients.get(id(base))
    if client is None:
        served = replace(_served(), rulebase=base)
        app = create_app(RuleReloader(lambda: served), Settings(), Metrics())
        client = _clients[id(base)] = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    return _loop().run_until_complete(client.post("/assess", content=body, headers={"content-type": "application/json"}))


def _in_json(make: Callable[[bytes], bytes]) -> Fault:
    """What JSON is answered with."""
    return changed_code("api.RuleBase.assess_json", lambda old: lambda self, *given: make(old(self, *given)))


@law("HTTP has the answer of the library, byte by byte.", _in_json(lambda answer: answer[:-1] + b" }"), with_a_mistake)
def over_http(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    response = ask(base, json.dumps(record).encode())
    yield "" if response.status_code == 200 and response.content == base.assess(record).to_json() else response.text


@law(
    "The command line has the answer of the library, byte by byte.",
    changed_code("cli.assess._json", lambda old: lambda *given: old(*given).replace(b"damage", b"harm")),
    with_a_mistake,
)
def on_the_command_line(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    run = Command(Path()).inside("assess", "-", "-o", "json", stdin=json.dumps(record).encode())
    yield "" if run.code == 0 and run.raw == bytes(base.assess(record).to_json()) + b"\n" else run.out + run.err
