"""The service inside of another application, and on a server without our limits: the same answers within the same limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.service.packs import RECORD, numbers_in, write
from tests.service.running import PATIENCE, SEED, Service, body_of, everything, post, running, status_of, until

from misstep import RuleBase, assess_json
from misstep.service import ServiceApp, Settings
from misstep.service.config import route_path

JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
RULEBASE = RuleBase.shipped()


@pytest.fixture(scope="module")
def service_app() -> ServiceApp:
    return ServiceApp(Settings(body_bytes=2_000, batch_bytes=10_000, batch_lines=50, request_seconds=0.5, queue=2))


@pytest.fixture(params=["FastAPI", "Starlette", "deep", "itself"])
def mounted(request: pytest.FixtureRequest, service_app: ServiceApp) -> httpx.AsyncClient:
    """A client of the service in several places."""
    outer: Any
    if request.param == "itself":
        outer, path = service_app, ""
    elif request.param == "FastAPI":
        outer, path = FastAPI(), "/interviews"
        outer.mount(path, service_app)
    elif request.param == "Starlette":
        outer, path = Starlette(routes=[Mount("/interviews", service_app)]), "/interviews"
    else:
        outer, path = Starlette(routes=[Mount("/a", routes=[Mount("/{b}/assess", service_app)])]), "/a/b/assess"
    return httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url=f"http://service.example{path}")


def test_everything_is_answered_under_the_path(mounted: httpx.AsyncClient) -> None:
    async def ask() -> None:
        answer = await mounted.post("/assess", content=SEED, headers={**JSON, "x-request-id": "mine"})
        assert (answer.status_code, answer.content) == (200, assess_json(SEED))
        assert answer.headers["x-request-id"] == "mine"
        assert RULEBASE.digest in answer.headers["misstep-rulebase"]
        batch = await mounted.post("/assess/batch", content=b"[]\n[1]", headers=LINES)
        assert [json.loads(line).get("line") for line in batch.content.splitlines()][1] == 2
        for path in ("/kinds", "/rules/late-arrival", "/schema", "/version", "/healthz", "/readyz", "/metrics"):
            assert (await mounted.get(path)).status_code == 200, path
        page = await mounted.get("/")
        assert page.status_code == 200
        assert (await mounted.get("/page/page.css")).status_code == 200
        wrong = await mounted.get("/nothing")
        assert (wrong.status_code, wrong.json()["code"]) == (404, "not_found")
        assert 'misstep_requests_total{method="POST",route="/assess",status="200"}' in (await mounted.get("/metrics")).text
        assert f'digest="{RULEBASE.digest}"' in (await mounted.get("/metrics")).text

    asyncio.run(ask())


def test_the_description_says_under_which_path_it_is(mounted: httpx.AsyncClient) -> None:
    async def ask() -> dict[str, Any]:
        described: dict[str, Any] = (await mounted.get("/openapi.json")).json()
        return described

    described = asyncio.run(ask())
    path = mounted.base_url.path.rstrip("/")
    assert described.get("servers", []) == ([{"url": path}] if path else [])
    assert "/assess" in described["paths"]


def test_a_body_that_is_too_large_is_refused(mounted: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100

    async def none() -> AsyncIterator[bytes]:
        raise AssertionError("what is declared is refused before it is read")
        yield b""

    async def ask() -> list[httpx.Response]:
        whole = await mounted.post("/assess", content=b" " * 2_001, headers=JSON)
        parts = await mounted.post("/assess", content=pieces(), headers=JSON)
        within = await mounted.post("/assess", content=b"[]".ljust(2_000), headers=JSON)
        declared = await mounted.post("/assess", content=none(), headers={**JSON, "content-length": "4000000000"})
        return [whole, parts, declared, within]

    *refused, within = asyncio.run(ask())
    for answer in refused:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.json()["detail"] == "the body is larger than the limit of 2000 bytes"
        assert answer.headers["x-request-id"]
    assert within.status_code == 200


def test_any_host_is_allowed_unless_some_are_named(service_app: ServiceApp) -> None:
    async def statuses(of: ServiceApp) -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(of), base_url="http://localhost") as client:
            return [(await client.get("/healthz", headers={"host": host})).status_code for host in ("a.example", "b.example")]

    assert asyncio.run(statuses(service_app)) == [200, 200]
    assert asyncio.run(statuses(ServiceApp(Settings(allowed_hosts=("a.example",))))) == [200, 400]


def test_there_is_one_by_default() -> None:
    import misstep.service
    from misstep.service import app  # made when it is first asked for

    assert isinstance(app, ServiceApp)
    assert misstep.service.app is app
    with pytest.raises(AttributeError, match="no attribute 'application'"):
        misstep.service.application  # noqa: B018


def test_of_a_batch_only_so_many_lines_are_answered(mounted: httpx.AsyncClient) -> None:
    async def ask() -> list[httpx.Response]:
        lines = {**JSON, "content-type": "application/x-ndjson"}
        return [await mounted.post("/assess/batch", content=b"\n" * count, headers=lines) for count in (50, 60)]

    within, beyond = ([json.loads(line) for line in answer.content.splitlines()] for answer in asyncio.run(ask()))
    assert [row["line"] for row in within] == list(range(1, 51))
    assert beyond[:50] == within
    assert beyond[50:] == [{"line": 51, "error": beyond[-1]["error"]}]
    assert beyond[-1]["error"]["detail"] == "the batch has more than the limit of 50 lines; from here on it was not read"


@pytest.mark.parametrize(
    ("path", "root", "inside"),
    [("/assess", "", "/assess"), ("/x/assess", "/x", "/assess"), ("/x", "/x", "/"), ("/", "", "/")],
)
def test_the_path_inside_is_what_is_left(path: str, root: str, inside: str) -> None:
    assert route_path({"path": path, "root_path": root}) == inside


def test_rules_are_reloaded_while_the_outer_application_runs(tmp_path: Path) -> None:
    write(tmp_path / "packs", 1)
    inner = ServiceApp(Settings(rules=(tmp_path / "packs",)))
    outer = FastAPI(lifespan=inner.lifespan)
    outer.mount("/x", inner)

    async def reload() -> set[str]:
        async with (
            outer.router.lifespan_context(outer),
            httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url="http://localhost/x") as client,
        ):

            async def numbers() -> set[str]:
                return numbers_in((await client.post("/assess", content=RECORD, headers=JSON)).json())

            assert await numbers() == {"1"}
            write(tmp_path / "packs", 2)
            inner.request_reload()
            end = time.monotonic() + PATIENCE
            while (found := await numbers()) == {"1"} and time.monotonic() < end:
                await asyncio.sleep(0.02)
            return found

    assert asyncio.run(reload()) == {"2"}


# -- on a server with sockets

PROGRAM = """
import json, logging.config, socket, sys
import uvicorn
from fastapi import FastAPI
from misstep.service import ServiceApp, Settings
from misstep.service.logs import LOG_CONFIG

