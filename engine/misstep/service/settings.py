"""The settings of the service; every limit has a default that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one service. Limits hold for each worker by itself.

    ``request_seconds``: for the whole of a request, from its first byte until the last one of the answer; for a batch, how
    long nothing may move, as it has ``batch_seconds`` for the whole. ``queue``: requests that have come in whole and wait.
    """

    rules: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    reload: bool = False
    allowed_hosts: tuple[str, ...] = ()
    access_log: bool = True
    body_bytes: int = 1_000_000
    header_bytes: int = 16_384
    facts: int = 1_000
    request_seconds: float = 10.0
    connections: int = 1_000
    queue: int = 500
    batches: int = 4
    batch_bytes: int = 100_000_000
    batch_seconds: float = 600.0
    shutdown_seconds: int = 15
