"""Traces of requests: the header ``traceparent`` (W3C Trace Context); spans of OpenTelemetry (extra ``misstep[telemetry]``)."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from misstep.errors import InstallationError

if TYPE_CHECKING:
    from opentelemetry.trace import Span

_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
SERVICE = "misstep"


class Trace(NamedTuple):
    """The place of a request in a trace: ids in hexadecimal, as in ``traceparent``; ``parent`` is empty where a trace begins."""

    trace_id: str
    span_id: str
    parent: str
    flags: str

    @property
    def header(self) -> bytes:
        """The value of ``traceparent`` for those who are told of this request."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}".encode()


def read_trace(traceparent: bytes) -> Trace | None:
    """The place of a request with this header, with a new id of its own; None if there is no header or it is not valid."""
    found = _PARENT.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    trace_id, parent, flags = (part.decode() for part in found.groups())
    return Trace(trace_id, secrets.token_hex(8), parent, flags)


class Spans:
    """A span of OpenTelemetry for each request. It has method, route and status: no paths, queries or values."""

    def __init__(self) -> None:
        """Raises InstallationError if OpenTelemetry is not installed."""
        require_telemetry()
        from opentelemetry import trace
        from opentelemetry.propagate import extract

        self._trace = trace
        self._extract = extract
        self._tracer = trace.get_tracer(SERVICE)

    def begin(self, method: str, headers: dict[bytes, bytes]) -> RequestSpan:
        """Begin the span of a request, in the trace that its headers name."""
        names = ("traceparent", "tracestate")
        carrier = {name: headers[name.encode()].decode("latin-1") for name in names if name.encode() in headers}
        outside = self._extract(carrier)
        parent = self._trace.get_current_span(outside).get_span_context()
        span = self._tracer.start_span(method, outside, self._trace.SpanKind.SERVER, {"http.request.method": method})
        own = span.get_span_context()
        before = f"{parent.span_id:016x}" if parent.is_valid else ""
        return RequestSpan(span, Trace(f"{own.trace_id:032x}", f"{own.span_id:016x}", before, f"{int(own.trace_flags):02x}"))


class RequestSpan(NamedTuple):
    """The span of a request that runs, and its place."""

    span: Span
    place: Trace

    def end(self, method: str, route: str, status: int, error: str) -> None:
        """End the span. ``error``: the type of an exception, if there was one."""
        from opentelemetry.trace import StatusCode

        self.span.update_name(f"{method} {route}")
        self.span.set_attribute("http.route", route)
        self.span.set_attribute("http.response.status_code", status)
        if error or status >= 500:
            self.span.set_attribute("error.type", error or str(status))
            self.span.set_status(StatusCode.ERROR)
        self.span.end()


@contextlib.contextmanager
def exporting() -> Iterator[None]:
    """Send spans where the variables ``OTEL_...`` of the environment say. Raises InstallationError."""
    require_telemetry()
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()  # sends what is left


def require_telemetry() -> None:
    """Raise InstallationError unless the extra is installed."""
    try:
        missing = [name for name in ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http") if not find_spec(name)]
    except ModuleNotFoundError:  # not even what is around it
        missing = ["opentelemetry"]
    if missing:
        raise InstallationError(f"{missing[0]} is not installed: pip install 'misstep[telemetry]'")
