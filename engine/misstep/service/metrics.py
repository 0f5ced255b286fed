"""Prometheus metrics of the service.

With several workers each one writes to its own files, in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names. The worker that is
asked adds up all of them.
"""

from __future__ import annotations

import os
from functools import lru_cache, partial
from itertools import product

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from misstep.language.program import Program

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The metrics of one process; their names are public, see docs/service.md."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        counter = partial(Counter, registry=registry)
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livesum")
        requests = counter("misstep_requests", "Requests answered", ["route", "method", "status"])
        seconds = Histogram(
            "misstep_request_seconds",
            "From the request head to the end of the answer",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        assessments = counter("misstep_assessments", "Records assessed or refused", ["outcome", "via"])
        self.cut = counter("misstep_cut", "Requests rejected or aborted by a limit of the connection", ["limit"])
        self.reloads = counter("misstep_reloads", "Reloads of the rules", ["outcome"])
        self._info = gauge("misstep_rulebase_info", "The rules in force", ["name", "version", "digest"])
        self.connections = gauge("misstep_connections", "Open connections")
        self.waiting = gauge("misstep_waiting", "Complete requests that wait for an answer")
        if FOLDER not in os.environ:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        # a series is looked up once, not for every request
        self._requests = lru_cache(1024)(requests.labels)
        self._seconds = lru_cache(64)(seconds.labels)
        self.assessments = lru_cache(8)(assessments.labels)
        for labels in product(("assessed", "refused"), ("single", "batch")):
            self.assessments(*labels)
        for outcome in ("loaded", "refused"):
            self.reloads.labels(outcome)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests(route, method, status).inc()
        self._seconds(route).observe(seconds)

    def set_rules(self, program: Program) -> None:
        """Show these rules as the only ones in force."""
        for sample in next(iter(self._info.collect())).samples:
            self._info.labels(**sample.labels).set(0)
        self._info.labels(program.name, program.version, program.digest).set(1)

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
