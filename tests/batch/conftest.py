"""What tests of logs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.batch.databases import emptied
from tests.batch.server import running_server


@pytest.fixture(scope="session")
def _server() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture
def postgresql(_server: str) -> str:
    """The address of a database of PostgreSQL, empty for each test."""
    return emptied(_server)