listener = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"event": "listening", "url": "http://127.0.0.1:%d" % listener.getsockname()[1]}), file=sys.stderr, flush=True)
api = FastAPI()
api.mount("/interviews", ServiceApp(Settings(body_bytes=2_000, batch_bytes=50_000, request_seconds=0.5, batch_seconds=2.0)))
uvicorn.Server(uvicorn.Config(api, log_config=LOG_CONFIG, access_log=False)).run([listener])
"""
HEAD = b"POST /interviews/assess HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n"
BATCH = HEAD.replace(b"/assess", b"/assess/batch").replace(b"json", b"x-ndjson") + b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def outer() -> Iterator[Service]:
    with running(program=PROGRAM) as service:
        service.wait_for("Application startup complete.")
        yield service


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)


def test_a_body_that_stalls_is_cut_off_and_logged_as_what_it_was(outer: Service) -> None:
    answer = outer.send(HEAD + b"x-request-id: stalled\r\ncontent-length: 500\r\n\r\n[")
    assert (status_of(answer), body_of(answer)["code"]) == (408, "timeout")
    assert outer.wait_for("cut")[-1]["limit"] == "time"
    until(lambda: [line for line in outer.events("request") if line["request_id"] == "stalled"], "its line")
    (line,) = [line for line in outer.events("request") if line["request_id"] == "stalled"]
    assert (line["status"], line["route"]) == (408, "/assess")


def test_a_batch_may_take_as_long_as_it_moves_and_no_longer(outer: Service) -> None:
    with outer.connect() as client:
        client.sendall(BATCH)
        for _ in range(4):
            client.sendall(chunk(b"[]\n"))
            time.sleep(0.2)
        client.sendall(b"0\r\n\r\n")
        assert everything(client).count(b'"damage":0.0') == 4
    with outer.connect() as client:
        client.sendall(BATCH)
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                client.sendall(chunk(b"[]\n" + b" " * 1_000 + b"\n"))
                time.sleep(0.02)
        assert not everything(client).endswith(b"0\r\n\r\n")


def test_who_is_within_the_limits_is_answered(outer: Service) -> None:
    answer = outer.send(post(SEED, "/interviews/assess"))
    assert answer.endswith(assess_json(SEED))
    assert not [line for line in outer.lines if line.get("error")]
