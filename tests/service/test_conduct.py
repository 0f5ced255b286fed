"""How the service starts, ends and keeps quiet: what the command says, what the log holds and what it never holds."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tests.end_to_end.command import Command, environment
from tests.service.running import RECORDS_TYPE, SEED, Service, body_of, client_of, everything, post, running, status_of, until

from misstep import RuleBase, assess_json
from misstep.errors import RecordError
from misstep.service.assessing import Assessor
from misstep.service.config import Settings
from misstep.service.logs import JsonFormatter
from misstep.service.metrics import Metrics
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, ServedRules

CANARY = "canary-7f3a"


# -- starting


def test_what_is_wrong_with_the_rules_is_said_before_anything_is_open(misstep: Command) -> None:
    assert misstep("serve", "--rules", "nowhere").err == "misstep: nowhere: no such file or folder\n"
    misstep.write("pack.yaml", "schema: 1\npack: p\nextends: misstep\nrules: {x: {when: [late_arival], then: {severity: 1}}}\n")
    run = misstep("serve", "--rules", "pack.yaml")
    assert run.code == 2
    assert run.err == "misstep: pack.yaml:4:20: x: unknown kind 'late_arival'; did you mean 'late_arrival'?\n"


def test_an_address_that_is_taken_is_said(misstep: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = misstep("serve", "--port", str(port))
    assert (run.code, run.err) == (2, f"misstep: 127.0.0.1:{port}: Address already in use\n")


def test_an_address_that_is_none_is_said(misstep: Command) -> None:
    run = misstep("serve", "--host", "no.such.host.invalid", "--port", "0")
    assert (run.code, run.err) == (2, "misstep: no.such.host.invalid:0: the host is not found\n")
    run = misstep("serve", "--host", os.fsdecode(b"\xff"), "--port", "0")
    assert (run.code, run.err) == (2, "misstep: \\udcff: is not the name of a host\n")


@pytest.mark.parametrize("option", [("--port", "70000"), ("--workers", "0"), ("--queue", "0"), ("--request-seconds", "0")])
def test_a_setting_out_of_range_is_refused(misstep: Command, option: tuple[str, str]) -> None:
    run = misstep.inside("serve", *option)
    assert run.code == 2
    assert option[0] in run.err


def test_without_its_packages_the_command_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['uvicorn'] = None; from misstep.cli import main; main(['serve'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, env=environment(), check=False
    )
    assert (done.returncode, done.stderr) == (2, "misstep: uvicorn is not installed: pip install 'misstep[serve]'\n")


def test_it_listens_on_this_machine_only_unless_told_otherwise(service: Service) -> None:
    assert service.address[0] == "127.0.0.1"


def test_it_listens_on_ipv6_too() -> None:
    with running("--host", "::1") as service:
        assert service.url.startswith("http://[::1]:")
        assert httpx.get(f"{service.url}/healthz").status_code == 200


def test_hosts_that_are_allowed_are_served_besides_its_own() -> None:
    with running("--allowed-host", "Misstep.example.org") as service:
        service.wait_for("Application startup complete.")
        statuses = [
            httpx.get(f"{service.url}/version", headers={"host": host}).status_code
            for host in ("misstep.example.org", "misstep.example.org:443", "localhost", "evil.example")
        ]
    assert statuses == [200, 200, 200, 400]


def test_any_host_may_be_allowed() -> None:
    with running("--allowed-host", "*", "--no-access-log") as service:
        service.wait_for("Application startup complete.")
        assert httpx.get(f"{service.url}/version", headers={"host": "evil.example"}).status_code == 200
    assert not service.events("request")


# -- ending


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_has_begun_is_finished_before_the_end(workers: str) -> None:
    with running("--workers", workers) as service:
        service.wait_for("Application startup complete.", int(workers))
        request = post(SEED)
        with service.connect() as client:
            client.sendall(request[:-10])
            until(
                lambda: b" 1.0" in service.send(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
                "a look",
            )
            service.process.send_signal(signal.SIGTERM)
            service.wait_for("Shutting down")
            time.sleep(0.3)
            client.sendall(request[-10:])
            assert status_of(everything(client)) == 200
        code = service.process.wait(60)
    assert code in (0, -signal.SIGTERM)
    assert not [line for line in service.lines if line["level"] == "error"]
    assert all(line.startswith("{") for line in service.raw)


def test_the_keyboard_ends_it_without_a_trace() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background ignore it: it is inherited
    try:
        with running() as service:
            service.wait_for("Application startup complete.")
            service.process.send_signal(signal.SIGINT)
            assert service.process.wait(60) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "Traceback" not in "".join(service.raw)


# -- what is never told


def test_nothing_that_somebody_wrote_about_an_interview_is_in_the_log_or_in_the_figures() -> None:
    told = {"kind": "late_arrival", "reason": CANARY}
    records = [
        [told, {"id": CANARY, "kind": "bad_joke"}],
        [told | {"minutes": CANARY}],
        [{"kind": CANARY}],
        [told | {CANARY: 1}],
        {"id": CANARY, "facts": [told], CANARY: CANARY},
        CANARY,
    ]
    with running() as service:
        service.wait_for("Application startup complete.")
        with client_of(service.url) as http:
            answers = [http.post("/assess", json=record) for record in records]
            answers.append(http.post("/assess", content=f'["{CANARY}', headers={"content-type": "application/json"}))
            answers.append(http.post("/assess", content=f'["{CANARY}', headers={"content-type": CANARY}))
            batch = "\n".join(json.dumps(record) for record in records)
            answers.append(http.post("/assess/batch", content=batch, headers={"content-type": RECORDS_TYPE}))
            answers.append(http.get(f"/{CANARY}?{CANARY}"))
            answers.append(http.get(f"/kinds?{CANARY}", headers={"user-agent": CANARY, "referer": CANARY, "host": CANARY}))
            figures = http.get("/metrics").text
        service.send(f"GET /{CANARY} HTTP/{CANARY}\r\n\r\n".encode())
        service.send(f"GET / HTTP/1.1\r\n{CANARY}: {CANARY * 2_000}".encode())
        service.stop()
    assert CANARY not in "".join(service.raw) + figures
    assert [answer.status_code for answer in answers] == [200, 422, 422, 422, 422, 422, 422, 415, 200, 404, 400]
    for answer in (*answers[1:3], *answers[5:8], *answers[9:]):
        assert CANARY not in answer.text
    assert len(service.events("request")) == len(answers) + 1


def test_an_error_of_ours_tells_nobody_what_it_says(served: ServedRules, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def assess_json(self, record: bytes, detail: str) -> bytes:
            raise KeyError(record.decode())

    settings = Settings()
    broken = replace(served, rulebase=cast(RuleBase, Broken()))
    app = create_app(RuleReloader(lambda: broken), settings, Metrics())
    with caplog.at_level(logging.ERROR, "misstep.service"):
        answer = asyncio.run(ask(app, json.dumps([{"kind": CANARY}])))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["content-type"] == "application/problem+json"
    (record,) = caplog.records
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["status"], line["error"]) == ("error", 500, "KeyError")
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["where"][-1].startswith(__file__)
    assert CANARY not in answer.text + json.dumps(line)


async def ask(app: Any, content: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.post("/assess", content=content, headers={"content-type": "application/json"})


def test_a_line_of_the_log_is_one_line_of_json_whatever_happens() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f.py", 1, "it\nfailed %s", ("twice",), sys.exc_info())
    record.data = {"text": 'a\n"b"\x1b', "path": Path("p")}
    line = JsonFormatter().format(record)
    assert line.isprintable()
    told = json.loads(line)
    assert (told["event"], told["text"], told["path"], told["error"]) == ("it\nfailed twice", 'a\n"b"\x1b', "p", "ValueError")
    assert CANARY not in line


def test_answers_of_one_never_reach_another(service: Service) -> None:
    """Many at a time, each with a word of its own that its answer repeats."""
    wrong: list[object] = []

    def call(number: int) -> None:
        with client_of(service.url) as http:
            for turn in range(40):
                word = f"w{number}x{turn}"
                answer = http.post("/assess", json={"id": word, "facts": [{"id": f"f{word}", "kind": "late_arrival"}]}).json()
                if answer["id"] != word or [finding["fact"] for finding in answer["findings"]] != [f"f{word}"]:
                    wrong.append(answer)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_records_that_wait_together_have_each_its_own_answer(served: ServedRules) -> None:
    """Also where one of them is wrong, and nobody waits any more for another."""

    async def answers() -> list[bytes | BaseException]:
        assessor = Assessor(Metrics())
        asked = [asyncio.create_task(assessor.assess(served, record)) for record in (SEED, b"[1]", SEED, b"[]")]
        await asyncio.sleep(0)
        asked[2].cancel()
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 30)

    first, wrong, gone, last = asyncio.run(answers())
    assert (first, last) == (assess_json(SEED), assess_json(b"[]"))
    assert isinstance(wrong, RecordError)
    assert isinstance(gone, asyncio.CancelledError)


def test_a_busy_service_is_alive_all_the_same(served: ServedRules) -> None:
    """What was marked on the wire as one too many: only health and figures are answered."""
    app = create_app(RuleReloader(lambda: served), Settings(), Metrics())

    async def busy(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "misstep.busy": True}, receive, send)

    async def statuses() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(busy), base_url="http://localhost") as client:
            return [(await client.get(path)).status_code for path in ("/healthz", "/metrics", "/readyz", "/kinds")]

    assert asyncio.run(statuses()) == [200, 200, 503, 503]


def test_problem_of_a_cut_connection_is_what_the_body_says() -> None:
    with running("--body-bytes", "10") as service:
        service.wait_for("Application startup complete.")
        assert body_of(service.send(post(SEED))) == {
            "type": "urn:misstep:problem:too_large",
            "title": "Request too large",
            "status": 413,
            "detail": "the body is larger than the limit of 10 bytes",
            "code": "too_large",
        }
