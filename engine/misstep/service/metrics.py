"""What happens in; what Prometheus reads out. With several workers each writes into files of its own in the folder that
``PROMETHEUS_MULTIPROC_DIR`` names, and whichever is asked adds all of them up."""

from __future__ import annotations

import os
from functools import lru_cache

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one service; their names are public, see docs/service.md."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "misstep_requests", "Requests answered", ["route", "method", "status"], registry=registry
        )  # fmt: skip
        self._seconds = Histogram(
            "misstep_request_seconds", "From the head of a request to the end of its answer", ["route"], buckets=SECONDS,
            registry=registry,
        )  # fmt: skip
        self._assessments = Counter(
            "misstep_assessments", "Records assessed, or refused as wrong", ["outcome", "via"], registry=registry
        )
        self._cut = Counter("misstep_cut", "Requests refused or cut off on the wire, by limit", ["limit"], registry=registry)
        self._reloads = Counter("misstep_reloads", "Reloads of the rules", ["outcome"], registry=registry)
        self._info = Gauge(
            "misstep_rulebase_info", "The rules in force", ["name", "version", "digest"], registry=registry,
            multiprocess_mode="livesum",
        )  # fmt: skip
        self.connections = Gauge("misstep_connections", "Open connections", registry=registry, multiprocess_mode="livesum")
        self.waiting = Gauge(
            "misstep_waiting",
            "Requests that came in whole and have no answer yet",
            registry=registry,
            multiprocess_mode="livesum",
        )
        if FOLDER not in os.environ:
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
        # a series is looked up once, not with every request
        self._count = lru_cache(1024)(self._requests.labels)
        self._time = lru_cache(64)(self._seconds.labels)
        self._records = lru_cache(8)(self._assessments.labels)
        for outcome in ("assessed", "refused"):
            for via in ("single", "batch"):
                self._records(outcome, via)
        for outcome in ("loaded", "refused"):
            self._reloads.labels(outcome)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request has its answer."""
        self._count(route, method, status).inc()
        self._time(route).observe(seconds)

    def assessed(self, outcome: str, via: str) -> None:
        """A record is assessed, or refused."""
        self._records(outcome, via).inc()

    def cut(self, limit: str) -> None:
        """A request is cut off on the wire."""
        self._cut.labels(limit).inc()

    def reloaded(self, outcome: str) -> None:
        """Rules were read again."""
        self._reloads.labels(outcome).inc()

    def serves(self, name: str, version: str, digest: str) -> None:
        """These rules are in force, and no others."""
        for sample in next(iter(self._info.collect())).samples:
            self._info.labels(**sample.labels).set(0)
        self._info.labels(name, version, digest).set(1)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
