"""Requests in traces: what comes in as ``traceparent`` is in log, answer and span; and what a limit ended is logged as that."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.service.running import SEED, Service, running, status_of, until

from misstep import InstallationError
from misstep.service import ServiceApp, Settings, tracing
from misstep.service.tracing import Trace, read_trace, require_telemetry

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{PARENT}-01"
JSON = {"content-type": "application/json"}


def line_of(service: Service, request_id: str, event: str = "request") -> dict[str, Any]:
    def found() -> list[dict[str, Any]]:
        return [line for line in service.events(event) if line.get("request_id") == request_id]

    until(found, f"the line of {request_id}")
    return found()[0]


def test_a_trace_is_in_log_and_answer(service: Service) -> None:
    headers = JSON | {"traceparent": GIVEN, "x-request-id": "traced"}
    answer = httpx.post(f"{service.url}/assess", content=SEED, headers=headers)
    own = answer.headers["traceparent"].split("-")
    assert own[:2] + own[3:] == ["00", TRACE, "01"]
    assert own[2] != PARENT
    line = line_of(service, "traced")
    assert (line["trace_id"], line["span_id"], line["parent_id"]) == (TRACE, own[2], PARENT)
    assert list(line)[:4] == ["time", "level", "event", "process"]
    assert line["process"] == service.process.pid
    without = httpx.get(f"{service.url}/healthz", headers={"x-request-id": "untraced"})
    assert "traceparent" not in without.headers
    assert "trace_id" not in line_of(service, "untraced")


@pytest.mark.parametrize(
    "header",
    ["", "00", GIVEN.upper(), f"ff-{TRACE}-{PARENT}-01", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01", GIVEN + "x"],
)
def test_what_is_no_trace_is_ignored(header: str) -> None:
    assert read_trace(header.encode()) is None


def test_later_versions_of_the_header_are_read() -> None:
    found = read_trace(f"01-{TRACE}-{PARENT}-00-more".encode())
    assert found == Trace(TRACE, found.span_id if found else "", PARENT, "00")


def test_what_a_limit_ended_is_logged_as_that() -> None:
    """With the request id of the answer."""
    with running("--request-seconds", "0.5") as service:
        service.wait_for("Application startup complete.")
        answer = service.send(b"POST /assess HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                              b"x-request-id: stalled\r\ncontent-length: 500\r\n\r\n[")  # fmt: skip
        assert (status_of(answer), b"x-request-id: stalled" in answer) == (408, True)
        line = line_of(service, "stalled")
        assert (line["status"], line["ended"]) == (408, "timeout")
        assert line_of(service, "stalled", "cut")["limit"] == "time"
        answer = service.send(b"no HTTP")
        (made,) = [field for field in answer.split(b"\r\n") if field.startswith(b"x-request-id: ")]
        assert line_of(service, made.decode().partition(": ")[2], "cut")["limit"] == "http"


# -- OpenTelemetry


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", lambda name: provider.get_tracer(name))
    return exporter


def test_each_request_has_a_span_without_values(exporter: InMemorySpanExporter) -> None:
    app = ServiceApp(Settings(telemetry=True))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            await client.get("/rules/secret-canary?x=canary")
            return await client.post("/assess", content=SEED, headers=JSON | {"traceparent": GIVEN})

    answer = asyncio.run(ask())
    lost, span = exporter.get_finished_spans()
    assert (lost.name, lost.attributes and lost.attributes["http.response.status_code"]) == ("GET /rules/{id}", 400)
    assert lost.parent is None
    assert "canary" not in lost.to_json()
    assert span.name == "POST /assess"
    assert span.kind is trace.SpanKind.SERVER
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT
    context = span.get_span_context()
    assert context is not None
    assert answer.headers["traceparent"] == f"00-{TRACE}-{context.span_id:016x}-01"
    assert span.attributes == {"http.request.method": "POST", "http.route": "/assess", "http.response.status_code": 200}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that takes traces, and what it has taken."""
    taken: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", taken
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_the_command_sends_them_where_the_environment_says(collector: tuple[str, list[tuple[str, bytes]]]) -> None:
    url, taken = collector
    with running("--telemetry", env={"OTEL_EXPORTER_OTLP_ENDPOINT": url}) as service:
        service.wait_for("Application startup complete.")
        httpx.post(f"{service.url}/assess", content=SEED, headers=JSON | {"traceparent": GIVEN})
        service.stop()
    ((path, body),) = taken
    assert path == "/v1/traces"
    for part in (b"POST /assess", b"misstep", bytes.fromhex(TRACE), bytes.fromhex(PARENT)):
        assert part in body


def test_without_its_packages_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find_spec", lambda name: None)
    for need in (require_telemetry, lambda: ServiceApp(Settings(telemetry=True))):
        with pytest.raises(InstallationError, match=r"opentelemetry.sdk is not installed: pip install 'misstep\[telemetry\]'"):
            need()
